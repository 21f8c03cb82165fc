"""How a message was read and answered: what two versions of a shop are compared by, and what is kept of a run."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from bot.domain.understanding import Intent


class _Kept(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Line(_Kept):
    sku: str
    quantity: int


class Button(_Kept):
    label: str
    url: str | None = None


class Reply(_Kept):
    text: str
    buttons: tuple[Button, ...] = ()


class Reading(_Kept):
    """`language` to `about` as `comptoir understand` writes them; `answer` is what the shopper reads, `order` whether
    an order was made of the message. What a kept run does not say is not set, and is compared with nothing."""

    language: str = ""
    intent: str = ""
    lines: tuple[Line, ...] = ()
    candidates: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    about: tuple[str, ...] = ()
    answer: tuple[Reply, ...] = ()
    order: bool = False

    def differing(self, other: Reading) -> frozenset[str]:
        """The names of what is set here and not the same there."""
        return frozenset(name for name in self.model_fields_set if getattr(self, name) != getattr(other, name))

    def sales_more(self, other: Reading) -> int:
        """1 where `other` sells and this does not, -1 the other way. Where no answers were kept the words judge."""
        if "order" in self.model_fields_set:
            return other.order - self.order
        told = {"intent", "lines"} <= self.model_fields_set
        return other._means_a_sale() - self._means_a_sale() if told else 0

    def _means_a_sale(self) -> bool:
        return self.intent == Intent.BUY and bool(self.lines)


class Kept(Reading):
    """A line of a run: of `comptoir understand`, or of `rehearse --json`, whose `after` is what was then."""

    text: str
    shopper: int | None = None
    after: Reading | None = None

    def reading(self) -> Reading | None:
        """None where the line holds nothing but the message."""
        own = self.model_fields_set & Reading.model_fields.keys()
        read = Reading.model_construct(own, **{name: getattr(self, name) for name in own}) if own else None
        return self.after or read
