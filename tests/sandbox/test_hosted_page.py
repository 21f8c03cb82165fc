"""The payment page, as a browser without JavaScript uses it."""

from __future__ import annotations

import html
import re
from typing import Any

import aiohttp
import pytest
from stripe import StripeClient

from tests.sandbox.conftest import Control
from tests.sandbox.ordering import mugs, rate

CARD = {"method": "card", "card": "4242 4242 4242 4242"}


async def page(http: aiohttp.ClientSession, url: str) -> tuple[int, str]:
    async with http.get(url) as answer:
        return answer.status, html.unescape(await answer.text())


async def opened(client: StripeClient, **changes: Any) -> str:
    url = (await client.v1.checkout.sessions.create_async(mugs(**changes))).url
    assert url is not None
    return url


async def test_it_shows_the_order_in_the_shoppers_language(client: StripeClient, http: aiohttp.ClientSession) -> None:
    status, french = await page(http, await opened(client, locale="fr"))
    assert status == 200
    for text in ("Atelier Lumière", "Mug bleu", "36,00\u00a0€", "Payer", "aucun argent réel", "4000 0000 0000 9995"):
        assert text in french
    assert '<html lang="fr">' in french
    _, english = await page(http, await opened(client, locale="en"))
    for text in ("€36.00", "Pay", "no real money", "Bank debit"):
        assert text in english


async def test_every_field_has_a_label(client: StripeClient, http: aiohttp.ClientSession) -> None:
    url = await opened(client, shipping_address_collection={"allowed_countries": ["FR"]})
    _, text = await page(http, url)
    labelled = re.findall(r"<label[^>]*>(?:(?!</label>).)*<(?:input|select)", text, re.DOTALL)
    assert len(labelled) == len(re.findall(r"<(?:input|select)", text)) == 11
    assert "<script" not in text


async def test_paying_leads_back_to_the_shop(
    client: StripeClient, http: aiohttp.ClientSession, control: Control
) -> None:
    url = await opened(client)
    session = url.rpartition("/")[2]
    async with http.post(url, data=CARD, allow_redirects=False) as answer:
        assert answer.status == 303
        assert answer.headers["location"] == f"http://127.0.0.1:1/o/token?session_id={session}"
    assert (await client.v1.checkout.sessions.retrieve_async(session)).payment_status == "paid"
    status, text = await page(http, url)
    assert (status, "This is already paid" in text) == (200, True)


async def test_a_declined_card_says_so_and_may_be_replaced(client: StripeClient, http: aiohttp.ClientSession) -> None:
    url = await opened(client, locale="fr")
    async with http.post(url, data={**CARD, "card": "4000000000009995"}, allow_redirects=False) as answer:
        assert answer.status == 402
        assert "provision insuffisante" in await answer.text()
    async with http.post(url, data={**CARD, "card": "1234"}, allow_redirects=False) as answer:
        assert "n’est pas une carte de test" in html.unescape(await answer.text())
    async with http.post(url, data=CARD, allow_redirects=False) as answer:
        assert answer.status == 303


async def test_a_bank_debit_completes_unpaid(client: StripeClient, http: aiohttp.ClientSession) -> None:
    """F007."""
    url = await opened(client)
    async with http.post(url, data={"method": "debit"}, allow_redirects=False) as answer:
        assert answer.status == 303
    session = await client.v1.checkout.sessions.retrieve_async(url.rpartition("/")[2])
    assert (session.status, session.payment_status) == ("complete", "unpaid")
    assert "The debit is on its way" in (await page(http, url))[1]


async def test_the_address_and_the_delivery_are_the_shoppers_choice(
    client: StripeClient, http: aiohttp.ClientSession
) -> None:
    url = await opened(
        client,
        locale="en",
        customer_email="zoe@example.com",
        shipping_address_collection={"allowed_countries": ["FR", "BE"]},
        shipping_options=[rate("Pick-up", 0), rate("Post", 490)],
    )
    _, text = await page(http, url)
    assert "from €36.00" in text
    assert [">€36.00<" in text, ">€40.90<" in text] == [True, True]
    assert 'value="zoe@example.com"' in text
    address = {"name": "Zoé", "line1": "1 rue X", "postal_code": "1000", "city": "Bruxelles", "country": "BE"}
    async with http.post(url, data={**CARD, **address, "shipping": "1"}, allow_redirects=False) as answer:
        assert answer.status == 303
    paid = await client.v1.checkout.sessions.retrieve_async(url.rpartition("/")[2])
    assert paid.amount_total == 4090
    assert paid.collected_information is not None
    assert paid.collected_information.shipping_details is not None
    assert paid.collected_information.shipping_details.name == "Zoé"
    assert paid.customer_details is not None
    assert paid.customer_details.email == "zoe@example.com"


@pytest.mark.parametrize("given", [{"country": "US"}, {"shipping": "9"}, {"shipping": "x"}])
async def test_a_choice_that_is_none_is_refused(
    client: StripeClient, http: aiohttp.ClientSession, given: dict[str, str]
) -> None:
    url = await opened(
        client,
        shipping_address_collection={"allowed_countries": ["FR"]},
        shipping_options=[rate("A", 100), rate("B", 200)],
    )
    async with http.post(url, data={**CARD, **given}, allow_redirects=False) as answer:
        assert answer.status == 402
    session = await client.v1.checkout.sessions.retrieve_async(url.rpartition("/")[2])
    assert (session.status, session.amount_total, session.shipping_cost) == ("open", 3600, None)


async def test_an_expired_link_says_so(client: StripeClient, http: aiohttp.ClientSession, control: Control) -> None:
    url = await opened(client, locale="fr")
    await control.post("/clock", forward=4000)
    for request in (http.get(url), http.post(url, data=CARD)):
        async with request as answer:
            assert answer.status == 410
            assert "Ce lien a expiré" in await answer.text()


async def test_a_link_to_nothing_is_a_404(base: str, http: aiohttp.ClientSession) -> None:
    assert (await page(http, f"{base}/pay/cs_test_nothing"))[0] == 404
    assert (await page(http, f"{base}/pay/receipt/ch_nothing"))[0] == 404


async def test_what_a_merchant_writes_is_only_text(client: StripeClient, http: aiohttp.ClientSession) -> None:
    """F116."""
    items = mugs()["line_items"]
    items[0]["price_data"]["product_data"]["name"] = "<script>alert(1)</script>{{7*7}}"
    async with http.get(await opened(client, line_items=items)) as answer:
        text = await answer.text()
    assert "<script" not in text
    assert "{{7*7}}" in text
    assert "49" not in re.sub(r"<style.*?</style>", "", text, flags=re.DOTALL)
