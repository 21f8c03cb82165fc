"""The tables and views of a shop, as the sum of their migrations.

A migration is a list of statements run in one transaction; it is never edited once released, only followed.
The views are the public face (contract: read-only SQL views) and are made anew at every migration.
"""

from __future__ import annotations

import sqlite3

from sqlite_utils import Database, Migrations

from bot.errors import StoreDamaged

FIRST = """
CREATE TABLE inbox (
    source TEXT NOT NULL, key TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'done' CHECK (state IN ('new', 'done', 'dead')),
    attempts INTEGER NOT NULL DEFAULT 0, received_at TEXT NOT NULL,
    again_at TEXT, body TEXT, error TEXT,
    PRIMARY KEY (source, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX inbox_waiting ON inbox (again_at) WHERE state = 'new';

CREATE INDEX inbox_dead ON inbox (source) WHERE state = 'dead';

CREATE TABLE shoppers (
    channel TEXT NOT NULL, chat TEXT NOT NULL, language TEXT NOT NULL, name TEXT NOT NULL DEFAULT '',
    chosen INTEGER NOT NULL DEFAULT 0, question TEXT NOT NULL DEFAULT '', asked_at TEXT,
    quiet INTEGER NOT NULL DEFAULT 0, reachable INTEGER NOT NULL DEFAULT 1, updated_at TEXT NOT NULL,
    PRIMARY KEY (channel, chat)
) STRICT, WITHOUT ROWID;

CREATE TABLE stock (
    sku TEXT PRIMARY KEY, declared TEXT NOT NULL, total INTEGER, level TEXT NOT NULL,
    held INTEGER NOT NULL DEFAULT 0 CHECK (held >= 0), sold INTEGER NOT NULL DEFAULT 0 CHECK (sold >= 0)
) STRICT, WITHOUT ROWID;

CREATE TABLE orders (
    ref TEXT PRIMARY KEY, token TEXT NOT NULL UNIQUE,
    channel TEXT NOT NULL, chat TEXT NOT NULL, language TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('created', 'paid', 'fulfilled', 'returned', 'canceled')),
    cancel_reason TEXT, closing TEXT, needs_review TEXT, currency TEXT NOT NULL,
    items_minor INTEGER NOT NULL CHECK (items_minor >= 0), extras_minor INTEGER NOT NULL DEFAULT 0,
    hold TEXT NOT NULL DEFAULT 'live' CHECK (hold IN ('live', 'sold', 'released')), hold_until TEXT,
    created_at TEXT NOT NULL, updated_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX orders_of_chat ON orders (channel, chat, created_at);

CREATE INDEX orders_on_hold ON orders (hold_until) WHERE status = 'created' AND closing IS NULL;

CREATE TABLE order_lines (
    ref TEXT NOT NULL REFERENCES orders (ref), place INTEGER NOT NULL, sku TEXT NOT NULL, name TEXT NOT NULL,
    quantity INTEGER NOT NULL CHECK (quantity > 0), unit_minor INTEGER NOT NULL CHECK (unit_minor >= 0),
    PRIMARY KEY (ref, place)
) STRICT, WITHOUT ROWID;

CREATE TABLE payments (
    key TEXT PRIMARY KEY, ref TEXT NOT NULL REFERENCES orders (ref), provider TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('pending', 'processing', 'succeeded', 'failed', 'refund_due',
        'partially_refunded', 'refunded', 'disputed')),
    currency TEXT NOT NULL, amount_minor INTEGER NOT NULL, paid_minor INTEGER NOT NULL DEFAULT 0,
    refunded_minor INTEGER NOT NULL DEFAULT 0, request TEXT NOT NULL,
    external_id TEXT UNIQUE, intent TEXT UNIQUE, url TEXT, receipt_url TEXT,
    created_at TEXT NOT NULL, updated_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX payments_of_order ON payments (ref);

CREATE TABLE outbox (
    id INTEGER PRIMARY KEY, lane TEXT NOT NULL, channel TEXT NOT NULL, chat TEXT NOT NULL, kind TEXT NOT NULL,
    ref TEXT, body TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('queued', 'sending', 'sent', 'dead', 'scheduled')),
    attempts INTEGER NOT NULL DEFAULT 0, ambiguous INTEGER NOT NULL DEFAULT 0, epoch INTEGER NOT NULL DEFAULT 0,
    not_before TEXT NOT NULL, error TEXT, external_id TEXT, pressed INTEGER NOT NULL DEFAULT 0,
    created_at TEXT NOT NULL, sent_at TEXT
) STRICT;

CREATE INDEX outbox_open ON outbox (lane, id) WHERE state IN ('queued', 'sending');

CREATE INDEX outbox_due ON outbox (not_before) WHERE state = 'queued';

CREATE INDEX outbox_leased ON outbox (not_before) WHERE state = 'sending';

CREATE INDEX outbox_links ON outbox (ref) WHERE kind IN ('link', 'link_again');

CREATE TABLE history (
    id INTEGER PRIMARY KEY, ref TEXT NOT NULL, from_status TEXT, to_status TEXT NOT NULL, cause TEXT NOT NULL,
    at TEXT NOT NULL
) STRICT;

CREATE INDEX history_of_order ON history (ref);

CREATE TABLE alerts (
    id INTEGER PRIMARY KEY, kind TEXT NOT NULL, ref TEXT, text TEXT NOT NULL, at TEXT NOT NULL
) STRICT
"""

