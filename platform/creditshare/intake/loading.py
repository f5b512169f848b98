"""Loading a submission: claim, validate all, publish batch by batch, finish. Safe to run twice, or to die anywhere.

A claim is a token on the submission's row under a lease; each batch is published in a transaction that holds the
row, finds its own token there and moves `rows_done` on. Whoever was overtaken finds another token and stops.
"""

from __future__ import annotations

import traceback
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any
from uuid import UUID

import polars as pl
import psycopg
import structlog
from psycopg.types.json import Jsonb
from sqlalchemy import CursorResult, TextClause, text
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.orm import Session, sessionmaker

from creditshare.core import outbox
from creditshare.core.database import copy_rows
from creditshare.core.encryption import Keyring
from creditshare.errors import CreditShareError, Fault
from creditshare.intake.formats import BodyUnreadable, UnknownColumn, read_rows
from creditshare.intake.models import Submission, SubmissionState
from creditshare.intake.publication import Batch, publish
from creditshare.intake.rows import ReadyRow, RefusedRow, RowMaker
from creditshare.intake.spill import Spill
from creditshare.intake.submissions import read_body, refusal_place
from creditshare.intake.validation import validator_for
from creditshare.intake.versioning import Outcome
from creditshare.participants.models import Participant
from creditshare.participants.roles import Role
from creditshare.resources.catalogue import kind_named

LEASE = timedelta(seconds=60)
MOST_ATTEMPTS = 10
FRAMES_LOGGED = 12
DATABASE_TROUBLE = (OperationalError, InterfaceError, psycopg.OperationalError, psycopg.InterfaceError)
RESEND_AFTER = timedelta(seconds=10)  # a message sent again gets this long to arrive
LONGEST_PAUSE = timedelta(minutes=5)  # the broker may lose the message sent again, too
BATCH_ROWS = 20_000
log = structlog.get_logger()

Row = ReadyRow | RefusedRow


class Overtaken(CreditShareError):
    """Another worker holds the submission now; this one must stop without a trace."""

    code = "overtaken"


@dataclass(frozen=True, slots=True)
class Loader:
    """What loading needs from its entry point, how long a claim holds, and how many rows are published at once."""

    sessions: sessionmaker[Session]
    keyring: Keyring
    clock: Callable[[], datetime]
    lease: timedelta = LEASE
    batch_rows: int = BATCH_ROWS


def load_submission(loader: Loader, submission_id: UUID) -> SubmissionState | None:
    """Load a submission to its end; None when there is nothing to do (finished, or held by another worker)."""
    token = uuid.uuid4()
    submission = _claim(loader, submission_id, token)
    if submission is None:
        return None
    if submission.attempts > MOST_ATTEMPTS:
        return _give_up(loader, submission, token)
    try:
        return _load(loader, submission, token)
    except Overtaken:
        log.info("intake.overtaken", submission=str(submission_id))
    except DATABASE_TROUBLE:
        raise  # not the submission's fault: it is sent again once the lease has run out
    except Exception as error:
        _put_off(loader, submission, token, error)
    return None


def _load(loader: Loader, submission: Submission, token: UUID) -> SubmissionState | None:
    """Validate all, publish batch by batch, finish."""
    try:
        with Spill() as spill:
            refused, conflicting = _validate_all(loader, submission, token, spill)
            if submission.on_error == "fail" and (refused or conflicting):
                return _fail_rows(loader, submission, token, spill, conflicting)
            for batch in spill.batches():
                _publish_batch(loader, submission, token, _doubt(batch, conflicting))
    except (BodyUnreadable, UnknownColumn) as error:
        return _finish(loader, submission.id, token, SubmissionState.FAILED, error)
    return _finish(loader, submission.id, token, SubmissionState.SUCCEEDED, None)


class LoadFailed(CreditShareError):
    """Loading has failed again and again for a reason that is ours."""

    code = "load-failed"


