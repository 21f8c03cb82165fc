"""What the shop says of itself: delivery, returns, payment and how to order, as far as bot.toml tells."""

from __future__ import annotations

from collections.abc import Mapping

from bot.domain.actions import Action, Verb
from bot.domain.catalogue import Product
from bot.domain.conversation.counter import Counter, Situation
from bot.domain.conversation.offers import in_rows
from bot.domain.effects import Button, Fact, Say
from bot.domain.understanding import Understanding

BROWSE = Action(Verb.BROWSE)
TOPICS: Mapping[str, str] = {
    "topic_delivery": "delivery",
    "topic_delay": "delivery",
    "topic_returns": "returns",
    "topic_payment": "payment",
    "topic_hours": "hours",
}
"""What a question is about -> the part of the answer that speaks of it; all else a product's own card tells."""


def answer(counter: Counter, situation: Situation, meant: Understanding, product: Product | None = None) -> Say | None:
    """The answer to a question about the shop, or about the delivery of a product; None where it is about neither."""
    topics: list[Fact] = list(dict.fromkeys(said for aside, said in TOPICS.items() if aside in meant.asides))
    if not topics:
        return None
    rules = counter.rules
    facts: dict[str, Fact] = {
        "topics": topics,
        "name": product.named(situation.language) if product else "",
        "sent": product is None or product.kind == "physical",
        "ways": ways(counter, product),
        "returns_days": rules.returns_days,
        "support": rules.support,
        "terms_url": rules.terms_url,
    }
    return situation.say("answer", facts, (Button("browse", str(BROWSE)),))


def ways(counter: Counter, product: Product | None = None) -> list[Fact]:
    """The ways of delivery with what each costs, for one of the product where there is one."""
    return [
        {
            "name": way.name,
            "price": way.price_minor if product is None else way.cost(product.from_minor),
            "free_from": way.free_from_minor if product is None or way.cost(product.from_minor) else None,
            "countries": ", ".join(way.countries),
            "days": list[Fact](way.days),
        }
        for way in counter.catalogue.shipping
    ]


def guide(counter: Counter, situation: Situation) -> Say:
    """How the shop works, delivers and can be reached: also the answer to a question about none of its products."""
    rules, catalogue = counter.rules, counter.catalogue
    facts: dict[str, Fact] = {
        "example": catalogue.products[0].named(situation.language) if catalogue.products else "",
        "ways": ways(counter),
        "support": rules.support,
        "terms_url": rules.terms_url,
        "privacy_url": rules.privacy_url,
    }
    others = tuple(
        Button("speak", str(Action(Verb.SPEAK, language)), facts={"language": language})
        for language in rules.languages
        if language != situation.language
    )
    shown = (Button("browse", str(BROWSE)), Button("my_orders", str(Action(Verb.ORDERS))))
    return situation.say("help", facts, shown, *in_rows(others, 3))
