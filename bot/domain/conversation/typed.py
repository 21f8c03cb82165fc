"""Where a platform has no buttons a choice is typed: the same rows as numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.domain.effects import Button, Say

SAID_IN_WORDS = frozenset({"cancel_order", "fewer", "more", "count"})
"""Labels that get no number: a "1" sent twice must not cancel what the first one ordered (the text says the word), and
a quantity is simply written."""

WORDS = "n[°o]|option|choix|choice|num[eé]ro|number|le|la|the"
MARK = re.compile(
    rf"[^\w€$£%]*(?:(?:{WORDS})(?:\s+|(?=\d)))?(\d{{1,2}}|[a-h])[^\w€$£%]*",
    re.IGNORECASE,
)
LETTERS = "ABCDEFGH"


def choices(say: Say) -> Iterator[tuple[int, str, Button]]:
    """(place among all its buttons, what is typed, button) of each choice, in their order.

    Numbers from 1; letters where the choices themselves begin with a figure (sizes, quantities), for then a number
    would mean two things.
    """
    offered = [
        (place, button)
        for place, button in enumerate(button for row in say.buttons for button in row)
        if button.action is not None and button.label not in SAID_IN_WORDS
    ]
    lettered = len(offered) <= len(LETTERS) and any(_begins_with_a_figure(button) for _, button in offered)
    for number, (place, button) in enumerate(offered, 1):
        yield place, LETTERS[number - 1] if lettered else str(number), button


def _begins_with_a_figure(button: Button) -> bool:
    shown = button.facts.get("name") if button.label == "choice" else button.facts.get("quantity")
    return button.label in ("choice", "take") and str(shown or "")[:1].isdigit()


def chosen(say: Say, text: str) -> int | None:
    """The place of the button whose mark the text names; None where it names none.

    >>> from bot.domain.effects import Button
    >>> say = Say("x", "fr", {}, ((Button("pay", url="u"),), (Button("choice", "a"), Button("choice", "b"))))
    >>> chosen(say, "le 2"), chosen(say, "3"), chosen(say, "2 mugs"), chosen(say, "2€")
    (2, None, None, None)
    """
    found = MARK.fullmatch(text)
    if found is None:
        return None
    typed = str(int(found[1])) if found[1].isdecimal() else found[1].upper()
    return next((place for place, mark, _ in choices(say) if mark == typed), None)
