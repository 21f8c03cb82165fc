"""What is asked of the services themselves, apart from selling: `check --online` and `webhooks register`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeVar

from bot.config import Settings
from bot.errors import Permanent, Problem, Temporary
from bot.parts import CHANNELS, enabled, provider_of, public_url, renderer_of, utc_now
from bot.payments.stripe import StripeProvider
from bot.ports import Books, Channel, PaymentProvider

T = TypeVar("T")


class _Nowhere:
    """For a channel that is only looked at: nothing is kept of it."""

    def __call__(self, work: Callable[[Books], T]) -> Awaitable[T]:
        raise Permanent("nothing is kept here")


async def _asked(settings: Settings) -> list[Problem]:
    """Whether Telegram and Stripe accept the shop's keys and are set up for it."""
    found: list[Problem] = []
    renderer = renderer_of(settings)
    for name in enabled(settings):
        channel = CHANNELS[name](settings, renderer, _Nowhere(), utc_now)
        found += [Problem("environment", 0, name, wrong, remedy) for wrong, remedy in await channel.examine()]
        await channel.stop()
    provider = provider_of(settings)
    found += [Problem("environment", 0, provider.name, wrong, remedy) for wrong, remedy in await provider.examine()]
    await provider.stop()
    return found


async def registered(settings: Settings, only: Sequence[str] = ()) -> Mapping[str, Sequence[str]]:
    """Tell who is to call the shop where; `only` these services where any are named. Raises Permanent."""
    done: dict[str, Sequence[str]] = {}
    renderer = renderer_of(settings)
    parts: list[Channel | PaymentProvider] = [
        CHANNELS[name](settings, renderer, _Nowhere(), utc_now) for name in enabled(settings)
    ]
    parts.append(provider_of(settings))
    for part in parts:
        if only and part.name not in only:
            continue
        try:
            if isinstance(part, StripeProvider):
                done[part.name] = await part.register(f"{public_url(settings)}/stripe/webhook")
            else:
                done[part.name] = await part.register()  # type: ignore[call-arg] # the others are channels
        except (Temporary, Permanent) as error:
            raise Permanent(f"{part.name}: {error}") from error
        finally:
            await part.stop()
    return done


def register_webhooks(settings: Settings) -> Mapping[str, Sequence[str]]:
    """`webhooks register`: who is to call the shop is told where; -> what was done, by service.

    Raises Permanent where one refuses; what was done before stays, and doing it again does nothing twice.
    """
    return asyncio.run(registered(settings))


def online_problems(settings: Settings) -> list[Problem]:
    """`check --online`: each service asked, without changing anything there."""
    return asyncio.run(_asked(settings))