SECOND = """
ALTER TABLE shoppers ADD COLUMN wrote INTEGER NOT NULL DEFAULT 1;

CREATE TABLE cursors (
    name TEXT PRIMARY KEY, value TEXT NOT NULL, updated_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE quotas (
    name TEXT PRIMARY KEY, most INTEGER NOT NULL, used INTEGER NOT NULL, until TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE costs (
    id INTEGER PRIMARY KEY, day TEXT NOT NULL, channel TEXT NOT NULL, kind TEXT NOT NULL, resource TEXT NOT NULL,
    chat TEXT NOT NULL DEFAULT '', ref TEXT, micro_usd INTEGER NOT NULL CHECK (micro_usd >= 0), at TEXT NOT NULL,
    UNIQUE (channel, day, kind, resource)
) STRICT;

CREATE INDEX costs_of_chat ON costs (channel, chat) WHERE ref IS NULL;

CREATE INDEX costs_of_order ON costs (ref) WHERE ref IS NOT NULL;

CREATE TABLE policy (
    id INTEGER PRIMARY KEY, outbox INTEGER NOT NULL, channel TEXT NOT NULL, chat TEXT NOT NULL, act TEXT NOT NULL,
    post TEXT, allowed INTEGER NOT NULL, reason TEXT NOT NULL, words TEXT NOT NULL DEFAULT '', at TEXT NOT NULL
) STRICT;

CREATE INDEX policy_of_chat ON policy (channel, chat, act, at) WHERE allowed = 1;

CREATE INDEX policy_of_row ON policy (outbox);

CREATE INDEX policy_of_post ON policy (post) WHERE allowed = 1 AND post IS NOT NULL;

CREATE INDEX outbox_typed ON outbox (chat, id) WHERE channel = 'x';

CREATE INDEX policy_of_words ON policy (channel, words) WHERE allowed = 1 AND words != ''
"""

