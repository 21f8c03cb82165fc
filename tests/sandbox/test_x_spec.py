"""The judge of the sandbox's X sees what is wrong: without that, its silence would prove nothing."""

from __future__ import annotations

import copy
from typing import Any

from tests.sandbox.x_spec import EVENTS, faults_of_answer, faults_of_event, published

ME = {"data": {"id": "1", "name": "Zoé", "username": "zoe"}}
PROBLEM: dict[str, Any] = {"title": "Forbidden", "detail": "no", "type": "about:blank", "status": 403}


def test_the_judge_of_answers_sees_what_is_wrong() -> None:
    assert faults_of_answer("GET", "/2/users/me", 200, ME) == []
    assert faults_of_answer("GET", "/2/users/me", 201, ME) != []
    assert faults_of_answer("GET", "/2/users/me", 200, {"data": {"id": 1}}) != []
    assert faults_of_answer("GET", "/2/users/me", 200, {"data": {"id": "1", "colour": "red"}}) != []
    assert faults_of_answer("GET", "/2/users/me", 200, {"colour": "red"}) != []
    unnamed = {"data": [{"id": "1", "entities": {"mentions": [{"end": 3}]}}], "meta": {"result_count": 1}}
    assert faults_of_answer("GET", "/2/users/{id}/mentions", 200, unnamed) != []


def test_the_judge_of_refusals_sees_what_is_wrong() -> None:
    assert faults_of_answer("POST", "/2/tweets", 403, PROBLEM) == []
    assert faults_of_answer("POST", "/2/tweets", 404, PROBLEM) != []
    assert faults_of_answer("POST", "/2/tweets", 403, {**PROBLEM, "detail": 5}) != []
    for name in PROBLEM:
        assert faults_of_answer("POST", "/2/tweets", 403, {it: PROBLEM[it] for it in PROBLEM if it != name}) != []
    nothing = {**PROBLEM, "status": 404, "type": "https://api.x.com/2/problems/resource-not-found"}
    assert faults_of_answer("POST", "/2/tweets", 404, nothing) != []


def test_the_judge_of_events_sees_what_is_wrong() -> None:
    examples = published(EVENTS)
    for kind in ("post.mention.create", "post.reply.create", "dm.received", "chat.received"):
        assert faults_of_event(examples[kind]) == []
        for name, value in (("event_uuid", 5), ("colour", "red")):
            wrong = copy.deepcopy(examples[kind])
            wrong["data"][name] = value
            assert faults_of_event(wrong) != []
        bare = copy.deepcopy(examples[kind])
        del bare["data"]["payload"]
        assert faults_of_event(bare) != []
