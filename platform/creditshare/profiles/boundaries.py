"""When an answer made from records changes by itself: the last such day until now, and the next one.

Features step by months, so the first of each month is one; the others are days on which records begin, end or become
true in part, and on which a group runs out of date.
"""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl

from creditshare.resources.features import months_before
from creditshare.resources.frames import Frames


def boundaries(frames: Frames, turning: pl.DataFrame, fresh: pl.DataFrame) -> pl.DataFrame:
    """Return (firm, data_as_of, changes_on).

    `data_as_of`: the last day ≤ as_of on which inputs changed, so at least the first of the month. `changes_on`: the
    first day after as_of on which anything shown would change without a new record.
    """
    stale = fresh.lazy().select("firm", day=pl.col("fresh_until") + timedelta(days=1))
    past, coming = pl.col("day") <= frames.as_of, pl.col("day") > frames.as_of
    inputs = turning.lazy().filter(past).group_by("firm").agg(data_as_of=pl.col("day").max())
    changes = (
        pl.concat([turning.lazy(), stale]).filter(coming).group_by("firm").agg(changes_on=pl.col("day").min())
    )
    return (
        frames.firms.lazy()
        .join(inputs, on="firm", how="left")
        .join(changes, on="firm", how="left")
        .with_columns(
            pl.max_horizontal("data_as_of", pl.lit(frames.month)),
            pl.min_horizontal("changes_on", pl.lit(first_of_next_month(frames.as_of))),
        )
        .sort("firm")
        .collect()
    )


def first_of_next_month(day: date) -> date:
    """Return the first day of the month after the day's."""
    return months_before(day.replace(day=1), -1)
