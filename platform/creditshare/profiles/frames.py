"""Makes the frames of a set of firms, for a day and as known at a moment, and the days on which they change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import polars as pl
from sqlalchemy import text
from sqlalchemy.orm import Session

from creditshare.profiles.boundaries import first_of_next_month
from creditshare.profiles.holding import holding_on, turning_days
from creditshare.profiles.precedence import mark_standing
from creditshare.profiles.slots import one_per_slot
from creditshare.profiles.versions import Reading, VersionReader, prepare
from creditshare.resources.base import RecordKind
from creditshare.resources.catalogue import Catalogue
from creditshare.resources.frames import Frames


@dataclass(frozen=True, slots=True)
class DatedFrames:
    """Frames, and (firm, day) of the days in their month on which a record begins, ends or becomes true in part."""

    frames: Frames
    turning: pl.DataFrame


class FrameLoader:
    """Loads frames of the given kinds; made once, since it works out statements and empty frames beforehand."""

    def __init__(self, kinds: Sequence[RecordKind], catalogue: Catalogue) -> None:
        self.kinds = tuple(kinds)
        self.catalogue = catalogue
        self._readers = {kind.name: VersionReader(kind) for kind in self.kinds}
        self._empty = {
            (kind.name, provenance): self._settled(
                kind, self._readers[kind.name].nothing(provenance=provenance)
            )
            for kind in self.kinds
            for provenance in (False, True)
        }

    def load(self, session: Session, reading: Reading) -> DatedFrames:
        """Read the records of all kinds for the firms, and settle who stands."""
        there, confirmed = prepare(session, self.kinds)
        versions = {
            kind.name: self._readers[kind.name].read(session, reading, confirmed=confirmed)
            for kind in self.kinds
            if kind.name in there
        }
        filled = {name: rows for name, rows in versions.items() if not rows.is_empty()}
        codes = _participant_codes(session, filled)
        named = {
            name: rows.with_columns(pl.col("participant").replace_strict(codes, return_dtype=pl.String))
            for name, rows in filled.items()
        }
        return self.settle(named, reading)

    def settle(self, versions: Mapping[str, pl.DataFrame], reading: Reading) -> DatedFrames:
        """Turn versions in force into frames: one record per slot, what holds on the day, who stands. Pure."""
        by_kind: dict[str, pl.DataFrame] = {}
        month, next_month = reading.as_of.replace(day=1), first_of_next_month(reading.as_of)
        turning = [pl.DataFrame(schema={"firm": pl.Int32, "day": pl.Date})]
        for kind in self.kinds:
            rows = versions.get(kind.name)
            if rows is None or rows.is_empty():
                by_kind[kind.name] = self._empty[kind.name, reading.provenance]
                continue
            slots = one_per_slot(kind, rows)
            turning.append(turning_days(kind, slots, since=month, until=next_month))
            by_kind[kind.name] = self._standing(kind, holding_on(kind, slots, reading.as_of))
        firms = pl.DataFrame({"firm": range(len(reading.firm_ids))}, schema={"firm": pl.Int32})
        return DatedFrames(Frames(reading.as_of, firms, by_kind), pl.concat(turning))

    def _settled(self, kind: RecordKind, rows: pl.DataFrame) -> pl.DataFrame:
        return self._standing(kind, one_per_slot(kind, rows))

    def _standing(self, kind: RecordKind, rows: pl.DataFrame) -> pl.DataFrame:
        entry = self.catalogue[kind.name]
        return mark_standing(kind, rows, sources=entry.source_ranking, alternatives=entry.alternatives)


def _participant_codes(session: Session, versions: Mapping[str, pl.DataFrame]) -> dict[str, str]:
    ids = {UUID(value) for rows in versions.values() for value in rows["participant"].unique().to_list()}
    found = session.execute(
        text("SELECT id, code FROM participants WHERE id = ANY(:ids)"), {"ids": list(ids)}
    )
    return {str(row.id): row.code for row in found}