def _put_off(loader: Loader, submission: Submission, token: UUID, error: Exception) -> None:
    """Release a submission that cannot be loaded now; the pause doubles with each attempt. Logs no content."""
    frames = traceback.extract_tb(error.__traceback__)[-FRAMES_LOGGED:]
    log.error(
        "intake.failed",
        submission=str(submission.id),
        attempt=submission.attempts,
        exception=type(error).__qualname__,
        frames=[f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames],
    )
    pause = RESEND_AFTER * 2 ** min(submission.attempts, 6)
    with loader.sessions.begin() as session:
        session.execute(
            text(
                "UPDATE submissions SET claim = NULL, lease_until = :later WHERE id = :id AND claim = :token"
            ),
            {"later": loader.clock() + pause, "id": submission.id, "token": token},
        )


def _give_up(loader: Loader, submission: Submission, token: UUID) -> SubmissionState | None:
    """End a submission that was taken up too often: failed, or cancelled where batches of it are published."""
    state = SubmissionState.CANCELLED if submission.rows_done else SubmissionState.FAILED
    words = f"loading failed {MOST_ATTEMPTS} times for a reason of ours; an operator must look into it"
    return _finish(loader, submission.id, token, state, LoadFailed(words))


def sweep(session: Session, *, now: datetime) -> int:
    """Send again the messages of submissions that nobody holds (any more); returns how many.

    None while the last message still waits in the outbox, and ever more rarely the longer a submission waits.
    """
    overdue = session.execute(
        text(
            """
            UPDATE submissions
            SET claim = NULL,
                lease_until = CAST(:now AS timestamptz) + least(greatest(:pause, (:now - created_at) / 4), :longest)
            WHERE id IN (
                SELECT id FROM submissions s WHERE state IN ('queued', 'running')
                AND coalesce(lease_until, created_at + :pause) < :now
                AND NOT EXISTS (SELECT FROM outbox o WHERE o.sent_at IS NULL AND o.topic = 'intake.load'
                                AND o.payload ->> 'submission_id' = CAST(s.id AS text))
                ORDER BY created_at LIMIT 100 FOR UPDATE SKIP LOCKED)
            RETURNING id
            """
        ),
        {"now": now, "pause": RESEND_AFTER, "longest": LONGEST_PAUSE},
    ).all()
    for (submission_id,) in overdue:
        outbox.publish(session, "intake.load", submission_id=str(submission_id))
    return len(overdue)


def _changed(session: Session, statement: TextClause, parameters: dict[str, Any]) -> bool:
    result = session.execute(statement, parameters)
    return isinstance(result, CursorResult) and result.rowcount > 0


def _claim(loader: Loader, submission_id: UUID, token: UUID) -> Submission | None:
    now = loader.clock()
    with loader.sessions.begin() as session:
        claimed = _changed(
            session,
            text(
                """
                UPDATE submissions SET claim = :token, lease_until = :lease, state = 'running', updated_at = :now,
                                       attempts = attempts + 1
                WHERE id = :id AND state IN ('queued', 'running') AND (claim IS NULL OR lease_until < :now)
                """
            ),
            {"token": token, "lease": now + loader.lease, "now": now, "id": submission_id},
        )
        if not claimed:
            return None
        return session.get_one(Submission, submission_id)


def _validate_all(
    loader: Loader, submission: Submission, token: UUID, spill: Spill
) -> tuple[int, frozenset[tuple[UUID, datetime]]]:
    """Validate every row into the spill; returns how many are refused, and the keys with two contents."""
    kind = kind_named(submission.kind)
    maker = RowMaker(
        kind,
        validator_for(
            kind,
            participant_id=submission.participant_id,
            revised_at=submission.revised_at,
            created_at=submission.created_at,
            speaks_for=_own_code(loader, submission.participant_id),
        ),
        participant_id=submission.participant_id,
        keyring=loader.keyring,
    )
    refused, seen = 0, []
    with loader.sessions() as session:
        source = read_rows(
            read_body(session, submission.id, keyring=loader.keyring),
            media_type=submission.media_type,
            encoding=submission.encoding,
            columns=kind.columns,
        )
        for batch in _batches(maker.make(source), loader.batch_rows):
            spill.add(batch)
            ready = [row for row in batch if isinstance(row, ReadyRow)]
            refused += len(batch) - len(ready)
            seen.append(_contents(ready))
            _renew(loader, submission.id, token)
    return refused, _conflicting(seen)


