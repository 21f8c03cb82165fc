"""What a shopper did, made durable and decided on in one transaction: inbox key, shopper, stock, order, outbox."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from bot.domain.actions import Action, Verb
from bot.domain.conversation import Change, Decision, Situation, decide, press
from bot.domain.conversation.cart import cart, contents
from bot.domain.conversation.typed import chosen
from bot.domain.effects import Button, CloseCheckout, Effect, Say
from bot.domain.messages import Inbound, clean, mask_cards
from bot.domain.orders import CancelReason
from bot.domain.shoppers import Shopper
from bot.domain.understanding import Intent, Understanding, pointed_at
from bot.ports import Books, Receipt
from bot.service.asking import first_asked
from bot.service.invoices import paid
from bot.service.placing import place
from bot.service.public import receive_post
from bot.service.shop import Shop, dump_inbound, later, load_inbound, open_orders

ONCE = frozenset({Verb.BUY, Verb.CANCEL})
"""What a second tap on the same button must not do again (F071)."""

ANSWERED_WITHIN = timedelta(days=2)
"""A message that was found later than this after it was written is not answered any more."""
MOST_UNHEARD = 20
"""Answers that may wait for one chat."""
CHOICE_LIVES = timedelta(hours=24)
INSTEAD = {"stale": Action(Verb.ORDERS), "gone": Action(Verb.BROWSE)}
"""What is said to a typed choice that a tap would meet with a short notice alone: what came of it before, or what is
sold now. A word is never passed over in silence."""
CLOCKS_DIFFER = timedelta(seconds=2)

MOST_WORDS = 5
"""A message of more words than this stands by itself."""
BESTSELLERS = 24
"""SKUs that are looked at: several may be of one product."""

log = structlog.get_logger(__name__)


def receive(shop: Shop, books: Books, event: Inbound, now: datetime) -> Receipt:
    """Handle one event once. A known one changes nothing and says so in its receipt.

    Raises whatever the handling raises: the caller undoes this transaction and calls `put_aside` in the next.
    """
    if not books.inbox.accept(event.source, event.key, now):
        return Receipt(fresh=False)
    return handle(shop, books, event, now)


def put_aside(shop: Shop, books: Books, event: Inbound, error: str, now: datetime) -> Receipt:
    """Keep an event that could not be handled, so that it may be acknowledged and blocks nobody (F072)."""
    body = dump_safely(event)
    books.inbox.set_aside(event.source, event.key, body, error, again_at=later(shop, 0, now), now=now)
    log.error("event.set_aside", source=event.source, key=event.key, error=error)
    return Receipt()


def dump_safely(event: Inbound) -> str:
    """An event as it may be kept: without card numbers and what no database takes."""
    return dump_inbound(replace(event, text=mask_cards(clean(event.text)), name=clean(event.name)))


def look_again(shop: Shop, books: Books, source: str, key: str, now: datetime) -> Receipt:
    """Handle an event that is kept, once, as it stands in the books now; one that is done or dead is left alone."""
    body = books.inbox.body(source, key)
    if body is None:
        return Receipt(fresh=False)
    receipt = handle(shop, books, load_inbound(body), now)
    books.inbox.settle(source, key)
    return receipt


def handle(shop: Shop, books: Books, event: Inbound, now: datetime) -> Receipt:
    if event.paid is not None:
        return paid(shop, books, event, event.paid, now)
    if event.can_reach is not None:
        return _reachable(books, event)
    text = clean(event.text)
    masked = mask_cards(text)
    event = replace(event, text=masked, name=clean(event.name)[:64])
    if event.post is not None:
        return receive_post(shop, books, event, event.post, now)
    if not event.private:
        return _in_a_group(shop, books, event, now)
    known = books.shoppers.get(event.channel, event.chat)
    shopper = _greeted(shop, known, event)
    if _too_old(event, now) or not shop.can_answer(books, event.channel, event.chat, now) or _floods(books, event):
        return _unanswered(shop, books, event, shopper, now)
    situation = Situation(
        shopper=shopper,
        now=now,
        stock=books.shelf.get,
        orders=lambda: open_orders(shop, books, event.channel, event.chat),
        unpaid=lambda: books.orders.unpaid(event.channel, event.chat),
        bestsellers=lambda: books.shelf.bestsellers(BESTSELLERS),
        replaces=event.message_id,
        pictured=event.pictured,
    )
    decision = _decide(shop, books, situation, event)
    if masked != text and not shopper.quiet:
        decision = replace(decision, says=(situation.say("card_in_chat"), *decision.says))
    kept = decision.shopper or situation.shopper
    if kept != known:
        books.shoppers.keep(kept, now)
    return _carry_out(shop, books, event, decision, kept, now)


def _reachable(books: Books, event: Inbound) -> Receipt:
    reachable = bool(event.can_reach)
    books.shoppers.reachable(event.channel, event.chat, reachable=reachable)
    if not reachable:
        books.outbox.bury(event.channel, event.chat, "the shopper has blocked the shop")
    return Receipt()


def _too_old(event: Inbound, now: datetime) -> bool:
    return bool(event.said_at) and now - datetime.fromisoformat(event.said_at) > ANSWERED_WITHIN


def _floods(books: Books, event: Inbound) -> bool:
    """Whoever writes much faster than the platform lets us answer is not answered until they have heard us out: the
    others shall not wait for it (F114)."""
    return event.press is None and books.outbox.crowded(event.channel, event.chat, MOST_UNHEARD)


def _unanswered(shop: Shop, books: Books, event: Inbound, shopper: Shopper, now: datetime) -> Receipt:
    """Nothing is answered, so nothing is ordered either; "stop" and "start" are obeyed all the same."""
    meant = shop.understand(event.text, shopper.language).intent
    if meant in (Intent.STOP, Intent.START):
        shopper = replace(shopper, quiet=meant is Intent.STOP)
    books.shoppers.keep(shopper, now)
    log.info("message.unanswered", channel=event.channel, chat=event.chat)
    return Receipt()


def _greeted(shop: Shop, known: Shopper | None, event: Inbound) -> Shopper:
    """The shopper as they are now: who writes can be reached, and is called what the platform calls them."""
    said = (event.language or "").partition("-")[0].lower()
    language = said if said in shop.languages else shop.language
    if known is None:
        return Shopper(event.channel, event.chat, language, name=event.name)
    spoken = known.language if known.chosen or said not in shop.languages else language
    return replace(known, name=event.name or known.name, language=spoken, reachable=True, wrote=True)


def _decide(shop: Shop, books: Books, situation: Situation, event: Inbound) -> Decision:
    if event.press is not None:
        return _pressed(shop, books, situation, event)
    shopper = situation.shopper
    if (typed := _typed(shop, books, situation, event)) is not None:
        return typed
    if (chosen := _pointed(shop, situation, event.text)) is not None:
        return chosen
    if event.product is not None and shop.counter.catalogue.product(event.product) is not None:
        awake = replace(situation, shopper=replace(shopper, quiet=False))
        seen = press(shop.counter, awake, Action(Verb.SHOW, event.product))
        return replace(seen, shopper=awake.shopper)
    meant = _meant(shop, situation, event.text)
    if event.language is None and not shopper.chosen and meant.language in shop.languages:
        situation = replace(situation, shopper=replace(shopper, language=meant.language))
    return decide(shop.counter, situation, meant)


def _pointed(shop: Shop, situation: Situation, text: str) -> Decision | None:
    """What "the second one" does: as if that choice below the last answer had been pressed."""
    shopper = situation.shopper
    if shopper.quiet or not shopper.offered or (place := pointed_at(text)) is None:
        return None
    action = shopper.offer(place, situation.now)
    return None if action is None else press(shop.counter, situation, Action.read(action))


def _meant(shop: Shop, situation: Situation, text: str) -> Understanding:
    """The message alone; or, where it lacks something, together with what was asked or ordered just before."""
    shopper = situation.shopper
    meant = shop.understand(text, shopper.language)
    if meant.lines or meant.intent not in _COMPLETING or text.count(" ") >= MOST_WORDS:
        return meant
    question = shopper.open_question(situation.now)
    if not question:
        return _of_the_cart(shop, situation, meant)
    read = shop.follow(text, question, shopper.language)
    if read is None:
        return meant
    one = len(_products(shop, read.candidates)) == 1
    completes = read.lines or (one and read.intent is Intent.BUY and not meant.candidates)
    if completes or (read.intent is Intent.ASK and read.about):
        return replace(read, text=f"{question} {text}"[:500], language=meant.language)
    return meant


def _of_the_cart(shop: Shop, situation: Situation, meant: Understanding) -> Understanding:
    """ "et en rouge ?", "plutôt en L", after an order: the thing in it, otherwise. Nothing is bought by it but what is
    added or corrected in so many words."""
    order = cart(situation)
    if order is None:
        return meant
    read = shop.follow(meant.text, contents(order)[-1].name, situation.language)
    if read is None or not (read.about or (read.lines and not read.asides.isdisjoint(CHANGING))):
        return meant
    named = _products(shop, (*meant.candidates, *meant.about))
    if named and meant.asides.isdisjoint(CHANGING) and not _products(shop, read.about) < named:
        return meant
    return replace(read, text=meant.text, language=meant.language)


def _products(shop: Shop, skus: Iterable[str]) -> set[str]:
    return {product.sku for sku in skus if (product := shop.counter.catalogue.product(sku)) is not None}


CHANGING = frozenset({"add", "correction"})
_COMPLETING = frozenset({Intent.UNKNOWN, Intent.ASK, Intent.BUY, Intent.SEARCH, Intent.YES})
"""A message of one of these may be the rest of the one before ("M", "en noir", "deux", "oui")."""


def _typed(shop: Shop, books: Books, situation: Situation, event: Inbound) -> Decision | None:
    """What a number does where choices are typed: as if the button of the last message had been pressed."""
    said_at = datetime.fromisoformat(event.said_at) if event.said_at else situation.now
    seen = books.outbox.last_said(event.channel, event.chat, said_at - CHOICE_LIVES, said_at + CLOCKS_DIFFER)
    if situation.shopper.quiet or seen is None:
        return None
    row, say = seen
    place = chosen(say, event.text)
    if place is None:
        return None
    decision = _pressed(shop, books, situation, replace(event, press=f"{row}.{place}"))
    if decision.says or decision.purchase is not None or decision.close is not None:
        return decision
    return press(shop.counter, situation, INSTEAD[decision.notice])


def _pressed(shop: Shop, books: Books, situation: Situation, event: Inbound) -> Decision:
    assert event.press is not None
    found: tuple[Button, bool] | None = books.outbox.press(event.press, event.channel, event.chat)
    if found is None or found[0].action is None:
        return Decision(notice="stale")
    button, first = found
    assert button.action is not None
    action = Action.read(button.action)
    if action.verb in ONCE and not first:
        return Decision(notice="stale")
    return press(shop.counter, situation, action)


def _in_a_group(shop: Shop, books: Books, event: Inbound, now: datetime) -> Receipt:
    """A group is no counter: what was asked is answered with the way to one's own chat (F060)."""
    if event.press is not None:
        return Receipt(notice="in_private")
    meant = shop.understand(event.text, event.language)
    sku = next(iter((*(line.sku for line in meant.lines), *meant.about, *meant.candidates)), "")
    product = shop.counter.catalogue.product(sku) if sku else None
    language = meant.language if meant.language in shop.languages else shop.language
    facts = {"name": product.named(language) if product else "", "price": product.from_minor if product else None}
    button = Button("in_private", url=f"start:{'p_' + product.sku if product else 'hello'}")
    group = Shopper(event.channel, event.chat, language)
    if books.shoppers.get(event.channel, event.chat) is None:
        books.shoppers.keep(group, now)
    say = Say("in_private", language, dict(facts), ((button,),))
    return _carry_out(shop, books, event, Decision(says=(say,)), group, now)


