"""The command `comptoir`: one module a group of commands.

Tables for people, `--json` for programs, errors on stderr. Exit 0 done, 1 failed, 2 wrong usage, 78 bad configuration.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from bot import __version__
from bot.cli import books, figures, serve, setup, talk, webhooks
from bot.cli.output import BAD_CONFIG, FAILED, complain
from bot.errors import Busy, ConfigError, Permanent, StoreDamaged, Temporary

app = typer.Typer(
    name="comptoir",
    help="The shop counter in a conversation.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]


def _version(asked: bool) -> None:
    if asked:
        print(f"comptoir {__version__}")
        raise typer.Exit


@app.callback()
def _common(
    context: typer.Context,
    config: Annotated[Path, typer.Option("-c", "--config", help="The shop's file.")] = Path("bot.toml"),
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True)] = False,
) -> None:
    context.obj = config


@app.command()
def demo(
    context: typer.Context,
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 picks a free one.")] = 8080,
) -> None:
    """The whole shop with nothing set up: sandbox Telegram, X and Stripe, and a page where you play the shopper."""
    raise typer.Exit(serve.demo(context.obj, port))


@app.command()
def run(context: typer.Context, role: Annotated[serve.Role, typer.Option()] = serve.Role.ALL) -> None:
    """The shop for real."""
    raise typer.Exit(serve.run(context.obj, role))


@app.command()
def check(
    context: typer.Context,
    online: Annotated[bool, typer.Option("--online", help="Also ask Telegram, X and Stripe.")] = False,
    as_json: Json = False,
) -> None:
    """Every fault of bot.toml and its templates, with its place and its remedy."""
    raise typer.Exit(setup.check(context.obj, online=online, as_json=as_json, **serve.checks()))


@app.command()
def schema() -> None:
    """Print bot.schema.json, by which editors complete and check bot.toml."""
    raise typer.Exit(setup.schema())


@app.command()
def init(folder: Annotated[Path, typer.Argument(help="Where to write.")] = Path()) -> None:
    """Write a commented bot.toml, .env.example and the schema."""
    raise typer.Exit(setup.init(folder))


@app.command()
def understand(context: typer.Context, as_json: Json = True) -> None:
    """How the shop understands messages: one a line on stdin, one JSON object a line on stdout."""
    raise typer.Exit(talk.understand(context.obj))


@app.command()
def chat(context: typer.Context) -> None:
    """Talk to the shop in the terminal."""
    raise typer.Exit(talk.chat(context.obj))


@app.command()
def stats(
    context: typer.Context,
    policy: Annotated[bool, typer.Option("--policy", help="What X's rules allowed and refused.")] = False,
    days: Annotated[int, typer.Option(min=1, max=3660)] = 30,
    as_json: Json = False,
) -> None:
    """What was sold, and what X cost for it."""
    raise typer.Exit(figures.stats(context.obj, days=days, policy=policy, as_json=as_json))


orders = typer.Typer(help="The order book.", no_args_is_help=True)
stock = typer.Typer(help="What is left of each thing.", no_args_is_help=True)
products = typer.Typer(help="The catalogue.", no_args_is_help=True)
app.add_typer(orders, name="orders")
app.add_typer(stock, name="stock")
app.add_typer(products, name="products")
hooks = typer.Typer(help="How services call the shop.", no_args_is_help=True)
app.add_typer(hooks, name="webhooks")


@hooks.command("register")
def webhooks_register(context: typer.Context, as_json: Json = False) -> None:
    """Point Telegram, X and Stripe at web.public_url, while the shop runs there."""
    raise typer.Exit(webhooks.register(context.obj, as_json=as_json))


@orders.command("list")
def orders_list(context: typer.Context, as_json: Json = False) -> None:
    """Newest first."""
    raise typer.Exit(books.listed(context.obj, "v_orders", as_json=as_json))


@orders.command("show")
def orders_show(context: typer.Context, ref: str, as_json: Json = False) -> None:
    """One order with its lines, payments and history."""
    raise typer.Exit(books.order(context.obj, ref, as_json=as_json))


@orders.command("ship")
def orders_ship(
    context: typer.Context,
    ref: str,
    tracking: Annotated[str, typer.Option(help="A number or a link, told to the shopper.")] = "",
) -> None:
    """Note a paid order as sent, and say so in its thread; while the shop runs or rests."""
    raise typer.Exit(books.ship(context.obj, ref, tracking))


@stock.command("list")
def stock_list(context: typer.Context, as_json: Json = False) -> None:
    raise typer.Exit(books.listed(context.obj, "v_stock", as_json=as_json))


@products.command("list")
def products_list(context: typer.Context, as_json: Json = False) -> None:
    raise typer.Exit(books.catalogue(context.obj, as_json=as_json))


def main() -> None:
    """The entry point: every known failure becomes one sentence on stderr and an exit code."""
    try:
        app()
    except ConfigError as error:
        for problem in error.problems:
            complain(str(problem))
        sys.exit(BAD_CONFIG)
    except (Busy, StoreDamaged, Temporary, Permanent) as error:
        complain(str(error))
        sys.exit(FAILED)
