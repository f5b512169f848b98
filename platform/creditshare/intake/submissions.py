"""Taking a submission in: durable, encrypted, hashed; and telling what became of it."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import insert, select, text
from sqlalchemy.orm import Session

from creditshare.core import outbox
from creditshare.core.encryption import Keyring
from creditshare.errors import NotFound
from creditshare.intake.models import Refusal, Submission, SubmissionChunk, SubmissionState

CHUNK_BYTES = 1 << 20
FINAL = frozenset({SubmissionState.SUCCEEDED, SubmissionState.FAILED, SubmissionState.CANCELLED})


class SubmissionNotFound(NotFound):
    """No such submission, or another participant's."""

    code = "submission-not-found"


@dataclass(frozen=True, slots=True)
class Terms:
    """How a submission is to be taken."""

    kind: str
    media_type: str
    encoding: str = "utf-8"
    revised_at: datetime | None = None
    on_error: str = "skip"
    dry_run: bool = False
    reason: str | None = None


def receive(
    session: Session,
    *,
    participant_id: UUID,
    terms: Terms,
    body: Iterable[bytes],
    keyring: Keyring,
    now: datetime,
) -> Submission:
    """Store a body piece by piece and queue its loading; once the caller commits, nothing of it can be lost."""
    submission_id = uuid.uuid4()
    digest, size = hashlib.sha256(), 0
    submission = Submission(
        id=submission_id,
        participant_id=participant_id,
        kind=terms.kind,
        media_type=terms.media_type,
        encoding=terms.encoding,
        revised_at=terms.revised_at or now,
        on_error=terms.on_error,
        reason=terms.reason,
        dry_run=terms.dry_run,
        sha256="",
        size=0,
        state=SubmissionState.QUEUED,
        created_at=now,
        updated_at=now,
    )
    session.add(submission)
    session.flush()
    for number, piece in enumerate(_pieces(body)):
        digest.update(piece)
        size += len(piece)
        sealed = keyring.encrypt(piece, place=_place(submission_id, number))
        session.execute(
            insert(SubmissionChunk).values(submission_id=submission_id, number=number, sealed=sealed)
        )
    submission.sha256, submission.size = digest.hexdigest(), size
    outbox.publish(session, "intake.load", submission_id=str(submission_id))
    session.flush()
    return submission


def _pieces(body: Iterable[bytes]) -> Iterator[bytes]:
    """Cut whatever comes into pieces of CHUNK_BYTES."""
    waiting = bytearray()
    for part in body:
        waiting += part
        while len(waiting) >= CHUNK_BYTES:
            yield bytes(waiting[:CHUNK_BYTES])
            del waiting[:CHUNK_BYTES]
    if waiting:
        yield bytes(waiting)


def read_body(session: Session, submission_id: UUID, *, keyring: Keyring) -> Iterator[bytes]:
    """Read a stored body back, piece by piece."""
    number = 0
    while True:
        sealed = session.scalar(
            select(SubmissionChunk.sealed).where(
                SubmissionChunk.submission_id == submission_id, SubmissionChunk.number == number
            )
        )
        if sealed is None:
            return
        yield keyring.decrypt(sealed, place=_place(submission_id, number))
        number += 1


def _place(submission_id: UUID, number: int) -> str:
    return f"submission_chunks/{submission_id}/{number}"


def refusal_place(submission_id: UUID, row_no: int) -> str:
    """Name the place of a refused row, for its encryption."""
    return f"submission_refusals/{submission_id}/{row_no}"


def get_submission(session: Session, submission_id: UUID | None, *, participant_id: UUID) -> Submission:
    """Return a participant's own submission. Raises SubmissionNotFound."""
    found = None
    if submission_id is not None:
        found = session.scalar(
            select(Submission).where(
                Submission.id == submission_id, Submission.participant_id == participant_id
            )
        )
    if found is None:
        raise SubmissionNotFound("there is no such submission")
    return found


def unlinked_rows(session: Session, submission_id: UUID) -> int:
    """Return how many accepted rows of a submission still wait for their firm."""
    return int(
        session.execute(
            text("SELECT coalesce(sum(rows), 0) FROM unlinked_rows WHERE submission_id = :id"),
            {"id": submission_id},
        ).scalar_one()
    )


def refusals(session: Session, submission_id: UUID, *, after: int, limit: int) -> list[Refusal]:
    """Return refused rows in row order, behind row number `after`."""
    return list(
        session.scalars(
            select(Refusal)
            .where(Refusal.submission_id == submission_id, Refusal.row_no > after)
            .order_by(Refusal.row_no)
            .limit(limit)
        )
    )
