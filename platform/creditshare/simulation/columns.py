"""From integers inside to the forms of the contract: days, yuan with two decimals, ratios."""

from __future__ import annotations

from decimal import Decimal

import polars as pl


def day(number: pl.Expr | str) -> pl.Expr:
    """Return a day number as a date."""
    return _column(number).cast(pl.Int32).cast(pl.Date)


def yuan(fen: pl.Expr | str) -> pl.Expr:
    """Return an amount of fen as yuan with two decimals."""
    return scaled(fen, 2)


def scaled(number: pl.Expr | str, places: int) -> pl.Expr:
    """Return an integer of 10**-places as a decimal."""
    unit = pl.lit(str(Decimal(1).scaleb(-places))).cast(pl.Decimal(38, places))
    return _column(number).cast(pl.Decimal(38, places)) * unit


def _column(named: pl.Expr | str) -> pl.Expr:
    return pl.col(named) if isinstance(named, str) else named
