"""How much of what is expected of a firm is there, and until when it counts as fresh."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta

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
    """Return (firm, group, coverage), each firm's groups in order: millionths of what the catalogue expects.

    A group of which no kind is expected is covered in full where a record of it stands, and not at all elsewhere.
    """
    expected = [kind for kind in kinds if catalogue[kind.name].expected]
    regular = Counter(kind.group for kind in expected)
    whole = [FULL * (regular[group] or 1) for group in ResourceGroup]
    groups = pl.DataFrame({"group": [group.value for group in ResourceGroup], "whole": whole})
    shares = [_twelfths(frames, kind, catalogue) for kind in expected if not frames[kind.name].is_empty()]
    others = [kind for kind in kinds if kind.group not in regular and not frames[kind.name].is_empty()]
    nothing = pl.LazyFrame(schema={"firm": pl.Int32, "group": pl.String, "twelfths": pl.Int64})
    there = pl.concat([nothing, *(_there(frames, kind) for kind in others)]).unique()
    part = pl.concat([there, *shares]).group_by("firm", "group").agg(pl.col("twelfths").sum())
    return (
        frames.firms.lazy()
        .join(groups.lazy(), how="cross", maintain_order="left_right")
        .join(part, on=["firm", "group"], how="left", maintain_order="left")
        .select("firm", "group", coverage=_millionths(pl.col("twelfths"), pl.col("whole")).fill_null(0))
        .collect()
    )


def fresh_until(frames: Frames, kinds: Sequence[RecordKind], catalogue: Catalogue) -> pl.DataFrame:
    """Return (firm, group, fresh_until): when the first expected, regular kind runs out of date.

    A kind is fresh until one more period and the days of grace have gone by. Kinds of which a firm has no record say
    nothing here: what is missing lowers coverage.
    """
    found = [pl.LazyFrame(schema={"firm": pl.Int32, "fresh_until": pl.Date, "group": pl.String})]
    for kind in kinds:
        entry = catalogue[kind.name]
        rows = frames[kind.name]
        if not entry.expected or entry.period not in STEPS or rows.is_empty():
            continue
        newest = _period_end(kind).max()
        last = newest.dt.offset_by(STEPS[entry.period])
        if entry.period != "P1D":
            last = pl.when(newest == newest.dt.month_end()).then(last.dt.month_end()).otherwise(last)
        found.append(
            rows.lazy()
            .filter("stands")
            .group_by("firm")
            .agg((last + timedelta(days=entry.grace_days)).alias("fresh_until"))
            .with_columns(group=pl.lit(kind.group.value))
        )
    return pl.concat(found).group_by("firm", "group").agg(pl.col("fresh_until").min()).collect()


def _there(frames: Frames, kind: RecordKind) -> pl.LazyFrame:
    """Return (firm, group, twelfths): the whole group, for firms of which a record of the kind stands."""
    standing = frames[kind.name].lazy().filter("stands").select("firm")
    return standing.with_columns(
        pl.lit(kind.group.value).alias("group"), pl.lit(FULL, dtype=pl.Int64).alias("twelfths")
    )


def _twelfths(frames: Frames, kind: RecordKind, catalogue: Catalogue) -> pl.LazyFrame:
    """Return (firm, group, twelfths) of one kind: of 12 complete months, of 2 years, else whether it is there."""
    rows = frames[kind.name].lazy().filter("stands")
    period = catalogue[kind.name].period
    share = pl.lit(FULL, dtype=pl.Int64)
    if period == "P1M" and kind.fresh_by:
        month = _period_end(kind).dt.month_start()
        window = month.is_between(months_before(frames.month, MONTHS), months_before(frames.month, 1))
        share = month.filter(window).n_unique().cast(pl.Int64)
    elif period == "P1Y" and kind.fresh_by:
        year = _period_end(kind).dt.year()
        window = year.is_between(frames.as_of.year - YEARS, frames.as_of.year - 1)
        share = year.filter(window).n_unique().cast(pl.Int64) * (FULL // YEARS)
    return rows.group_by("firm").agg(pl.lit(kind.group.value).alias("group"), share.alias("twelfths"))


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


def _millionths(part: pl.Expr, whole: pl.Expr) -> pl.Expr:
    """Divide into millionths, half to even."""
    doubled, divisor = part * (2 * MILLION), 2 * whole
    quotient, rest = doubled // divisor, doubled % divisor
    up = (rest > whole) | ((rest == whole) & (quotient % 2 == 1))
    return quotient + up.cast(pl.Int64)