def _own_code(loader: Loader, participant_id: UUID) -> str | None:
    """Return the USCC of a participant that is a firm: it declares itself only."""
    with loader.sessions() as session:
        participant = session.get(Participant, participant_id)
    return participant.uscc if participant is not None and participant.role is Role.FIRM else None


def _batches(rows: Iterable[Row], size: int) -> Iterator[list[Row]]:
    iterator = iter(rows)
    while batch := list(islice(iterator, size)):
        yield batch


def _contents(rows: list[ReadyRow]) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "record": [row.record_id.bytes for row in rows],
            "revised_at": [row.revised_at for row in rows],
            "content": [row.content_hash for row in rows],
        },
        schema={"record": pl.Binary, "revised_at": pl.Datetime("us", "UTC"), "content": pl.Binary},
    )


def _conflicting(seen: list[pl.DataFrame]) -> frozenset[tuple[UUID, datetime]]:
    """Return the (record, revised_at) for which one submission states two contents."""
    if not seen:
        return frozenset()
    twice = (
        pl.concat(seen)
        .group_by("record", "revised_at")
        .agg(pl.col("content").n_unique().alias("contents"))
        .filter(pl.col("contents") > 1)
    )
    return frozenset((UUID(bytes=record), at) for record, at, _ in twice.iter_rows())


def _doubt(batch: list[Row], conflicting: frozenset[tuple[UUID, datetime]]) -> list[Row]:
    """Put rows that conflict with another of their submission into quarantine."""
    if not conflicting:
        return batch
    fault_words = (
        "another row of this submission says something else about the same record at the same moment"
    )
    return [
        RefusedRow(row.number, (Fault("", "conflicting-rows", fault_words, row=row.number),), True, row.raw)
        if isinstance(row, ReadyRow) and (row.record_id, row.revised_at) in conflicting
        else row
        for row in batch
    ]


def _renew(loader: Loader, submission_id: UUID, token: UUID) -> None:
    """Extend the lease between batches. Raises Overtaken."""
    now = loader.clock()
    with loader.sessions.begin() as session:
        renewed = _changed(
            session,
            text(
                "UPDATE submissions SET lease_until = :lease WHERE id = :id AND claim = :token AND state = 'running'"
            ),
            {"lease": now + loader.lease, "id": submission_id, "token": token},
        )
        if not renewed:
            raise Overtaken("the claim has passed to another worker")


def _hold(session: Session, submission_id: UUID, token: UUID) -> int:
    """Hold the submission's row for this transaction; returns rows_done. Raises Overtaken.

    The weaker lock suffices: other publications, which name the submission by its key, need not wait for this one.
    """
    row = session.execute(
        text(
            "SELECT rows_done FROM submissions WHERE id = :id AND claim = :token AND state = 'running'"
            " FOR NO KEY UPDATE"
        ),
        {"id": submission_id, "token": token},
    ).one_or_none()
    if row is None:
        raise Overtaken("the claim has passed to another worker")
    return int(row.rows_done)


