"""How much of what is expected of a firm is there, and until when it counts as fresh."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import polars as pl

from creditshare.resources.base import RecordKind
from creditshare.resources.catalogue import Catalogue
from creditshare.resources.features import months_before
from creditshare.resources.fields import Month, Year
from creditshare.resources.frames import Frames
from creditshare.resources.groups import ResourceGroup

MONTHS = 12
YEARS = 2
FULL = 12  # a kind's share is counted in twelfths: months of a year, or halves of two years
MILLION = 1_000_000
STEPS = {"P1D": "1d", "P1M": "1mo", "P3M": "3mo", "P1Y": "12mo"}  # Polars' word for a period


def coverage_of(frames: Frames, kinds: Sequence[RecordKind], catalogue: Catalogue) -> pl.DataFrame:
    """Return (firm, group, coverage): millionths of what the catalogue expects, half to even."""
    groups: dict[ResourceGroup, list[RecordKind]] = {group: [] for group in ResourceGroup}
    for kind in kinds:
        if catalogue[kind.name].expected:
            groups[kind.group].append(kind)
    found = frames.firms
    for group, expected in groups.items():
        shares = [_twelfths(frames, kind, catalogue) for kind in expected]
        found = found.with_columns(pl.lit(0, dtype=pl.Int64).alias(group))
        for share in shares:
            found = (
                found.join(share, on="firm", how="left")
                .with_columns(pl.col(group) + pl.col("twelfths").fill_null(0))
                .drop("twelfths")
            )
        if expected:
            found = found.with_columns(_millionths(pl.col(group), FULL * len(expected)).alias(group))
    return found.unpivot(index="firm", variable_name="group", value_name="coverage")


def fresh_until(frames: Frames, kinds: Sequence[RecordKind], catalogue: Catalogue) -> pl.DataFrame:
    """Return (firm, group, fresh_until): when the first expected, regular kind runs out of date.

    A kind is fresh until one more period and the days of grace have gone by. Kinds of which a firm has no record say
    nothing here: what is missing lowers coverage.
    """
    found = []
    for kind in kinds:
        entry = catalogue[kind.name]
        rows = frames[kind.name]
        if not entry.expected or entry.period not in STEPS or rows.is_empty():
            continue
        last = _period_end(kind).max().dt.offset_by(STEPS[entry.period])
        if entry.period != "P1D":
            last = pl.when(_is_month_end(_period_end(kind).max())).then(last.dt.month_end()).otherwise(last)
        found.append(
            rows.filter("stands")
            .group_by("firm")
            .agg((last + timedelta(days=entry.grace_days)).alias("fresh_until"))
            .with_columns(group=pl.lit(kind.group.value))
        )
    if not found:
        return pl.DataFrame(schema={"firm": pl.Int32, "fresh_until": pl.Date, "group": pl.String})
    return pl.concat(found).group_by("firm", "group").agg(pl.col("fresh_until").min())


def _twelfths(frames: Frames, kind: RecordKind, catalogue: Catalogue) -> pl.DataFrame:
    """Return (firm, twelfths) of one kind over its window: 12 complete months, 2 years, else whether it is there."""
    rows = frames[kind.name].filter("stands")
    period = catalogue[kind.name].period
    if period == "P1M" and kind.fresh_by:
        month = _period_end(kind).dt.month_start()
        window = month.is_between(months_before(frames.month, MONTHS), months_before(frames.month, 1))
        return rows.group_by("firm").agg(
            month.filter(window).n_unique().cast(pl.Int64).clip(0, MONTHS).alias("twelfths")
        )
    if period == "P1Y" and kind.fresh_by:
        year = _period_end(kind).dt.year()
        window = year.is_between(frames.as_of.year - YEARS, frames.as_of.year - 1)
        return rows.group_by("firm").agg(
            (year.filter(window).n_unique().cast(pl.Int64) * (FULL // YEARS)).alias("twelfths")
        )
    return rows.group_by("firm").agg(pl.lit(FULL, dtype=pl.Int64).alias("twelfths"))


def _period_end(kind: RecordKind) -> pl.Expr:
    """Return the last day of what a record speaks of: its period, its day, else the day it was last said."""
    name = kind.fresh_by
    if name is None:
        return pl.col("revised_at").dt.convert_time_zone("Asia/Shanghai").dt.date()
    field = kind.own_fields[name]
    if isinstance(field, Year):
        return pl.date(pl.col(name).cast(pl.Int32), 12, 31)
    if isinstance(field, Month):
        return pl.col(name).dt.month_end()
    return pl.col(name)


def _is_month_end(day: pl.Expr) -> pl.Expr:
    return day == day.dt.month_end()


def _millionths(part: pl.Expr, whole: int) -> pl.Expr:
    """Divide into millionths, half to even."""
    doubled = part * (2 * MILLION)
    quotient, rest = doubled // (2 * whole), doubled % (2 * whole)
    up = (rest > whole) | ((rest == whole) & (quotient % 2 == 1))
    return (quotient + up.cast(pl.Int64)).cast(pl.Int64)


def first_of_next_month(day: date) -> date:
    """Return the first day of the month after the day's."""
    return months_before(day.replace(day=1), -1)
