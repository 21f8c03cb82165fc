"""The sentences with which Telegram says no, word for word: a client decides by them."""

from __future__ import annotations

from bot.sandbox.wire import Answer, Json, in_json


class Refused(Exception):
    """An answer with `ok: false`. `parameters` are Telegram's ResponseParameters."""

    def __init__(self, code: int, description: str, **parameters: int) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.parameters = parameters

    def answer(self) -> Answer:
        """The refusal on the wire; a 429 carries its seconds in the header too, as Telegram's does."""
        body: Json = {"ok": False, "error_code": self.code, "description": self.description}
        if self.parameters:
            body["parameters"] = self.parameters
        wait = self.parameters.get("retry_after")
        return in_json(self.code, body, *([] if wait is None else [(b"retry-after", str(wait).encode())]))


def bad_request(what: str, **parameters: int) -> Refused:
    """400, which is never worth a retry as it stands."""
    return Refused(400, f"Bad Request: {what}", **parameters)


def forbidden(what: str) -> Refused:
    """403: this chat cannot be written to."""
    return Refused(403, f"Forbidden: {what}")


def too_many(seconds: int) -> Refused:
    """429 with the seconds to wait, which are law."""
    return Refused(429, f"Too Many Requests: retry after {seconds}", retry_after=seconds)


def unauthorized() -> Refused:
    """401: the token is nobody's."""
    return Refused(401, "Unauthorized")


def not_found() -> Refused:
    """404: no such method, or no token at all."""
    return Refused(404, "Not Found")


def other_poller() -> Refused:
    """409 to the one who polled first."""
    return Refused(
        409,
        "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running",
    )


def webhook_is_set() -> Refused:
    """409: updates come one way only."""
    return Refused(
        409,
        "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first",
    )


NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the same as a "
    "current content and reply markup of the message"
)
QUERY_TOO_OLD = "query is too old and response timeout expired or query ID is invalid"
GENERIC = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden: bot was blocked by the user",
    404: "Not Found",
    409: "Conflict: terminated by other getUpdates request",
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
}
"""What a fault of that status says."""


def by_fault(code: int, retry_after: int | None) -> Refused:
    """The refusal that stands for an injected status; only a 429 names seconds in its body."""
    if code == 429:
        return too_many(1 if retry_after is None else retry_after)
    return Refused(code, GENERIC.get(code, "Error"))
