"""When a firm pays what is due: a little early as a rule, late by its hazard, sometimes not within the window."""

from __future__ import annotations

import polars as pl

from creditshare.simulation.draw import part

_IN_TOTAL = 10_000


def settle(frame: pl.DataFrame, *, until: int, owed: str = "owed") -> pl.DataFrame:
    """Decide, row by row, from the columns `due` (day), `hazard`, `bits` and what is owed (fen).

    Adds `paid` (fen), `paid_day` (null while unpaid) and `revised_on`: the day after payment, or after the due day.
    Rows not yet due by `until` and not paid either are left out: no provider has them.
    """
    bits, hazard = pl.col("bits"), pl.col("hazard")
    chance = part(bits, 0, _IN_TOTAL)
    lag = (
        pl.when(chance * 8 < hazard)
        .then(120 + part(bits, 20, 600))
        .when(chance < hazard)
        .then(1 + part(bits, 20, 75))
        .otherwise(-part(bits, 20, 9))
    )
    frame = frame.with_columns(paid_day=pl.col("due") + lag)
    settled = pl.col("paid_day") < until
    return frame.with_columns(
        paid=pl.when(settled).then(pl.col(owed)).otherwise(0),
        revised_on=pl.when(settled).then(pl.col("paid_day")).otherwise(pl.col("due")) + 1,
        paid_day=pl.when(settled).then("paid_day"),
    ).filter(pl.col("revised_on") <= until)
