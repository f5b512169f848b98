"""`python -m bench`: speed as ratios against limits measured in the same run."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from bench.figure import Figure, table, write
from bench.ingest import measure_ingest
from bench.place import place, say
from bench.province import Province
from bench.push import measure_push
from bench.push_to_score import measure_push_to_score
from bench.refresh import measure_refresh
from bench.report_read import measure_report_read
from bench.sizes import QUICK, USUAL, Sizes
from bench.time_travel import measure_time_travel
from config import data_dir
from creditshare.core.logs import configure_logs

Measure = Callable[[Province, Sizes], Figure]

MEASURES: dict[str, Measure] = {
    "ingest": measure_ingest,
    "push": measure_push,
    "refresh": measure_refresh,
    "report_read": measure_report_read,
    "push_to_score": measure_push_to_score,
    "time_travel": measure_time_travel,
}
GROWING = ("ingest", "push", "refresh", "report_read")
NOT_BUILT = {"match": "not built yet"}
NAMES = (*MEASURES, *NOT_BUILT, "growth")
EXAMPLES = """\
examples:
  python -m bench                                   everything, on 10,000 firms
  python -m bench --firms 1000 --only ingest,push   two figures on a smaller province
  make bench FIRMS=100000 ONLY=refresh,growth       the same through make
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what was asked for, print the table, write the JSON."""
    asked = _parse(arguments)
    only = [name for name in asked.only.split(",") if name] or list(NAMES)
    if unknown := sorted(set(only) - set(NAMES)):
        print(f"unknown: {', '.join(unknown)}; there are {', '.join(NAMES)}", file=sys.stderr)
        return 2
    configure_logs("WARNING")
    figures: list[Figure] = []
    try:
        with place(asked.folder / "bench") as here:
            say("servers are up")
            for figure in _measure(Province(here), asked.firms, only, QUICK if asked.quick else USUAL):
                figures.append(figure)
    finally:
        write(figures, asked.json or asked.folder / "bench.json")
        print(table(figures, [(name, NOT_BUILT[name]) for name in only if name in NOT_BUILT]))
    return 0


def _measure(province: Province, firms: int, only: Sequence[str], sizes: Sizes) -> Iterator[Figure]:
    """Yield figures as they are measured; a run that is broken off still tells what it has."""
    chosen = [name for name in MEASURES if name in only]
    grown: dict[str, Figure] = {}
    if "growth" in only:
        province.fill(max(1, firms // 10))
        names = [name for name in GROWING if name in chosen] or list(GROWING)
        grown = {name: MEASURES[name](province, sizes) for name in names}
    province.fill(firms)
    figures = {}
    for name in dict.fromkeys([*chosen, *grown]):
        figures[name] = MEASURES[name](province, sizes)
        if name in chosen:
            yield figures[name]
    yield from _growth(grown, figures)


def _growth(before: dict[str, Figure], after: dict[str, Figure]) -> list[Figure]:
    """Compare each speed with the same at a tenth of the firms; `growth` itself is the one that fell most."""
    rows = [
        Figure(
            name=f"growth_{name}",
            value=after[name].value,
            limit=was.value,
            unit=was.unit,
            firms=after[name].firms,
            seconds=after[name].seconds + was.seconds,
            note=f"{name} at {after[name].firms} firms against {was.firms}",
        )
        for name, was in before.items()
    ]
    worst = sorted(rows, key=lambda row: row.ratio)[:1]
    return [*(Figure("growth", w.value, w.limit, w.unit, w.firms, w.seconds, w.note) for w in worst), *rows]


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description=__doc__,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--firms", type=int, default=10_000, help="firms held, 36 months deep (default: 10000)"
    )
    parser.add_argument("--only", default="", help=f"figures, with commas: {','.join(NAMES)} (default: all)")
    parser.add_argument(
        "--quick", action="store_true", help="tiny samples, to see that all runs; the ratios mean nothing"
    )
    parser.add_argument("--json", type=Path, help="where to write the figures (default: var/bench.json)")
    parser.add_argument("--folder", type=Path, default=data_dir(os.environ), help=argparse.SUPPRESS)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
