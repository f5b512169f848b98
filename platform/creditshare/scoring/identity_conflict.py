"""Two sources that give one firm's code to different names (contract §3, a conflict on the firm)."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence, Set
from datetime import datetime
from uuid import UUID

import polars as pl
from sqlalchemy import text
from sqlalchemy.orm import Session

from creditshare.resources.frames import Frames

Given = tuple[str, str]  # a participant's code, and the plain name that it gives
IGNORED = " ·.,，。、（）()<>《》\"'“”-"


def plain_name(name: str) -> str:
    """Return a name without what sources write differently: width, case, brackets, spaces and points."""
    folded = unicodedata.normalize("NFKC", name).upper()
    return "".join(character for character in folded if character not in IGNORED)


def firms_in_conflict(
    session: Session, frames: Frames, firm_ids: Sequence[UUID], *, known_at: datetime
) -> set[int]:
    """Return the places of firms of which two participants' current names differ.

    The ranking of sources plays no part. A name that some source gave the firm before, and has since replaced by
    another, is a former name, no conflict; one that it merely sent again is still its own.
    """
    names = frames["registration"].select("firm", "participant", "firm_name").drop_nulls().unique()
    several = names.filter(pl.col("participant").n_unique().over("firm") > 1)
    by_firm: dict[int, set[Given]] = {}
    for firm, participant, name in several.select("firm", "participant", "firm_name").iter_rows():
        by_firm.setdefault(firm, set()).add((participant, plain_name(name)))
    differing = {firm: given for firm, given in by_firm.items() if len(_names(given)) > 1}
    before = _given_before(session, [firm_ids[firm] for firm in differing], known_at=known_at)
    return {
        firm
        for firm, given in differing.items()
        if len(_names(given) - _names(before.get(firm_ids[firm], set()) - given)) > 1
    }


def _names(given: Set[Given]) -> set[str]:
    return {name for _, name in given}


def _given_before(
    session: Session, firm_ids: Sequence[UUID], *, known_at: datetime
) -> Mapping[UUID, set[Given]]:
    """Return who gave each firm which names in versions that are superseded, names given still among them."""
    if not firm_ids:
        return {}
    rows = session.execute(
        text(
            """
            SELECT DISTINCT l.firm_id, p.code, r.firm_name FROM subject_firm l
            JOIN registrations r USING (subject_id) JOIN participants p ON p.id = r.participant_id
            WHERE l.firm_id = ANY(:firms) AND l.known_from <= :known_at
              AND (l.known_until IS NULL OR l.known_until > :known_at)
              AND r.superseded_at <= :known_at AND r.firm_name IS NOT NULL
            """
        ),
        {"firms": list(firm_ids), "known_at": known_at},
    )
    found: dict[UUID, set[Given]] = {}
    for firm_id, participant, name in rows:
        found.setdefault(firm_id, set()).add((participant, plain_name(name)))
    return found
