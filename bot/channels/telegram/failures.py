"""The one funnel of Telegram's errors: vendor's exceptions in, our few kinds out."""

from __future__ import annotations

from datetime import timedelta

from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    RetryAfter,
    TelegramError,
    TimedOut,
)

from bot.channels.telegram.wire import NotSent
from bot.errors import Moved, Permanent, Temporary, Unreachable

UNREACHABLE = ("chat not found", "user is deactivated", "peer_id_invalid", "user not found", "chat_write_forbidden")
"""Sentences of a 400 that mean: there is nobody there any more."""
UNTIL_TOKEN_IS_MENDED = 60.0
UNTIL_OTHER_POLLER_IS_GONE = 10.0


def translated(error: TelegramError) -> Exception:
    """The most specific first: BadRequest is a NetworkError to the library, and so is RetryAfter's opposite."""
    sentence = error.message
    match error:
        case RetryAfter():
            wait = error.retry_after
            seconds = wait.total_seconds() if isinstance(wait, timedelta) else float(wait)
            return Temporary("Telegram asks to slow down", retry_after=seconds)
        case Forbidden():
            return Unreachable(sentence)
        case ChatMigrated():
            return Moved(f"the group has moved to {error.new_chat_id}", str(error.new_chat_id))
        case Conflict():
            return Temporary(
                "another process polls with the same token, or a webhook is set", retry_after=UNTIL_OTHER_POLLER_IS_GONE
            )
        case InvalidToken():
            return Temporary("Telegram refuses the token (TELEGRAM_BOT_TOKEN)", retry_after=UNTIL_TOKEN_IS_MENDED)
        case BadRequest():
            gone = any(known in sentence.lower() for known in UNREACHABLE)
            return Unreachable(sentence) if gone else Permanent(sentence)
        case NotSent():
            return Temporary(sentence)
        case TimedOut():
            return Temporary(sentence, uncertain=True)
        case _:
            return Temporary(sentence, uncertain=True, answered="broke" not in sentence)
