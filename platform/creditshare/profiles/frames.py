"""Makes the frames of a set of firms, for a day and as known at a moment, and the days on which they change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import polars as pl
from sqlalchemy import text
from sqlalchemy.orm import Session

from creditshare.profiles.holding import holding_on, turning_days
from creditshare.profiles.precedence import mark_standing
from creditshare.profiles.slots import one_per_slot
from creditshare.profiles.versions import Reading, empty, kinds_with_rows, read_versions
from creditshare.resources.base import RecordKind
from creditshare.resources.catalogue import Catalogue
from creditshare.resources.frames import Frames


@dataclass(frozen=True, slots=True)
class DatedFrames:
    """Frames, and (firm, day) of every day on which a record of theirs begins, ends or becomes true in part."""

    frames: Frames
    turning: pl.DataFrame


def load_frames(
    session: Session, reading: Reading, *, kinds: Sequence[RecordKind], catalogue: Catalogue
) -> DatedFrames:
    """Read the records of all kinds for the firms, and settle who stands."""
    there, confirmed = kinds_with_rows(session, kinds)
    versions = {
        kind.name: read_versions(session, kind, reading, confirmed=confirmed)
        for kind in kinds
        if kind.name in there
    }
    codes = _participant_codes(session, versions)
    named = {
        name: rows.with_columns(pl.col("participant").replace_strict(codes, return_dtype=pl.String))
        for name, rows in versions.items()
        if not rows.is_empty()
    }
    return settle(named, reading, kinds=kinds, catalogue=catalogue)


def settle(
    versions: Mapping[str, pl.DataFrame],
    reading: Reading,
    *,
    kinds: Sequence[RecordKind],
    catalogue: Catalogue,
) -> DatedFrames:
    """Turn versions in force into frames: one record per slot, what holds on the day, who stands. Pure."""
    by_kind: dict[str, pl.DataFrame] = {}
    turning = [pl.DataFrame(schema={"firm": pl.Int32, "day": pl.Date})]
    for kind in kinds:
        rows = versions.get(kind.name)
        if rows is None:
            by_kind[kind.name] = _empty(kind, provenance=reading.provenance)
            continue
        slots = one_per_slot(kind, rows)
        turning.append(turning_days(kind, slots))
        entry = catalogue[kind.name]
        by_kind[kind.name] = mark_standing(
            kind,
            holding_on(kind, slots, reading.as_of),
            sources=entry.source_ranking,
            alternatives=entry.alternatives,
        )
    firms = pl.DataFrame({"firm": range(len(reading.firm_ids))}, schema={"firm": pl.Int32})
    return DatedFrames(Frames(reading.as_of, firms, by_kind), pl.concat(turning))


def _empty(kind: RecordKind, *, provenance: bool) -> pl.DataFrame:
    rows = one_per_slot(kind, empty(kind, provenance=provenance))
    return rows.with_columns(stands=pl.lit(value=True))


def _participant_codes(session: Session, versions: Mapping[str, pl.DataFrame]) -> dict[str, str]:
    ids: set[UUID] = {
        UUID(value) for rows in versions.values() for value in rows["participant"].unique().to_list()
    }
    found = session.execute(
        text("SELECT id, code FROM participants WHERE id = ANY(:ids)"), {"ids": list(ids)}
    )
    return {str(row.id): row.code for row in found}
