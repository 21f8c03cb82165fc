"""Telegram's own payment sheet: an invoice in the chat, ten seconds for the shop to agree, then the payment.

https://core.telegram.org/bots/payments
"""

from __future__ import annotations

import asyncio
import itertools
from typing import TYPE_CHECKING, Any

from bot.sandbox.telegram.messages import send
from bot.sandbox.telegram.params import Params
from bot.sandbox.telegram.people import Chat, Message
from bot.sandbox.telegram.refusals import QUERY_TOO_OLD, bad_request
from bot.sandbox.wire import Json

if TYPE_CHECKING:
    from bot.sandbox.telegram.side import TelegramSide

AGREE_WITHIN = 10.0
"""Seconds for answerPreCheckoutQuery, after which Telegram cancels the payment."""

LONGEST_PAYLOAD = 128
"""Bytes of an invoice's payload."""

STARS = "XTR"


class Invoices:
    """The payment sheets that are open and wait for the shop's word."""

    def __init__(self) -> None:
        self.asked: dict[str, asyncio.Future[str | None]] = {}
        self.payloads: dict[tuple[int, int], str] = {}
        self.numbers = itertools.count(1)


def send_invoice(side: TelegramSide, params: Params) -> Json:
    """sendInvoice."""
    texts = {name: params.text(name) or "" for name in ("title", "description", "payload", "currency")}
    for name, longest in (("title", 32), ("description", 255)):
        if not 1 <= len(texts[name]) <= longest:
            raise bad_request(f"INVOICE_{name.upper()}_INVALID")
    if not 1 <= len(texts["payload"].encode()) <= LONGEST_PAYLOAD:
        raise bad_request("INVOICE_PAYLOAD_INVALID")
    if texts["currency"] != STARS and not params.text("provider_token"):
        raise bad_request("PAYMENT_PROVIDER_INVALID")
    if len(texts["currency"]) != 3 or not texts["currency"].isupper():
        raise bad_request("CURRENCY_INVALID")
    invoice: Json = {
        "title": texts["title"],
        "description": texts["description"],
        "start_parameter": params.text("start_parameter") or "",
        "currency": texts["currency"],
        "total_amount": _total(params),
    }
    wire = send(side, params, {"invoice": invoice})
    side.invoices.payloads[wire["chat"]["id"], wire["message_id"]] = texts["payload"]
    return wire


def answer_pre_checkout(side: TelegramSide, params: Params) -> bool:
    """answerPreCheckoutQuery."""
    asked = side.invoices.asked.pop(params.text("pre_checkout_query_id") or "", None)
    if asked is None or asked.done():
        raise bad_request(QUERY_TOO_OLD)
    if params.flag("ok"):
        asked.set_result(None)
    else:
        why = params.text("error_message")
        if not why:
            raise bad_request("error message must be non-empty")
        asked.set_result(why)
    return True


async def pay(side: TelegramSide, chat: Chat, message_id: int, payer: Json | None = None) -> Json:
    """A shopper confirms the sheet of an invoice; `{"paid": bool, "why": …}` once the shop has agreed or not."""
    invoice = chat.messages[message_id].wire["invoice"]
    payload = side.invoices.payloads[chat.id, message_id]
    number = next(side.invoices.numbers)
    asked: asyncio.Future[str | None] = asyncio.get_running_loop().create_future()
    side.invoices.asked[query := f"{number}00{chat.id}"] = asked
    terms = {
        "currency": invoice["currency"],
        "total_amount": invoice["total_amount"],
        "invoice_payload": payload,
    }
    person = payer or chat.person
    side.publish("pre_checkout_query", {"id": query, "from": person, **terms})
    try:
        why = await asyncio.wait_for(asked, AGREE_WITHIN)
    except TimeoutError:
        side.invoices.asked.pop(query, None)
        return {"paid": False, "why": "the shop did not answer in time"}
    if why is not None:
        chat.notices.append({"callback_id": query, "text": why, "alert": True, "url": None})
        chat.revision.changed()
        return {"paid": False, "why": why}
    charge = f"tpc_{number:06d}_{chat.id}"
    paid = {**terms, "telegram_payment_charge_id": charge, "provider_payment_charge_id": f"ch_{charge}"}
    wire = {
        "message_id": chat.next_id(),
        "from": person,
        "chat": chat.wire,
        "date": int(side.now()),
        "successful_payment": paid,
    }
    chat.keep(Message(wire, by_shop=False))
    update_id = side.publish("message", wire)
    return {"paid": True, "why": None, "charge": charge, "update_id": update_id}


def _total(params: Params) -> int:
    prices: Any = params.nested("prices", "prices")
    if not isinstance(prices, list) or not prices:
        raise bad_request("can't parse prices JSON object")
    total = 0
    for price in prices:
        if not isinstance(price, dict) or not price.get("label") or not isinstance(price.get("amount"), int):
            raise bad_request("can't parse labeled price: Can't find field \"amount\"")
        total += price["amount"]
    if total <= 0:
        raise bad_request("CURRENCY_TOTAL_AMOUNT_INVALID")
    return total
