"""The log entry of a read: made from what was asked and how it was answered."""

from __future__ import annotations

import hashlib
from uuid import UUID

from creditshare.audit.models import Inquiry
from creditshare.inquiries.ask import Answer, Ask, Refusal
from creditshare.resources.groups import ResourceGroup

REFUSED = 403


def entry(ask: Ask, outcome: Answer | Refusal, *, firm_id: UUID, status: int) -> Inquiry:
    """Make the log entry; `status` is what the caller sees, 304 included."""
    terms = ask.terms
    answer = outcome if isinstance(outcome, Answer) else None
    return Inquiry(
        id=ask.id,
        at=ask.now,
        participant_id=ask.participant_id,
        client_id=ask.client_id,
        end_user=ask.end_user,
        action=ask.read.value,
        path=ask.path,
        firm_id=firm_id,
        purpose=terms.purpose.value,
        reference=terms.reference,
        consent_ids=[] if answer is None else list(answer.permission.consent_ids),
        groups=_groups(ask, answer),
        asked_as_of=terms.as_of,
        asked_known_at=terms.known_at,
        as_of=None if answer is None else answer.as_of,
        known_at=None if answer is None else answer.known_at,
        score_id=None if answer is None else answer.score_id,
        status=status,
        code=outcome.code.value if isinstance(outcome, Refusal) else None,
        answer_sha256=None if answer is None else hashlib.sha256(answer.body).digest(),
        idempotency_key=ask.key,
        request_hash=ask.request_hash,
        repeat_of=ask.repeat_of,
    )


def _groups(ask: Ask, answer: Answer | None) -> list[str]:
    """Return the groups read in full: asked for and covered; of a refusal those asked for."""
    asked = ask.terms.groups
    if answer is None:
        read = asked or frozenset()
    else:
        read = answer.permission.groups if asked is None else answer.permission.groups & asked
    return [group.value for group in ResourceGroup if group in read]
