"""Writing the query log, and reading one's own part of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, Row, select, text, tuple_
from sqlalchemy.orm import Session

from creditshare.audit.models import Inquiry
from creditshare.participants.models import Participant

KEYS_KEPT_FOR = timedelta(hours=24)
COLUMNS = tuple(column.name for column in Inquiry.__table__.columns)
INSERT = text(  # each read runs it: what an ORM does besides would be a good part of the read
    f"INSERT INTO inquiries ({', '.join(COLUMNS)}) VALUES ({', '.join(f':{name}' for name in COLUMNS)})"
)
LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")


def record_inquiry(session: Session, inquiry: Inquiry) -> None:
    """Add a read to the log, in the transaction of the read."""
    session.execute(INSERT, {name: getattr(inquiry, name) for name in COLUMNS})


def first_with_key(
    session: Session, *, participant_id: UUID, path: str, key: str, now: datetime
) -> Row[UUID, bytes | None] | None:
    """Return (id, request hash) of the first read of the last 24 hours that came with this key.

    Reads with one key take turns, each until its transaction ends, so that of two at once one is the first.
    """
    session.execute(LOCK, {"name": f"inquiries {participant_id} {path} {key}"})
    return session.execute(
        select(Inquiry.id, Inquiry.request_hash)
        .where(
            Inquiry.participant_id == participant_id,
            Inquiry.path == path,
            Inquiry.idempotency_key == key,
            Inquiry.at > now - KEYS_KEPT_FOR,
        )
        .order_by(Inquiry.repeat_of.is_not(None), Inquiry.at, Inquiry.id)  # who waited may have come earlier
        .limit(1)
    ).one_or_none()


def inquiries_by(
    session: Session, *, participant_id: UUID, after: tuple[datetime, UUID] | None, limit: int
) -> Sequence[Row[Inquiry, Participant]]:
    """Return a participant's own reads, newest first."""
    return _inquiries(session, Inquiry.participant_id == participant_id, after, limit)


def inquiries_about(
    session: Session, *, firm_ids: Sequence[UUID], after: tuple[datetime, UUID] | None, limit: int
) -> Sequence[Row[Inquiry, Participant]]:
    """Return the reads of a firm (all ids it has had), newest first, whoever asked."""
    return _inquiries(session, Inquiry.firm_id.in_(firm_ids), after, limit)


def _inquiries(
    session: Session, condition: ColumnElement[bool], after: tuple[datetime, UUID] | None, limit: int
) -> Sequence[Row[Inquiry, Participant]]:
    statement = (
        select(Inquiry, Participant)
        .join(Participant, Participant.id == Inquiry.participant_id)
        .where(condition)
        .order_by(Inquiry.at.desc(), Inquiry.id.desc())
        .limit(limit)
    )
    if after is not None:
        statement = statement.where(tuple_(Inquiry.at, Inquiry.id) < after)
    return session.execute(statement).all()
