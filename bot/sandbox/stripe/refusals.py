"""Stripe's errors: a status, a type, a sentence, and where they help a parameter and a code."""

from __future__ import annotations

from bot.sandbox.wire import Answer, Json, in_json


class StripeRefusal(Exception):
    """An error answer. `kept` says that it is replayed under the same idempotency key."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        kind: str = "invalid_request_error",
        param: str | None = None,
        code: str | None = None,
        kept: bool = False,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.kept = kept
        error: Json = {"message": message, "type": kind}
        if code is not None:
            error |= {"code": code, "doc_url": f"https://stripe.com/docs/error-codes/{code.replace('_', '-')}"}
        if param is not None:
            error["param"] = param
        self.error = error

    def answer(self) -> Answer:
        """The error on the wire. A 409 asks for a retry, as Stripe's does."""
        again = [(b"stripe-should-retry", b"true")] if self.status == 409 else []
        return in_json(self.status, {"error": self.error}, *again)


def invalid(message: str, param: str | None = None, *, code: str | None = None) -> StripeRefusal:
    """400: the request is wrong as it stands. Not kept, for nothing was begun."""
    return StripeRefusal(400, message, param=param, code=code)


def refused(message: str, param: str | None = None, *, code: str | None = None) -> StripeRefusal:
    """400 found while carrying the request out, and kept under its key."""
    return StripeRefusal(400, message, param=param, code=code, kept=True)


def missing(kind: str, name: str, *, param: str = "id", status: int = 404) -> StripeRefusal:
    """No such object; 404 where it stands in the path, 400 where it is a parameter."""
    return StripeRefusal(status, f"No such {kind}: '{name}'", param=param, code="resource_missing")


SENTENCES = {
    400: ("invalid_request_error", "The request was unacceptable."),
    401: ("invalid_request_error", "Invalid API Key provided."),
    403: (
        "invalid_request_error",
        "The provided key does not have the required permissions for this endpoint.",
    ),
    404: ("invalid_request_error", "No such object."),
    409: (
        "invalid_request_error",
        "This object cannot be accessed right now because another API request is accessing it.",
    ),
    429: ("invalid_request_error", "Request rate limit exceeded. Learn more about rate limits."),
}
"""What a fault of that status says; every other one is Stripe's own failure."""


def by_fault(code: int) -> Json:
    """The error body that stands for an injected status."""
    kind, message = SENTENCES.get(code, ("api_error", "An unknown error occurred"))
    error = {"type": kind, "message": message}
    return {"error": {**error, "code": "rate_limit"} if code == 429 else error}
