"""What a button asks for, written so that it fits wherever a platform or a shopper carries it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Verb(StrEnum):
    BUY = "buy"
    SHOW = "show"
    NARROW = "narrow"
    BROWSE = "browse"
    CANCEL = "cancel"
    ORDERS = "orders"
    SPEAK = "speak"


@dataclass(frozen=True, slots=True)
class Action:
    """`subject` is a SKU, a ref, a category or a language; `number` a quantity or a page.

    `fixed` goes with NARROW: bit i says that the product's i-th option is settled as on the variant `subject`.
    """

    verb: Verb
    subject: str = ""
    number: int = 1
    fixed: int = 0

    def __str__(self) -> str:
        return f"{self.verb}|{self.subject}|{self.number}|{self.fixed}"

    @classmethod
    def read(cls, written: str) -> Action:
        """The action that `str` wrote. Raises ValueError where it is none."""
        verb, subject, number, fixed = written.split("|")
        return cls(Verb(verb), subject, int(number), int(fixed))
