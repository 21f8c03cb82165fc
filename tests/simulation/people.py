"""What shoppers do: they write, choose, tap twice, fall silent, shut the door, pay or do not."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

from bot.sandbox.stripe import payments
from bot.sandbox.stripe.payments import CannotPay, Payer
from bot.sandbox.stripe.refusals import StripeRefusal
from bot.sandbox.telegram import shoppers
from bot.sandbox.wire import Json
from tests.simulation.world import World

BUYS = (
    "je voudrais un mug bleu",
    "deux mugs bleus svp",
    "buy 1 black mug",
    "un mug noir",
    "je prends la théière",
    "I would like a gift card please",
    "une carte cadeau",
    "3 cartes cadeau",
    "un tee-shirt noir en M svp",
    "je voudrais un t-shirt",
    "un mug",
    "buy a teapot and a blue mug",
    "je voudrais 500 mugs bleus",
    "ajoute aussi un mug bleu",
    "ajoute une carte cadeau au panier",
    "add a blue mug to my basket",
)
TALKS = (
    "bonjour",
    "combien coûte le mug noir ?",
    "how much is the teapot?",
    "où est ma commande ?",
    "annuler",
    "cancel",
    "aide",
    "merci !",
    "oui",
    "non",
    "panier",
    "enlève le mug bleu",
    "retire une carte cadeau",
    "plutôt trois",
    "encore un",
    "en fait le mug noir svp",
    "vide le panier",
    "la même chose que la dernière fois",
    "le deuxième",
    "quoi de neuf ?",
    "combien coûte la livraison ?",
    "M",
    "en noir",
    "deux",
    "a human please",
    "catalogue",
    "asdf qwertz",
    "2",
    "/start",
    "/orders",
)
CALLS = (
    "@atelier_lumiere je voudrais un mug bleu",
    "@atelier_lumiere combien coûte le mug noir ?",
    "@atelier_lumiere I would like two blue mugs please",
    "@atelier_lumiere je prends la théière",
    "@atelier_lumiere how much is the gift card?",
)
REMEMBERED = 6
"""Messages of the shop in a chat on whose buttons somebody still taps."""


@dataclass
class People:
    """The shoppers of one seed. `expected` are the keys of what they did, until the shop has it; `done` what it was."""

    world: World
    telegram: Sequence[int]
    x: Sequence[int]
    expected: dict[str, str] = field(default_factory=dict)
    pressed: set[str] = field(default_factory=set)
    paid: list[str] = field(default_factory=list)

    @property
    def dice(self) -> random.Random:
        return self.world.dice

    # -- on Telegram

    def writes(self, texts: Sequence[str]) -> str:
        chat, text = self.dice.choice(self.telegram), self.dice.choice(texts)
        language = "en" if chat % 3 == 0 else "fr"
        said = shoppers.say(self.world.sandbox.telegram, chat, text, language=language, name=f"S{chat}")
        self.expected[f"telegram {said['update_id']}"] = f"telegram:{chat} {text}"
        return f"{chat} writes {text!r}"

    def taps(self, *, twice: bool = False) -> str | None:
        """On a button of one of the shop's last messages, the pay button left out."""
        chat = self.dice.choice(self.telegram)
        side = self.world.sandbox.telegram
        place = side.chats.peek(chat)
        if place is None or place.barrier:
            return None
        shown = [it.wire for it in list(place.messages.values())[-REMEMBERED:] if it.by_shop]
        buttons = [(it["message_id"], data) for it in shown for data in _actions(it)]
        if not buttons:
            return None
        message, data = self.dice.choice(buttons)
        for _ in range(2 if twice else 1):
            pressed = shoppers.press(side, chat, message, data)
            key = f"telegram {pressed['update_id']}"
            self.expected[key] = f"telegram:{chat} taps {data}"
            self.pressed.add(key)
        return f"{chat} taps {data}{' twice' if twice else ''}"

    def blocks(self) -> str | None:
        chat = self.dice.choice(self.telegram)
        if self.world.sandbox.telegram.chats.peek(chat) is None:
            return None
        shoppers.bar(self.world.sandbox.telegram, chat, "blocked")
        return f"{chat} blocks the shop"

    def again(self) -> str | None:
        """An update comes once more under its old number."""
        history = self.world.sandbox.telegram.history
        if not history:
            return None
        number = self.dice.choice(list(history)[-50:])
        self.world.sandbox.telegram.repeat(history[number])
        return f"update {number} comes again"

    # -- on X

    def messages(self, texts: Sequence[str]) -> str:
        user, text = self.dice.choice(self.x), self.dice.choice(texts)
        number = self.world.sandbox.x.dm(user, text, name=f"X{user}")
        self.expected[f"x dm:{number}"] = f"x:{user} {text}"
        return f"x {user} writes {text!r}"

    def posts(self) -> str:
        user, text = self.dice.choice(self.x), self.dice.choice(CALLS)
        number = self.world.sandbox.x.post(user, text, name=f"X{user}")
        self.expected[f"x post:{number}"] = f"x:{user} {text}"
        return f"x {user} posts {text!r}"

    def shuts(self) -> str:
        """Somebody takes no private messages any more, or does again."""
        user = self.dice.choice(self.x)
        known = self.world.sandbox.x.people.met(user)
        dms = "wrote_first" if known.dms == "closed" else "closed"
        self.world.sandbox.x.user(user, dms=dms)  # type: ignore[arg-type] # one of two of its words
        return f"x {user} is {dms}"

    # -- at the till

    def pays(self) -> str | None:
        """Somebody uses a payment page that is open: mostly the card is good, sometimes it is a bank debit."""
        stripe = self.world.sandbox.stripe
        pages = [name for name, it in stripe.open.items() if it.wire["status"] == "open"]
        if not pages:
            return None
        page = self.dice.choice(pages)
        (outcome,) = self.dice.choices(("succeed", "decline", "unpaid"), (7, 1, 2))
        ref = stripe.sessions[page].wire["client_reference_id"]
        try:
            payments.pay(stripe, page, outcome, Payer())  # type: ignore[arg-type] # one of its three words
        except (CannotPay, StripeRefusal) as error:
            return f"{ref} cannot be paid: {error}"
        return f"{ref} is paid: {outcome}"

    def settles(self) -> str | None:
        """A bank has decided on a debit."""
        stripe = self.world.sandbox.stripe
        waiting = [
            name
            for name, it in stripe.sessions.items()
            if it.wire["status"] == "complete"
            and it.wire["payment_status"] == "unpaid"
            and stripe.intents[it.wire["payment_intent"]]["status"] == "processing"
        ]
        if not waiting:
            return None
        page = self.dice.choice(waiting)
        good = self.dice.random() < 0.7
        payments.settle(stripe, page, succeeds=good)
        return f"{stripe.sessions[page].wire['client_reference_id']}: the bank says {'yes' if good else 'no'}"


def _actions(wire: Json) -> list[str]:
    rows = (wire.get("reply_markup") or {}).get("inline_keyboard", ())
    return [button["callback_data"] for row in rows for button in row if "callback_data" in button]
