"""What a feature is, and the integer arithmetic that all features share.

A feature is one integer per firm, computed over frames, with the meaning that a validator would ask for. Nothing here
is a float: sums run in 128 bits (a dirty amount must not wrap round), ratios are millionths rounded half to even, and
no result depends on the order of rows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Literal

import polars as pl

from creditshare.core.money import MILLION
from creditshare.resources.frames import Frames

MOST_EVIDENCE = 5
LARGEST = 2**63 - 1
FEWEST_MONTHS_COMPARED = 3
Unit = Literal["count", "months", "fen", "millionths", "code"]


@dataclass(frozen=True, slots=True)
class Feature:
    """A number about a firm.

    `compute` returns a frame with `firm` (Int32), `value` (Int64, null = not known) and `evidence` (List of Binary,
    record keys as in Frames); firms it leaves out have no value. It may depend on `as_of` only through its month and
    through which rows the frames hold. `kinds`: every record kind it reads; a score for which one of them may not be
    read treats the feature as missing.
    """

    code: str
    kinds: frozenset[str]
    unit: Unit
    window_months: int | None
    definition_zh: str
    definition_en: str
    compute: Callable[[Frames], pl.DataFrame]


def months_before(month: date, count: int) -> date:
    """Return the first day of the month `count` months before `month`."""
    index = month.year * 12 + month.month - 1 - count
    return date(index // 12, index % 12 + 1, 1)


def in_last_months(day: str, frames: Frames, count: int) -> pl.Expr:
    """Say whether a day or month lies in the last `count` complete months."""
    return pl.col(day).is_between(months_before(frames.month, count), frames.month, closed="left")


def since_months(day: str, frames: Frames, count: int) -> pl.Expr:
    """Say whether a day lies in the last `count` complete months or in the month that runs."""
    return pl.col(day) >= months_before(frames.month, count)


def total(column: str) -> pl.Expr:
    """Sum in 128 bits."""
    return pl.col(column).cast(pl.Int128).sum()


def millionths(part: pl.Expr, whole: pl.Expr) -> pl.Expr:
    """Return part/whole in millionths, half to even, null where the whole is not positive; see `core.money.ratio`."""
    scaled, whole = part.cast(pl.Int128) * MILLION, whole.cast(pl.Int128)
    divisor = pl.when(whole > 0).then(whole)
    quotient = scaled // divisor
    twice = 2 * (scaled - quotient * divisor)
    up = (twice > divisor) | ((twice == divisor) & (quotient % 2 != 0))
    return quotient + up.cast(pl.Int128)


def value_of(expression: pl.Expr) -> pl.Expr:
    """Return an expression as a feature's value: 64 bits, at the limit where it is larger."""
    return expression.cast(pl.Int128).clip(-LARGEST, LARGEST).cast(pl.Int64).alias("value")


def evidence_of(proof: pl.Expr | None = None) -> pl.Expr:
    """Return up to five records of each firm: first those that are `proof`, then the newest."""
    keys = [pl.col("revised_at"), pl.col("record")]
    order = keys if proof is None else [proof.fill_null(value=False), *keys]
    return pl.col("record").sort_by(order, descending=True).head(MOST_EVIDENCE).alias("evidence")


def measure(rows: pl.DataFrame, value: pl.Expr, *, proof: pl.Expr | None = None) -> pl.DataFrame:
    """Aggregate rows to one value per firm, with its evidence."""
    return rows.group_by("firm").agg(value_of(value), evidence_of(proof))


