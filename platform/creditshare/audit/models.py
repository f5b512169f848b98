"""One row per read of a firm, answered or refused. Added, never changed: the database refuses it."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Index, Text, Uuid
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from creditshare.core.database import Base, PrimaryKey


class Inquiry(Base):
    """A read of one firm, as it was asked and as it was answered.

    `code` is that of a refusal. `as_of` and `known_at` are what the answer holds for, `asked_*` what was asked for.
    `answer_sha256` is of the served bytes, also where a 304 spared sending them. `repeat_of` names the first read that
    came with the same Idempotency-Key.
    """

    __tablename__ = "inquiries"
    __table_args__ = (
        Index("ix_inquiries_participant_id_at_id", "participant_id", "at", "id"),
        Index("ix_inquiries_firm_id_at_id", "firm_id", "at", "id"),
        Index(
            "ix_inquiries_keyed",
            "participant_id",
            "path",
            "idempotency_key",
            postgresql_where=sql("idempotency_key IS NOT NULL"),
        ),
    )

    id: Mapped[PrimaryKey]
    at: Mapped[datetime]
    participant_id: Mapped[UUID]
    client_id: Mapped[str]
    end_user: Mapped[str | None]
    action: Mapped[str]
    path: Mapped[str]
    firm_id: Mapped[UUID]
    purpose: Mapped[str]
    reference: Mapped[str | None]
    consent_ids: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid))
    groups: Mapped[list[str]] = mapped_column(ARRAY(Text))
    asked_as_of: Mapped[date | None]
    asked_known_at: Mapped[datetime | None]
    as_of: Mapped[date | None]
    known_at: Mapped[datetime | None]
    score_id: Mapped[UUID | None]
    status: Mapped[int]
    code: Mapped[str | None]
    answer_sha256: Mapped[bytes | None]
    idempotency_key: Mapped[str | None]
    request_hash: Mapped[bytes | None]
    repeat_of: Mapped[UUID | None]
