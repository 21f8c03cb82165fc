"""The command `comptoir`: one module a group of commands.

Tables for people, `--json` for programs, errors on stderr. Exit 0 done, 1 failed, 2 wrong usage, 78 bad configuration.
Each command loads its own group, for what it does not need would be most of its time.
"""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import Annotated

import typer

from bot import __version__, logs
from bot.cli.output import BAD_CONFIG, FAILED, complain
from bot.cli.role import Role
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
    logs.configure(level=logging.WARNING)


@app.command()
def demo(
    context: typer.Context,
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 picks a free one.")] = 8080,
) -> None:
    """The whole shop with nothing set up: sandbox Telegram, X and Stripe, and a page where you play the shopper."""
    from bot.cli import serve

    raise typer.Exit(serve.demo(context.obj, port))


@app.command()
def run(context: typer.Context, role: Annotated[Role, typer.Option()] = Role.ALL) -> None:
    """The shop for real."""
    from bot.cli import serve

    raise typer.Exit(serve.run(context.obj, role))


@app.command()
def reload(context: typer.Context) -> None:
    """Have the running shop read bot.toml and its templates anew, as SIGHUP does."""
    from bot.cli import serve

    raise typer.Exit(serve.reload(context.obj))


@app.command()
def check(
    context: typer.Context,
    online: Annotated[bool, typer.Option("--online", help="Also ask Telegram, X and Stripe.")] = False,
    as_json: Json = False,
) -> None:
    """Every fault of bot.toml and its templates, with its place and its remedy."""
    from bot.cli import serve, setup

    raise typer.Exit(setup.check(context.obj, online=online, as_json=as_json, **serve.checks()))


@app.command()
def schema() -> None:
    """Print bot.schema.json, by which editors complete and check bot.toml."""
    from bot.cli import setup

    raise typer.Exit(setup.schema())


@app.command()
def init(folder: Annotated[Path, typer.Argument(help="Where to write.")] = Path()) -> None:
    """Write a commented bot.toml, .env.example and the schema."""
    from bot.cli import setup

    raise typer.Exit(setup.init(folder))


@app.command()
def understand(context: typer.Context, as_json: Json = True) -> None:
    """How the shop understands messages: one a line on stdin, one JSON object a line on stdout."""
    from bot.cli import talk

    raise typer.Exit(talk.understand(context.obj))


@app.command()
def chat(context: typer.Context) -> None:
    """Talk to the shop in the terminal."""
    from bot.cli import talk

    raise typer.Exit(talk.chat(context.obj))


@app.command()
def rehearse(
    context: typer.Context,
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="One message a line, each by a shopper of its own; an indented line goes on in the conversation above"
            " it, and a number presses a button. Or JSON lines kept from `understand` or from `rehearse --json`, which"
            " are then compared with. - is stdin. A shop's database holds no words of messages that were answered.",
        ),
    ],
    against: Annotated[
        Path | None,
        typer.Option(
            "--against",
            metavar="OLD.toml",
            help="The old bot.toml; its templates and pictures are looked for beside it.",
        ),
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Show what stays the same too.")] = False,
    strict: Annotated[bool, typer.Option("--check", help="Exit 1 where something changes.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print a JSON object a message, changed or not; the sum goes to stderr.")
    ] = False,
) -> None:
    """Replay past messages against a new bot.toml (-c) and show which answers change.

    Every conversation finds all the stock that bot.toml names and nothing ordered; nothing is kept or sent.
    """
    from bot.cli import rehearsal

    raise typer.Exit(
        rehearsal.rehearse(context.obj, file, against=against, every=every, strict=strict, as_json=as_json)
    )


@app.command()
def stats(
    context: typer.Context,
    policy: Annotated[bool, typer.Option("--policy", help="What X's rules allowed and refused.")] = False,
    days: Annotated[int, typer.Option(min=1, max=3660)] = 30,
    as_json: Json = False,
) -> None:
    """What was sold, and what X cost for it."""
    from bot.cli import figures

    raise typer.Exit(figures.stats(context.obj, days=days, policy=policy, as_json=as_json))


orders = typer.Typer(help="The order book.", no_args_is_help=True)
stock = typer.Typer(help="What is left of each thing.", no_args_is_help=True)
products = typer.Typer(help="The catalogue.", no_args_is_help=True)
app.add_typer(orders, name="orders")
app.add_typer(stock, name="stock")
app.add_typer(products, name="products")
hooks = typer.Typer(help="How services call the shop.", no_args_is_help=True)
app.add_typer(hooks, name="webhooks")
people = typer.Typer(help="What a shopper may ask about themselves.", no_args_is_help=True)
app.add_typer(people, name="privacy")
Who = Annotated[str, typer.Argument(metavar="CHANNEL:USER", help="As v_orders names them, for example telegram:1001.")]


@app.command()
def backup(
    context: typer.Context,
    path: Annotated[Path, typer.Argument(help="The file to write.")],
    force: Annotated[bool, typer.Option("--force", help="Write over a file that stands there.")] = False,
    as_json: Json = False,
) -> None:
    """A whole and checked copy of the database, while the shop runs or rests."""
    from bot.cli import keeping

    raise typer.Exit(keeping.backup(context.obj, path, force=force, as_json=as_json))


