"""Migrations of a database that is in use: what it holds stays, whichever step is taken back and forth."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

import psycopg
import pytest
from alembic.script import ScriptDirectory

from config import ROOT
from creditshare.core import migrations
from creditshare.core.clock import day_of
from creditshare.core.database import make_engine
from creditshare.scoring.refresh import refresh_batch
from creditshare.scoring.rulebook import rulebook_for
from tests.factories.firms import filings, made_uscc, months_until
from tests.fixtures_intake import Intake, moment

NOW = datetime(2026, 2, 1, tzinfo=UTC)
SCRIPTS = ScriptDirectory.from_config(migrations._config(""))
REVISIONS = [script.revision for script in reversed(list(SCRIPTS.walk_revisions()))]
COLUMNS = """SELECT column_name FROM information_schema.columns
             WHERE table_schema = 'public' AND table_name = %s ORDER BY ordinal_position"""


@pytest.fixture(scope="session")
def filled(postgres, keyring):
    """Give the name of a database at head with a bit of everything that intake and refresh write."""
    name = f"{postgres.template}_{uuid.uuid4().hex[:8]}"
    url = postgres.create(name, template=postgres.template)
    fill(url, keyring)
    yield name
    postgres.drop(name)


def fill(url, keyring):
    intake = Intake(make_engine(url, pool_size=3), keyring, clock=lambda: NOW)
    amr, tax, water = (f"{code}-{uuid.uuid4().hex[:8]}" for code in ("amr", "tax", "water"))
    codes = [made_uscc() for _ in range(3)]
    rows = [row for code in codes for row in filings(code, months_until(NOW.date(), 14))]
    intake.push("tax-filing", rows, provider=tax, revised_at=datetime(2026, 1, 2, tzinfo=UTC))
    intake.push("tax-filing", [*rows[:5], {**rows[0], "tax_due": "x"}], provider=tax)
    registration = {
        "uscc": codes[0],
        "firm_name": "杭州甲有限公司",
        "subject_no": "7",
        "revised_at": moment(1),
    }
    other = {**registration, "uscc": codes[1], "subject_no": "8"}
    intake.push("registration", [registration, other], provider=amr)
    account = {"service": "water", "account_no": "A"}
    intake.push("utility-account", [{**account, "uscc": codes[0]}], provider=water)
    bill = {**account, "month": "2025-12", "amount": "5"}
    intake.push("utility-bill", [bill, {**bill, "account_no": "nobody's"}], provider=water)
    rulebook = rulebook_for(ROOT / "config", day_of(NOW))
    assert refresh_batch(intake.sessions, rulebook=rulebook, keyring=keyring, now=NOW) == 2
    intake.engine.dispose()


def tables(connection):
    found = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    return {name for (name,) in found} - {"alembic_version"}


def contents(url):
    """Return every table's rows as text."""
    with psycopg.connect(url) as connection:
        return {
            table: sorted(connection.execute(f'SELECT CAST(t AS text) FROM "{table}" t').fetchall())
            for table in tables(connection)
        }


def copy_in(source, target, wanted):
    """Copy rows of tables from one database into another; a table whose rows name others' comes after those."""
    waiting = sorted(wanted)
    while waiting:
        copied = [table for table in waiting if copied_table(source, target, table)]
        assert copied, f"cannot fill {waiting}"
        waiting = [table for table in waiting if table not in copied]


def copied_table(source, target, table):
    columns = ", ".join(f'"{name}"' for (name,) in target.execute(COLUMNS, [table]))
    try:
        with (
            target.transaction(),
            source.cursor().copy(f'COPY (SELECT {columns} FROM "{table}") TO STDOUT') as rows,
            target.cursor().copy(f'COPY "{table}" ({columns}) FROM STDIN') as copy,
        ):
            for block in rows:
                copy.write(block)
    except psycopg.errors.ForeignKeyViolation:
        return False
    return True


def test_the_data_that_stands_for_all_is_there(postgres, filled):
    held = contents(postgres.url_of(filled))

    empty = {table for table, rows in held.items() if not rows}
    assert len(held["tax_filings"]) == 42
    assert not empty & {
        "confirmations", "submission_refusals", "unlinked_rows", "subject_aliases", "subject_firm", "scores", "outbox",
    }  # fmt: skip


@pytest.mark.parametrize("revision", REVISIONS)
def test_a_step_back_and_forth_keeps_what_older_tables_hold(
    postgres, filled, make_database, keyring, revision
):
    url = make_database(template=filled)
    before = contents(url)

    migrations.downgrade(url, f"{revision}-1" if revision != REVISIONS[0] else "base")
    below = contents(url)
    migrations.upgrade(url)
    after = contents(url)

    assert {table: before[table] for table in below} == below
    assert {table: after[table] for table in below} == below
    assert after.keys() == before.keys()
    assert migrations.check(url) == []
    fill(url, keyring)


def test_every_step_up_keeps_what_is_there(postgres, filled, make_database):
    """Each step finds the tables of the steps before filled, as in an installation that follows every release."""
    url, told = make_database(), contents(postgres.url_of(filled))
    seen: set[str] = set()
    for revision in REVISIONS:
        migrations.upgrade(url, revision)
        with psycopg.connect(url) as target, psycopg.connect(postgres.url_of(filled)) as source:
            new = tables(target) - seen
            seen |= new
            copy_in(source, target, new - {"knowledge_clock"})

    held = contents(url)
    assert held.keys() == told.keys()
    assert {name: rows for name, rows in held.items() if name != "knowledge_clock"} == {
        name: rows for name, rows in told.items() if name != "knowledge_clock"
    }
