"""Which firms must be refreshed: rows in PostgreSQL, claimed in sets under a lease. Messages only nudge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

LEASE = timedelta(seconds=60)
LONGEST_PAUSE = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Claim:
    """A firm taken for refreshing, and how often it had been asked for by then."""

    firm_id: UUID
    asked: int


def enqueue(session: Session, firm_ids: Sequence[UUID], *, now: datetime) -> None:
    """Ask for a refresh of these firms; asking again while one is under way makes it run once more."""
    session.execute(
        text(
            """
            INSERT INTO refresh_queue AS q (firm_id, asked, asked_at, due_at, attempts)
            SELECT firm_id, 1, :now, :now, 0 FROM unnest(CAST(:firms AS uuid[])) AS firm_id ORDER BY firm_id
            ON CONFLICT (firm_id) DO UPDATE SET asked = q.asked + 1
            """
        ),
        {"firms": sorted(set(firm_ids)), "now": now},
    )


def claim(session: Session, *, now: datetime, limit: int, lease: timedelta = LEASE) -> list[Claim]:
    """Take up to `limit` due firms, oldest first, for the length of the lease."""
    rows = session.execute(
        text(
            """
            UPDATE refresh_queue q SET due_at = :leased, attempts = q.attempts + 1
            FROM (SELECT firm_id FROM refresh_queue WHERE due_at <= :now ORDER BY due_at, firm_id
                  LIMIT :limit FOR UPDATE SKIP LOCKED) due
            WHERE q.firm_id = due.firm_id RETURNING q.firm_id, q.asked
            """
        ),
        {"now": now, "leased": now + lease, "limit": limit},
    )
    return [Claim(firm_id, asked) for firm_id, asked in rows]


def finish(session: Session, claims: Sequence[Claim], *, now: datetime) -> None:
    """Strike off what was refreshed; firms asked for again since the claim are due at once."""
    _lock(session, claims)
    parameters = {"firms": [c.firm_id for c in claims], "asked": [c.asked for c in claims], "now": now}
    claimed = "unnest(CAST(:firms AS uuid[]), CAST(:asked AS bigint[])) AS c(firm_id, asked)"
    session.execute(
        text(
            f"DELETE FROM refresh_queue q USING {claimed} WHERE q.firm_id = c.firm_id AND q.asked = c.asked"
        ),
        parameters,
    )
    session.execute(
        text(
            f"UPDATE refresh_queue q SET due_at = :now, attempts = 0 FROM {claimed} WHERE q.firm_id = c.firm_id"
        ),
        parameters,
    )


def postpone(session: Session, claims: Sequence[Claim], *, now: datetime) -> None:
    """Put firms off whose refresh failed: the pause doubles with each attempt, so none holds up the others."""
    _lock(session, claims)
    session.execute(
        text(
            """
            UPDATE refresh_queue SET due_at = CAST(:now AS timestamptz)
                + least(CAST(:longest AS interval), interval '1 second' * power(2, least(attempts, 20)))
            WHERE firm_id = ANY(:firms)
            """
        ),
        {"firms": [c.firm_id for c in claims], "now": now, "longest": LONGEST_PAUSE},
    )


def _lock(session: Session, claims: Sequence[Claim]) -> None:
    """Take the rows in the order in which `enqueue` does, so that nobody waits in a circle."""
    session.execute(
        text("SELECT FROM refresh_queue WHERE firm_id = ANY(:firms) ORDER BY firm_id FOR UPDATE"),
        {"firms": [c.firm_id for c in claims]},
    )


def is_due(session: Session, *, now: datetime) -> bool:
    """Say whether a firm waits to be claimed."""
    return bool(
        session.execute(
            text("SELECT EXISTS (SELECT FROM refresh_queue WHERE due_at <= :now)"), {"now": now}
        ).scalar()
    )
