"""A conversation as a test reads it: the real core on a real SQLite, nobody outside.

`dialog.shopper("deux mugs bleus")` returns what the shop says; `dialog.pays()` brings the payment's news in.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

from bot.domain.catalogue import Catalogue, Product, Shipping, Translation, Variant
from bot.domain.conversation import Counter, Rules
from bot.domain.effects import CloseCheckout, GiveBack, OpenCheckout, Retire, Say
from bot.domain.messages import Inbound
from bot.domain.orders import Order
from bot.domain.payments import Checkout, News, NewsKind, Payment, Refund
from bot.domain.understanding import Clerk
from bot.payments.stripe import CheckoutRequest, SignedEvents, StripeProvider
from bot.ports import Books, Receipt, Rendered, Task
from bot.rendering import TemplateRenderer, Voice
from bot.samples import SAMPLES
from bot.service.perform import Performer
from bot.service.receive import receive
from bot.service.settle import settle
from bot.service.shop import Shop
from bot.service.sweep import close_overdue
from storage import SqliteStore

T = TypeVar("T")
START = datetime(2026, 11, 23, 12, tzinfo=UTC)
MUG_PRICE = 1800


def catalogue() -> Catalogue:
    def single(sku: str, name: str, english: str, minor: int, stock: int | None, *words: str) -> Product:
        variant = Variant(sku, sku, {}, minor, stock, "counted" if stock is not None else "unlimited")
        return Product(
            sku,
            name,
            (variant,),
            category="Maison",
            keywords=words,
            image=str(Path("images") / f"{sku}.jpg"),
            translations={"en": Translation(english)},
        )

    tee = Product(
        "tee",
        "T-shirt Lumière",
        tuple(
            Variant(f"tee-{colour}-{size.lower()}", "tee", {"couleur": colour, "taille": size}, 2990, stock)
            for colour, size, stock in (("noir", "M", 4), ("noir", "L", 0), ("blanc", "M", 2))
        ),
        keywords=("tee-shirt", "tshirt"),
        category="Textile",
        translations={
            "en": Translation(
                "Lumière T-shirt", options={"couleur": "colour", "taille": "size", "noir": "black", "blanc": "white"}
            )
        },
    )
    return Catalogue(
        "EUR",
        (
            single("mug-bleu", "Mug bleu", "Blue mug", MUG_PRICE, 5, "mug", "tasse"),
            single("mug-noir", "Mug noir", "Black mug", MUG_PRICE, 1, "mug", "tasse"),
            single("theiere", "Théière", "Teapot", 4500, 0, "teapot"),
            single("carte", "Carte cadeau", "Gift card", 2500, None, "carte"),
            tee,
        ),
        (Shipping("colissimo", "Colissimo", 490, 6000, ("FR",)),),
    )


@dataclass
class Said:
    """One message of the shop: its name, its words, its buttons' labels with their tokens or addresses."""

    name: str
    body: Rendered
    task: Task

    @property
    def text(self) -> str:
        return self.body.text

    @property
    def labels(self) -> list[str]:
        return [label for row in self.body.rows for label, _, _ in row]

    def token(self, label: str) -> str:
        return next(token for row in self.body.rows for name, token, _ in row if label in name and token)

    def url(self, label: str) -> str:
        return next(url for row in self.body.rows for name, _, url in row if label in name and url)