@app.command()
def restore(
    context: typer.Context,
    path: Annotated[Path, typer.Argument(help="A copy made by backup.")],
    as_json: Json = False,
) -> None:
    """Put a copy in the place of the database, which is moved aside; while the shop rests."""
    from bot.cli import keeping

    raise typer.Exit(keeping.restore(context.obj, path, as_json=as_json))


@people.command("export")
def privacy_export(context: typer.Context, who: Who, as_json: Json = True) -> None:
    """Everything that is held on a shopper and nobody else, as JSON."""
    from bot.cli import privacy

    raise typer.Exit(privacy.export(context.obj, who))


@people.command("erase")
def privacy_erase(
    context: typer.Context,
    who: Who,
    sure: Annotated[bool, typer.Option("--yes", help="Do not ask again.")] = False,
    as_json: Json = False,
) -> None:
    """Forget a shopper; their orders are kept without them. While the shop runs or rests."""
    from bot.cli import privacy

    raise typer.Exit(privacy.erase(context.obj, who, sure=sure, as_json=as_json))


@hooks.command("register")
def webhooks_register(context: typer.Context, as_json: Json = False) -> None:
    """Point Telegram, X and Stripe at web.public_url, while the shop runs there."""
    from bot.cli import webhooks

    raise typer.Exit(webhooks.register(context.obj, as_json=as_json))


@orders.command("list")
def orders_list(context: typer.Context, as_json: Json = False) -> None:
    """Newest first."""
    from bot.cli import books

    raise typer.Exit(books.listed(context.obj, "v_orders", as_json=as_json))


@orders.command("show")
def orders_show(context: typer.Context, ref: str, as_json: Json = False) -> None:
    """One order with its lines, payments and history."""
    from bot.cli import books

    raise typer.Exit(books.order(context.obj, ref, as_json=as_json))


@orders.command("ship")
def orders_ship(
    context: typer.Context,
    ref: str,
    tracking: Annotated[str, typer.Option(help="A number or a link, told to the shopper.")] = "",
) -> None:
    """Note a paid order as sent, and say so in its thread; while the shop runs or rests."""
    told = f"{ref.upper()} is shipped; its shopper is told"
    from bot.cli import books

    raise typer.Exit(books.done(context.obj, "ship", told, ref=ref, tracking=tracking))


@orders.command("cancel")
def orders_cancel(context: typer.Context, ref: str) -> None:
    """End an order: an unpaid one once its page is closed, a paid one by giving back what was paid."""
    from bot.cli import books

    raise typer.Exit(books.done(context.obj, "cancel", f"{ref.upper()} is being canceled", ref=ref))


@orders.command("refund")
def orders_refund(
    context: typer.Context,
    ref: str,
    amount: Annotated[str, typer.Option(help="So much, 12.50 for example; else all that is left.")] = "",
) -> None:
    """Give back what was paid; its shopper is told once the provider has done it."""
    from bot.cli import books

    raise typer.Exit(books.done(context.obj, "refund", f"{ref.upper()} is being refunded", ref=ref, amount=amount))


@orders.command("return")
def orders_return(context: typer.Context, ref: str) -> None:
    """Note that what was sent has come back; the money is given back by `orders refund`."""
    from bot.cli import books

    raise typer.Exit(books.done(context.obj, "return", f"{ref.upper()} has come back; its shopper is told", ref=ref))


outbox = typer.Typer(help="What could not be said or done.", no_args_is_help=True)
app.add_typer(outbox, name="outbox")


@outbox.command("list")
def outbox_list(context: typer.Context, as_json: Json = False) -> None:
    """The dead letters, newest first, each with its reason."""
    from bot.cli import books

    raise typer.Exit(books.listed(context.obj, "v_dead_letters", as_json=as_json))


@outbox.command("retry")
def outbox_retry(
    context: typer.Context,
    letters: Annotated[list[int] | None, typer.Argument(help="Their ids.")] = None,
    every: Annotated[bool, typer.Option("--all", help="All of them.")] = False,
) -> None:
    """Try dead letters again."""
    if bool(letters) == every:
        raise typer.BadParameter("name dead letters by their ids, or say --all")
    rows = ",".join(str(letter) for letter in letters or ())
    from bot.cli import books

    raise typer.Exit(books.done(context.obj, "retry", "queued again", rows=rows))


@app.command()
def reconcile(
    context: typer.Context,
    once: Annotated[bool, typer.Option("--once", help="One pass; a running shop makes one by itself ever so often.")],
    as_json: Json = False,
) -> None:
    """Ask Stripe what was missed, and mend it; while the shop runs or rests."""
    from bot.cli import books

    raise typer.Exit(books.reconcile(context.obj, as_json=as_json))


@stock.command("list")
def stock_list(context: typer.Context, as_json: Json = False) -> None:
    from bot.cli import books

    raise typer.Exit(books.listed(context.obj, "v_stock", as_json=as_json))


@products.command("list")
def products_list(context: typer.Context, as_json: Json = False) -> None:
    from bot.cli import books

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
