"""`python -m bench.figures`: quality figures on real data (CREDITSHARE_REALDATA)."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from bench.figures.directions import measure_directions
from bench.figures.folder import FOLDER, SetAbsent
from bench.figures.identifiers import measure_identifiers
from bench.figures.linking import measure_linking
from bench.figures.natural_keys import measure_natural_keys
from bench.figures.quality import Share, lines
from bench.figures.sources import SOURCES
from bench.place import place
from config import data_dir
from creditshare.core.logs import configure_logs

EXAMPLES = """\
examples:
  python -m bench.figures
  CREDITSHARE_REALDATA=/data/real make figures
"""

Said = dict[str, object]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what the folder allows, print it, write the JSON."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.figures",
        description=__doc__,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--folder", type=Path, default=data_dir(os.environ), help=argparse.SUPPRESS)
    asked = parser.parse_args(arguments)
    configure_logs("WARNING")
    print(f"real data: {FOLDER}", flush=True)
    figures: Said = {
        "identifiers": _told("identifiers", measure_identifiers),
        "natural_keys": _natural_keys(),
        "linking": _told("linking", lambda: _linking(asked.folder / "figures")),
    }
    figures |= _score()
    print("names: not built yet")
    path = asked.folder / "figures.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(figures, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return 0


def _linking(folder: Path) -> list[Share]:
    with place(folder) as here:
        return measure_linking(here)


def _natural_keys() -> Said:
    found: list[Share] = []
    absent: list[str] = []
    for source in SOURCES:
        try:
            found.append(measure_natural_keys(source))
        except SetAbsent as error:
            absent.append(f"{source}: {error}")
    _print("natural keys", found)
    for reason in absent:
        print(f"  left out: {reason}")
    entries = _entries(found)
    return entries | {"absent": absent} if absent else entries


def _score() -> Said:
    try:
        bins, discrimination = measure_directions()
    except SetAbsent as error:
        print(f"score directions: left out, {error}")
        return {"directions": {"absent": str(error)}, "discrimination": {"absent": str(error)}}
    _print("score directions", bins)
    print(f"score discrimination: {discrimination}")
    return {"directions": _entries(bins), "discrimination": discrimination}


def _told(name: str, measure: Callable[[], list[Share]]) -> Said:
    try:
        found = measure()
    except SetAbsent as error:
        print(f"{name}: left out, {error}")
        return {"absent": str(error)}
    _print(name, found)
    return _entries(found)


def _print(name: str, figures: list[Share]) -> None:
    print("\n".join([f"{name}:", *lines(figures)]), flush=True)


def _entries(figures: list[Share]) -> Said:
    return {figure.name: figure.entry() for figure in figures}


if __name__ == "__main__":
    sys.exit(main())
