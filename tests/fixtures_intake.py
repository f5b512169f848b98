"""Pushing and loading without a web server or a worker: the services they call, on a database of the test's own."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson
import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session, sessionmaker

from creditshare.core.clock import utcnow
from creditshare.core.database import make_engine, make_sessions
from creditshare.core.encryption import Keyring
from creditshare.intake import submissions
from creditshare.intake.formats import JSON, NDJSON
from creditshare.intake.loading import Loader, load_submission
from creditshare.intake.models import Submission
from creditshare.intake.schemas import submission_body
from creditshare.intake.submissions import Terms
from creditshare.participants.models import Participant
from creditshare.participants.roles import Role


@dataclass
class Intake:
    """A platform of its own, up to the refresh queue."""

    engine: Engine
    keyring: Keyring
    providers: dict[str, UUID] = field(default_factory=dict)
    batch_rows: int = 20_000
    clock: Callable[[], datetime] = utcnow

    @property
    def sessions(self) -> sessionmaker[Session]:
        return make_sessions(self.engine)

    @property
    def loader(self) -> Loader:
        return Loader(self.sessions, self.keyring, self.clock, batch_rows=self.batch_rows)

    def provider(self, code: str) -> UUID:
        if code not in self.providers:
            participant = Participant(
                id=uuid.uuid4(), code=code, name=code, role=Role.PROVIDER, uscc=None, created_at=utcnow()
            )
            with self.sessions.begin() as session:
                session.add(participant)
            self.providers[code] = participant.id
        return self.providers[code]

    def submit(
        self, kind: str, rows: list[dict[str, Any]] | bytes, *, provider: str = "amr", **terms: Any
    ) -> UUID:
        """Make rows durable, as the web does; nobody loads them yet."""
        body = rows if isinstance(rows, bytes) else b"\n".join(map(orjson.dumps, rows))
        media_type = terms.pop("media_type", JSON if body[:1] == b"[" else NDJSON)
        with self.sessions.begin() as session:
            return submissions.receive(
                session,
                participant_id=self.provider(provider),
                terms=Terms(kind=kind, media_type=media_type, **terms),
                body=[body],
                keyring=self.keyring,
                now=self.clock(),
            ).id

    def push(self, kind: str, rows: list[dict[str, Any]] | bytes, **terms: Any) -> dict[str, Any]:
        """Submit and load; returns the submission as its provider sees it."""
        submission_id = self.submit(kind, rows, **terms)
        load_submission(self.loader, submission_id)
        return self.show(submission_id)

    def show(self, submission_id: UUID) -> dict[str, Any]:
        with self.sessions() as session:
            found = session.get_one(Submission, submission_id)
            return submission_body(found, unlinked=submissions.unlinked_rows(session, submission_id)) | {
                "uuid": submission_id
            }

    def rejects(self, submission_id: UUID) -> list[tuple[int, str, list[str]]]:
        with self.sessions() as session:
            found = submissions.refusals(session, submission_id, after=0, limit=1000)
            return [
                (row.row_no, row.disposition, [reason["code"] for reason in row.reasons]) for row in found
            ]

    def rows(self, query: str, **parameters: Any) -> list[Any]:
        with self.engine.connect() as connection:
            return list(connection.execute(text(query), parameters).all())

    def value(self, query: str, **parameters: Any) -> Any:
        (row,) = self.rows(query, **parameters)
        return row[0]


@pytest.fixture
def make_intake(fresh_database: Callable[[], str], keyring: Keyring) -> Iterator[Callable[..., Intake]]:
    """Make platforms with databases of their own; a loading thread takes two connections."""
    made: list[Intake] = []

    def make(*, connections: int = 4) -> Intake:
        made.append(Intake(make_engine(fresh_database(), pool_size=connections), keyring))
        return made[-1]

    yield make
    for intake in made:
        intake.engine.dispose()


@pytest.fixture
def intake(make_intake: Callable[..., Intake]) -> Intake:
    return make_intake()


COUNTS = ("received", "accepted", "rejected", "duplicate", "stale", "quarantined", "linked", "unlinked")


def counts(body: dict[str, Any]) -> dict[str, int]:
    """Return the counts that are not zero."""
    return {name: body["counts"][name] for name in COUNTS if body["counts"][name]}


def moment(day: int) -> str:
    """Write a moment in January 2026."""
    return datetime(2026, 1, day, tzinfo=UTC).isoformat()
