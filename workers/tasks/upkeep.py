"""What must be tidied up from time to time."""

from __future__ import annotations

from datetime import timedelta

from celery import shared_task
from sqlalchemy import text

from creditshare.core.clock import utcnow
from creditshare.core.database import advisory_lock
from creditshare.participants.services import forget_expired
from creditshare.web.stored_answers import forget_old_answers
from workers.runtime import runtime

OUTBOX_KEPT = timedelta(days=7)


@shared_task(name="upkeep.forget")
def forget() -> None:
    """Delete what need not be remembered: old stored answers, expired tokens, sent messages."""
    now = utcnow()
    with runtime().sessions.begin() as session, advisory_lock(session, "upkeep.forget") as free:
        if free:
            forget_old_answers(session, now=now)
            forget_expired(session, now=now)
            session.execute(text("DELETE FROM outbox WHERE sent_at < :before"), {"before": now - OUTBOX_KEPT})
