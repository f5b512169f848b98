"""Consents as they were given, and what was done with them since."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from creditshare.core.database import Base, PrimaryKey


class Action(StrEnum):
    """What may be done with a consent."""

    PAUSE = "pause"
    RESUME = "resume"
    REVOKE = "revoke"


class Consent(Base):
    """One firm's permission for one participant to read some resource groups, for some purposes.

    Terms are never changed: pausing, resuming and revoking are rows of their own. The firm is named by an identifier,
    since it need not be known yet; `subject_id` stands for that identifier as it does in records. `stated_*` are the
    terms' ends as they were written, a day or a moment.
    """

    __tablename__ = "consents"
    __table_args__ = (
        CheckConstraint("valid_until > valid_from", name="ends_after_start"),
        Index("ix_consents_grantee_id_subject_id", "grantee_id", "subject_id"),
        Index("ix_consents_subject_id", "subject_id"),
    )

    id: Mapped[PrimaryKey]
    subject_id: Mapped[UUID]
    identifier_form: Mapped[str]
    identifier: Mapped[str]
    grantee_id: Mapped[UUID] = mapped_column(ForeignKey("participants.id"))
    purposes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    groups: Mapped[list[str]] = mapped_column(ARRAY(Text))
    valid_from: Mapped[datetime]
    valid_until: Mapped[datetime]
    stated_from: Mapped[str]
    stated_until: Mapped[str]
    evidence_method: Mapped[str]
    evidence_reference: Mapped[str | None]
    evidence_sha256: Mapped[str | None]
    registered_by: Mapped[UUID] = mapped_column(ForeignKey("participants.id"))
    created_at: Mapped[datetime]


class ConsentEvent(Base):
    """Someone paused, resumed or revoked a consent."""

    __tablename__ = "consent_events"
    __table_args__ = (Index("ix_consent_events_consent_id_at", "consent_id", "at"),)

    id: Mapped[PrimaryKey]
    consent_id: Mapped[UUID] = mapped_column(ForeignKey("consents.id"))
    action: Mapped[Action]
    participant_id: Mapped[UUID] = mapped_column(ForeignKey("participants.id"))
    client_id: Mapped[str]
    at: Mapped[datetime]
