"""Loading what was submitted."""

from __future__ import annotations

from uuid import UUID

from celery import shared_task

from creditshare.core.clock import utcnow
from creditshare.intake.loading import Loader, load_submission
from workers.runtime import DATABASE_LOST, runtime


@shared_task(name="intake.load", autoretry_for=DATABASE_LOST, retry_backoff=True, max_retries=3)
def load(submission_id: str) -> None:
    """Load one submission to its end."""
    shared = runtime()
    loader = Loader(
        shared.sessions,
        shared.keyring,
        utcnow,
        lease=shared.lease,
        batch_rows=shared.settings.load_batch_rows,
    )
    load_submission(loader, UUID(submission_id))
