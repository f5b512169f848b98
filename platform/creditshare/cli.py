"""The command line `creditshare`: the verbs are in `commands/`, one module each."""

from __future__ import annotations

import sys

import click
from sqlalchemy.exc import OperationalError

from creditshare.commands.clients import client
from creditshare.commands.databases import db
from creditshare.commands.demonstration import demo
from creditshare.commands.ingestion import ingest
from creditshare.commands.kinds import kinds
from creditshare.commands.scores import score
from creditshare.commands.serving import serve, worker
from creditshare.commands.simulating import simulate
from creditshare.errors import CreditShareError


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
def cli() -> None:
    """Shared credit information about small and micro firms.

    Works on the servers named by DATABASE_URL and REDIS_URL, else on the embedded ones of CREDITSHARE_DATA_DIR:
    those that run (`creditshare serve`), or its own for the time of the command.
    """


for command in (serve, worker, demo, db, client, kinds, ingest, score, simulate):
    cli.add_command(command)


def main() -> None:
    """Run a verb; what the product refuses is said in words, with exit status 2."""
    try:
        cli.main(prog_name="creditshare")
    except CreditShareError as error:
        lines = [fault.detail for fault in error.faults] or [error.detail]
        sys.exit(_say(f"creditshare: {error.code}", lines))
    except OperationalError as error:
        sys.exit(_say("creditshare: the database does not answer", str(error.orig).strip().splitlines()[:3]))


def _say(title: str, lines: list[str]) -> int:
    click.echo(title, err=True)
    for line in lines:
        click.echo(f"  {line}", err=True)
    return 2


if __name__ == "__main__":
    main()
