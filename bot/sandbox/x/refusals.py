"""X's refusals: a status and a problem in JSON (RFC 9457), with the sentences X uses.

Sentences of 401, 402, 403 and 429 are from memory and from public reports, for X documents only some of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus

from bot.sandbox.wire import Answer, Json, in_json

PROBLEMS = "https://api.x.com/2/problems/"
GENERIC = "about:blank"
PROBLEM_TYPE = (b"content-type", b"application/problem+json")
INVALID = "One or more parameters to your request was invalid."

USER_CONTEXT = ("OAuth 1.0a User Context", "OAuth 2.0 User Context")
APP_ONLY = ("OAuth 2.0 Application-Only",)


class XRefusal(Exception):
    """A problem. `more` are further fields, as `errors` or `resource_id`."""

    def __init__(self, status: int, title: str, detail: str, kind: str = GENERIC, **more: object) -> None:
        super().__init__(detail)
        self.status = status
        self.problem: Json = {"title": title, "detail": detail, "type": kind, "status": status, **more}

    def answer(self) -> Answer:
        """The problem on the wire."""
        answer = in_json(self.status, self.problem)
        return Answer(answer.status, answer.body, (PROBLEM_TYPE,))


def unauthorized() -> XRefusal:
    """401: no keys, unknown keys or a signature that does not fit."""
    return XRefusal(401, "Unauthorized", "Unauthorized")


def forbidden(detail: str) -> XRefusal:
    """403 with a sentence; X gives these no type of their own."""
    return XRefusal(403, "Forbidden", detail)


def unsupported(used: str, supported: Sequence[str]) -> XRefusal:
    """403: this way to authenticate is not one of the endpoint's."""
    detail = (
        f"Authenticating with {used} is forbidden for this endpoint.  "
        f"Supported authentication types are [{', '.join(supported)}]."
    )
    return XRefusal(403, "Unsupported Authentication", detail, f"{PROBLEMS}unsupported-authentication")


def lacks_permission() -> XRefusal:
    """403: the access token was made with fewer permissions."""
    return XRefusal(
        403,
        "Forbidden",
        "Your client app is not configured with the appropriate oauth1 app permissions for this endpoint.",
        f"{PROBLEMS}oauth1-permissions",
    )


def invalid(message: str, parameters: Mapping[str, Sequence[str]] | None = None) -> XRefusal:
    """400: `message` names the parameter, `parameters` the values that were given."""
    errors = [{"parameters": {name: list(values) for name, values in (parameters or {}).items()}, "message": message}]
    return XRefusal(400, "Invalid Request", INVALID, f"{PROBLEMS}invalid-request", errors=errors)


def not_found(resource: str, parameter: str, value: str) -> XRefusal:
    """404: no such post, user or webhook."""
    return XRefusal(404, **missing(resource, parameter, value))


def missing(resource: str, parameter: str, value: str) -> Json:
    """The problem of one thing that is not there, without a status: also part of answers that found others."""
    return {
        "title": "Not Found Error",
        "detail": f"Could not find {resource} with {parameter}: [{value}].",
        "kind": f"{PROBLEMS}resource-not-found",
        "resource_type": resource,
        "resource_id": value,
        "parameter": parameter,
        "value": value,
    }


def partial(resource: str, parameter: str, value: str) -> Json:
    """The same as one of the `errors` of a 200."""
    problem = missing(resource, parameter, value)
    return {"type": problem.pop("kind"), **problem}


def too_many() -> XRefusal:
    """429."""
    return XRefusal(429, "Too Many Requests", "Too Many Requests")


def no_credits(account: int) -> XRefusal:
    """402: nothing is answered any more until credits are bought."""
    return XRefusal(
        402,
        "CreditsDepleted",
        f"Your enrolled account [{account}] does not have any credits to fulfill this request.",
        f"{PROBLEMS}credits",
        account_id=account,
    )


def by_fault(code: int) -> XRefusal:
    """What X answers on a bad day."""
    try:
        phrase = HTTPStatus(code).phrase
    except ValueError:
        phrase = "Error"
    return too_many() if code == 429 else XRefusal(code, phrase, phrase)
