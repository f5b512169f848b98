"""Signs of life of the workers, as rows: whoever asks needs no broker."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from creditshare.core.database import Base


class WorkerHeartbeat(Base):
    """When one worker last said that it is there."""

    __tablename__ = "worker_heartbeats"

    name: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime]


def beat(session: Session, *, name: str, now: datetime) -> None:
    """Record that the worker is there; called every few seconds."""
    statement = insert(WorkerHeartbeat).values(name=name, at=now)
    session.execute(statement.on_conflict_do_update(index_elements=["name"], set_={"at": now}))


def last_heard(session: Session) -> datetime | None:
    """Return when any worker was last heard from."""
    return session.scalars(select(func.max(WorkerHeartbeat.at))).one()
