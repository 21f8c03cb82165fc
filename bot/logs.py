"""Logs for machines and people, in which no secret, link or card number ever stands (F120, F133)."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

from bot.domain.messages import mask_cards

SECRETS = re.compile(
    r"\b\d{5,}:[A-Za-z0-9_-]{20,}"  # a Telegram token, also inside its URLs
    r"|\b(?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9_]+"
    r"|\bwhsec_[A-Za-z0-9+/=_-]+"
    r"|\bcs_(?:live|test)_[A-Za-z0-9]+"  # whoever has a session's address can pay it
    r"|(?i:\b(?:bearer|basic)\s+)[A-Za-z0-9._~+/=-]{8,}"
    r"|(?i:\boauth_\w+=)\"?[^\",\s]+"
    r"|(?<=/o/)[A-Za-z0-9_-]{20,}"
)
NOISY = (
    "httpx",
    "httpcore",
    "telegram",
    "tweepy",
    "stripe",
    "aiohttp",
    "asyncio",
    "uvicorn",
    "urllib3",
    "oauthlib",
    "requests_oauthlib",
)
"""Libraries that would print URLs with tokens, or bodies, when asked to say more than warnings."""


def redacted(text: str) -> str:
    """A text with every secret and card number struck out."""
    return mask_cards(SECRETS.sub("[redacted]", text))


def redact(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """The last processor before rendering: nothing gets past it, whoever logs."""
    for name, value in event.items():
        if isinstance(value, str):
            event[name] = redacted(value)
        elif not isinstance(value, int | float | bool | type(None)):
            event[name] = redacted(str(value))
    return event


def configure(*, level: int = logging.INFO, json: bool | None = None) -> None:
    """Send all logs to stderr: JSON lines, or coloured words on a terminal."""
    as_json = not sys.stderr.isatty() if json is None else json
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        redact,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=True,
    )
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False) if as_json else structlog.dev.ConsoleRenderer()
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in NOISY:
        logging.getLogger(name).setLevel(logging.WARNING)
