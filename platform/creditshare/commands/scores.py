"""`creditshare score`: profiles and scores for many firms."""

from __future__ import annotations

import click
from sqlalchemy import text

from creditshare.commands.installation import installation
from creditshare.commands.output import json_option, print_json
from creditshare.core.clock import day_of, utcnow
from creditshare.errors import NotFound
from creditshare.firms import refresh_queue
from creditshare.firms.queries import find_firm
from creditshare.scoring.refresh import refresh_batch
from creditshare.scoring.rulebook import rulebook_for


class NothingToScore(NotFound):
    """No firm was named, or none of that name is known."""

    code = "firm-not-found"


@click.group(
    epilog="""\b
Examples:
  creditshare score run --all
  creditshare score run --firms 91331000PDY00001X5,91331000PDY00002X5
"""
)
def score() -> None:
    """Make profiles and scores anew."""


@score.command()
@click.option("--all", "every", is_flag=True, help="All firms.")
@click.option("--firms", "named", default="", help="Ids or identifiers, with commas between.")
@json_option
def run(every: bool, named: str, as_json: bool) -> None:
    """Refresh firms here and now, beside any worker that runs."""
    names = [name.strip() for name in named.split(",") if name.strip()]
    if every == bool(names):
        raise click.UsageError("say either --all or --firms")
    with installation() as here:
        with here.sessions.begin() as session:
            if every:
                ids = list(session.scalars(text("SELECT id FROM firms WHERE merged_into IS NULL")))
            else:
                found = {name: find_firm(session, name, keyring=here.keyring) for name in names}
                missing = [name for name, firm in found.items() if firm is None]
                if missing:
                    raise NothingToScore(f"no firm is known as {', '.join(missing)}")
                ids = [firm.merged_into or firm.id for firm in found.values() if firm is not None]
            refresh_queue.enqueue(session, ids, now=utcnow())
        with click.progressbar(length=len(ids), label="firms", hidden=as_json) as bar:
            while True:
                now = utcnow()
                rulebook = rulebook_for(here.settings.config_dir, day_of(now))
                done = refresh_batch(here.sessions, rulebook=rulebook, keyring=here.keyring, now=now)
                if not done:
                    break
                bar.update(done)
    if as_json:
        print_json({"firms": len(ids)})
    else:
        click.echo(f"{len(ids)} firms refreshed")
