"""Reply markup held to Telegram's rules before a message carries it."""

from __future__ import annotations

from typing import Any

from bot.sandbox.telegram.params import Params
from bot.sandbox.telegram.refusals import Refused, bad_request
from bot.sandbox.wire import Json

MOST_BUTTONS = 100
LONGEST_DATA = 64
"""Bytes of callback_data."""

ACTIONS = (
    "url",
    "callback_data",
    "web_app",
    "login_url",
    "switch_inline_query",
    "switch_inline_query_current_chat",
    "switch_inline_query_chosen_chat",
    "copy_text",
    "callback_game",
    "pay",
)
OTHER_MARKUPS = ("keyboard", "remove_keyboard", "force_reply")
URL_SCHEMES = ("http://", "https://", "tg://")


def inline_keyboard(params: Params) -> Json | None:
    """The InlineKeyboardMarkup of a call, or None. Raises Refused. Other markups pass and are not kept."""
    markup = params.nested("reply_markup", "reply keyboard markup")
    if markup is None:
        return None
    if not isinstance(markup, dict):
        raise bad_request("object expected as reply markup")
    if "inline_keyboard" not in markup:
        if not markup or any(name in markup for name in OTHER_MARKUPS):
            return None
        raise bad_request("object expected as reply markup")
    rows = markup["inline_keyboard"]
    if not isinstance(rows, list):
        raise bad_request('field "inline_keyboard" of the InlineKeyboardMarkup must be an Array')
    checked = [[_button(button) for button in _row(row)] for row in rows if row]
    if sum(map(len, checked)) > MOST_BUTTONS:
        raise bad_request("REPLY_MARKUP_TOO_LONG")
    return {"inline_keyboard": checked} if checked else None


def _row(row: Any) -> list[Any]:
    if not isinstance(row, list):
        raise bad_request("can't parse inline keyboard: Row must be an Array")
    return row


def _button(button: Any) -> Json:
    if not isinstance(button, dict):
        raise _unreadable("InlineKeyboardButton must be an Object")
    text = button.get("text")
    if text is None:
        raise _unreadable('Can\'t find field "text"')
    if not isinstance(text, str) or not text.strip():
        raise bad_request("inline keyboard button text must be non-empty")
    action = next((name for name in ACTIONS if name in button), None)
    if action is None:
        raise _unreadable("Text buttons are unallowed in the inline keyboard")
    if action == "callback_data":
        data = button["callback_data"]
        if not isinstance(data, str) or not 1 <= len(data.encode("utf-8", "surrogatepass")) <= LONGEST_DATA:
            raise bad_request("BUTTON_DATA_INVALID")
    if action == "url":
        _check_url(button["url"])
    return button


def _check_url(url: Any) -> None:
    if not isinstance(url, str) or not url:
        raise _unreadable("Text buttons are unallowed in the inline keyboard")
    if "://" in url and not url.startswith(URL_SCHEMES):
        raise bad_request(f"inline keyboard button URL '{url}' is invalid: Unsupported URL protocol")
    if any(it.isspace() for it in url) or ("://" not in url and "." not in url) or url.endswith("://"):
        raise bad_request(f"inline keyboard button URL '{url}' is invalid: Wrong HTTP URL")


def _unreadable(what: str) -> Refused:
    return bad_request(f"can't parse inline keyboard button: {what}")