THIRD = """
ALTER TABLE payments ADD COLUMN due INTEGER NOT NULL DEFAULT 0;

ALTER TABLE payments ADD COLUMN charge_refunded_minor INTEGER NOT NULL DEFAULT 0;

ALTER TABLE payments ADD COLUMN looked_at TEXT NOT NULL DEFAULT '';

UPDATE payments SET due = status = 'refund_due', charge_refunded_minor = refunded_minor;

CREATE INDEX payments_unsettled ON payments (looked_at) WHERE status IN ('pending', 'processing');

CREATE TABLE refunds (
    id TEXT PRIMARY KEY, payment TEXT NOT NULL REFERENCES payments (key),
    amount_minor INTEGER NOT NULL CHECK (amount_minor >= 0), failed INTEGER NOT NULL DEFAULT 0, at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX refunds_of_payment ON refunds (payment);

CREATE TABLE disputes (
    id TEXT PRIMARY KEY, payment TEXT NOT NULL REFERENCES payments (key),
    state TEXT NOT NULL CHECK (state IN ('inquiry', 'open', 'won', 'lost')), at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX disputes_of_payment ON disputes (payment);

CREATE INDEX orders_holding ON orders (ref) WHERE hold = 'live'
"""

FOURTH = """
ALTER TABLE stock ADD COLUMN beyond INTEGER NOT NULL DEFAULT 0 CHECK (beyond >= 0);

UPDATE stock SET beyond = held + sold - total, total = held + sold WHERE held + sold > total
"""

INVOICES = """
ALTER TABLE payments ADD COLUMN agreed_at TEXT;

ALTER TABLE payments ADD COLUMN ship_to TEXT;

CREATE INDEX payments_agreed ON payments (agreed_at) WHERE agreed_at IS NOT NULL
"""

URGENT_FIRST = """
CREATE INDEX outbox_told_first ON outbox (not_before, id)
    WHERE state = 'queued' AND kind IN ('thanks', 'refunded', 'refund_due');

CREATE INDEX outbox_served_next ON outbox (not_before, id) WHERE state = 'queued' AND kind IN ('link', 'open_checkout')
"""

JOURNAL = """
ALTER TABLE inbox ADD COLUMN place INTEGER;

CREATE INDEX inbox_journal ON inbox (place) WHERE state = 'new' AND place IS NOT NULL
"""

LIVES = """
ALTER TABLE inbox ADD COLUMN begun INTEGER NOT NULL DEFAULT 0
"""

VIEWS = {
    "v_orders": """
        SELECT o.ref, o.channel, o.chat, o.status,
            CASE o.cancel_reason WHEN 'changed' THEN 'shopper' ELSE o.cancel_reason END AS cancel_reason,
            o.needs_review IS NOT NULL AS needs_review,
            o.currency, o.items_minor + o.extras_minor AS total_minor,
            coalesce((SELECT sum(p.paid_minor) FROM payments p WHERE p.ref = o.ref), 0) AS paid_minor,
            coalesce((SELECT sum(p.refunded_minor) FROM payments p WHERE p.ref = o.ref), 0) AS refunded_minor,
            o.created_at, o.updated_at
        FROM orders o""",
    "v_order_lines": "SELECT ref, sku, name, quantity, unit_minor FROM order_lines",
    "v_payments": """
        SELECT ref, provider, external_id, status, currency,
            CASE WHEN paid_minor > 0 THEN paid_minor ELSE amount_minor END AS amount_minor, refunded_minor, updated_at,
            ship_to
        FROM payments""",
    "v_refunds": """
        SELECT r.id, p.ref, p.currency, r.amount_minor, r.failed, r.at
        FROM refunds r JOIN payments p ON p.key = r.payment""",
    "v_dead_letters": """
        SELECT id, channel, chat, kind, ref, attempts, ambiguous, error, created_at FROM outbox
        WHERE state = 'dead' AND chat NOT GLOB 'erased-*'""",
    "v_stock": "SELECT sku, total, held, sold FROM stock",
    "v_inbox": "SELECT source, key, state, attempts, received_at FROM inbox",
    "v_outbox": "SELECT id, channel, chat, kind, ref, state, attempts, ambiguous, created_at, sent_at FROM outbox",
    "v_history": "SELECT ref, from_status, to_status, cause, at, id FROM history",
    "v_alerts": "SELECT id, kind, ref, text, at FROM alerts",
    "v_costs": "SELECT day, channel, kind, resource, chat, ref, micro_usd, at, id FROM costs",
    "v_policy": "SELECT id, outbox, channel, chat, act, post, allowed, reason, at FROM policy",
}

