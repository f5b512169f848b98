"""Making profiles and scores anew."""

from __future__ import annotations

from celery import shared_task

from creditshare.core.clock import day_of, utcnow
from creditshare.core.database import advisory_lock
from creditshare.scoring.refresh import DUE_AT_ONCE, SET_SIZE, refresh_batch, refresh_due
from creditshare.scoring.rulebook import rulebook_for
from workers.runtime import DATABASE_LOST, runtime


@shared_task(name="scoring.refresh", autoretry_for=DATABASE_LOST, retry_backoff=True, max_retries=3)
def refresh() -> None:
    """Refresh what is due, set by set, until nothing is left to claim."""
    shared = runtime()
    while True:
        now = utcnow()
        rulebook = rulebook_for(shared.settings.config_dir, day_of(now))
        claimed = refresh_batch(
            shared.sessions, rulebook=rulebook, keyring=shared.keyring, now=now, lease=shared.lease
        )
        if claimed < SET_SIZE:
            return


@shared_task(name="scoring.refresh-due")
def refresh_due_firms() -> None:
    """Queue the firms whose answers change by themselves today."""
    while True:
        now = utcnow()
        with runtime().sessions.begin() as session, advisory_lock(session, "scoring.refresh-due") as free:
            if not free or refresh_due(session, today=day_of(now), now=now) < DUE_AT_ONCE:
                return
