"""Messages that live and die with the rows they speak of.

A service adds a row; the relay sends it after the commit (`workers/relay.py`). Nobody calls the broker here.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Identity, Index, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, Session, mapped_column

from creditshare.core.database import Base

CHANNEL = "creditshare_outbox"


class OutboxMessage(Base):
    """One message waiting for, or sent by, the relay."""

    __tablename__ = "outbox"
    __table_args__ = (Index("ix_outbox_unsent", "id", postgresql_where=text("sent_at IS NULL")),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    topic: Mapped[str]
    payload: Mapped[dict[str, Any]] = mapped_column(JSONB)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    sent_at: Mapped[datetime | None]


def publish(session: Session, topic: str, **payload: Any) -> None:
    """Add a message; the NOTIFY leaves PostgreSQL with the commit and wakes the relay."""
    session.add(OutboxMessage(topic=topic, payload=payload))
    session.execute(text(f"NOTIFY {CHANNEL}"))
