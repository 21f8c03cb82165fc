"""The door to the shop under siege: those who ring without end, all at once, drop by drop, or with a lie."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from stripe import WebhookSignature

from bot.web import hooks, patience
from tests.process.world import STRIPE_SECRET, World, until

pytestmark = pytest.mark.process
DRIPPING = 200
FLOOD_SECONDS = 1.5
FLOODERS = 4
RINGS = 20
SOON = 1.0
"""Seconds within which a real event is acknowledged, whoever else is at the door."""
COPIES = 50


def event(number: int) -> str:
    return f'{{"id": "evt_{number}", "object": "event", "type": "invoice.paid", "livemode": false, "data": {{}}}}'


def rung(world: World, number: int) -> float:
    """Ring as Stripe does; -> seconds until the shop has acknowledged it."""
    body = event(number)
    signature = WebhookSignature.generate_signature_header(body, STRIPE_SECRET, int(time.time()))
    began = time.monotonic()
    answer = world.http.post(
        f"http://127.0.0.1:{world.port}/stripe/webhook", content=body, headers={"stripe-signature": signature}
    )
    assert answer.status_code == 200
    return time.monotonic() - began


@contextlib.contextmanager
def dripping(world: World) -> Iterator[list[socket.socket]]:
    """Many who have begun to send a body and send a byte of it now and then."""
    head = b"POST /stripe/webhook HTTP/1.1\r\nHost: shop\r\nContent-Length: 5000\r\nStripe-Signature: t=1,v1=0\r\n\r\n"
    drips: list[socket.socket] = []
    try:
        for _ in range(DRIPPING):
            drip = socket.create_connection(("127.0.0.1", world.port), timeout=5)
            drips.append(drip)
            drip.sendall(head)
        yield drips
    finally:
        for drip in drips:
            drip.close()


def test_real_events_are_acknowledged_soon_while_others_drip(shared: World) -> None:
    """F020"""
    with dripping(shared) as drips:
        waits = []
        for number in range(RINGS):
            for drip in drips:
                drip.sendall(b"x")
            waits.append(rung(shared, number))
    assert max(waits) < SOON


async def test_a_body_that_drips_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """F020: after ten seconds at most; here the clock of that wait is set shorter."""
    assert hooks.SLOWEST_BODY <= 10
    monkeypatch.setattr(hooks, "SLOWEST_BODY", 0.05)

    async def drip() -> dict[str, object]:
        await asyncio.sleep(0.01)
        return {"type": "http.request", "body": b"x", "more_body": True}

    scope = {"type": "http", "method": "POST", "path": "/stripe/webhook", "headers": [], "query_string": b""}
    assert await hooks._body(Request(scope, drip)) is None


async def test_a_head_that_drips_is_given_up_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """F020: a connection is a file of the process, and a process has only so many. Who asks keeps theirs."""
    assert patience.HEAD_WITHIN <= 10
    monkeypatch.setattr(patience, "HEAD_WITHIN", 0.2)
    listener = socket.create_server(("127.0.0.1", 0))
    site = Starlette(routes=[Route("/", lambda _: Response("here"))])
    config = uvicorn.Config(site, http=patience.ImpatientProtocol, log_config=None, lifespan="off")
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve([listener]))
    port = listener.getsockname()[1]
    whole = b"GET / HTTP/1.1\r\nHost: shop\r\n\r\n"
    silent, drips, endless, asks = [await asyncio.open_connection("127.0.0.1", port) for _ in range(4)]
    began = time.monotonic()
    endless[1].write(b"GET / HTTP/1.1\r\n" + b"X-More: and more\r\n" * 5_000)
    asks[1].write(whole)
    assert b"200 OK" in await asks[0].read(500)
    drips[1].write(whole[:20])
    async with asyncio.timeout(5):
        for reader, _ in (silent, drips, endless):
            with contextlib.suppress(ConnectionError):
                assert await reader.read() == b""
    assert time.monotonic() - began < 3
    asks[1].write(whole)
    assert b"200 OK" in await asks[0].read(500), "who has asked before and is quiet for a while is let be"
    asks[1].write(whole[:20])
    async with asyncio.timeout(5):
        assert await asks[0].read() == b""
    for _, writer in (silent, drips, endless, asks):
        writer.close()
    server.should_exit = True
    await serving
    listener.close()


def test_a_flood_of_unsigned_calls_holds_up_no_real_event(shared: World) -> None:
    """F124: refused before anything is read of them, counted, and nothing kept."""
    flooded = [0] * FLOODERS
    over = threading.Event()

    def flood(place: int) -> None:
        line = http.client.HTTPConnection("127.0.0.1", shared.port, timeout=10)
        while not over.is_set():
            line.request("POST", "/stripe/webhook", body=event(0), headers={"stripe-signature": "t=1,v1=0"})
            answer = line.getresponse()
            answer.read()
            flooded[place] += answer.status == 400
        line.close()

    before = len(shared.rows("v_inbox"))
    crowd = [threading.Thread(target=flood, args=(place,)) for place in range(FLOODERS)]
    for one in crowd:
        one.start()
    waits: list[float] = []
    end = time.monotonic() + FLOOD_SECONDS
    while time.monotonic() < end:
        waits.append(rung(shared, 1000 + len(waits)))
    over.set()
    for one in crowd:
        one.join()
    assert sum(flooded) > 200, "it was a flood"
    assert len(waits) > 5
    assert max(waits) < SOON
    assert len(shared.rows("v_inbox")) == before
    metrics = shared.http.get(f"http://127.0.0.1:{shared.port}/metrics").text
    line = next(it for it in metrics.splitlines() if 'refused_total{reason="forged",source="stripe"}' in it)
    assert float(line.split()[-1]) >= sum(flooded)


def test_an_enormous_body_is_not_kept_in_memory_and_holds_up_nobody(shared: World) -> None:
    """F019: fifty megabytes without a length, refused before they are read."""
    assert shared.shop is not None
    memory = Path(f"/proc/{shared.shop.pid}/status")

    def kilobytes() -> int:
        return int(next(line for line in memory.read_text().splitlines() if line.startswith("VmRSS")).split()[1])

    before, largest = kilobytes(), 0
    with socket.create_connection(("127.0.0.1", shared.port), timeout=10) as line:
        line.sendall(b"POST /stripe/webhook HTTP/1.1\r\nHost: shop\r\nTransfer-Encoding: chunked\r\n\r\n")
        with contextlib.suppress(OSError):  # it hangs up on us, which is as good
            for number in range(50):
                line.sendall(b"100000\r\n" + b"x" * 0x100000 + b"\r\n")
                largest = max(largest, kilobytes())
                if number % 10 == 0:
                    assert rung(shared, 5000 + number) < SOON
    assert largest - before < 20_000


def test_signed_but_hostile_json_is_answered_and_stops_nobody(shared: World) -> None:
    """F022: numbers without end, names that stand twice, letters that are none; each signed with the right secret."""
    envelope = (
        '{"id": "evt_hostile_%d", "type": "checkout.session.completed", "livemode": false, "data": {"object": %s}}'
    )
    objects = [
        '{"id": "cs_1", "status": "complete", "payment_status": "paid", "amount_total": ' + "9" * 5000 + "}",
        '{"id": "cs_2", "status": "complete", "payment_status": "paid", "amount_total": 1e400}',
        '{"id": "cs_3", "id": "cs_4", "status": "complete", "status": "open", "payment_status": "paid"}',
        '{"id": "cs_\\ud800", "status": "complete", "payment_status": "paid", "livemode": false}',
        '{"id": "cs_\\u0000", "status": "complete", "payment_status": "paid", "livemode": false}',
        '{"a":' * 900 + "1" + "}" * 900,
        '["list"]',
        "null",
    ]
    hook = f"http://127.0.0.1:{shared.port}/stripe/webhook"
    for number, thing in enumerate(objects):
        body = envelope % (number, thing)
        signature = WebhookSignature.generate_signature_header(body, STRIPE_SECRET, int(time.time()))
        answer = shared.http.post(hook, content=body, headers={"stripe-signature": signature})
        assert answer.status_code in (200, 400), (number, answer.status_code)
    assert rung(shared, 6000) < SOON
    assert "Traceback" not in shared.log()


def test_fifty_copies_of_one_event_at_once_are_one_sale(shared: World) -> None:
    """F002: never heard of before, all at the door together; each is acknowledged."""
    shared.says("je voudrais un mug bleu", chat=7001)
    shared.hears("gardée", chat=7001)
    ref = shared.order(7001)["ref"]
    shared.post("/stripe/webhook", paused=True)
    shared.pays(ref)
    (event,) = (e for e in shared.get("/stripe/events") if e["type"] == "checkout.session.completed")
    found = shared.post(f"/stripe/events/{event['id']}/deliver", copies=COPIES)
    assert found["statuses"] == [200] * COPIES
    twin = json.loads(json.dumps({name: value for name, value in event.items() if name != "attempts"}))
    shared.post("/stripe/webhook", paused=False)
    shared.post("/stripe/events", event=twin | {"id": "evt_another_id_for_the_same"})
    until(lambda: shared.rows("v_inbox", key="evt_another_id_for_the_same"), what="the twin is in")
    shared.quiet()
    assert [row["to_status"] for row in shared.rows("v_history", ref=ref)] == ["created", "paid"]
    assert len([m for m in shared.heard(7001) if "Merci" in m["text"]]) == 1
    assert len(shared.rows("v_outbox", ref=ref, kind="thanks")) == 1
    assert shared.stock("mug-bleu")[1] == 1
