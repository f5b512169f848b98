"""`creditshare simulate`: a synthetic province."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import click

from creditshare.commands.output import json_option, print_json
from creditshare.core.clock import day_of, utcnow
from creditshare.simulation import simulate as make_province


@click.command(
    epilog="""\b
Examples:
  creditshare simulate --firms 1000 --out province
  creditshare simulate --firms 100000 --seed 7 --until 2026-10-31 --out big --json
"""
)
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), required=True, help="Folder to write to."
)
@click.option("--firms", type=click.IntRange(1), default=1000, show_default=True)
@click.option("--seed", type=int, default=1, show_default=True, help="Same seed, same bytes.")
@click.option("--months", type=click.IntRange(1, 240), default=36, show_default=True)
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="Last day of the records (default: today).")
@json_option
def simulate(out: Path, firms: int, seed: int, months: int, until: datetime | None, as_json: bool) -> None:
    """Write the files of a synthetic province: providers' records, with dirt, and the truth about it."""
    last: date = until.date() if until else day_of(utcnow())
    if as_json:
        summary = make_province(out, firms=firms, seed=seed, months=months, until=last)
        print_json({"folder": str(out), "firms": firms, "seed": seed, "files": len(summary.files)})
        return
    with click.progressbar(length=firms, label="firms") as bar:
        made = make_province(
            out,
            firms=firms,
            seed=seed,
            months=months,
            until=last,
            progress=lambda done, _all: bar.update(done - bar.pos),
        )
    click.echo(f"{len(made.files)} files in {out}; see manifest.json and truth/")
