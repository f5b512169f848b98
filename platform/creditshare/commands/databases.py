"""`creditshare db`: the schema and its versions."""

from __future__ import annotations

import tempfile
from pathlib import Path

import click

from config import read_environment
from creditshare import embedded
from creditshare.commands.installation import servers
from creditshare.commands.output import json_option, print_json
from creditshare.core import migrations, schema_version
from creditshare.core.database import make_engine


@click.group(
    epilog="""\b
Examples:
  creditshare db upgrade
  creditshare db status --json
"""
)
def db() -> None:
    """Bring the database's schema up to date, or say where it stands."""


@db.command()
def upgrade() -> None:
    """Apply all migrations that are missing."""
    with servers() as settings:
        migrations.upgrade(settings.database_url)
        click.echo(f"the database is at {', '.join(sorted(schema_version.heads()))}")


@db.command()
@json_option
def status(as_json: bool) -> None:
    """Say which migration the database has, and which this code needs."""
    with servers() as settings:
        engine = make_engine(settings.database_url, pool_size=1)
        with engine.connect() as connection:
            has = sorted(schema_version.current(connection))
        engine.dispose()
    needs = sorted(schema_version.heads())
    if as_json:
        print_json({"has": has, "needs": needs, "up_to_date": has == needs})
    else:
        click.echo(f"has   {', '.join(has) or 'nothing'}\nneeds {', '.join(needs)}")


@db.command()
@click.pass_context
def check(context: click.Context) -> None:
    """Compare models and migrations on an empty database of its own."""
    given = read_environment().get("TEST_DATABASE_URL")
    if given:
        differences = migrations.check(given)
    else:
        with tempfile.TemporaryDirectory(prefix="creditshare-") as folder:
            with embedded.servers(Path(folder)) as addresses:
                differences = migrations.check(addresses.database_url)
            embedded.discard(Path(folder))
    for difference in differences:
        click.echo(difference, err=True)
    click.echo(f"models and migrations: {len(differences)} differences")
    context.exit(1 if differences else 0)
