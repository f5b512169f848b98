"""Firms, the subjects that records speak of, and which firm a subject means, and since when we know.

A record never names a firm. Its subject (the strongest identifier it gave) is immutable; `subject_firm` says which
firm that is. Late linking, merging and undoing write there only (ADR 0005).
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Identity, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from creditshare.core.database import Base


class SubjectForm(StrEnum):
    """How a record names its subject, strongest first."""

    USCC = "uscc"
    REGISTRATION_NO = "registration_no"
    ORGANISATION_CODE = "organisation_code"
    SUBJECT_NO = "subject_no"
    ACCOUNT = "account"
    NAME = "name"


class How(StrEnum):
    """Why a subject means a firm."""

    IDENTIFIER = "identifier"
    ALIAS = "alias"
    ACCOUNT = "account"


class Firm(Base):
    """A legal entity or individual business, born of a registration.

    Its id is that of the subject it was born of, its strongest identifier; when a stronger one becomes known, the
    firm lives on under that one's id and the old row points there (`merged_into`). One identifier is set: that one.
    """

    __tablename__ = "firms"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    uscc: Mapped[str | None]
    registration_no: Mapped[str | None]
    organisation_code: Mapped[str | None]
    merged_into: Mapped[UUID | None] = mapped_column(ForeignKey("firms.id"))
    known_from: Mapped[datetime]


class Subject(Base):
    """What records speak of: one identifier, in one form, for ever. Its id stands for form and value."""

    __tablename__ = "subjects"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    form: Mapped[str]
    participant_id: Mapped[UUID | None]  # whose number or account it is; null for public identifiers
    value: Mapped[str]
    scope: Mapped[str | None]  # service of an account, region of a name
    born: Mapped[bool] = mapped_column(default=False)  # an accepted registration speaks of it


class SubjectAlias(Base):
    """One subject means the same firm as a stronger one: seen together in a row, or an account and its holder."""

    __tablename__ = "subject_aliases"
    __table_args__ = (
        Index("ix_subject_aliases_subject_id", "subject_id", postgresql_where=text("known_until IS NULL")),
        Index("ix_subject_aliases_means_id", "means_id", postgresql_where=text("known_until IS NULL")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    subject_id: Mapped[UUID]
    means_id: Mapped[UUID]
    how: Mapped[str]
    valid_from: Mapped[date | None]
    valid_until: Mapped[date | None]
    known_from: Mapped[datetime]
    known_until: Mapped[datetime | None]


class SubjectFirm(Base):
    """Which firm a subject means: from day to day (null: open), as known from moment to moment."""

    __tablename__ = "subject_firm"
    __table_args__ = (
        Index("ix_subject_firm_subject_id", "subject_id"),
        Index("ix_subject_firm_firm_id", "firm_id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    subject_id: Mapped[UUID]
    firm_id: Mapped[UUID] = mapped_column(ForeignKey("firms.id"))
    valid_from: Mapped[date | None]
    valid_until: Mapped[date | None]
    how: Mapped[str]
    judgement_id: Mapped[UUID | None]
    known_from: Mapped[datetime]
    known_until: Mapped[datetime | None]


class RefreshRequest(Base):
    """A firm whose profile and score must be made anew. `asked` grows with each request, so none is lost mid-work."""

    __tablename__ = "refresh_queue"
    __table_args__ = (Index("ix_refresh_queue_due", "due_at"),)

    firm_id: Mapped[UUID] = mapped_column(primary_key=True)
    asked: Mapped[int] = mapped_column(default=1)
    asked_at: Mapped[datetime]
    due_at: Mapped[datetime]  # when it may be claimed: at once, after a lease, or after a failure's pause
    attempts: Mapped[int] = mapped_column(default=0)
