"""Records pushed the short way: rows as a provider writes them, published without a submission's body or a broker."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.orm import Session

from creditshare.core.encryption import Keyring
from creditshare.intake.formats import SourceRow
from creditshare.intake.models import Submission, SubmissionState
from creditshare.intake.publication import Batch, Published, publish
from creditshare.intake.rows import ReadyRow, RowMaker
from creditshare.intake.validation import validator_for
from creditshare.participants.models import Participant
from creditshare.resources.catalogue import kind_named
from creditshare.resources.lexical import Bare
from tests.factories.base import Factory

KEYRING = Keyring(bytes(range(32)))
REVISED = datetime(2026, 11, 1, tzinfo=UTC)


class SubmissionFactory(Factory[Submission]):
    """A submission under way, whose body nobody needs."""

    model = Submission

    @classmethod
    def defaults(cls, number: int) -> dict[str, Any]:
        return {
            "id": uuid.uuid4(),
            "kind": "registration",
            "media_type": "application/json",
            "encoding": "utf-8",
            "revised_at": REVISED,
            "on_error": "skip",
            "dry_run": False,
            "sha256": f"{number:064x}",
            "size": 0,
            "state": SubmissionState.RUNNING,
            "created_at": REVISED,
            "updated_at": REVISED,
        }


def push(
    session: Session,
    kind: str,
    rows: Sequence[Mapping[str, Any]],
    *,
    participant: Participant,
    keyring: Keyring = KEYRING,
    revised_at: datetime = REVISED,
) -> Published:
    """Publish rows of one kind as a provider's submission would; every row must be in order."""
    declared = kind_named(kind)
    validator = validator_for(
        declared,
        participant_id=participant.id,
        revised_at=revised_at,
        created_at=revised_at,
        speaks_for=participant.uscc,
    )
    maker = RowMaker(declared, validator, participant_id=participant.id, keyring=keyring)
    source = [
        SourceRow(number, {name: _sent(value) for name, value in row.items()})
        for number, row in enumerate(rows, start=1)
    ]
    ready = list(maker.make(source))
    refused = [row for row in ready if not isinstance(row, ReadyRow)]
    assert not refused, refused
    submission = SubmissionFactory(participant_id=participant.id, kind=kind, revised_at=revised_at)
    batch = Batch(
        declared, participant.id, submission.id, [row for row in ready if isinstance(row, ReadyRow)]
    )
    return publish(session, batch, keyring=keyring, now=revised_at)


def _sent(value: Any) -> Any:
    """Return a value as the readers of bodies hand it on: numbers and booleans as their characters."""
    if isinstance(value, (bool, int)):
        return Bare(str(value).lower())
    return list(value) if isinstance(value, (list, tuple)) else value