@dataclass
class Dialog:
    """One shop and one shopper; `other` gives a second shopper of the same shop."""

    shop: Shop
    store: SqliteStore
    renderer: TemplateRenderer
    perform: Performer
    chat: str = "1001"
    language: str = "fr"
    now: datetime = START
    numbers: itertools.count[int] = field(default_factory=itertools.count)
    opens: bool = True

    # -- the shopper

    def shopper(self, text: str, **more: object) -> list[Said]:
        return self.does(replace(self._event(), text=text, **more))  # type: ignore[arg-type]

    def presses(self, said: Said, label: str) -> list[Said]:
        return self.does(replace(self._event(), press=said.token(label), message_id="77"))

    def does(self, event: Inbound) -> list[Said]:
        self.receipt = self.write(lambda books: receive(self.shop, books, event, self.now))
        return self.delivered()

    def _event(self) -> Inbound:
        return Inbound("telegram", str(next(self.numbers)), "telegram", self.chat, self.chat, "Camille", self.language)

    def other(self, chat: str, language: str = "fr") -> Dialog:
        return replace(self, chat=chat, language=language)

    # -- time and deliveries

    def hours(self, hours: float) -> list[Said]:
        self.now += timedelta(hours=hours)
        return self.swept()

    def swept(self) -> list[Said]:
        self.write(lambda books: close_overdue(self.shop, books, lambda: self.now))
        return self.delivered()

    def delivered(self) -> list[Said]:
        """Carry out all that waits, as the deliverer does, with a provider that always answers."""
        said: list[Said] = []
        while (task := self._next()) is not None:
            self.write(lambda books, task=task: books.outbox.sent(task, str(task.id), self.now))  # type: ignore[misc]
            if isinstance(task.effect, Say):
                assert set(task.effect.facts) <= set().union(*SAMPLES[task.effect.message]), task.effect
                body = self.renderer.say(task.effect, channel="telegram", task=task.id)
                said.append(Said(task.effect.message, body, task))
            else:
                self._outside(task)
        return said

    def _next(self) -> Task | None:
        rows = [row for row in self.store.view("v_outbox") if row["state"] in ("queued", "sending")]
        if not rows:
            return None
        self.write(lambda books: books.outbox.recover(self.now) and None)
        due = self.write(lambda books: books.outbox.due(self.now, 100))
        claimed = (self._claim(lane) for lane in sorted(due))
        return next((task for task in claimed if task is not None), None)

    def _claim(self, lane: str) -> Task | None:
        return self.write(lambda books: books.outbox.claim(lane, self.now, timedelta(seconds=30)))

    def _outside(self, task: Task) -> None:
        match task.effect:
            case OpenCheckout(key) if self.opens:
                opened = self.checkout(key, "open")
                self.write(lambda books: self.perform._opened(books, key, opened, self.now))
            case CloseCheckout(key):
                state = "expired" if key not in self.completed else "complete"
                closed = self.checkout(key, state, paid=key in self.completed)
                self.write(lambda books: self.perform._closed(books, closed, self.now))
            case GiveBack(key):
                paid = self.payment(key)
                given = [Refund(f"re_{key}", paid.paid_minor - paid.refunded_minor)]
                self.write(lambda books: self.perform._given_back(books, key, given, self.now))
            case Retire():
                pass

    completed: set[str] = field(default_factory=set)

    # -- the payment

    def checkout(self, key: str, state: str, *, paid: bool = False, **other: object) -> Checkout:
        """What Stripe would say of the page of this payment."""
        payment = self.payment(key)
        facts = Checkout(
            session=f"cs_{key}",
            state=state,  # type: ignore[arg-type]
            paid=paid,
            reference=payment.ref,
            key=key,
            amount_minor=payment.amount_minor,
            subtotal_minor=payment.amount_minor,
            currency=payment.currency.lower(),
            livemode=False,
            intent=f"pi_{key}" if state == "complete" else None,
            url=f"https://pay.example/{key}" if state == "open" else None,
        )
        return replace(facts, **other)  # type: ignore[arg-type]

    def news(self, kind: NewsKind, *, key: str | None = None, event: str | None = None, **facts: object) -> list[Said]:
        """An event about the newest payment (or the one of `key`)."""
        mine = key or self.payments()[-1].key
        event = event or f"evt_{next(self.numbers)}"
        if kind in ("completed", "settled", "failed", "expired"):
            states = {"completed": "complete", "settled": "complete", "failed": "complete", "expired": "expired"}
            paid = bool(facts.pop("paid", kind in ("completed", "settled")))
            made_at = facts.pop("made_at", None)
            checkout = self.checkout(mine, states[kind], paid=paid, **facts)
            news = News("stripe", event, kind, False, "{}", checkout=checkout, made_at=made_at)  # type: ignore[arg-type]
        else:
            news = News("stripe", event, kind, False, "{}", intent=f"pi_{mine}", **facts)  # type: ignore[arg-type]
        self.heard = news
        self.write(lambda books: settle(self.shop, books, news, self.now))
        return self.delivered()

    def pays(self, **facts: object) -> list[Said]:
        return self.news("completed", **facts)  # type: ignore[arg-type]

    def redelivered(self) -> Receipt:
        """The last event once more."""
        return self.write(lambda books: settle(self.shop, books, self.heard, self.now))

    def payment(self, key: str) -> Payment:
        found = self.write(lambda books: books.payments.get(key))
        assert found is not None
        return found

    # -- the books

    def write(self, work: Callable[[Books], T]) -> T:
        return self.store.write(work)

    def payments(self) -> list[Payment]:
        refs = [row["ref"] for row in reversed(self.store.view("v_orders"))]
        return [p for ref in refs for p in self.write(lambda books, ref=ref: books.payments.of(ref))]  # type: ignore[misc]

    def order(self, ref: str | None = None) -> Order:
        ref = ref or str(self.store.view("v_orders")[0]["ref"])
        found = self.write(lambda books: books.orders.get(ref))
        assert isinstance(found, Order)
        return found

    def stock(self, sku: str) -> tuple[int, int]:
        """(held, sold)."""
        found = self.write(lambda books: books.shelf.get(sku))
        return found.held, found.sold

    def history(self, ref: str) -> list[tuple[object, object]]:
        rows = reversed(self.store.view("v_history"))
        return [(row["from_status"], row["to_status"]) for row in rows if row["ref"] == ref]


def opened_shop(*, max_quantity: int = 10, max_open: int = 3, goods: Catalogue | None = None) -> Dialog:
    usual = goods is None
    goods = goods or catalogue()
    request = CheckoutRequest(goods, timedelta(minutes=30), lambda token: f"https://shop.example/o/{token}", ("FR",))
    provider = StripeProvider(
        "rk_test_none",
        host="http://127.0.0.1:9",
        request=request,
        events=SignedEvents(["whsec_test"]),
        clock=lambda: START,
    )
    counter = Counter(
        goods,
        Rules(support="bonjour@example.com", languages=("fr", "en"), max_quantity=max_quantity, max_open=max_open),
    )
    clerk = _clerk() if usual else Clerk(goods, language="fr")
    shop = Shop(
        counter=counter,
        understand=lambda text, language: clerk.understand(text, language=language),
        follow=lambda text, before, language: clerk.follow(text, before, language=language),
        provider=provider,
        livemode=False,
        languages=("fr", "en"),
        language="fr",
        hold=timedelta(minutes=30),
        page=lambda token: f"https://shop.example/o/{token}",
    )
    store = SqliteStore(":memory:")

    def begin(books: Books) -> None:
        books.shelf.sync(goods)

    store.write(begin)
    renderer = _renderer()
    return Dialog(shop, store, renderer, Performer(shop, store, {}, provider, renderer))


@lru_cache
def _clerk() -> Clerk:
    """Made once: it keeps nothing of what it hears."""
    return Clerk(catalogue(), language="fr")


@lru_cache
def _renderer() -> TemplateRenderer:
    return TemplateRenderer(Voice("Atelier", "EUR", "Europe/Paris"))