def _publish_batch(loader: Loader, submission: Submission, token: UUID, batch: list[Row]) -> None:
    now = loader.clock()
    with loader.sessions.begin() as session:
        done = _hold(session, submission.id, token)
        batch = [row for row in batch if row.number > done]  # an earlier claim may have cut other batches
        if not batch:
            return
        ready = [row for row in batch if isinstance(row, ReadyRow)]
        refused = [row for row in batch if isinstance(row, RefusedRow)]
        _keep_refused(session, submission.id, refused, keyring=loader.keyring)
        outcomes: dict[int, Outcome] = {row.number: Outcome.ACCEPTED for row in ready}
        if ready and not submission.dry_run:
            published = publish(
                session,
                Batch(kind_named(submission.kind), submission.participant_id, submission.id, ready),
                keyring=loader.keyring,
                now=now,
            )
            outcomes = published.outcomes
            if published.firms:
                outbox.publish(session, "scoring.refresh")
        tally = list(outcomes.values())
        session.execute(
            text(
                """
                UPDATE submissions SET received = received + :received, accepted = accepted + :accepted,
                    duplicate = duplicate + :duplicate, stale = stale + :stale, rejected = rejected + :rejected,
                    quarantined = quarantined + :quarantined, rows_done = :done, lease_until = :lease,
                    updated_at = :now, attempts = 1  -- who gets on is not given up, however often workers end
                WHERE id = :id
                """
            ),
            {
                "received": len(batch),
                **{outcome.value: tally.count(outcome) for outcome in Outcome},
                "rejected": sum(not row.quarantined for row in refused),
                "quarantined": sum(row.quarantined for row in refused),
                "done": batch[-1].number,
                "lease": now + loader.lease,
                "now": now,
                "id": submission.id,
            },
        )


def _keep_refused(
    session: Session, submission_id: UUID, refused: list[RefusedRow], *, keyring: Keyring
) -> None:
    copy_rows(
        session,
        "submission_refusals",
        ["submission_id", "row_no", "disposition", "reasons", "sealed"],
        [
            (
                submission_id,
                row.number,
                "quarantined" if row.quarantined else "rejected",
                _reasons(row.faults),
                keyring.encrypt(row.raw, place=refusal_place(submission_id, row.number)),
            )
            for row in refused
        ],
    )


def _reasons(faults: Iterable[Fault]) -> Any:
    found = [{"pointer": f.pointer, "code": f.code, "rule": f.rule, "detail": f.detail} for f in faults]
    return Jsonb(found)


def _fail_rows(
    loader: Loader,
    submission: Submission,
    token: UUID,
    spill: Spill,
    conflicting: frozenset[tuple[UUID, datetime]],
) -> SubmissionState | None:
    """End an `on_error=fail` submission that has refused rows: they are kept, nothing is published."""
    refused = 0
    with loader.sessions.begin() as session:  # the end too: rows kept twice would stop whoever tries again
        _hold(session, submission.id, token)
        for batch in spill.batches():
            bad = [row for row in _doubt(batch, conflicting) if isinstance(row, RefusedRow)]
            _keep_refused(session, submission.id, bad, keyring=loader.keyring)
            refused += len(bad)
        error = RowsRefused(f"{refused} rows were refused; see rejects")
        _end(session, submission.id, token, SubmissionState.FAILED, error, now=loader.clock())
    return SubmissionState.FAILED


class RowsRefused(CreditShareError):
    """With `on_error=fail`, a single refused row fails the submission."""

    code = "rows-refused"
    status = 422


def _finish(
    loader: Loader, submission_id: UUID, token: UUID, state: SubmissionState, error: CreditShareError | None
) -> SubmissionState | None:
    with loader.sessions.begin() as session:
        ended = _end(session, submission_id, token, state, error, now=loader.clock())
    return state if ended else None


def _end(
    session: Session,
    submission_id: UUID,
    token: UUID,
    state: SubmissionState,
    error: CreditShareError | None,
    *,
    now: datetime,
) -> bool:
    """Write the final state; False where the claim has passed to another worker."""
    problem = None if error is None else Jsonb({"code": error.code, "detail": error.detail})
    return _changed(
        session,
        text(
            """
            UPDATE submissions SET state = :state, finished_at = :now, updated_at = :now, problem = :problem,
                                   claim = NULL, lease_until = NULL
            WHERE id = :id AND claim = :token
            """
        ),
        {"state": state.value, "now": now, "problem": problem, "id": submission_id, "token": token},
    )
