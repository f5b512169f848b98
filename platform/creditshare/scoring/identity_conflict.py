"""Two sources that give one firm's code to different names (contract §3, a conflict on the firm)."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import polars as pl
from sqlalchemy import text
from sqlalchemy.orm import Session

from creditshare.resources.frames import Frames

IGNORED = " ·.,，。、（）()<>《》\"'“”-"


def plain_name(name: str) -> str:
    """Return a name without what sources write differently: width, case, brackets, spaces and points."""
    folded = unicodedata.normalize("NFKC", name).upper()
    return "".join(character for character in folded if character not in IGNORED)


def firms_in_conflict(
    session: Session, frames: Frames, firm_ids: Sequence[UUID], *, known_at: datetime
) -> set[int]:
    """Return the places of firms of which two participants' current names differ.

    The ranking of sources plays no part. A name that some source gave the firm before is a former name, no conflict.
    """
    names = frames["registration"].select("firm", "participant", "firm_name").drop_nulls().unique()
    several = names.filter(pl.col("participant").n_unique().over("firm") > 1)
    by_firm: dict[int, set[str]] = {}
    for firm, name in several.select("firm", "firm_name").iter_rows():
        by_firm.setdefault(firm, set()).add(plain_name(name))
    differing = {firm: found for firm, found in by_firm.items() if len(found) > 1}
    former = _former_names(session, [firm_ids[firm] for firm in differing], known_at=known_at)
    return {firm for firm, found in differing.items() if len(found - former.get(firm_ids[firm], set())) > 1}


def _former_names(
    session: Session, firm_ids: Sequence[UUID], *, known_at: datetime
) -> Mapping[UUID, set[str]]:
    if not firm_ids:
        return {}
    rows = session.execute(
        text(
            """
            SELECT DISTINCT l.firm_id, r.firm_name FROM subject_firm l JOIN registrations r USING (subject_id)
            WHERE l.firm_id = ANY(:firms) AND l.known_from <= :known_at
              AND (l.known_until IS NULL OR l.known_until > :known_at)
              AND r.superseded_at <= :known_at AND r.firm_name IS NOT NULL
            """
        ),
        {"firms": list(firm_ids), "known_at": known_at},
    )
    found: dict[UUID, set[str]] = {}
    for firm_id, name in rows:
        found.setdefault(firm_id, set()).add(plain_name(name))
    return found
