"""Idempotency keys: the first answer is the answer, for 24 hours. https://docs.stripe.com/api/idempotent_requests."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot.sandbox.stripe.refusals import StripeRefusal, invalid
from bot.sandbox.wire import Answer

KEPT_SECONDS = 24 * 3600
LONGEST_KEY = 255


@dataclass(slots=True)
class _Record:
    path: str
    params: dict[str, str]
    at: float
    request_id: str
    answer: Answer | None = None


class Keys:
    """What was asked under each key, and what was answered."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._records: dict[str, _Record] = {}
        self._now = now

    def begin(self, key: str, path: str, params: dict[str, str], request_id: str) -> None:
        """Take the key for this request. Raises StripeRefusal: used for another request, or in use right now."""
        if len(key) > LONGEST_KEY:
            raise invalid(f"Idempotency keys must be at most {LONGEST_KEY} characters long.")
        record = self._records.get(key)
        if record is not None and self._now() - record.at < KEPT_SECONDS:
            self._compare(key, record, path, params)
            return
        self._records[key] = _Record(path, params, self._now(), request_id)

    def _compare(self, key: str, record: _Record, path: str, params: dict[str, str]) -> None:
        if record.path != path:
            raise _misused(
                "Keys for idempotent requests can only be used for the same endpoint they were first used for "
                f"('{path}' vs '{record.path}'). Try using a key other than '{key}' if you meant to execute a "
                "different request."
            )
        if record.params != params:
            raise _misused(
                "Keys for idempotent requests can only be used with the same parameters they were first used "
                f"with. Try using a key other than '{key}' if you meant to execute a different request."
            )
        if record.answer is None:
            raise StripeRefusal(
                409,
                "There is currently another in-progress request using this Idempotent Key (that probably means "
                f"you submitted twice, and the other request is still going through): {key}. Please try again "
                "later.",
                kind="idempotency_error",
                code="idempotency_key_in_use",
            )

    def replay(self, key: str) -> Answer | None:
        """The first answer once more, marked as such."""
        record = self._records.get(key)
        if record is None or record.answer is None:
            return None
        marks = ((b"idempotent-replayed", b"true"), (b"original-request", record.request_id.encode()))
        return Answer(record.answer.status, record.answer.body, (*record.answer.headers, *marks))

    def keep(self, key: str, answer: Answer) -> None:
        """Store the answer of the request that holds the key."""
        self._records[key].answer = answer

    def release(self, key: str) -> None:
        """Give the key up where nothing was stored under it."""
        record = self._records.get(key)
        if record is not None and record.answer is None:
            del self._records[key]

    def age(self, seconds: float) -> None:
        """Make every record that much older."""
        for record in self._records.values():
            record.at -= seconds


def _misused(message: str) -> StripeRefusal:
    return StripeRefusal(400, message, kind="idempotency_error")
