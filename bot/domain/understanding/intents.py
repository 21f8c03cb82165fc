"""Decides what a shopper is after from the phrases found and the goods named; the first rule that fits wins."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from bot.domain.understanding.limits import FREE, Limits
from bot.domain.understanding.meaning import Intent
from bot.domain.understanding.wishes import Wishes

LITTLE = 1
"""Unknown or idle words that a bare name may have beside it and still be a question."""
CHATTY = 3
"""Words beside a "no" that still answers something."""
GUARDS = frozenset({"past", "plan", "condition", "jest", "others", "denial"})
"""What speaks of goods without asking for them."""

COMMAND = re.compile(r"\s*/([a-z_]+)(?:@\w+)?(?:\s+(\S+))?")
"""As Telegram's users know them; one that no language lists is read like the words behind its slash."""

PROGRAM = re.compile(
    r"""^\s*(?:system|sistema|systeme|assistant|user|admin|root)\s?:|[{}\\|`]|</?[a-z!]|\w\s?=+\s?["'\w]|;\s?(?:--|drop|delete|select|update|insert)|\$\(|'\s?(?:--|or\s')|\w\(["']"""
)
"""Signs that a text speaks to a program, not to a shop. Alternatives of bounded parts: linear in the text."""


@dataclass(frozen=True, slots=True)
class Signals:
    """What a message shows. `meanings` are intents and cues whose phrases it has."""

    meanings: frozenset[str]
    wishes: Wishes
    question: bool
    please: bool
    reference: bool
    limits: Limits = FREE
    asides: frozenset[str] = frozenset()
    chatter: int = 0
    """Words that speak neither of goods nor of what is wanted of them."""

    def has(self, *names: str) -> bool:
        return not self.meanings.isdisjoint(names)

    @property
    def goods(self) -> bool:
        return bool(self.wishes.mentions)

    @property
    def blocked(self) -> bool:
        return self.has(*GUARDS)

    @property
    def counted(self) -> bool:
        mentions = self.wishes.mentions
        return any(mention.quantity.said for mention in mentions) or sum(mention.counted for mention in mentions) > 1

    @property
    def wanted(self) -> bool:
        """Goods that are asked for: by a purchase word, please, yes, or their number."""
        counted = self.counted and not self.question and self.chatter <= LITTLE
        return self.goods and (self.has("buy", "yes") or self.please or counted)


Rule = tuple[Callable[[Signals], bool], Intent]


def _complains(s: Signals) -> bool:
    trouble = s.has("complaint") or (s.has("anger") and s.goods and s.has("past", "order"))
    return trouble and (s.has("past", "return") or not (s.has("ask", "buy") or s.question))


RULES: tuple[Rule, ...] = (
    (lambda s: s.has("stop"), Intent.STOP),
    (lambda s: s.has("human") or (s.has("anger") and not s.goods and not s.has("return")), Intent.HUMAN),
    (lambda s: s.has("cancel") and s.goods and s.has("remove") and not s.has("order"), Intent.REMOVE),
    (lambda s: s.has("cancel") and not (s.goods and s.has("denial")), Intent.CANCEL),
    (lambda s: s.has("return") or _complains(s), Intent.RETURN),
    (lambda s: s.has("remove"), Intent.REMOVE),
    (lambda s: s.has("order_status", "order") and s.has("past") and s.has("thanks") and not s.question, Intent.THANKS),
    (lambda s: s.has("order_status"), Intent.ORDER_STATUS),
    (lambda s: s.reference and not s.goods, Intent.ORDER_STATUS),
    (
        lambda s: s.has("order") and (s.has("past") or not (s.has("buy") or (s.wanted and not s.question))),
        Intent.ORDER_STATUS,
    ),
    (lambda s: s.goods and s.blocked and not (s.question or s.has("ask", "thanks")), Intent.UNKNOWN),
    (lambda s: s.goods and s.has("ask", "help", "bargain"), Intent.ASK),
    (lambda s: s.goods and bool(s.limits) and not s.has("buy"), Intent.SEARCH),
    (lambda s: s.goods and s.question and not (s.has("buy", "search", "browse") or s.please), Intent.ASK),
    (lambda s: s.goods and s.blocked and s.has("thanks"), Intent.THANKS),
    (lambda s: s.goods and s.blocked, Intent.UNKNOWN),
    (lambda s: s.goods and s.has("search", "browse") and not s.has("buy") and s.question and _single(s), Intent.ASK),
    (lambda s: s.goods and s.has("search", "browse") and not (s.has("buy") or (s.counted and s.please)), Intent.SEARCH),
    (lambda s: s.wanted, Intent.BUY),
    (lambda s: s.goods and s.has("cart"), Intent.CART),
    (lambda s: s.goods and s.has("idiom"), Intent.UNKNOWN),
    (lambda s: s.goods and s.chatter <= LITTLE, Intent.ASK),
    (lambda s: s.goods, Intent.UNKNOWN),
    (lambda s: not s.asides.isdisjoint({"novelties", "bestsellers"}) and not s.blocked, Intent.BROWSE),
    (lambda s: s.has("help"), Intent.HELP),
    (lambda s: s.has("ask"), Intent.ASK),
    (lambda s: s.has("checkout"), Intent.CHECKOUT),
    (lambda s: s.has("start"), Intent.START),
    (lambda s: s.has("no") and not s.has("browse", "search") and s.chatter <= CHATTY, Intent.NO),
    (lambda s: bool(s.limits) and not s.blocked, Intent.SEARCH),
    (lambda s: s.has("browse"), Intent.BROWSE),
    (lambda s: s.has("buy") and not s.blocked, Intent.BUY),
    (lambda s: s.has("search"), Intent.SEARCH),
    (lambda s: s.has("cart"), Intent.CART),
    (lambda s: s.reference, Intent.ORDER_STATUS),
    (lambda s: s.blocked and not s.has("thanks", "yes", "greet"), Intent.UNKNOWN),
    (lambda s: s.has("yes"), Intent.YES),
    (lambda s: s.has("thanks"), Intent.THANKS),
    (lambda s: s.has("agree"), Intent.YES),
    (lambda s: s.has("greet"), Intent.GREET),
)
"""From what must be obeyed to what may be a guess. A false sale is worse than a question: buying comes late."""


def _single(signals: Signals) -> bool:
    return all(len(mention.products) == 1 for mention in signals.wishes.mentions)


def intent(signals: Signals) -> Intent:
    return next((meant for fits, meant in RULES if fits(signals)), Intent.UNKNOWN)
