"""The installed command as a process against the sandbox over HTTP: what a merchant runs, seen from outside."""

from __future__ import annotations

import contextlib
import signal
import socket
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tests.process.neighbour import Neighbour
from tests.process.starts import Process, Starter, forked
from tests.process.starts import installed as installed

TOKEN = "123456789:AAFakeTokenFakeTokenFakeTokenFakeTok"
STRIPE_SECRET = "whsec_process"
TELEGRAM_SECRET = "a-secret-of-the-process-tests"
PATIENCE = 40.0

SHOP = """
[shop]
name = "Atelier Lumière"
currency = "EUR"
locale = "fr"
support = "bonjour@example.com"
[orders]
hold = "{hold}"
[channels.telegram]
enabled = true
mode = "{mode}"
api_base = "{sandbox}/telegram"
poll_timeout = "5s"
messages_per_second = 1000
messages_per_chat_per_second = 1000
[payments.stripe]
api_base = "{sandbox}/stripe"
livemode = false
shipping_countries = ["FR"]
[[shipping]]
id = "colissimo"
name = "Colissimo"
price = 4.90
[delivery]
retry_base = "200ms"
[web]
host = "127.0.0.1"
port = {port}
public_url = "http://127.0.0.1:{port}"
[storage]
url = "sqlite:///shop.db"
[[products]]
sku = "mug-bleu"
name = "Mug bleu"
price = 18.00
stock = 25
keywords = ["mug", "tasse"]
  [products.translations.en]
  name = "Blue mug"
[[products]]
sku = "mug-noir"
name = "Mug noir"
price = 18.00
stock = 1
keywords = ["mug", "tasse"]
  [products.translations.en]
  name = "Black mug"
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(true: Callable[[], Any], *, seconds: float = PATIENCE, what: str = "") -> Any:
    """Wait until something holds and return it; an assertion error names what never did."""
    end = time.monotonic() + seconds
    while True:
        with contextlib.suppress(httpx.TransportError, sqlite3.OperationalError):
            if found := true():
                return found
        assert time.monotonic() < end, f"never happened: {what}"
        time.sleep(0.03)


@dataclass
class World:
    """One folder, one sandbox, one shop. `start` and `kill` the shop as often as wanted, `by` whichever way."""

    folder: Path
    mode: str = "polling"
    hold: str = "30m"
    by: Starter = forked
    me: int = 1001
    """Whose chat is meant where a test names none."""
    shop: Process | None = None
    sandbox_port: int = field(default_factory=free_port)
    port: int = field(default_factory=free_port)
    logs: list[Path] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.http = httpx.Client(timeout=30, trust_env=False, verify=False)  # plain HTTP: no certificates are read
        self.open_sandbox()
        config = SHOP.format(mode=self.mode, hold=self.hold, sandbox=self.sandbox, port=self.port)
        (self.folder / "bot.toml").write_text(config)

    @property
    def sandbox(self) -> str:
        return f"http://127.0.0.1:{self.sandbox_port}"

    @property
    def secrets(self) -> dict[str, str]:
        """What the shop's channel needs of its environment."""
        return {"TELEGRAM_BOT_TOKEN": TOKEN, "TELEGRAM_WEBHOOK_SECRET": TELEGRAM_SECRET}

    @property
    def environment(self) -> dict[str, str]:
        """All secrets of the shop."""
        return {**self.secrets, "STRIPE_API_KEY": "rk_test_process", "STRIPE_WEBHOOK_SECRET": STRIPE_SECRET}

    # -- processes

    def open_sandbox(self) -> None:
        hook = f"http://127.0.0.1:{self.port}/stripe/webhook"
        self.neighbour = Neighbour(port=self.sandbox_port, webhook=hook, secret=STRIPE_SECRET)

    def start(self, *, ready: bool = True) -> None:
        """Start the installed command and wait until it is `ready`."""
        log = self.folder / f"shop-{len(self.logs)}.log"
        self.logs.append(log)
        log.touch()
        self.shop = self.by(["-c", str(self.folder / "bot.toml"), "run"], self.environment, log)
        if ready:
            until(self.ready, what=f"the shop is ready: {log.read_text()[-2000:]}")

    def ready(self) -> bool:
        assert self.shop is not None
        assert self.shop.poll() is None, self.logs[-1].read_text()[-3000:]
        return self.http.get(f"http://127.0.0.1:{self.port}/readyz").status_code == 200

    def kill(self) -> None:
        """As a power cut would: no time to say goodbye."""
        assert self.shop is not None
        self.shop.send_signal(signal.SIGKILL)
        self.shop.wait()

    def stop(self) -> int:
        """SIGTERM; -> the exit code, within the ten seconds that are promised."""
        assert self.shop is not None
        self.shop.terminate()
        return self.shop.wait(timeout=10)

    def close(self) -> None:
        if self.shop is not None and self.shop.poll() is None:
            self.shop.kill()
            self.shop.wait()
        self.neighbour.close()
        self.http.close()

    # -- the other side

    def post(self, path: str, **body: object) -> Any:
        answer = self.http.post(f"{self.sandbox}/sandbox{path}", json=body)
        assert answer.status_code < 300, answer.text
        return answer.json() if answer.content else None

    def get(self, path: str, **query: object) -> Any:
        answer = self.http.get(f"{self.sandbox}/sandbox{path}", params={k: str(v) for k, v in query.items()})
        assert answer.status_code == 200, answer.text
        return answer.json()

    def says(self, text: str, *, chat: int | None = None, language: str = "fr") -> int:
        found = self.post("/telegram/say", chat=chat or self.me, text=text, name="Camille", language=language)
        return int(found["update_id"])

    def heard(self, chat: int | None = None) -> list[Mapping[str, Any]]:
        """What the shop said in a chat."""
        return [m for m in self.get(f"/telegram/chats/{chat or self.me}")["messages"] if m["from"] == "shop"]

    def hears(self, words: str, *, chat: int | None = None) -> Mapping[str, Any]:
        found = until(
            lambda: next((m for m in reversed(self.heard(chat)) if words in m["text"]), None),
            what=f"{words!r} in {[m['text'] for m in self.heard(chat)]}",
        )
        assert isinstance(found, Mapping)
        return found

    def presses(self, message: Mapping[str, Any], label: str, *, chat: int | None = None) -> None:
        data = next(b["data"] for row in message["buttons"] for b in row if label in b["text"] and b.get("data"))
        self.post("/telegram/press", chat=chat or self.me, message_id=message["message_id"], data=data)

    def session(self, ref: str) -> Mapping[str, Any]:
        found = self.get("/stripe/sessions", client_reference_id=ref)
        assert len(found) == 1, found
        assert isinstance(found[0], Mapping)
        return found[0]

    def pays(self, ref: str, outcome: str = "succeed") -> None:
        self.post(f"/stripe/sessions/{self.session(ref)['id']}/pay", outcome=outcome)

    def breaks(self, **rule: object) -> None:
        """Set a fault in the sandbox: service, method, kind, times."""
        self.post("/faults", **rule)

    def mends(self) -> None:
        self.http.delete(f"{self.sandbox}/sandbox/faults")

    # -- the books, from outside

    def rows(self, view: str, **where: object) -> list[dict[str, Any]]:
        clause = " AND ".join(f"{name} = ?" for name in where) or "1"
        with contextlib.closing(sqlite3.connect(f"file:{self.folder / 'shop.db'}?mode=ro", uri=True)) as reader:
            reader.row_factory = sqlite3.Row
            found = reader.execute(f"SELECT * FROM {view} WHERE {clause}", tuple(where.values())).fetchall()
        return [dict(row) for row in found]

    def order(self, chat: int | None = None) -> dict[str, Any]:
        (found,) = until(lambda: self.rows("v_orders", chat=str(chat or self.me)), what="an order")
        assert isinstance(found, dict)
        return found

    def order_is(self, status: str, *, chat: int | None = None) -> dict[str, Any]:
        until(lambda: self.order(chat)["status"] == status, what=f"the order is {status}: {self.order(chat)}")
        return self.order(chat)

    def stock(self, sku: str) -> tuple[int, int]:
        (row,) = self.rows("v_stock", sku=sku)
        return row["held"], row["sold"]

    def quiet(self) -> None:
        """Nothing is under way any more."""
        until(lambda: not [r for r in self.rows("v_outbox") if r["state"] in ("queued", "sending")], what="all is sent")

    def log(self) -> str:
        return "\n".join(path.read_text() for path in self.logs)


@contextlib.contextmanager
def opened(folder: Path, **settings: Any) -> Iterator[World]:
    world = World(folder, **settings)
    try:
        yield world
    finally:
        world.close()