MIGRATIONS = Migrations("comptoir")


@MIGRATIONS()
def m001_first_tables(db: Database) -> None:
    for statement in FIRST.split(";\n"):
        db.execute(statement)


@MIGRATIONS()
def m002_what_a_platform_allows_and_costs(db: Database) -> None:
    for statement in SECOND.split(";\n"):
        db.execute(statement)


@MIGRATIONS()
def m003_refunds_and_disputes_by_their_ids(db: Database) -> None:
    for statement in THIRD.split(";\n"):
        db.execute(statement)


@MIGRATIONS()
def m004_stock_promised_beyond_the_merchants_word(db: Database) -> None:
    for statement in FOURTH.split(";\n"):
        db.execute(statement)


@MIGRATIONS()
def m005_invoices_in_a_platforms_own_sheet(db: Database) -> None:
    for statement in INVOICES.split(";\n"):
        db.execute(statement)


@MIGRATIONS()
def m006_what_is_told_first(db: Database) -> None:
    for statement in URGENT_FIRST.split(";\n"):
        db.execute(statement)


@MIGRATIONS()
def m007_the_place_of_an_event_that_is_decided_on_later(db: Database) -> None:
    for statement in JOURNAL.split(";\n"):
        db.execute(statement)


@MIGRATIONS()
def m008_how_many_lives_an_event_has_seen(db: Database) -> None:
    for statement in LIVES.split(";\n"):
        db.execute(statement)


@MIGRATIONS()
def m009_what_an_order_is_changed_into(db: Database) -> None:
    db.execute("ALTER TABLE orders ADD COLUMN becomes TEXT")


@MIGRATIONS()
def m010_what_a_shopper_was_offered_to_choose_from(db: Database) -> None:
    db.execute("ALTER TABLE shoppers ADD COLUMN offered TEXT NOT NULL DEFAULT ''")


@MIGRATIONS()
def m011_what_sells_best(db: Database) -> None:
    db.execute("CREATE INDEX stock_by_sales ON stock (sold) WHERE sold > 0")


def check_version(connection: sqlite3.Connection) -> None:
    """Raises StoreDamaged where the database, opened for reading, is of an older version than this one."""
    applied = {name for (name,) in connection.execute("SELECT name FROM _sqlite_migrations").fetchall()}
    missing = sorted(name for name in globals() if name.startswith("m0") and name not in applied)
    if missing:
        raise StoreDamaged("the database was written by an older version: start the shop once to bring it up to date")


def newer_than_ours(connection: sqlite3.Connection) -> list[str]:
    """Migrations of the database that this version does not know. Raises StoreDamaged where it is no shop's at all."""
    if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = '_sqlite_migrations'").fetchone():
        raise StoreDamaged("it is not the database of a shop")
    applied = {name for (name,) in connection.execute("SELECT name FROM _sqlite_migrations").fetchall()}
    return sorted(applied - set(globals()))


def migrate(connection: sqlite3.Connection) -> None:
    """Bring the database to this version, all of it or nothing.

    Raises StoreDamaged where it was written by a newer version: its rows may mean what this one cannot know.
    """
    db = Database(connection)
    connection.execute("BEGIN IMMEDIATE")  # Migrations.apply() alone begins deferred and fails under a second writer
    try:
        known = {migration.name for migration in MIGRATIONS.pending(db)} | {m.name for m in MIGRATIONS.applied(db)}
        ours = {name for name in globals() if name.startswith("m0")}
        if known - ours:
            newer = ", ".join(sorted(known - ours))
            raise StoreDamaged(f"the database was written by a newer version ({newer}): start that version instead")
        if MIGRATIONS.pending(db):
            MIGRATIONS.apply(db)
            for name, query in VIEWS.items():
                connection.execute(f"DROP VIEW IF EXISTS {name}")
                connection.execute(f"CREATE VIEW {name} AS {query}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
