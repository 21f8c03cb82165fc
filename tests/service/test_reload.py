"""bot.toml and the templates are taken over whole or not at all, while orders that stand go by what they were told."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bot import front
from bot.errors import ConfigError, Temporary
from bot.reloading import LOOKS
from tests.sandbox.waiting import until
from tests.service.folder import ENV, SHOP, THEIERE, Office, opened_office, words


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with opened_office(tmp_path) as opened:
        yield opened


@pytest.fixture(autouse=True)
def _words_are_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(front, "words_of", words)


@pytest.fixture(autouse=True)
def _no_secrets_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TELEGRAM_BOT_TOKEN", "STRIPE_API_KEY", "STRIPE_WEBHOOK_SECRET", "DATABASE_URL", "PORT"):
        monkeypatch.delenv(name, raising=False)


async def test_what_is_sold_and_said_changes_at_once_for_all_who_hold_the_shop(office: Office) -> None:
    """F113"""
    office.template("fr/welcome.j2", "Bienvenue chez nous !")
    shown = THEIERE + 'posts = ["https://x.com/i/status/1900000000000000201"]\n'
    office.writes(SHOP.replace("18.00", "20.00").replace('"Atelier Lumière"', '"Chez Léa"') + shown)
    assert await office.reloader.reload() == ()
    catalogue = office.shop.counter.catalogue
    assert [product.sku for product in catalogue.products] == ["mug-bleu", "theiere"]
    assert catalogue.products[0].from_minor == 2000
    assert office.shop.understand("une théière svp", "fr").lines[0].sku == "theiere"
    assert "Chez Léa" in office.wording.not_found("fr")
    assert office.posts == {"1900000000000000201": ("theiere",)}
    assert office.stock("theiere") == (2, 0, 0, 2)
    assert office.alerts() == []


async def test_a_new_template_of_the_merchant_is_used(office: Office) -> None:
    office.template("fr/words.toml", 'gone = "Parti !"')
    await office.reloader.reload()
    assert office.wording.word("gone", "fr") == "Parti !"


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (SHOP.replace("18.00", '"dix-huit"'), "bot.toml:18: products[1].price"),
        (SHOP[: SHOP.index('"Mug bleu"') + 4], "bot.toml:17"),
        (SHOP[: SHOP.index("8.00")], "bot.toml:18: bot.toml: its last line is not ended"),
        ("", "shop"),
        (SHOP.replace("price = 18.00\n", "prise = 18.00\n"), "prise"),
        (SHOP.replace('"EUR"', '"USD"'), "bot.toml:4: shop.currency: it was EUR"),
    ],
    ids=["a wrong type", "half a line", "half a price", "an empty file", "an unknown key", "another currency"],
)
async def test_a_file_with_a_fault_changes_nothing_and_the_merchant_is_told(
    office: Office, text: str, named: str
) -> None:
    """F113, F107"""
    before = vars(office.shop) | {}
    office.writes(text + THEIERE if "USD" in text else text)
    with pytest.raises(ConfigError, match=re.escape(named)):
        await office.reloader.reload()
    assert vars(office.shop) == before
    assert office.store.read(lambda books: books.shelf.get("theiere")).total == 0
    (alert,) = office.alerts()
    assert named in alert
    assert "goes on as before" in alert


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("fr/link.j2", "{{ nothing_of_ours }}"),
        ("fr/link.j2", "{% if %}"),
        ("fr/words.toml", 'gone = "{{ half"'),
        ("en/words.toml", "gone = "),
        ("en/words.toml", "gone = 3"),
        ("fr/page.toml", 'pay = "{{ half"'),
        ("web/order.html", "{% for %}"),
    ],
)
async def test_a_template_with_a_fault_keeps_all_of_the_old_settings(office: Office, name: str, text: str) -> None:
    """F111, F113"""
    office.template(name, text)
    office.writes(SHOP.replace("18.00", "20.00"))
    with pytest.raises(ConfigError):
        await office.reloader.reload()
    assert office.shop.counter.catalogue.products[0].from_minor == 1800
    assert len(office.alerts()) == 1


async def test_a_file_that_is_still_being_written_is_read_once_it_lies_still(office: Office) -> None:
    """F113: its first half is good TOML, and would have taken the teapot from the shelf."""
    office.writes(SHOP + THEIERE)
    await office.reloader.reload()
    whole = SHOP.replace("18.00", "20.00") + THEIERE
    office.writes(whole[: len(whole) // 3])
    office.meanwhile += [
        lambda: office.writes(whole[: whole.index('\n[[products]]\nsku = "theiere"')]),
        lambda: office.writes(whole),
    ]
    await office.reloader.reload()
    assert office.stock("theiere") == (2, 0, 0, 2)
    assert office.shop.counter.catalogue.products[0].from_minor == 2000


async def test_a_file_that_never_lies_still_is_refused(office: Office) -> None:
    def touched(number: int) -> Callable[[], None]:
        return lambda: office.writes(SHOP + "#" * number + "\n")

    office.meanwhile += [touched(number) for number in range(1, LOOKS + 2)]
    with pytest.raises(ConfigError, match="all the time"):
        await office.reloader.reload()


async def test_what_needs_a_start_is_named_and_left_as_it_was(office: Office) -> None:
    text = SHOP.replace("enabled = true", 'enabled = true\nmode = "webhook"\napi_base = "http://127.0.0.1:9"')
    office.writes(
        text.replace("[payments.stripe]", "[payments.stripe]\nlivemode = true\nautomatic_tax = true")
        + '[web]\nport = 8081\npublic_url = "https://elsewhere.example"\n[delivery]\nlease = "9s"\n'
    )
    env = ENV.replace("rk_test_reload", "rk_live_reload") + "TELEGRAM_WEBHOOK_SECRET=a-long-secret-of-this-shop\n"
    (office.folder / ".env").write_text(env, encoding="utf-8")
    page = office.shop.page("token")
    waiting = await office.reloader.reload()
    assert set(waiting) == {
        "channels.telegram.mode",
        "channels.telegram.api_base",
        "payments.stripe.livemode",
        "web.port",
        "web.public_url",
        "delivery.lease",
        "STRIPE_API_KEY",
        "TELEGRAM_WEBHOOK_SECRET",
    }
    assert (office.shop.page("token"), office.shop.livemode) == (page, False)
    (alert,) = office.alerts()
    assert alert.startswith("takes effect at the next start: ")
    assert "rk_live" not in alert
    await office.reloader.reload()
    assert len(office.alerts()) == 1
    office.says("je voudrais un mug bleu")
    assert '"automatic_tax":{"enabled":true}' in office.frozen()[0]


async def test_where_the_stock_cannot_be_written_nothing_else_is_taken_over(office: Office) -> None:
    """F113, F090: neither half of it is seen by the next event."""
    before = vars(office.shop) | {}
    words = office.wording.now
    office.writes(SHOP.replace("18.00", "20.00") + THEIERE)
    office.store.full = True
    with pytest.raises(Temporary):
        await office.reloader.reload()
    office.store.full = False
    assert vars(office.shop) == before
    assert office.wording.now is words
    office.says("je voudrais un mug bleu")
    assert '"unit_amount":1800' in office.frozen()[0]
    await office.reloader.reload()
    assert office.shop.counter.catalogue.products[0].from_minor == 2000


async def test_each_event_among_reloads_is_decided_by_one_set_of_prices(office: Office) -> None:
    """F113: price and delivery are changed together, and every frozen request holds a pair that belongs together."""
    dear = SHOP.replace("18.00", "20.00").replace("4.90", "5.90").replace("stock = 5", "stock = 999")
    cheap = SHOP.replace("stock = 5", "stock = 999")
    chats = iter(range(10_000))

    async def shoppers(until: asyncio.Event) -> None:
        while not until.is_set():
            chat = str(next(chats))
            await asyncio.to_thread(office.says, "je voudrais un mug bleu", chat, chat)

    over = asyncio.Event()
    buying = [asyncio.create_task(shoppers(over)) for _ in range(3)]
    for text in (dear, cheap, dear, cheap, dear):
        office.writes(text)
        await office.reloader.reload()
    over.set()
    await asyncio.gather(*buying)
    pairs = {('"unit_amount":1800' in each, '"amount":490' in each) for each in office.frozen()}
    assert pairs == {(True, True), (False, False)}


async def test_an_open_order_goes_by_what_its_shopper_was_told(office: Office) -> None:
    """F034, F035"""
    office.says("je voudrais un mug bleu")
    frozen = office.frozen()
    office.writes(SHOP.replace("18.00", "20.00").replace("Mug bleu", "Tasse bleue"))
    await office.reloader.reload()
    assert office.frozen() == frozen
    (order,) = office.store.view("v_orders")
    (line,) = office.store.view("v_order_lines")
    assert (order["total_minor"], line["name"], line["unit_minor"]) == (1800, "Mug bleu", 1800)


async def test_less_stock_than_is_promised_is_taken_as_nothing_left(office: Office) -> None:
    """F045"""
    office.says("je voudrais trois mugs bleus")
    office.writes(SHOP.replace("stock = 5", "stock = 2"))
    await office.reloader.reload()
    assert office.stock("mug-bleu") == (3, 3, 0, 0)
    (alert,) = office.alerts("stock_below")
    assert "stock = 2" in alert
    assert "3 are held and 0 sold" in alert
    await office.reloader.reload()
    assert len(office.alerts("stock_below")) == 1  # told once for one change


async def test_a_reload_asked_for_while_the_store_is_full_is_made_once_it_writes_again(office: Office) -> None:
    """F090"""
    office.writes(SHOP.replace("18.00", "20.00"))
    office.store.full = True
    office.meanwhile += [lambda: None, lambda: setattr(office.store, "full", False)]
    asked = asyncio.Event()
    asked.set()
    running = asyncio.create_task(office.reloader.whenever(asked))
    await until(lambda: office.shop.counter.catalogue.products[0].from_minor == 2000)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_a_refused_file_does_not_end_the_waiting_for_the_next(office: Office) -> None:
    asked = asyncio.Event()
    running = asyncio.create_task(office.reloader.whenever(asked))
    office.writes("nothing = ")
    asked.set()
    await until(lambda: bool(office.alerts()))
    office.writes(SHOP.replace("18.00", "20.00"))
    asked.set()
    await until(lambda: office.shop.counter.catalogue.products[0].from_minor == 2000)
    assert not running.done()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
