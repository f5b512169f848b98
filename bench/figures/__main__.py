"""`python -m bench.figures`: quality figures on real data (CREDITSHARE_REALDATA)."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from bench.figures.directions import measure_directions
from bench.figures.folder import FOLDER
from bench.figures.identifiers import measure_identifiers
from bench.figures.linking import measure_linking
from bench.figures.natural_keys import measure_natural_keys
from config import data_dir
from creditshare.core.logs import configure_logs

EXAMPLES = """\
examples:
  python -m bench.figures
  CREDITSHARE_REALDATA=/data/real make figures
"""


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
    directions, discrimination = measure_directions()
    parts = {
        "identifiers": measure_identifiers(),
        "natural_keys": measure_natural_keys(),
        "linking": measure_linking(asked.folder / "figures"),
        "directions": directions,
    }
    for name, measured in parts.items():
        print("\n".join([f"{name}:", *measured.lines()]))
    print(f"discrimination:\n  {discrimination}\nnames: not built yet")
    figures = {name: measured.entry() for name, measured in parts.items()}
    path = asked.folder / "figures.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    said = json.dumps(figures | {"discrimination": discrimination}, ensure_ascii=False, indent=1)
    path.write_text(said + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
