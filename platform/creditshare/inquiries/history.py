"""Scores told before, and the firm that a stored score speaks of today."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session, load_only

from creditshare.firms.models import Firm
from creditshare.inquiries.errors import ScoreNotFound
from creditshare.resources.groups import ResourceGroup
from creditshare.scoring.models import StoredScore


def get_stored_score(session: Session, *, score_id: UUID | None) -> StoredScore:
    """Return a score as it was first told."""
    found = session.get(StoredScore, score_id) if score_id is not None else None
    if found is None:
        raise ScoreNotFound("there is no such score")
    return found


def living_firm(session: Session, *, firm_id: UUID) -> UUID:
    """Return the firm's id, or that of the one it lives on in where it was merged."""
    firm = session.get_one(Firm, firm_id)
    while firm.merged_into is not None:
        firm = session.get_one(Firm, firm.merged_into)
    return firm.id


def told_scores(
    session: Session,
    *,
    firm_id: UUID,
    groups: frozenset[ResourceGroup],
    after: tuple[datetime, UUID] | None,
    limit: int,
) -> Sequence[StoredScore]:
    """Return the firm's scores that used none but these groups, newest first."""
    statement = (
        select(StoredScore)
        .options(load_only(StoredScore.id, StoredScore.body, StoredScore.computed_at))
        .where(
            StoredScore.firm_id == firm_id,
            StoredScore.groups_used.contained_by([group.value for group in groups]),
        )
        .order_by(StoredScore.computed_at.desc(), StoredScore.id.desc())
        .limit(limit)
    )
    if after is not None:
        statement = statement.where(tuple_(StoredScore.computed_at, StoredScore.id) < after)
    return session.scalars(statement).all()
