"""The whole shop with nothing set up: sandbox services, the real adapters talking to them, and a page to play on.

Everything lives in one process and on one port of this machine; the books are forgotten at the end.
"""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from pydantic import SecretStr

from bot import app, outside, serving
from bot.config import Secrets, Settings, load
from bot.domain.catalogue import Product
from bot.domain.costs import usd
from bot.domain.weights import LONGEST_POST
from bot.ports import Store, View
from bot.sandbox import demo as page
from bot.sandbox.server import Sandbox
from bot.sandbox.server import app as sandbox_app
from bot.sandbox.x.account import X_KEYS

HOST = "127.0.0.1"
LATEST = 500
X_ACCOUNT = "atelier_lumiere"
FIRST_POST = 1_900_000_000_000_000_201
SENDING = ("POST /2/tweets", "POST /2/dm_conversations/with/:participant_id/messages", "POST /2/media/upload")
PLENTY = 100_000
SHOWN = 3
"""Product posts on the account at X."""
STARTER = Path(app.__file__).parent / "config" / "starter" / "bot.toml"
BOOKS: Mapping[str, View] = {
    "orders": "v_orders",
    "lines": "v_order_lines",
    "stock": "v_stock",
    "outbox": "v_outbox",
    "history": "v_history",
    "payments": "v_payments",
    "alerts": "v_alerts",
}


async def play(config: Path, port: int, ready: Callable[[str], None]) -> None:
    """Run the demo until SIGTERM or SIGINT. `ready` is told the page's address."""
    listener = serving.listen_on(HOST, port, asked_by="--port")
    address = f"http://{HOST}:{listener.getsockname()[1]}"
    stop = serving.stop_signal()
    with tempfile.TemporaryDirectory(prefix="comptoir-demo-") as folder:
        written = _shop(config)
        shown_posts = posts_of(written.catalogue.products, written.posts)
        settings = pretended(written, shown_posts, address, Path(folder) / "demo.db")
        signing = settings.secrets.stripe_webhook_secret[0].get_secret_value()
        async with (
            Sandbox(
                shop=settings.shop.name, stripe_webhook=f"{address}/stripe/webhook", stripe_secret=signing
            ) as sandbox,
            app.opened(settings) as shop,
        ):
            for endpoint in SENDING:  # a visitor does not wait a quarter of an hour for X's limits
                sandbox.x.change_limits(endpoint=endpoint, limit=PLENTY)
            for number, product in shown_posts.items():
                text = " ".join(filter(None, (f"{product.name}.", product.description)))
                sandbox.x.shop_post(text[:LONGEST_POST], number=number, picture=_picture(product) or True)
            shown = page.routes(
                lambda: books(shop.store),
                shop_name=settings.shop.name,
                currency=settings.shop.currency,
                bot_name=sandbox.telegram.bot["username"],
                hints=hints(settings.catalogue.products),
                x_account=X_ACCOUNT,
                x_hints=public_hints(settings.catalogue.products),
            )
            async with serving.served(shop.site, listener, [*shown, *sandbox_app(sandbox).routes]):
                await outside.registered(settings, only=("x",))
                ready(f"{address}/")
                await stop.wait()
                await shop.wind_down()
                sandbox.stop_waiting()


def _shop(config: Path) -> Settings:
    """The shop of the bot.toml given; without one, the one that ships with the command."""
    return load(config if config.exists() else STARTER, {}, secrets=False)


def posts_of(products: Sequence[Product], bound: Mapping[str, Sequence[str]]) -> Mapping[str, Product]:
    """The posts that the shop's account shows: those of bot.toml, or else one of each of the first products."""
    by_sku = {variant.sku: product for product in products for variant in product.variants}
    named = {number: by_sku[skus[0]] for number, skus in bound.items() if skus and skus[0] in by_sku}
    made = {str(FIRST_POST + place): product for place, product in enumerate(products[:SHOWN])}
    return dict(list((named or made).items())[:SHOWN])


def _picture(product: Product) -> bytes | None:
    """The product's own picture where it lies on this machine."""
    if product.image is None or product.image.startswith("https://"):
        return None
    return Path(product.image).read_bytes()


