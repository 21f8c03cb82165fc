"""Whoever comes by the web: a browser that says it has paid, a friend who pays, a burglar, a watchman."""

from __future__ import annotations

import hashlib
from urllib.parse import urlsplit

import pytest

from tests.process.world import World, until

pytestmark = pytest.mark.process


def test_a_browser_that_says_it_has_paid_changes_nothing(shared: World) -> None:
    """F025: the way back from the payment page is an address that anybody can open."""
    shared.says("je voudrais un mug bleu", chat=3001)
    shared.hears("gardée", chat=3001)
    order, history = shared.order(3001), shared.rows("v_history")
    back = str(shared.session(order["ref"])["success_url"])
    page = urlsplit(back)
    for session in ("cs_test_guessed", str(shared.session(order["ref"])["id"]), "", "../../etc/passwd"):
        answer = shared.http.get(
            f"http://127.0.0.1:{shared.port}{page.path}", params={"paid": "1", "session_id": session}
        )
        assert answer.status_code == 200
        assert "Merci" not in answer.text
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        assert shared.http.request(method, f"http://127.0.0.1:{shared.port}{page.path}").status_code == 405
    assert shared.order(3001) == order
    assert shared.rows("v_history") == history
    assert not shared.rows("v_outbox", kind="thanks", chat="3001")
    guesses = [
        f"{page.path[:-1]}{'B' if page.path.endswith('A') else 'A'}",
        "/o/1",
        "/o/1002",
        f"/o/{hashlib.sha256(b'x').hexdigest()[:24]}",
        "/o/" + "a" * 500,
    ]
    answers = [shared.http.get(f"http://127.0.0.1:{shared.port}{guess}") for guess in guesses]
    assert {(answer.status_code, answer.text) for answer in answers} == {(404, answers[0].text)}


def test_whoever_pays_the_link_the_order_stays_its_shoppers(shared: World) -> None:
    """F039: a friend pays; the thanks go to who ordered, and nothing of the friend is kept or shown."""
    shared.says("je voudrais un mug bleu", chat=3002)
    shared.hears("gardée", chat=3002)
    ref = shared.order(3002)["ref"]
    session = shared.session(ref)
    friend = {"email": "une.amie@example.org", "name": "Ottoline Quelqu'un"}
    shared.post(f"/stripe/sessions/{session['id']}/pay", outcome="succeed", **friend)
    shared.hears("Merci", chat=3002)
    shared.quiet()
    assert [row["to_status"] for row in shared.rows("v_history", ref=ref)] == ["created", "paid"]
    page = shared.http.get(f"http://127.0.0.1:{shared.port}{urlsplit(str(session['success_url'])).path}").text
    books = b"".join(path.read_bytes() for path in shared.folder.glob("shop.db*"))
    said = " ".join(message["text"] for message in shared.heard(3002))
    for trace in ("une.amie", "Ottoline"):
        assert trace not in page
        assert trace not in said
        assert trace.encode() not in books
        assert trace not in shared.log()


def test_there_is_no_desk_to_break_into(shared: World) -> None:
    """F121: what a merchant does goes by the command; no page of this shop asks for a password or does their work."""
    for path in ("/admin", "/admin/", "/admin/login", "/admin/orders", "/login", "/ADMIN", "/o/../admin"):
        for method in ("GET", "POST", "PUT", "DELETE", "OPTIONS"):
            answer = shared.http.request(method, f"http://127.0.0.1:{shared.port}{path}", data={"password": "admin"})
            assert answer.status_code in (404, 405), (method, path)
            assert "set-cookie" not in answer.headers
            assert "password" not in answer.text.lower()


def test_the_way_in_for_commands_is_shut_to_who_has_no_token(shared: World) -> None:
    """F121, F122: commands reach the running shop through an address of this machine, under a token of its owner's."""
    for token in ({}, {"authorization": "guess"}, {"authorization": "Bearer guess"}, {"x-token": "guess"}):
        for wish in ("ship", "cancel", "refund", "reload", "nothing"):
            answer = shared.http.post(
                f"http://127.0.0.1:{shared.port}/hatch/{wish}", json={"ref": "C-AAAAA"}, headers=token
            )
            assert answer.status_code in (401, 403, 404), (wish, answer.text)
    (hatch,) = shared.folder.glob("*.hatch")
    assert hatch.stat().st_mode & 0o077 == 0


def test_alive_is_not_able_to_serve(shared: World) -> None:
    """F129: who is alive is not restarted for what ails outside; what ails is named, with figures beside it."""
    address = f"http://127.0.0.1:{shared.port}"
    shared.breaks(service="telegram", method="getUpdates", kind="status", code=502, times=1)
    shared.breaks(service="stripe", kind="status", code=401, times=1)
    shared.says("je voudrais un mug bleu", chat=3003)
    ailing = until(
        lambda: "telegram" in (found := shared.http.get(f"{address}/readyz")).json()["ailing"] and found.json(),
        what="the shop says what ails",
    )
    assert ailing["status"] == "ailing"
    assert ailing["ailing"]["telegram"]
    assert shared.http.get(f"{address}/healthz").status_code == 200
    assert "comptoir_rows" in shared.http.get(f"{address}/metrics").text
    until(lambda: "stripe" in shared.http.get(f"{address}/readyz").json()["ailing"], what="Stripe is named too")
    until(lambda: "telegram" not in shared.http.get(f"{address}/readyz").json()["ailing"], what="it is well again")
