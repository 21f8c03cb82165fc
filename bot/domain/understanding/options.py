"""Which variants of a product are left after what a shopper said, and which of its options are still open."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from bot.domain.catalogue import Variant
from bot.domain.understanding.index import Choice, Entry
from bot.domain.understanding.reading import Term


@dataclass(frozen=True, slots=True)
class Narrowed:
    """`missing` are the names of the open options; `used` the keys that named a value or tried to."""

    variants: tuple[Variant, ...]
    missing: tuple[str, ...]
    used: frozenset[str]


def narrowed(entry: Entry, terms: Sequence[Term], without: Sequence[Term] = ()) -> Narrowed:
    """The variants that agree with as many options as can be.

    A value that does not exist (64 GB where there are 128 and 256), or not together with another, leaves its option
    open; two values of one option do too. Nothing is rounded to what is near.
    """
    if not without and untouched(entry, terms):
        return Narrowed(entry.product.variants, tuple(c.name for c in entry.choices if len(c.values) > 1), frozenset())
    keys = {key for term in terms for key in term.keys}
    wanted: dict[str, frozenset[str]] = {}
    used: set[str] = set()
    strays: set[str] = set()
    for choice in entry.choices:
        values, hit = _values(choice, keys)
        used |= hit
        if values:
            wanted[choice.name] = values
        tried = {key for term in terms if term.kind in choice.kinds for key in term.keys} - hit
        tried -= {key for other in entry.choices if other is not choice for key in _values(other, keys)[1]}
        if tried and not (_named_otherwise(tried, terms) or _in_a_name(entry, tried)):
            used |= tried
            strays.add(choice.name)
    offered = _offered(entry, without)
    variants = [v for v in offered if all(v.options.get(n) in allowed for n, allowed in wanted.items())]
    if not variants:
        scores = [sum(v.options.get(n) in allowed for n, allowed in wanted.items()) for v in offered]
        variants = [v for v, score in zip(offered, scores, strict=True) if score == max(scores)]
        strays |= {n for n, allowed in wanted.items() if any(v.options.get(n) not in allowed for v in variants)}
    missing = tuple(
        choice.name
        for choice in entry.choices
        if choice.name in strays or len({variant.options.get(choice.name) for variant in variants}) > 1
    )
    return Narrowed(tuple(variants), missing, frozenset(used))


def untouched(entry: Entry, terms: Sequence[Term]) -> bool:
    """Whether nothing was said of its options."""
    return all(term.kind not in entry.kinds and entry.values.isdisjoint(term.keys) for term in terms)


def _offered(entry: Entry, without: Sequence[Term]) -> Sequence[Variant]:
    """The variants without the refused values; all where nothing would be left."""
    keys = {key for term in without for key in term.keys}
    refused = {choice.name: _values(choice, keys)[0] for choice in entry.choices} if keys else {}
    left = [v for v in entry.product.variants if all(v.options.get(n) not in r for n, r in refused.items())]
    return left or entry.product.variants


def _values(choice: Choice, keys: Collection[str]) -> tuple[frozenset[str], frozenset[str]]:
    """(the values that the most words name, the keys of those words)."""
    best, values, hit = 0, set[str](), set[str]()
    for value, wordings in choice.values:
        for wording in wordings:
            matched = [key for word in wording for key in word if key in keys]
            count = sum(any(key in keys for key in word) for word in wording)
            if count > best:
                best, values = count, set()
            if count and count == best:
                values.add(value)
            hit.update(matched)
    return frozenset(values), frozenset(hit)


def _in_a_name(entry: Entry, keys: Collection[str]) -> bool:
    """Whether these words stand in its name: "rouge à lèvres"."""
    return all(any(key in word for name in entry.named() for word in name) for key in keys)


def _named_otherwise(keys: Collection[str], terms: Sequence[Term]) -> bool:
    """Whether the attribute belongs to the product's own name ("Mug bleu" in several sizes)."""
    return all(term.heads for term in terms if not set(term.keys).isdisjoint(keys))
