"""bot.toml changes while the shop sells: what a merchant does with an editor and a signal, seen from outside."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from tests.process.starts import Process, forked, surroundings
from tests.process.world import World, installed, opened, until

pytestmark = pytest.mark.process
PRICE = 'name = "Mug bleu"\nprice = 18.00'


@pytest.fixture(scope="module")
def first_file(shared: World) -> str:
    text = (shared.folder / "bot.toml").read_text().replace("stock = 25", "stock = 999")
    writes(shared, text)
    return text


@pytest.fixture
def shop(shared: World, first_file: str) -> Iterator[World]:
    """The shop as it was opened, and somebody whom it has never met."""
    shared.me += 1
    yield shared
    if (shared.folder / "bot.toml").read_text() != first_file:
        writes(shared, first_file)


def writes(world: World, text: str) -> None:
    """Write bot.toml and signal; returns once the shop goes by it."""
    before = world.log().count("config.taken_over")
    (world.folder / "bot.toml").write_text(text)
    hup(world)
    taken_over(world, before)


def taken_over(world: World, before: int) -> None:
    until(lambda: world.log().count("config.taken_over") > before, what=f"taken over: {world.log()[-2000:]}")


def hup(world: World) -> None:
    assert world.shop is not None
    world.shop.send_signal(signal.SIGHUP)


def alerts(world: World, kind: str) -> list[str]:
    return [str(row["text"]) for row in world.rows("v_alerts", kind=kind)]


def metric(world: World, name: str) -> float:
    page = world.http.get(f"http://127.0.0.1:{world.port}/metrics").text
    found = re.search(rf"^{name} (\S+)$", page, re.MULTILINE)
    assert found is not None
    return float(found[1])


def command(world: World, *words: str) -> tuple[int, str]:
    """The exit code and the complaints of a command typed beside the shop, without its secrets."""
    log = world.folder / "command.log"
    log.unlink(missing_ok=True)
    code = forked(["-c", str(world.folder / "bot.toml"), *words], {}, log).wait(60)
    return code, log.read_text()


def test_a_new_price_is_asked_of_the_next_and_not_of_who_was_quoted(shop: World, first_file: str) -> None:
    """F034, F113"""
    quoted, later = shop.me, shop.me + 1
    shop.me = later
    shop.says("je voudrais un mug bleu", chat=quoted)
    shop.hears("18,00", chat=quoted)
    writes(shop, first_file.replace(PRICE, PRICE.replace("18", "21")))
    shop.says("je voudrais un mug bleu", chat=later)
    shop.hears("21,00", chat=later)
    for chat, minor in ((quoted, 1800), (later, 2100)):
        ref = shop.order(chat)["ref"]
        assert shop.session(ref)["amount_subtotal"] == minor
        shop.pays(ref)
        order = shop.order_is("paid", chat=chat)
        assert (order["needs_review"], order["total_minor"] - minor) == (0, 490)


def test_a_file_that_is_half_written_changes_nothing_until_it_is_whole(shop: World, first_file: str) -> None:
    """F113"""
    whole = first_file.replace(PRICE, PRICE.replace("18", "21"))
    before = len(alerts(shop, "config"))
    (shop.folder / "bot.toml").write_text(whole[: whole.index("21.00") + 1])
    hup(shop)
    until(lambda: len(alerts(shop, "config")) > before, what="the merchant is told")
    line = whole[: whole.index("21.00")].count("\n") + 1
    assert f"bot.toml:{line}" in alerts(shop, "config")[-1]
    assert f"bot.toml:{line}" in shop.log()
    assert metric(shop, "comptoir_config_refused") == 1
    assert shop.http.get(f"http://127.0.0.1:{shop.port}/readyz").status_code == 200
    shop.says("je voudrais un mug bleu")
    shop.hears("18,00")
    writes(shop, whole)
    assert metric(shop, "comptoir_config_refused") == 0
    shop.me += 1
    shop.says("je voudrais un mug bleu")
    shop.hears("21,00")


def test_sales_go_on_while_the_file_changes_and_each_is_of_one_piece(shop: World, first_file: str) -> None:
    """F113: price and delivery change together; every page is asked for with a pair that belongs together."""
    dear = first_file.replace(PRICE, PRICE.replace("18", "21")).replace("price = 4.90", "price = 5.90")
    chats = range(shop.me, shop.me + 24)
    shop.me, buying = chats[-1], iter(chats)
    for text in (dear, first_file, dear):
        before = shop.log().count("config.taken_over")
        (shop.folder / "bot.toml").write_text(text)
        hup(shop)
        for _ in range(len(chats) // 3):
            shop.says("je voudrais un mug bleu", chat=next(buying))
        taken_over(shop, before)
    for chat in chats:
        shop.hears("gardée", chat=chat)
    assert {pair(shop, chat) for chat in chats} == {(1800, 490), (2100, 590)}


def pair(world: World, chat: int) -> tuple[int, int]:
    """The price of the goods and of their delivery, as the page was asked for."""
    (payment,) = world.rows("payments", ref=world.order(chat)["ref"])
    asked = json.loads(payment["request"])
    way = asked["shipping_options"][0]["shipping_rate_data"]["fixed_amount"]
    return asked["line_items"][0]["price_data"]["unit_amount"], way["amount"]


def test_less_stock_than_is_held_sells_no_more_and_keeps_its_promises(shop: World, first_file: str) -> None:
    """F045"""
    held, sold = shop.stock("mug-bleu")
    shop.says("je voudrais trois mugs bleus")
    shop.hears("gardée")
    before = len(alerts(shop, "stock_below"))
    writes(shop, first_file.replace("stock = 999", "stock = 2"))
    assert len(alerts(shop, "stock_below")) == before + 1
    assert f"{held + 3} are held and {sold} sold" in alerts(shop, "stock_below")[-1]
    (row,) = shop.rows("v_stock", sku="mug-bleu")
    assert row["total"] == held + 3 + sold
    shop.says("je voudrais un mug bleu", chat=7001)
    until(lambda: shop.heard(7001), what="an answer")
    assert not shop.rows("v_orders", chat="7001")
    shop.pays(shop.order()["ref"])
    shop.order_is("paid")
    assert shop.stock("mug-bleu") == (held, sold + 3)


def test_an_order_for_what_is_no_longer_sold_is_completed_also_after_a_restart(tmp_path: Path) -> None:
    """F035"""
    with opened(tmp_path, hold="1h") as world:
        world.start()
        for chat in (1001, 2002, 3003):
            world.says("je voudrais un mug bleu", chat=chat)
            world.hears("gardée", chat=chat)
        refs = {chat: world.order(chat)["ref"] for chat in (1001, 2002, 3003)}
        text = (tmp_path / "bot.toml").read_text()
        start = text.index("[[products]]")
        writes(world, text[:start] + text[text.index("[[products]]", start + 1) :])
        world.pays(refs[1001])
        assert "Mug bleu" in world.hears("Merci", chat=1001)["text"]
        assert command(world, "orders", "ship", refs[1001])[0] == 0
        world.says("je voudrais un mug bleu", chat=4004)
        until(lambda: world.heard(4004), what="an answer")
        assert not world.rows("v_orders", chat="4004")
        assert world.stop() == 0
        world.start()
        world.pays(refs[2002])
        world.order_is("paid", chat=2002)
        page = world.http.get(str(world.session(refs[2002])["cancel_url"]))
        assert "Mug bleu" in page.text
        assert command(world, "orders", "cancel", refs[3003])[0] == 0
        world.order_is("canceled", chat=3003)
        world.says("je voudrais un mug bleu", chat=5005)
        until(lambda: world.heard(5005), what="an answer")
        assert not world.rows("v_orders", chat="5005")
        (row,) = world.rows("v_stock", sku="mug-bleu")
        assert row["held"] == 0
        assert row["total"] == row["sold"]
        assert "KeyError" not in world.log()
        assert "Traceback" not in world.log()


def test_the_command_reloads_and_names_what_needs_a_start(shop: World, first_file: str) -> None:
    text = first_file.replace('retry_base = "200ms"', 'retry_base = "300ms"').replace(PRICE, PRICE.replace("18", "21"))
    (shop.folder / "bot.toml").write_text(text)
    code, complaints = command(shop, "reload")
    assert code == 0, complaints
    assert "next start: delivery.retry_base" in complaints
    assert any("delivery.retry_base" in text for text in alerts(shop, "config"))
    shop.says("combien coûte le mug bleu ?")
    shop.hears("21,00")


def test_the_command_finds_a_fault_before_it_asks(shop: World, first_file: str) -> None:
    (shop.folder / "bot.toml").write_text(first_file.replace(PRICE, PRICE.replace("18.00", "0")))
    before = alerts(shop, "config")
    code, complaints = command(shop, "reload")
    assert code == 78
    assert "bot.toml:" in complaints
    assert alerts(shop, "config") == before


def test_the_command_says_what_the_shop_refuses(shop: World, first_file: str) -> None:
    (shop.folder / "bot.toml").write_text(first_file.replace('"EUR"', '"USD"'))
    code, complaints = command(shop, "reload")
    assert code == 1
    assert "cannot change while it runs" in complaints


def test_a_shop_whose_terminal_is_closed_ends_in_order(tmp_path: Path) -> None:
    """F126: a hang-up of the terminal is no wish for other settings."""
    near, far = os.openpty()

    def at_a_terminal(arguments: Sequence[str], environment: Mapping[str, str], log: Path) -> Process:
        with log.open("ab") as errors:
            return subprocess.Popen(
                ["setsid", "--ctty", *installed(), *arguments],
                cwd="/",
                env=surroundings(environment),
                stdin=far,
                stdout=errors,
                stderr=errors,
            )

    with opened(tmp_path, by=at_a_terminal) as world:
        try:
            world.start()
            writes(world, (tmp_path / "bot.toml").read_text())  # while the terminal is there, a signal reloads
        finally:
            os.close(far)
            os.close(near)
        assert world.shop is not None
        assert world.shop.wait(timeout=15) == 0
        assert "shop.stopping" in world.log()
        code, complaints = command(world, "reload")
        assert (code, "no shop runs" in complaints) == (1, True)
