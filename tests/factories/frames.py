"""Frames from rows written by hand, settled by the code that settles what is read from the database."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

import polars as pl

from creditshare.profiles.frames import FrameLoader
from creditshare.profiles.versions import Reading, VersionReader
from creditshare.resources.catalogue import ALL_KINDS, KINDS, Catalogue, load_catalogue
from creditshare.resources.feature_catalogue import FEATURES
from creditshare.resources.frames import Frames
from creditshare.scoring.feature_row import compute_features, feature_rows

CONFIG = Path(__file__).parents[2] / "config"
AS_OF = date(2026, 11, 22)
NOON = datetime(2026, 11, 22, 4, tzinfo=UTC)

Row = Mapping[str, Any]


@cache
def catalogue() -> Catalogue:
    """Return the catalogue as it stands."""
    return load_catalogue(CONFIG, AS_OF)


@cache
def loader() -> FrameLoader:
    """Return what settles versions of all kinds."""
    return FrameLoader(ALL_KINDS, catalogue())


def frames(rows: Mapping[str, Sequence[Row]], *, as_of: date = AS_OF, firms: int = 1) -> Frames:
    """Settle rows by kind, written as inside the product (fen, dates); each is about firm 0 unless it says so."""
    versions = {kind: version_frame(kind, found) for kind, found in rows.items() if found}
    reading = Reading([UUID(int=n) for n in range(firms)], as_of, NOON)
    return loader().settle(versions, reading).frames


def version_frame(kind: str, rows: Sequence[Row]) -> pl.DataFrame:
    """Put rows of one kind into the shape in which versions are read."""
    filled = [
        {
            "firm": 0,
            "participant": "source",
            "revised_at": NOON,
            "withdrawn": False,
            "record": record_of(kind, row),
        }
        | dict(row)
        for row in rows
    ]
    schema = VersionReader(KINDS[kind]).nothing(provenance=False).schema
    return pl.DataFrame(filled, schema=schema, orient="row")


def record_of(kind: str, row: Row) -> bytes:
    """Return the 32 bytes that stand for a row and its content."""
    return hashlib.sha256(repr((kind, sorted(row.items(), key=str))).encode()).digest()


def month_start(back: int, *, day: int = 1, of: date = AS_OF) -> date:
    """Return a day of the month `back` months before `of`."""
    index = of.year * 12 + of.month - 1 - back
    return date(index // 12, index % 12 + 1, day)


def measured(code: str, records: Mapping[str, Sequence[Row]], *, as_of: date = AS_OF) -> int | None:
    """Return the value of one feature for firm 0; None where it is not known."""
    found = compute_features(frames(records, as_of=as_of), [FEATURES[code]])
    row = feature_rows(found, firms=1)[0]
    return row[code].value if code in row else None