def _carry_out(
    shop: Shop, books: Books, event: Inbound, decision: Decision, shopper: Shopper, now: datetime
) -> Receipt:
    receipt = Receipt(notice=decision.notice, language=shopper.language)

    def put(effect: Effect, ref: str | None, *, eager: bool = True) -> None:
        nonlocal receipt
        queued = books.outbox.put(effect, channel=event.channel, chat=event.chat, ref=ref, now=now, eager=eager)
        receipt = receipt.plus(queued)

    instant = shop.instant(event.channel, event.chat)
    for say in decision.says:
        put(say, _own_ref(books, event, say), eager=instant)
    if decision.purchase is not None:
        order, payment = place(shop, books, decision.purchase, shopper, now)
        asks = first_asked(shop, books, order, payment)
        put(asks, order.ref, eager=instant or not isinstance(asks, Say))
    if decision.change is not None:
        _change(books, decision.change, shopper.language, put, now)
    if decision.close is not None and books.orders.begin_closing(decision.close, CancelReason.SHOPPER, now):
        for payment in books.payments.of(decision.close):
            put(CloseCheckout(payment.key), decision.close)
    return receipt


def _change(
    books: Books, change: Change, language: str, put: Callable[[Effect, str | None], None], now: datetime
) -> None:
    """The page of what was wanted so far is closed first: until then nobody knows whether it is being paid."""
    before = books.orders.get(change.ref)
    if before is None or not books.orders.change(change.ref, change.lines, now):
        return
    if before.closing is not None:
        put(Say("one_moment", language, {"ref": change.ref}), change.ref)
        return
    for payment in books.payments.of(change.ref):
        put(CloseCheckout(payment.key), change.ref)


def _own_ref(books: Books, event: Inbound, say: Say) -> str | None:
    """The order that a message is about, where it is one of this chat's own."""
    order = books.orders.get(str(say.facts["ref"])) if "ref" in say.facts else None
    return order.ref if order is not None and (order.channel, order.chat) == (event.channel, event.chat) else None
