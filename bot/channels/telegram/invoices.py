"""Telegram's own payment sheet on the wire: invoices out, questions that are timed in, payments in.

https://core.telegram.org/bots/api#payments
"""

from __future__ import annotations

import asyncio
import json
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

import structlog
from telegram import InlineKeyboardButton, InlineKeyboardMarkup, LabeledPrice
from telegram.error import BadRequest, InvalidToken, TelegramError
from telegram.request import BaseRequest

from bot.domain.invoices import Asked, Invoice, Way, cut, platform_units, thawed
from bot.domain.messages import Paid
from bot.ports import Cashier, Rendered

log = structlog.get_logger(__name__)
TIMED = ("pre_checkout_query", "shipping_query")
"""Updates that Telegram waits for an answer to, ten seconds at most."""
ANSWER_UNTIL = 9.0
"""Seconds after which an answer is nobody's use any more."""
ANSWER_WITHIN = 2.5
"""Seconds that one try to answer may take; a second one still arrives in time."""
BETWEEN_TRIES = 0.2
REMEMBERED = 10_000
LONGEST_DESCRIPTION = 255
LONGEST_REASON = 200
Json = Mapping[str, Any]


def read_paid(payment: Json) -> Paid:
    """Raises KeyError, TypeError or ValueError where it is not shaped as documented."""
    info = payment.get("order_info") or {}
    address = info.get("shipping_address") or {}
    lines = (
        info.get("name"),
        address.get("street_line1"),
        address.get("street_line2"),
        " ".join(filter(None, (address.get("post_code"), address.get("city")))),
        address.get("state"),
        address.get("country_code"),
        info.get("phone_number"),
        info.get("email"),
    )
    return Paid(
        charge=str(payment["telegram_payment_charge_id"]),
        provider_charge=str(payment.get("provider_payment_charge_id") or ""),
        payload=str(payment["invoice_payload"]),
        currency=str(payment["currency"]),
        amount=int(payment["total_amount"]),
        way=_text(payment.get("shipping_option_id")),
        ship_to="\n".join(str(line) for line in lines if line) if address else "",
    )


def read_asked(query: Json) -> Asked:
    """A pre-checkout or shipping query. Raises KeyError, TypeError or ValueError where it is not shaped as one."""
    address = query.get("shipping_address") or (query.get("order_info") or {}).get("shipping_address") or {}
    return Asked(
        id=str(query["id"]),
        payload=str(query["invoice_payload"]),
        user=str(query["from"]["id"]),
        language=_text(query["from"].get("language_code")),
        currency=str(query.get("currency", "")),
        amount=int(query.get("total_amount", 0)),
        way=_text(query.get("shipping_option_id")),
        country=_text(address.get("country_code")),
    )


def _text(value: object) -> str | None:
    return str(value) if value else None


def sheet(frozen: str, body: Rendered, provider_token: str) -> dict[str, Any]:
    """The parameters of sendInvoice apart from the chat; `body` is in plain words, its first button opens the sheet.

    `start_parameter` is set: without one, everybody to whom the message is forwarded could pay it (F063).
    """
    invoice = thawed(frozen)
    return {
        "title": invoice.title,
        "description": cut(body.text, LONGEST_DESCRIPTION) or invoice.title,
        "payload": invoice.payload,
        "provider_token": provider_token,
        "currency": invoice.currency,
        "prices": [_price(label, minor, invoice) for label, minor in invoice.prices],
        "start_parameter": invoice.ref,
        "photo_url": invoice.picture,
        "need_name": invoice.addressed or None,
        "need_shipping_address": invoice.addressed or None,
        "is_flexible": bool(invoice.ways) or None,
        "reply_markup": InlineKeyboardMarkup([[_button(*button) for button in row] for row in body.rows]),
    }


def _price(label: str, minor: int, invoice: Invoice) -> LabeledPrice:
    return LabeledPrice(label, platform_units(minor, invoice.currency))


def _button(label: str, action: str | None, url: str | None) -> InlineKeyboardButton:
    if action is None and url is None:
        return InlineKeyboardButton(label, pay=True)
    return InlineKeyboardButton(label, callback_data=action, url=url)


class Till:
    """Answers what is timed as soon as it is seen, on connections of its own: behind no other update, in no lane."""

    def __init__(self, wire: BaseRequest, address: str, cashier: Cashier) -> None:
        """`address` is the Bot API's, with the token."""
        self._wire, self._address, self._cashier = wire, address, cashier
        self._answering: set[asyncio.Task[None]] = set()
        self._seen: OrderedDict[str, None] = OrderedDict()

    async def start(self) -> None:
        await self._wire.initialize()

    async def stop(self) -> None:
        if self._answering:
            await asyncio.wait(set(self._answering), timeout=ANSWER_WITHIN)
        await self._wire.shutdown()

    def look(self, updates: Sequence[Json]) -> None:
        """Begin to answer what is timed among these; each once, however often it is shown."""
        for update in updates:
            for kind in TIMED:
                query = update.get(kind)
                if isinstance(query, Mapping) and self._is_new(f"{kind}:{query.get('id')}"):
                    task = asyncio.create_task(self._meet(kind, query))
                    self._answering.add(task)
                    task.add_done_callback(self._answering.discard)

    def _is_new(self, name: str) -> bool:
        if name in self._seen:
            return False
        self._seen[name] = None
        if len(self._seen) > REMEMBERED:
            self._seen.popitem(last=False)
        return True

    async def _meet(self, kind: str, query: Json) -> None:
        until = asyncio.get_running_loop().time() + ANSWER_UNTIL
        try:
            asked = read_asked(query)
        except (KeyError, TypeError, ValueError, AttributeError):
            log.error("telegram.unreadable_query", kind=kind)  # noqa: TRY400 - no trace of what it carries
            return
        if kind == "shipping_query":
            await self._say("answerShippingQuery", _ways(asked, await self._cashier.ways(asked)), until)
        else:
            await self._say("answerPreCheckoutQuery", _word(asked, await self._cashier.agree(asked)), until)

    async def _say(self, method: str, fields: Json, until: float) -> None:
        address = f"{self._address}/{method}?{urlencode(fields)}"
        while True:
            try:
                await self._wire.post(address)
            except (BadRequest, InvalidToken) as error:
                log.warning("telegram.answer_refused", method=method, error=str(error))
                return
            except TelegramError as error:
                log.warning("telegram.answer_failed", method=method, error=str(error))
                if asyncio.get_running_loop().time() + BETWEEN_TRIES > until:
                    return
                await asyncio.sleep(BETWEEN_TRIES)
            else:
                return


def _word(asked: Asked, why: str) -> dict[str, str]:
    if not why:
        return {"pre_checkout_query_id": asked.id, "ok": "true"}
    return {"pre_checkout_query_id": asked.id, "ok": "false", "error_message": cut(why, LONGEST_REASON)}


def _ways(asked: Asked, found: Sequence[Way] | str) -> dict[str, str]:
    if isinstance(found, str):
        return {"shipping_query_id": asked.id, "ok": "false", "error_message": cut(found, LONGEST_REASON)}
    options = [{"id": way.id, "title": way.name, "prices": [{"label": way.name, "amount": way.minor}]} for way in found]
    return {"shipping_query_id": asked.id, "ok": "true", "shipping_options": json.dumps(options)}
