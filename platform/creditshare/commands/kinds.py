"""`creditshare kinds`: what can be pushed."""

from __future__ import annotations

from datetime import date

import click

from config import ROOT
from creditshare.commands.output import json_option, print_json, print_table
from creditshare.core.clock import day_of, utcnow
from creditshare.resources.catalogue import ALL_KINDS, kind_named, load_catalogue
from creditshare.resources.description import describe
from creditshare.resources.template import csv_template


@click.group(
    epilog="""\b
Examples:
  creditshare kinds list
  creditshare kinds show tax-filing --json
  creditshare kinds template tax-filing > tax-filing.csv
"""
)
def kinds() -> None:
    """Show record kinds, their fields and rules, and CSV templates."""


@kinds.command("list")
@json_option
def list_kinds(as_json: bool) -> None:
    """List all record kinds."""
    catalogue = load_catalogue(ROOT / "config", _today())
    rows = [(kind.name, kind.group.value, catalogue[kind.name].title.en) for kind in ALL_KINDS]
    if as_json:
        print_json([dict(zip(("kind", "group", "title"), row, strict=True)) for row in rows])
    else:
        print_table(("kind", "group", "title"), rows)


@kinds.command()
@click.argument("kind")
@json_option
def show(kind: str, as_json: bool) -> None:
    """Show one kind: owner, fields, natural key, rules."""
    described = describe(kind_named(kind), load_catalogue(ROOT / "config", _today())[kind])
    if as_json:
        print_json(described)
        return
    for key, value in described.items():
        if isinstance(value, (str, int, bool)):
            click.echo(f"{key:<18} {value}")
    click.echo("fields")
    for name, schema in described["json_schema"]["properties"].items():
        click.echo(f"  {name:<22} {schema.get('type')}")


@kinds.command("template")
@click.argument("kind")
def show_template(kind: str) -> None:
    """Print the CSV template of a kind."""
    click.echo(csv_template(kind_named(kind)), nl=False)


def _today() -> date:
    return day_of(utcnow())
