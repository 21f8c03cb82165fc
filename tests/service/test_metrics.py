"""The figures of a channel's conduct and sales as Prometheus reads them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from prometheus_client.parser import text_string_to_metric_families

from bot.domain.policy import Act, Reason, Verdict
from bot.metrics import measured
from bot.ports import Books
from storage import SqliteStore

NOW = datetime.now(UTC)
ALLOWED = Verdict(allowed=True, reason=Reason.SUMMONED)


@pytest.fixture
def store() -> Iterator[SqliteStore]:
    opened = SqliteStore(":memory:")
    yield opened
    opened.close()


def policy(store: SqliteStore) -> dict[tuple[str, str, str], float]:
    """(act, reason, allowed) -> how often."""
    families = text_string_to_metric_families(measured(store)[0].decode())
    (found,) = (family for family in families if family.name == "comptoir_channel_policy")
    return {(it.labels["act"], it.labels["reason"], it.labels["allowed"]): it.value for it in found.samples}


def noted(books: Books, outbox: int, refusal: str = "") -> None:
    books.conduct.note(
        outbox, channel="x", chat="2001", act=Act.REPLY, post=str(outbox), verdict=ALLOWED, words="", now=NOW
    )
    if refusal:
        books.conduct.take_back(outbox, f"platform: {refusal}")


def test_what_the_platform_refused_is_one_sum_whatever_it_said(store: SqliteStore) -> None:
    """Its sentences are many and carry ids; as labels they would be a series each, and one would hide the others."""

    def kept(books: Books) -> None:
        for outbox, refusal in enumerate(["", "", "403: deleted", "403: no [1]", "403: no [2]"]):
            noted(books, outbox, refusal)

    store.write(kept)
    expected = {("reply", "summoned", "true"): 2.0, ("reply", "platform", "false"): 3.0}
    assert policy(store) == expected
    assert policy(store) == expected, "asked again it does not grow"
