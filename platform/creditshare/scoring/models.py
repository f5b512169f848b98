"""What scoring keeps: each firm's feature row, and every score ever told."""

from __future__ import annotations

from datetime import date, datetime
from typing import cast
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, Table, Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from creditshare.core.database import Base


class FeatureRowOfFirm(Base):
    """All features of a firm as last refreshed, with evidence: what any reader's score is computed from."""

    __tablename__ = "feature_rows"

    firm_id: Mapped[UUID] = mapped_column(primary_key=True)
    content: Mapped[bytes]
    coverage: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))  # in the order of ResourceGroup
    conflict: Mapped[bool]
    as_of: Mapped[date]
    data_as_of: Mapped[date]
    known_at: Mapped[datetime]


class StoredScore(Base):
    """A score: the bytes that are served, and the inputs they follow from. Never changed, never removed.

    The id stands for firm, model, `data_as_of`, groups used and inputs; the same again is the same row.
    """

    __tablename__ = "scores"
    __table_args__ = (Index("ix_scores_firm_id_data_as_of", "firm_id", "data_as_of"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    firm_id: Mapped[UUID]
    data_as_of: Mapped[date]
    groups_used: Mapped[list[str]] = mapped_column(ARRAY(Text))
    model_sha256: Mapped[str]
    body: Mapped[bytes]
    inputs: Mapped[bytes]
    computed_at: Mapped[datetime]
    known_at: Mapped[datetime]


class StandingScore(Base):
    """Which score answers for a firm and a set of groups, as long as its feature row is the one it was made from."""

    __tablename__ = "standing_scores"

    firm_id: Mapped[UUID] = mapped_column(primary_key=True)
    groups_used: Mapped[list[str]] = mapped_column(ARRAY(Text), primary_key=True)
    score_id: Mapped[UUID] = mapped_column(ForeignKey("scores.id"))
    as_of: Mapped[date]
    known_at: Mapped[datetime]


# For writing hundreds of rows at once: without the ORM's bookkeeping, which costs more than the writing.
FEATURE_ROWS, SCORES, STANDING_SCORES = (
    cast(Table, model.__table__) for model in (FeatureRowOfFirm, StoredScore, StandingScore)
)
