"""Where a platform has no buttons a choice is typed: the same rows as numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.domain.effects import Button, Say

SAID_IN_WORDS = frozenset({"cancel_order"})
"""Labels that get no number: a "1" sent twice must not cancel what the first one ordered. The text says the word."""

NUMBER = re.compile(r"\W*(?:n[°o]|option|choix|choice|num[eé]ro|number|le|la|the)?\s*(\d{1,2})\W*", re.IGNORECASE)


def choices(say: Say) -> Iterator[tuple[int, Button]]:
    """(place among all its buttons, button) of each choice, in the order of their numbers from 1."""
    place = 0
    for row in say.buttons:
        for button in row:
            if button.action is not None and button.label not in SAID_IN_WORDS:
                yield place, button
            place += 1


def chosen(say: Say, text: str) -> int | None:
    """The place of the button whose number the text names; None where it names none.

    >>> from bot.domain.effects import Button
    >>> say = Say("x", "fr", {}, ((Button("pay", url="u"),), (Button("choice", "a"), Button("choice", "b"))))
    >>> chosen(say, "le 2"), chosen(say, "3"), chosen(say, "2 mugs")
    (2, None, None)
    """
    found = NUMBER.fullmatch(text)
    if found is None:
        return None
    return next((place for number, (place, _) in enumerate(choices(say), 1) if number == int(found[1])), None)
