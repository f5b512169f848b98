"""Profiles: made for a set of firms from the versions of their records, kept as snapshots, read one by one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import accumulate
from typing import Any
from uuid import UUID

import polars as pl
from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from creditshare.profiles.boundaries import boundaries
from creditshare.profiles.coverage import coverage_of, fresh_until
from creditshare.profiles.frames import FrameLoader
from creditshare.profiles.models import ProfileSnapshot
from creditshare.profiles.sections import Contents, full_sections, public_sections
from creditshare.profiles.versions import Reading
from creditshare.resources.frames import Frames
from creditshare.resources.groups import ResourceGroup


@dataclass(frozen=True, slots=True)
class Profile:
    """One firm's profile: its sections as JSON, in full and with public kinds only, and what they rest on."""

    firm_id: UUID
    sections: Mapping[ResourceGroup, bytes]
    public_sections: Mapping[ResourceGroup, bytes]
    coverage: Mapping[ResourceGroup, int]
    as_of: date
    data_as_of: date
    changes_on: date
    known_at: datetime


def make_profiles(session: Session, reading: Reading, *, loader: FrameLoader) -> tuple[list[Profile], Frames]:
    """Make the profiles of the firms, in their order, and hand on the frames for their features."""
    dated = loader.load(session, reading)
    frames, kinds, catalogue = dated.frames, loader.kinds, loader.catalogue
    covered = coverage_of(frames, kinds, catalogue)
    fresh = fresh_until(frames, kinds, catalogue)
    days = boundaries(frames, dated.turning, fresh)
    contents = Contents(frames, covered, fresh, kinds, catalogue)
    columns = (
        reading.firm_ids,
        _by_group(full_sections(contents)),
        _by_group(public_sections(contents)),
        _in_chunks(covered["coverage"].to_list()),
        days["data_as_of"].to_list(),
        days["changes_on"].to_list(),
    )
    profiles = [
        Profile(
            firm_id=firm_id,
            sections={group: section.encode() for group, section in full.items()},
            public_sections={group: section.encode() for group, section in public.items()},
            coverage=coverage,
            as_of=reading.as_of,
            data_as_of=data_as_of,
            changes_on=changes_on,
            known_at=reading.known_at,
        )
        for firm_id, full, public, coverage, data_as_of, changes_on in zip(*columns, strict=True)
    ]
    return profiles, frames


def store_snapshots(session: Session, profiles: Sequence[Profile]) -> None:
    """Overwrite the snapshots of these firms, unless one made from later knowledge is there."""
    session.execute(
        text(
            """
            INSERT INTO profile_snapshots AS s
                (firm_id, sections, ends, public_sections, public_ends, coverage, as_of, data_as_of,
                 changes_on, known_at)
            VALUES (:firm_id, :sections, :ends, :public_sections, :public_ends, :coverage, :as_of, :data_as_of,
                    :changes_on, :known_at)
            ON CONFLICT (firm_id) DO UPDATE SET
                sections = excluded.sections, ends = excluded.ends,
                public_sections = excluded.public_sections, public_ends = excluded.public_ends,
                coverage = excluded.coverage, as_of = excluded.as_of, data_as_of = excluded.data_as_of,
                changes_on = excluded.changes_on, known_at = excluded.known_at
            WHERE (s.known_at, s.as_of) <= (excluded.known_at, excluded.as_of)
            """
        ),
        [
            {
                "firm_id": profile.firm_id,
                "sections": b"".join(profile.sections[group] for group in ResourceGroup),
                "ends": list(accumulate(len(profile.sections[group]) for group in ResourceGroup)),
                "public_sections": b"".join(profile.public_sections[group] for group in ResourceGroup),
                "public_ends": list(
                    accumulate(len(profile.public_sections[group]) for group in ResourceGroup)
                ),
                "coverage": [profile.coverage[group] for group in ResourceGroup],
                "as_of": profile.as_of,
                "data_as_of": profile.data_as_of,
                "changes_on": profile.changes_on,
                "known_at": profile.known_at,
            }
            for profile in sorted(profiles, key=lambda profile: profile.firm_id)
        ],
    )


def get_snapshot(session: Session, *, firm_id: UUID) -> Profile | None:
    """Return the firm's profile as last made; None before its first refresh."""
    row = session.get(ProfileSnapshot, firm_id, populate_existing=True)
    return None if row is None else profile_from(row, firm_id=firm_id)


def profile_from(row: ProfileSnapshot | Row[Any], *, firm_id: UUID) -> Profile:
    """Make a profile of a snapshot's row, or of a query's row with the columns of one."""
    return Profile(
        firm_id=firm_id,
        sections=_parted(row.sections, row.ends),
        public_sections=_parted(row.public_sections, row.public_ends),
        coverage=dict(zip(ResourceGroup, row.coverage, strict=True)),
        as_of=row.as_of,
        data_as_of=row.data_as_of,
        changes_on=row.changes_on,
        known_at=row.known_at,
    )


def drop_snapshots(session: Session, *, firm_ids: Sequence[UUID]) -> None:
    """Forget the snapshots of firms that live on in others."""
    session.execute(
        text("DELETE FROM profile_snapshots WHERE firm_id = ANY(:firms)"), {"firms": list(firm_ids)}
    )


def due_firms(session: Session, *, today: date, limit: int) -> list[UUID]:
    """Return firms whose snapshot changes by itself today or did before, and that do not wait already."""
    return list(
        session.execute(
            text(
                """
                SELECT firm_id FROM profile_snapshots s WHERE changes_on <= :today
                AND NOT EXISTS (SELECT FROM refresh_queue q WHERE q.firm_id = s.firm_id)
                ORDER BY changes_on, firm_id LIMIT :limit
                """
            ),
            {"today": today, "limit": limit},
        ).scalars()
    )


def _parted(joined: bytes, ends: Sequence[int]) -> dict[ResourceGroup, bytes]:
    """Take joined sections apart."""
    spans = zip(ResourceGroup, [0, *ends[:-1]], ends, strict=True)
    return {group: joined[start:end] for group, start, end in spans}


def _by_group(table: pl.DataFrame) -> list[dict[ResourceGroup, object]]:
    return [
        dict(zip(ResourceGroup, row, strict=True))
        for row in table.select(group.value for group in ResourceGroup).iter_rows()
    ]


def _in_chunks(shares: Sequence[int]) -> list[dict[ResourceGroup, int]]:
    """Take the shares of all firms, one behind the other, apart."""
    width = len(ResourceGroup)
    starts = range(0, len(shares), width)
    return [dict(zip(ResourceGroup, shares[start : start + width], strict=True)) for start in starts]