def proven(values: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """Give values (firm, value) that were computed in several steps the newest of `rows` as evidence."""
    evidence = rows.group_by("firm").agg(evidence_of())
    found = values.select("firm", value_of(pl.col("value"))).join(evidence, on="firm", how="left")
    return found.with_columns(pl.col("evidence").fill_null(NO_EVIDENCE))


def tally(rows: pl.DataFrame, *, among: pl.DataFrame, value: pl.Expr | None = None) -> pl.DataFrame:
    """Count rows per firm, with zero for the firms of `among` that have none."""
    found = measure(rows, pl.len() if value is None else value)
    none = among.select("firm").unique().join(found, on="firm", how="anti")
    return pl.concat([found, none.with_columns(value=pl.lit(0, pl.Int64), evidence=NO_EVIDENCE)])


NO_EVIDENCE = pl.lit([], dtype=pl.List(pl.Binary))


def registered(frames: Frames) -> pl.DataFrame:
    """Return the firms with a registration.

    Lists of adverse facts cover every registered firm, so that for these an absent record does mean none.
    """
    return frames.standing("registration").select("firm").unique()


def months_covered(rows: pl.DataFrame, month: str, *, frames: Frames, months: int) -> pl.DataFrame:
    """Count the months for which a firm has any record, at most `months`.

    One month more is looked at: the newest is often still on its way, and that is nobody's fault.
    """
    rows = rows.filter(in_last_months(month, frames, months + 1))
    return measure(rows, pl.col(month).n_unique().clip(upper_bound=months))


def on_time_ratio(rows: pl.DataFrame, *, frames: Frames, months: int) -> pl.DataFrame:
    """Return the share of what fell due (`due_on`) in the window that was paid (`paid_on`) by its day.

    Left out: firms none of whose rows in the window states a day of payment, since then the source does not tell.
    """
    due = in_last_months("due_on", frames, months)
    rows = rows.filter(due).with_columns(
        on_time=(pl.col("paid_on") <= pl.col("due_on")).fill_null(value=False)
    )
    telling = pl.when(pl.col("paid_on").count() > 0)
    return measure(
        rows, telling.then(millionths(pl.col("on_time").sum(), pl.len())), proof=~pl.col("on_time")
    )


def unpaid_months(rows: pl.DataFrame, *, frames: Frames, months: int) -> pl.DataFrame:
    """Count months (`month`) in which less was `paid` than was `due`; the newest complete month is still running.

    An absent payment is none, but for firms none of whose rows in the window states one: there the source does not
    tell.
    """
    newest, oldest = months_before(frames.month, 1), months_before(frames.month, months + 1)
    owed = rows.filter(pl.col("month").is_between(oldest, newest, closed="left"), pl.col("due") > 0)
    by_month = owed.group_by("firm", "month").agg(
        (total("paid") < total("due")).alias("short"), pl.col("paid").count().alias("told")
    )
    values = by_month.group_by("firm").agg(
        pl.when(pl.col("told").sum() > 0).then(pl.col("short").sum()).alias("value")
    )
    short = owed.join(by_month.filter("short").select("firm", "month"), on=["firm", "month"], how="semi")
    return proven(values, short)


def change_on_year(rows: pl.DataFrame, amount: str, *, frames: Frames, months: int) -> pl.DataFrame:
    """Return the growth of `amount` over the last months, each compared with the same month of the year before.

    Only months for which both years have a record count (by `month`, the first day), and at least three must: the
    Spring Festival moves, and a firm that starts to report in spring has not grown.
    """
    rows = rows.filter(pl.col(amount).is_not_null())
    window = rows.filter(in_last_months("month", frames, months))
    before = rows.with_columns(pl.col("month").dt.offset_by("12mo")).group_by("firm", "month")
    pairs = (
        window.group_by("firm", "month")
        .agg(total(amount).alias("now"))
        .join(before.agg(total(amount).alias("then")), on=["firm", "month"])
    )
    grown = millionths(pl.col("now").sum() - pl.col("then").sum(), pl.col("then").sum())
    values = pairs.group_by("firm").agg(
        pl.when(pl.len() >= min(months, FEWEST_MONTHS_COMPARED)).then(grown).alias("value")
    )
    return proven(values, window)


def newest_year(rows: pl.DataFrame, *, frames: Frames, years: int) -> pl.DataFrame:
    """Keep each firm's rows of its newest `year`, not older than `years` before the running one."""
    recent = rows.filter(pl.col("year") >= frames.month.year - years)
    return recent.filter(pl.col("year") == pl.col("year").max().over("firm"))


def coded(column: str, codes: dict[str, int]) -> pl.Expr:
    """Return the number that stands for a code; null for one that has none."""
    return pl.col(column).replace_strict(codes, default=None, return_dtype=pl.Int64)
