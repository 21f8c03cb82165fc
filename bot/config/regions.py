"""Currencies, countries, languages and time zones that exist, by babel's tables and the system's zones."""

from __future__ import annotations

from functools import cache
from typing import Annotated
from zoneinfo import available_timezones

from babel import Locale
from babel.core import get_global
from pydantic import PlainValidator, WithJsonSchema
from rapidfuzz import process

from bot.config.literal import Wrong, shown
from bot.domain.understanding import Intent

NOT_COUNTRIES = frozenset({"EU", "EZ", "QO", "UN", "XA", "XB", "ZZ"})
"""Two-letter codes of babel's table that name a group of countries, or none."""
OFTEN_MEANT = {"UK": "GB", "EN": "GB", "EL": "GR"}


@cache
def currencies() -> frozenset[str]:
    """Every currency that is legal tender somewhere today; FRF and the like are history."""
    tables = get_global("territory_currencies").values()
    return frozenset(str(code) for rows in tables for code, _start, end, tender in rows if tender and not end)


@cache
def countries() -> frozenset[str]:
    """ISO 3166 alpha-2."""
    codes = map(str, Locale("en").territories)
    return frozenset(code for code in codes if len(code) == 2 and code.isalpha()) - NOT_COUNTRIES


@cache
def languages() -> frozenset[str]:
    """ISO 639 codes."""
    return frozenset(code for code in map(str, Locale("en").languages) if len(code) in (2, 3))


@cache
def zones() -> frozenset[str]:
    return frozenset(available_timezones())


def nearest(word: str, known: frozenset[str] | list[str], *, cutoff: float = 60) -> str | None:
    """The known name most like the word, or None where none is."""
    found = process.extractOne(word, sorted(known), score_cutoff=cutoff)
    return str(found[0]) if found else None


def currency(value: object) -> str:
    if isinstance(value, str) and value in currencies():
        return value
    upper = value.strip().upper() if isinstance(value, str) else ""
    if upper in currencies():
        raise Wrong(f"{shown(value)} is not in upper case", example=f'"{upper}"')
    raise Wrong(f"{shown(value)} is not a currency of ISO 4217", example='"EUR"')


def country(value: object) -> str:
    if isinstance(value, str) and value in countries():
        return value
    upper = value.strip().upper() if isinstance(value, str) else ""
    meant = upper if upper in countries() else OFTEN_MEANT.get(upper, "FR")
    raise Wrong(f"{shown(value)} is not a country of ISO 3166", remedy=f'write "{meant}", two capital letters')


def language(value: object) -> str:
    if isinstance(value, str) and value in languages():
        return value
    raise Wrong(f"{shown(value)} is not a language of ISO 639", remedy='write a code such as "en" or "fr"')


def timezone(value: object) -> str:
    if isinstance(value, str) and value in zones():
        return value
    near = nearest(value, zones()) if isinstance(value, str) else None
    raise Wrong(f"{shown(value)} is not a time zone", example=f'"{near or "Europe/Paris"}"')


def intent(value: object) -> str:
    """One of the public face's intents, by name."""
    known = [each.value for each in Intent]
    if isinstance(value, str) and value in known:
        return value
    near = nearest(str(value), known)
    meant = f"write {near} instead" if near else f"write one of {', '.join(known)}"
    raise Wrong(f"{shown(value)} is not an intent", remedy=meant)


Currency = Annotated[str, PlainValidator(currency), WithJsonSchema({"type": "string", "pattern": "^[A-Z]{3}$"})]
Country = Annotated[str, PlainValidator(country), WithJsonSchema({"type": "string", "pattern": "^[A-Z]{2}$"})]
Language = Annotated[str, PlainValidator(language), WithJsonSchema({"type": "string", "pattern": "^[a-z]{2,3}$"})]
Zone = Annotated[str, PlainValidator(timezone), WithJsonSchema({"type": "string", "minLength": 1})]
IntentName = Annotated[str, PlainValidator(intent), WithJsonSchema({"enum": [each.value for each in Intent]})]
