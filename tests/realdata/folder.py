"""Where the real data lies, and how its files are read. No row of it stands in this repository."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
from pathlib import Path
from typing import Any

import pytest

from config import ROOT

FOLDER = Path(os.environ.get("CREDITSHARE_REALDATA") or ROOT.parent / "shared" / "data")
ABSENT = frozenset({"", "N/A", "-", "/"})

Row = dict[str, str]

needs_real_data = pytest.mark.skipif(
    not FOLDER.is_dir(), reason=f"no real data at {FOLDER} (CREDITSHARE_REALDATA)"
)


def table(name: str) -> list[Row]:
    """Read a CSV file, packed or not; skips the test where the set is absent."""
    return list(csv.DictReader(io.StringIO(_content(name).decode("utf-8-sig"), newline="")))


def document(name: str) -> Any:
    """Read a JSON file; skips the test where the set is absent."""
    return json.loads(_content(name))


def given(row: Row) -> Row:
    """Leave out what the source left empty or filled with a placeholder."""
    return {name: value for name, value in row.items() if value.strip() not in ABSENT}


def _content(name: str) -> bytes:
    path = FOLDER / name
    if not path.is_file():
        pytest.skip(f"no {name} in {FOLDER} (CREDITSHARE_REALDATA)")
    return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
