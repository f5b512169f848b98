"""Where the real data lies and how its files are read."""

from __future__ import annotations

import csv
import gzip
import io
import os
from pathlib import Path

from config import ROOT

Row = dict[str, str]

FOLDER = Path(os.environ.get("CREDITSHARE_REALDATA") or ROOT.parent / "shared" / "data")


class SetAbsent(Exception):
    """A set is not in the folder; what is measured on it is left out."""


def content(name: str) -> bytes:
    """Read a file, unpacked. Raises SetAbsent."""
    path = FOLDER / name
    if not path.is_file():
        raise SetAbsent(f"no {name} in {FOLDER} (CREDITSHARE_REALDATA)")
    return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()


def table(name: str) -> list[Row]:
    """Read a CSV file in either encoding. Raises SetAbsent."""
    raw = content(name)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("gb18030")
    return list(csv.DictReader(io.StringIO(text, newline="")))
