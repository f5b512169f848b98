"""The answers kept for `Idempotency-Key`, as rows."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.orm import Mapped, Session, mapped_column

from creditshare.core.database import Base

KEPT_FOR = timedelta(hours=24)


class IdempotencyKey(Base):
    """One stored answer. `id` stands for participant, method, path and key; the answer is encrypted."""

    __tablename__ = "idempotency_keys"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    participant_id: Mapped[UUID]
    method: Mapped[str]
    path: Mapped[str]
    key: Mapped[str]
    request_hash: Mapped[bytes]
    status: Mapped[int]
    answer: Mapped[bytes]
    created_at: Mapped[datetime] = mapped_column(index=True)


def forget_old_answers(session: Session, *, now: datetime) -> int:
    """Delete answers older than 24 hours; returns how many."""
    old = delete(IdempotencyKey).where(IdempotencyKey.created_at < now - KEPT_FOR)
    return session.execute(old).rowcount  # type: ignore[attr-defined, no-any-return]
