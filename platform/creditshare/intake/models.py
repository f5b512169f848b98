"""Submissions, their bodies, what was refused, and what was said again."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from creditshare.core.database import Base, PrimaryKey


class SubmissionState(StrEnum):
    """Where a submission is; the last three are final."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Submission(Base):
    """One delivery of rows of one kind. Its counts are true at every moment: they change with the rows they count."""

    __tablename__ = "submissions"
    __table_args__ = (
        CheckConstraint(
            "received = accepted + rejected + duplicate + stale + quarantined", name="all_rows_counted"
        ),
        Index("ix_submissions_open", "lease_until", postgresql_where=text("state IN ('queued', 'running')")),
        Index("ix_submissions_participant_id_created_at", "participant_id", "created_at"),
    )

    id: Mapped[PrimaryKey]
    participant_id: Mapped[UUID]
    kind: Mapped[str]
    media_type: Mapped[str]
    encoding: Mapped[str]
    revised_at: Mapped[
        datetime
    ]  # of rows that state none: the submission's, else the moment its body came in
    on_error: Mapped[str]
    reason: Mapped[str | None]  # why rows are withdrawn, where they are
    dry_run: Mapped[bool]
    sha256: Mapped[str]
    size: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[SubmissionState]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    problem: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    claim: Mapped[UUID | None]  # whose turn it is; an overtaken worker finds another's and stops
    lease_until: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    rows_done: Mapped[int] = mapped_column(default=0)
    received: Mapped[int] = mapped_column(default=0)
    accepted: Mapped[int] = mapped_column(default=0)
    rejected: Mapped[int] = mapped_column(default=0)
    duplicate: Mapped[int] = mapped_column(default=0)
    stale: Mapped[int] = mapped_column(default=0)
    quarantined: Mapped[int] = mapped_column(default=0)


class SubmissionChunk(Base):
    """A piece of a submission's body, encrypted; kept 24 months, the sha256 for ever."""

    __tablename__ = "submission_chunks"

    submission_id: Mapped[UUID] = mapped_column(ForeignKey("submissions.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    sealed: Mapped[bytes]


class Refusal(Base):
    """A row that was rejected or waits in quarantine: every reason, and the row as it came, encrypted."""

    __tablename__ = "submission_refusals"

    submission_id: Mapped[UUID] = mapped_column(ForeignKey("submissions.id"), primary_key=True)
    row_no: Mapped[int] = mapped_column(primary_key=True)
    disposition: Mapped[str]  # rejected, quarantined
    reasons: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    sealed: Mapped[bytes]


class Confirmation(Base):
    """A version said again at a later `revised_at`: it counts for freshness and for comparing with later rows."""

    __tablename__ = "confirmations"

    record_id: Mapped[UUID] = mapped_column(primary_key=True)
    confirmed_at: Mapped[datetime] = mapped_column(primary_key=True)  # the repeating row's revised_at
    content_hash: Mapped[bytes] = mapped_column(primary_key=True)
    revised_at: Mapped[datetime]  # of the version confirmed
    submission_id: Mapped[UUID]
    known_from: Mapped[datetime]


class UnlinkedRows(Base):
    """How many accepted rows of a submission wait for their firm, by subject; gone once they are linked.

    A submission's `unlinked` is the sum of these, so that linking never has to touch another submission's row.
    """

    __tablename__ = "unlinked_rows"

    subject_id: Mapped[UUID] = mapped_column(primary_key=True)
    submission_id: Mapped[UUID] = mapped_column(ForeignKey("submissions.id"), primary_key=True, index=True)
    rows: Mapped[int]
