"""Who holds an account when: from the account records that stand, however many and in whatever order they came."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby, pairwise
from uuid import UUID


@dataclass(frozen=True, slots=True)
class AccountRecord:
    """One standing record of an account: whose it is, opened and closed on which days (null: not known, open)."""

    account_id: UUID
    means_id: UUID
    opened_on: date | None
    closed_on: date | None


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds an account from when until when (days, null: open), by the subject its record names."""

    account_id: UUID
    means_id: UUID
    valid_from: date | None
    valid_until: date | None


def holders(records: Iterable[AccountRecord]) -> list[Holder]:
    """Lay the records of each account end to end: a later opening ends the earlier holder's time the day before."""
    ordered = sorted(
        set(records),
        key=lambda r: (r.account_id, r.opened_on or date.min, r.closed_on or date.max, r.means_id),
    )
    found = []
    for _, group in groupby(ordered, key=lambda record: record.account_id):
        chain = list(group)
        for record, following in pairwise([*chain, None]):
            if record is None:
                continue
            until = record.closed_on
            if following is not None and following.opened_on is not None:
                day_before = following.opened_on - timedelta(days=1)
                until = day_before if until is None else min(until, day_before)
            if until is None or record.opened_on is None or record.opened_on <= until:
                found.append(Holder(record.account_id, record.means_id, record.opened_on, until))
    return found