def pretended(settings: Settings, posts: Mapping[str, Product], address: str, database: Path) -> Settings:
    """The same shop with every wire led to the sandbox. Its secrets are made up and open nothing."""
    return replace(
        settings,
        telegram=settings.telegram.model_copy(
            update={
                "enabled": True,
                "mode": "polling",
                "payments": "link",  # the page of the demo opens Stripe's, not Telegram's own sheet
                "api_base": f"{address}/telegram",
                "poll_timeout": timedelta(seconds=20),
            }
        ),
        x=settings.x.model_copy(
            update={
                "enabled": True,
                "account": X_ACCOUNT,
                "mode": "webhook",
                "api_base": f"{address}/x",
                "daily_budget_usd": Decimal(1000),
            }
        ),
        posts={number: tuple(v.sku for v in product.variants) for number, product in posts.items()},
        stripe=settings.stripe.model_copy(update={"api_base": f"{address}/stripe", "livemode": False}),
        web=settings.web.model_copy(
            update={"host": HOST, "port": int(address.rpartition(":")[2]), "public_url": address}
        ),
        storage=settings.storage.model_copy(update={"url": f"sqlite:///{database}"}),
        secrets=Secrets(
            telegram_bot_token=SecretStr(f"123456789:{secrets.token_urlsafe(26)}"),
            stripe_api_key=SecretStr(f"rk_test_{secrets.token_hex(12)}"),
            stripe_webhook_secret=(SecretStr(f"whsec_{secrets.token_hex(16)}"),),
            x_consumer_key=SecretStr(X_KEYS.consumer_key),
            x_consumer_secret=SecretStr(X_KEYS.consumer_secret),
            x_access_token=SecretStr(X_KEYS.access_token),
            x_access_token_secret=SecretStr(X_KEYS.access_token_secret),
            x_bearer_token=SecretStr(X_KEYS.bearer_token),
        ),
    )


def books(store: Store) -> Mapping[str, object]:
    """What the merchant's side of the page shows: the newest rows, the history oldest first."""
    shown = {name: [dict(row) for row in store.view(view, LATEST)] for name, view in BOOKS.items()}
    costs = [
        {"what": row["kind"], "usd": str(usd(int(str(row["micro_usd"])))), "ref": row["ref"]}
        for row in store.view("v_costs", LATEST)
    ]
    return shown | {"history": shown["history"][::-1], "costs": costs}


ASKED: Mapping[str, tuple[str, str, str, str]] = {
    "fr": ("bonjour", "je voudrais …", "combien coûte … ?", "où est ma commande ?"),
    "en": ("hello", "I would like …", "how much is …?", "where is my order?"),
    "es": ("hola", "quiero …", "¿cuánto cuesta …?", "¿dónde está mi pedido?"),
    "de": ("hallo", "ich möchte …", "was kostet …?", "wo ist meine Bestellung?"),
    "it": ("ciao", "vorrei …", "quanto costa …?", "dov’è il mio ordine?"),
    "pt": ("olá", "quero …", "quanto custa …?", "onde está o meu pedido?"),
}
"""A greeting, a wish, a question of the price and one of an order, of any product."""
OURS: Mapping[str, Sequence[str]] = {
    "fr": (
        "je voudrais deux mugs bleus",
        "combien coûte la théière ?",
        "un tee-shirt noir",
        "où est ma commande ?",
        "stop",
    ),
    "en": ("buy a blue mug", "how much is the teapot?", "a black t-shirt please", "where is my order?", "stop"),
    "es": (
        "quiero dos tazas azules",
        "¿cuánto cuesta la tetera?",
        "una camiseta negra",
        "¿dónde está mi pedido?",
        "stop",
    ),
    "de": (
        "ich möchte zwei blaue Tassen",
        "was kostet die Teekanne?",
        "ein schwarzes T-Shirt bitte",
        "wo ist meine Bestellung?",
        "stopp",
    ),
    "it": ("vorrei due tazze blu", "quanto costa la teiera?", "una maglietta nera", "dov’è il mio ordine?", "stop"),
    "pt": ("quero duas canecas azuis", "quanto custa o bule?", "uma camiseta preta", "onde está o meu pedido?", "stop"),
}
"""Of the shop that comes with the demo."""


def hints(products: Sequence[Product]) -> Mapping[str, Sequence[str]]:
    """Sentences to try, that this shop understands."""
    skus = {product.sku for product in products}
    if not products:
        return {language: (words[0],) for language, words in ASKED.items()}
    if {"mug-bleu", "tee", "theiere"} <= skus:
        return OURS
    first = products[0]
    return {
        language: (wish.replace("…", first.named(language)), price.replace("…", first.named(language)), where)
        for language, (_, wish, price, where) in ASKED.items()
    }


def public_hints(products: Sequence[Product]) -> Mapping[str, Sequence[str]]:
    """Sentences to post for all to read."""
    first = [sentences[:2] for sentences in hints(products).values()]
    return dict(zip(hints(products), first, strict=True))
