"""What happens by the clock. Every task here takes an advisory lock, so two beats do no harm."""

from __future__ import annotations

from celery.schedules import crontab

SCHEDULE = {
    "refresh-due": {"task": "scoring.refresh-due", "schedule": crontab(minute="5")},
    "forget": {"task": "upkeep.forget", "schedule": crontab(minute="20", hour="3")},
}
