"""Telegram's own payment sheet: an invoice in the chat, ten seconds for the shop to agree, then the payment.

https://core.telegram.org/bots/payments
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from dataclasses import dataclass
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
TOO_LATE = "the shop did not answer in time"


@dataclass(frozen=True, slots=True)
class Hidden:
    """What of an invoice its message does not show."""

    payload: str
    addressed: bool
    flexible: bool


@dataclass(frozen=True, slots=True)
class Payer:
    """Who confirms a sheet, where they live, and the place of the delivery they choose."""

    person: Json
    country: str = "FR"
    way: int = 0

    def order_info(self) -> Json:
        address = {
            "country_code": self.country,
            "state": "",
            "city": "Paris",
            "street_line1": "12 rue des Lilas",
            "street_line2": "",
            "post_code": "75011",
        }
        return {"name": "Camille Martin", "shipping_address": address}


class Invoices:
    """The payment sheets that are open and wait for the shop's word. `charged` is called with (currency in lower case,
    amount) of each payment and gives the provider's id of it."""

    def __init__(self) -> None:
        self.asked: dict[str, asyncio.Future[str | list[Json] | None]] = {}
        self.hidden: dict[tuple[int, int], Hidden] = {}
        self.numbers = itertools.count(1)
        self.charged: Callable[[str, int], str] = lambda _currency, _amount: f"ch_{next(self.numbers):06d}"


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
    flexible = params.flag("is_flexible")
    hidden = Hidden(texts["payload"], flexible or params.flag("need_shipping_address"), flexible)
    _check_first_button(params)
    wire = send(side, params, {"invoice": invoice})
    side.invoices.hidden[wire["chat"]["id"], wire["message_id"]] = hidden
    return wire


def _check_first_button(params: Params) -> None:
    rows = (params.nested("reply_markup", "reply keyboard markup") or {}).get("inline_keyboard") or [[{"pay": True}]]
    if not rows[0] or not rows[0][0].get("pay"):
        raise bad_request("REPLY_MARKUP_BUY_EMPTY")


def answer_pre_checkout(side: TelegramSide, params: Params) -> bool:
    """answerPreCheckoutQuery."""
    return _answered(side, params, "pre_checkout_query_id", lambda: None)


def answer_shipping(side: TelegramSide, params: Params) -> bool:
    """answerShippingQuery."""
    return _answered(side, params, "shipping_query_id", lambda: _options(params))


def _answered(side: TelegramSide, params: Params, name: str, agreed: Callable[[], list[Json] | None]) -> bool:
    asked = side.invoices.asked.get(params.text(name) or "")
    if asked is None or asked.done():
        raise bad_request(QUERY_TOO_OLD)
    if params.flag("ok"):
        asked.set_result(agreed())
    else:
        why = params.text("error_message")
        if not why:
            raise bad_request("error message must be non-empty")
        asked.set_result(why)
    return True


def _options(params: Params) -> list[Json]:
    options: Any = params.nested("shipping_options", "shipping options")
    if not isinstance(options, list) or not options:
        raise bad_request("SHIPPING_OPTIONS_EMPTY")
    for option in options:
        if not isinstance(option, dict) or not option.get("id") or not option.get("title"):
            raise bad_request("can't parse shipping option")
        _sum(option.get("prices"))
    return options


async def pay(side: TelegramSide, chat: Chat, message_id: int, payer: Payer, *, lost: bool = False) -> Json:
    """A shopper confirms the sheet of an invoice; `{"paid": bool, "why": …, "waited": seconds}` once the shop has said
    yes or no. They waited so long for its slowest answer. The update of a `lost` payment never comes (F065)."""
    invoice = chat.messages[message_id].wire["invoice"]
    hidden = side.invoices.hidden[chat.id, message_id]
    more: Json = {"order_info": payer.order_info()} if hidden.addressed else {}
    total, slowest = invoice["total_amount"], 0.0
    if hidden.flexible:
        address = payer.order_info()["shipping_address"]
        what: Json = {"shipping_address": address, "invoice_payload": hidden.payload}
        found, slowest = await _ask(side, chat, "shipping_query", payer, what)
        if not isinstance(found, list):
            return {"paid": False, "why": found, "waited": slowest}
        option = found[payer.way]
        total += _sum(option["prices"])
        more["shipping_option_id"] = option["id"]
    terms = {"currency": invoice["currency"], "total_amount": total, "invoice_payload": hidden.payload, **more}
    why, took = await _ask(side, chat, "pre_checkout_query", payer, terms)
    slowest = max(slowest, took)
    if why is not None:
        return {"paid": False, "why": why, "waited": slowest}
    number = next(side.invoices.numbers)
    charge = f"tpc_{number:06d}_{chat.id}"
    provider_charge = side.invoices.charged(invoice["currency"].lower(), total)
    paid = {**terms, "telegram_payment_charge_id": charge, "provider_payment_charge_id": provider_charge}
    wire = {
        "message_id": chat.next_id(),
        "from": payer.person,
        "chat": chat.wire,
        "date": int(side.now()),
        "successful_payment": paid,
    }
    chat.keep(Message(wire, by_shop=False))
    update_id = None if lost else side.publish("message", wire)
    return {"paid": True, "why": None, "charge": charge, "update_id": update_id, "waited": slowest}


async def _ask(
    side: TelegramSide, chat: Chat, kind: str, payer: Payer, what: Json
) -> tuple[str | list[Json] | None, float]:
    """Ask the shop and wait as long as Telegram does; -> what it said, or that it did not, and the seconds it took."""
    asked: asyncio.Future[str | list[Json] | None] = asyncio.get_running_loop().create_future()
    side.invoices.asked[query := f"{next(side.invoices.numbers)}00{chat.id}"] = asked
    begun = asyncio.get_running_loop().time()
    side.publish(kind, {"id": query, "from": payer.person, **what})
    try:
        answer = await asyncio.wait_for(asked, AGREE_WITHIN)
    except TimeoutError:
        answer = TOO_LATE
    finally:
        del side.invoices.asked[query]
    if isinstance(answer, str) and answer is not TOO_LATE:
        chat.notices.append({"callback_id": query, "text": answer, "alert": True, "url": None})
        chat.revision.changed()
    return answer, asyncio.get_running_loop().time() - begun


def _total(params: Params) -> int:
    total = _sum(params.nested("prices", "prices"))
    if total <= 0:
        raise bad_request("CURRENCY_TOTAL_AMOUNT_INVALID")
    return total


def _sum(prices: Any) -> int:
    if not isinstance(prices, list) or not prices:
        raise bad_request("can't parse prices JSON object")
    total = 0
    for price in prices:
        if not isinstance(price, dict) or not price.get("label") or not isinstance(price.get("amount"), int):
            raise bad_request("can't parse labeled price: Can't find field \"amount\"")
        total += price["amount"]
    return total
