"""Moments and days.

Moments are UTC with a zone. Days are days in Asia/Shanghai, the legal day of every record (UTC+8, no summer time).
Only views, tasks and commands ask what time it is; services are told.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")


def utcnow() -> datetime:
    """Return the current moment, in UTC."""
    return datetime.now(UTC)


def day_of(moment: datetime) -> date:
    """Return the day in Asia/Shanghai on which the moment lies."""
    return moment.astimezone(SHANGHAI).date()


def rfc3339(moment: datetime) -> str:
    """Write a moment as `2026-11-22T08:00:00.000000Z`: fixed width, so that text order is time order."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
