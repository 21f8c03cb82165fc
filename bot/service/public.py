"""What somebody said to the shop for all to read: made durable, answered at most once and in public only."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from bot.domain.conversation import Situation, in_public
from bot.domain.effects import Fact
from bot.domain.messages import Inbound, Post
from bot.domain.shoppers import Shopper
from bot.domain.understanding import Intent, Understanding
from bot.ports import Books, Receipt
from bot.service.shop import Shop, open_orders

MOST_WORDS = 2
"""A longer post that contains "start" speaks of something else ("on commence quand ?"); "stop" is obeyed in doubt."""
COUNTING_WORDS = 3
ASKING = frozenset({Intent.ASK, Intent.SEARCH})


def receive_post(shop: Shop, books: Books, event: Inbound, post: Post, now: datetime) -> Receipt:
    """Decide on a public post. Its author is never written to in private for it."""
    known = books.shoppers.get(event.channel, event.chat)
    text = in_public.spoken(event.text)
    language = known.language if known is not None and known.chosen else None
    meant = _meant(shop, text, post, language)
    spoken = meant.language if meant.language in shop.languages else shop.language
    shopper = known or Shopper(event.channel, event.chat, spoken, name=event.name, wrote=False)
    starts = meant.intent is Intent.START and len(text.split()) <= MOST_WORDS
    if post.summoned and (starts or meant.intent is Intent.STOP):
        books.shoppers.keep(replace(shopper, quiet=meant.intent is Intent.STOP), now)
        return Receipt()
    if shopper.quiet:
        return Receipt()
    if not shopper.chosen:
        shopper = replace(shopper, language=spoken)
    situation = Situation(
        shopper=shopper,
        now=now,
        stock=books.shelf.get,
        orders=lambda: open_orders(shop, books, event.channel, event.chat),
        unpaid=lambda: books.orders.unpaid(event.channel, event.chat),
    )
    closed = not shopper.reachable or shop.full(books, event.channel, now)
    facts: dict[str, Fact] = {
        "who": post.handle,
        "wording": 0,
        "code": code_of(post.id),
        "elsewhere": shop.elsewhere(event.channel) if closed else "",
    }
    say = in_public.reply(shop.counter, situation, meant, facts)
    if say is None:
        return Receipt()
    question = in_public.open_question(shop.counter, situation, meant, text)
    if question:
        shopper = replace(shopper, question=question, asked_at=now)
    books.shoppers.keep(shopper, now)
    said = replace(say, answers=replace(post, shows=()))
    return books.outbox.put(said, channel=event.channel, chat=event.chat, ref=None, now=now)


def code_of(post: str) -> str:
    """Some digits that tell this answer from others in the same words.

    X's ids count milliseconds in their upper 42 bits: their own last digits come again every 3.125 seconds.
    """
    return f"{int(post) % 999_983:06}" if post.isdecimal() else post[-6:]


def _meant(shop: Shop, text: str, post: Post, language: str | None) -> Understanding:
    """The post alone; or, where it asks for something without naming it, together with what the post shown sells."""
    meant = shop.understand(text, language)
    catalogue = shop.counter.catalogue
    named = meant.lines or meant.candidates or meant.about
    if meant.intent in ASKING and named and "?" not in text:
        rest = in_public.without_names(text, catalogue, tuple(meant.candidates or meant.about))
        praises = shop.understand(rest, language).intent is Intent.UNKNOWN and not in_public.only_names(rest)
        if praises:  # it only praises what it names
            return replace(meant, intent=Intent.UNKNOWN)
    counts = meant.intent is Intent.UNKNOWN and 0 < len(text.split()) <= COUNTING_WORDS  # "deux svp"
    if named or not post.shows or not (counts or meant.intent in (*ASKING, Intent.BUY)):
        return meant
    names = [p.named(meant.language) for sku in post.shows if (p := catalogue.product(sku)) is not None]
    if len(set(names)) != 1:
        return replace(meant, candidates=post.shows)
    together = shop.understand(f"{text} {names[0]}", meant.language)
    if counts:
        return together if together.intent is Intent.BUY else meant
    if together.intent is meant.intent and (together.lines or together.candidates or together.about):
        return together
    return replace(meant, about=post.shows)
