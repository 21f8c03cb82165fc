"""The methods of the Bot API that the sandbox carries out, one line each."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from bot.sandbox.telegram import messages
from bot.sandbox.telegram.invoices import answer_pre_checkout, answer_shipping, send_invoice
from bot.sandbox.telegram.params import Params
from bot.sandbox.telegram.refusals import bad_request
from bot.sandbox.wire import Json, on_this_machine

if TYPE_CHECKING:
    from bot.sandbox.telegram.side import TelegramSide

Method = Callable[["TelegramSide", Params], Any]

_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")
DEFAULT_CONNECTIONS = 40


def get_me(side: TelegramSide, _params: Params) -> Json:
    """getMe."""
    return {
        **side.bot,
        "can_join_groups": True,
        "can_read_all_group_messages": False,
        "supports_inline_queries": False,
        "can_connect_to_business": False,
        "has_main_web_app": False,
    }


def set_webhook(side: TelegramSide, params: Params) -> bool:
    """setWebhook; an empty address removes it. Only addresses of this machine are served."""
    url = params.text("url") or ""
    if not url:
        return delete_webhook(side, params)
    if not on_this_machine(url):
        raise bad_request("bad webhook: the sandbox delivers to addresses of this machine only")
    secret = params.text("secret_token") or None
    if secret is not None and not _SECRET.fullmatch(secret):
        raise bad_request("secret token contains unallowed characters")
    side.queue.allow(params.nested("allowed_updates", "allowed updates"))
    if params.flag("drop_pending_updates"):
        side.queue.pending.clear()
    connections = min(max(params.integer("max_connections", DEFAULT_CONNECTIONS), 1), 100)
    side.queue.displace()
    side.delivery.aim(url, secret, connections)
    return True


def delete_webhook(side: TelegramSide, params: Params) -> bool:
    """deleteWebhook."""
    side.delivery.stop()
    if params.flag("drop_pending_updates"):
        side.queue.pending.clear()
    return True


def get_webhook_info(side: TelegramSide, _params: Params) -> Json:
    """getWebhookInfo."""
    target = side.delivery.target
    info: Json = {
        "url": "" if target is None else target.url,
        "has_custom_certificate": False,
        "pending_update_count": len(side.queue.pending),
    }
    if target is not None:
        info["max_connections"] = target.connections
        if target.last_error:
            info["last_error_date"], info["last_error_message"] = target.last_error_at, target.last_error
    if side.queue.allowed is not None:
        info["allowed_updates"] = sorted(side.queue.allowed)
    return info


def get_chat(side: TelegramSide, params: Params) -> Json:
    """getChat."""
    gifts = dict.fromkeys(
        ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels"), True
    )
    chat = messages.target_chat(side, params)
    return {**chat.wire, "accent_color_id": 0, "max_reaction_count": 11, "accepted_gift_types": gifts}


def get_file(side: TelegramSide, params: Params) -> Json:
    """getFile."""
    file_id = params.text("file_id") or ""
    picture = side.pictures.of(file_id)
    if picture is None or not picture.data:
        raise bad_request("wrong file_id or the file is temporarily unavailable")
    size = next(one for one in picture.sizes() if one["file_id"] == file_id)
    return {
        "file_id": file_id,
        "file_unique_id": size["file_unique_id"],
        "file_size": len(picture.data),
        "file_path": f"photos/{picture.digest}.jpg",
    }


METHODS: dict[str, Method] = {
    "getMe": get_me,
    "setWebhook": set_webhook,
    "deleteWebhook": delete_webhook,
    "getWebhookInfo": get_webhook_info,
    "sendMessage": messages.send_message,
    "sendPhoto": messages.send_photo,
    "editMessageText": messages.edit_text,
    "editMessageCaption": messages.edit_caption,
    "editMessageMedia": messages.edit_media,
    "editMessageReplyMarkup": messages.edit_markup,
    "deleteMessage": messages.delete_message,
    "answerCallbackQuery": messages.answer_callback,
    "sendChatAction": messages.send_chat_action,
    "sendInvoice": send_invoice,
    "answerPreCheckoutQuery": answer_pre_checkout,
    "answerShippingQuery": answer_shipping,
    "getChat": get_chat,
    "getFile": get_file,
    "setMyCommands": lambda side, params: side.profile.set_commands(params),
    "getMyCommands": lambda side, params: side.profile.get_commands(params),
    "deleteMyCommands": lambda side, params: side.profile.delete_commands(params),
    "setMyName": lambda side, params: side.profile.set_text("name", params),
    "getMyName": lambda side, params: side.profile.get_text("name", params),
    "setMyDescription": lambda side, params: side.profile.set_text("description", params),
    "getMyDescription": lambda side, params: side.profile.get_text("description", params),
    "setMyShortDescription": lambda side, params: side.profile.set_text("short_description", params),
    "getMyShortDescription": lambda side, params: side.profile.get_text("short_description", params),
    "setChatMenuButton": lambda side, params: side.profile.set_menu_button(params),
    "getChatMenuButton": lambda side, params: side.profile.get_menu_button(params),
}
FOLDED: dict[str, Method] = {name.lower(): act for name, act in METHODS.items()}
"""Telegram takes a method's name in any case."""
