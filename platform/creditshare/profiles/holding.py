"""From when until when a record holds: as_of filtering, and the days on which an answer changes by itself.

A day known only as a month or a year counts from its first possible day.
"""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl

from creditshare.resources.base import RecordKind
from creditshare.resources.fields import PRECISION, Day, Month, Year

ONE_DAY = timedelta(days=1)


def begins(kind: RecordKind) -> pl.Expr | None:
    """Return the first day on which a record says something true; None where it always does.

    What speaks of a month or a year holds from the day after its end; a grade or state known inside it
    (`from_start`), from its first day.
    """
    name = kind.holds.since
    if name is None:
        return None
    field = kind.own_fields[name]
    passed = 0 if kind.holds.from_start else 1
    if isinstance(field, Month):
        return pl.col(name).dt.offset_by(f"{passed}mo")
    if isinstance(field, Year):
        return pl.date(pl.col(name).cast(pl.Int32) + passed, 1, 1)
    return pl.col(name)


def ends(kind: RecordKind) -> pl.Expr | None:
    """Return the first day on which a record is no longer true; None where it stays so."""
    return None if kind.holds.until is None else pl.col(kind.holds.until) + ONE_DAY


def holding_on(kind: RecordKind, rows: pl.DataFrame, day: date) -> pl.DataFrame:
    """Keep what holds on the day; null the fields that become true only later."""
    first, over = begins(kind), ends(kind)
    holds = [] if first is None else [(first <= day).fill_null(value=True)]
    holds += [] if over is None else [(over > day).fill_null(value=True)]
    later: dict[str, pl.Expr] = {}
    for clock, names in kind.holds.later.items():
        not_yet = (pl.col(clock) > day).fill_null(value=False)
        for name in _with_precision(kind, names):
            so_far = later.get(name, pl.col(name))
            later[name] = pl.when(not_yet).then(None).otherwise(so_far).alias(name)
    return rows.lazy().filter(*holds).with_columns(later.values()).collect() if holds or later else rows


def turning_days(kind: RecordKind, rows: pl.DataFrame, *, since: date, until: date) -> pl.DataFrame:
    """Return (firm, day) for the days in a span on which a record begins, ends, or a later field becomes true."""
    days = [day for day in (begins(kind), ends(kind)) if day is not None]
    days += [pl.col(clock) for clock in kind.holds.later]
    if not days:
        return pl.DataFrame(schema={"firm": pl.Int32, "day": pl.Date})
    near = pl.col("day").is_between(since, until)
    found = [rows.lazy().select("firm", day.alias("day")).filter(near) for day in days]
    return pl.concat(found).unique().collect()


def _with_precision(kind: RecordKind, names: tuple[str, ...]) -> list[str]:
    days = [name + PRECISION for name in names if isinstance(kind.own_fields[name], Day)]
    return [*names, *days]
