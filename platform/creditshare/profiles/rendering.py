"""Writes the columns of a frame as the outside sees them: exact decimals, days as far as known, nothing personal."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import polars as pl

from creditshare.resources.base import RecordKind
from creditshare.resources.fields import PRECISION, Count, Day, Month, Quantity, Text, TextList
from creditshare.resources.frames import GIVEN
from creditshare.resources.groups import ResourceGroup

MASK = "***"
FEN = 100
MONEY_BANDS = tuple(yuan * FEN for yuan in (100_000, 500_000, 1_000_000, 5_000_000, 10_000_000, 50_000_000))
COUNT_BANDS = (1, 31, 91)  # days past due


def shown_fields(kind: RecordKind) -> list[str]:
    """Return the fields of a kind's statement that may be shown; of loans only what has bands, codes or days."""
    statement = kind.statement
    names = list(getattr(statement, "fields", ())) + list(getattr(statement, "sums", ()))
    if kind.group is ResourceGroup.LENDING:
        names = [name for name in names if not isinstance(kind.own_fields[name], (Text, TextList))]
    return names


def shown(kind: RecordKind, name: str) -> pl.Expr:
    """Return one field of a kind as JSON shows it; of a personal one only that it is there."""
    field = kind.own_fields[name]
    if field.personal:
        return pl.when(pl.col(GIVEN + name)).then(pl.lit(MASK)).alias(name)
    if isinstance(field, Day):
        return partial_day(name)
    if isinstance(field, Month):
        return pl.col(name).dt.to_string("%Y-%m")
    if isinstance(field, (Quantity, Count)) and kind.group is ResourceGroup.LENDING:
        return (
            _band(pl.col(name), MONEY_BANDS, FEN)
            if isinstance(field, Quantity)
            else _band(pl.col(name), COUNT_BANDS)
        )
    if isinstance(field, Quantity):
        return decimal(pl.col(name), field.places).alias(name)
    return pl.col(name)


def _band(value: pl.Expr, edges: Sequence[int], unit: int = 1) -> pl.Expr:
    """Write the band that a value lies in, e.g. `100000-500000` (the upper edge not included)."""
    band = pl.lit(f">={edges[-1] // unit}")
    for low, high in reversed(list(pairwise(edges))):
        band = pl.when(value < high).then(pl.lit(f"{low // unit}-{high // unit}")).otherwise(band)
    lowest = pl.when(value < edges[0]).then(pl.lit(f"<{edges[0] // unit}")).otherwise(band)
    return pl.when(value.is_not_null()).then(lowest).alias(value.meta.output_name())


def decimal(value: pl.Expr, places: int) -> pl.Expr:
    """Write integers of 10**-places as exact decimal text, like `core.money.unscaled`."""
    if places == 0:
        return value.cast(pl.String)
    digits = value.abs().cast(pl.String).str.zfill(places + 1)
    sign = pl.when(value < 0).then(pl.lit("-")).otherwise(pl.lit(""))
    return pl.concat_str(sign, digits.str.head(-places), pl.lit("."), digits.str.tail(places))


def two_places(millionths: pl.Expr) -> pl.Expr:
    """Write millionths as text with two decimals, half to even, like `core.money.two_places`."""
    quotient, rest = millionths // 10_000, millionths % 10_000
    up = (rest > 5_000) | ((rest == 5_000) & (quotient % 2 == 1))
    return decimal(quotient + up.cast(pl.Int64), 2)


def partial_day(name: str) -> pl.Expr:
    """Write a day as it was known: 2014, 2014-08 or 2014-08-05."""
    full = pl.col(name).dt.to_string("%Y-%m-%d")
    precision = pl.col(name + PRECISION)
    return (
        pl.when(precision == "year")
        .then(full.str.head(4))
        .when(precision == "month")
        .then(full.str.head(7))
        .otherwise(full)
        .alias(name)
    )


def moment(value: pl.Expr) -> pl.Expr:
    """Write a moment like `core.clock.rfc3339`."""
    return value.dt.to_string("%Y-%m-%dT%H:%M:%S%.6fZ")
