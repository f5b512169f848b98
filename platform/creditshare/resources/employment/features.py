"""What employment says to a score: people insured, their number over time, contributions paid."""

from __future__ import annotations

from functools import partial

import polars as pl

from creditshare.resources.features import (
    Feature,
    coded,
    in_last_months,
    measure,
    millionths,
    months_before,
    months_covered,
    newest_year,
    proven,
    unpaid_months,
)
from creditshare.resources.frames import Frames

INSURANCE = frozenset({"social-insurance"})
FUND = frozenset({"housing-fund"})
GRADE_CODES = {"A": 3, "B": 2, "C": 1}
LATEST_MONTHS = 3


def _insured_by_month(frames: Frames, *, months: int) -> pl.DataFrame:
    """Return firm, month, insured: sources added up per insurance, then the insurance with most people."""
    rows = frames.standing("social-insurance").filter(
        in_last_months("month", frames, months), pl.col("insured").is_not_null()
    )
    by_insurance = rows.group_by("firm", "month", "insurance").agg(pl.col("insured").sum())
    return by_insurance.group_by("firm", "month").agg(pl.col("insured").max())


def _latest_insured(frames: Frames) -> pl.DataFrame:
    """Return the newest month of each firm among the last three complete ones."""
    recent = _insured_by_month(frames, months=LATEST_MONTHS)
    return recent.filter(pl.col("month") == pl.col("month").max().over("firm"))


def _latest_rows(frames: Frames) -> pl.DataFrame:
    return frames.standing("social-insurance").filter(in_last_months("month", frames, LATEST_MONTHS))


def _insured(frames: Frames) -> pl.DataFrame:
    return proven(_latest_insured(frames).rename({"insured": "value"}), _latest_rows(frames))


def _insured_change(frames: Frames, *, months: int) -> pl.DataFrame:
    by_month = _insured_by_month(frames, months=months + LATEST_MONTHS)
    before = by_month.select(
        "firm", pl.col("month").dt.offset_by(f"{months}mo"), pl.col("insured").alias("then")
    )
    pairs = _latest_insured(frames).join(before, on=["firm", "month"])
    change = millionths(pl.col("insured") - pl.col("then"), pl.col("then"))
    return proven(pairs.select("firm", change.alias("value")), _latest_rows(frames))


def _base_per_head(frames: Frames) -> pl.DataFrame:
    """Return the highest of the insurances' average bases: some are capped lower than others."""
    rows = frames.standing("social-insurance").filter(
        in_last_months("month", frames, LATEST_MONTHS), pl.col("insured") > 0, pl.col("base") > 0
    )
    latest = rows.filter(pl.col("month") == pl.col("month").max().over("firm"))
    averages = latest.group_by("firm", "insurance").agg(
        (pl.col("base").cast(pl.Int128).sum() // pl.col("insured").sum()).alias("average")
    )
    return proven(averages.group_by("firm").agg(pl.col("average").max().alias("value")), latest)


def _unpaid_insurance(frames: Frames) -> pl.DataFrame:
    return unpaid_months(frames.standing("social-insurance"), frames=frames, months=12)


def _unpaid_fund(frames: Frames) -> pl.DataFrame:
    return unpaid_months(frames.standing("housing-fund"), frames=frames, months=12)


def _months_insured(frames: Frames, *, months: int) -> pl.DataFrame:
    return months_covered(frames.standing("social-insurance"), "month", frames=frames, months=months)


def _months_in_fund(frames: Frames) -> pl.DataFrame:
    return months_covered(frames.standing("housing-fund"), "month", frames=frames, months=12)


def _fund_share(frames: Frames) -> pl.DataFrame:
    fund = frames.standing("housing-fund").filter(
        pl.col("month") >= months_before(frames.month, LATEST_MONTHS), pl.col("depositors").is_not_null()
    )
    depositors = fund.group_by("firm", "month").agg(pl.col("depositors").sum())
    pairs = _latest_insured(frames).join(depositors, on=["firm", "month"])
    values = pairs.select("firm", millionths(pl.col("depositors"), pl.col("insured")).alias("value"))
    return proven(values, fund)


def _labour_grade(frames: Frames) -> pl.DataFrame:
    rows = frames.standing("labour-rating").with_columns(code=coded("grade", GRADE_CODES))
    return measure(newest_year(rows, frames=frames, years=2), pl.col("code").min())


FEATURES = (
    Feature(
        "emp_insured",
        INSURANCE,
        "count",
        3,
        "最近月份参保人数（近3个完整月内最新一月，取各险种最大值）",
        "People insured in the newest of the last three complete months, most over the insurances",
        _insured,
    ),
    Feature(
        "emp_insured_change_12m",
        INSURANCE,
        "millionths",
        15,
        "最近月份参保人数较上年同月的变动率",
        "Change of the number insured against the same month a year before",
        partial(_insured_change, months=12),
    ),
    Feature(
        "emp_insured_change_3m",
        INSURANCE,
        "millionths",
        6,
        "最近月份参保人数较三个月前的变动率",
        "Change of the number insured against three months before",
        partial(_insured_change, months=3),
    ),
    Feature(
        "emp_base_per_head_fen",
        INSURANCE,
        "fen",
        3,
        "最近月份人均缴费基数（各险种最高者，分）",
        "Contribution base per head in the newest month, highest over the insurances, in fen",
        _base_per_head,
    ),
    Feature(
        "emp_months_12",
        INSURANCE,
        "months",
        12,
        "近12个月有社会保险记录的月数（报送有滞后，故看13个月，最多计12）",
        "Months with a record of social insurance, at most 12 (13 are looked at: the newest may be on its way)",
        partial(_months_insured, months=12),
    ),
    Feature(
        "emp_months_24",
        INSURANCE,
        "months",
        24,
        "近24个月有社会保险记录的月数（看25个月，最多计24）",
        "Months with a record of social insurance, at most 24 (25 are looked at)",
        partial(_months_insured, months=24),
    ),
    Feature(
        "emp_unpaid_months_12",
        INSURANCE,
        "months",
        13,
        "近12个月（不含最近一月）社会保险费未足额缴纳的月数；来源从不提供已缴额时视为缺失",
        "Months of 12, the newest left out, with contributions not paid in full; missing where no payments are stated",
        _unpaid_insurance,
    ),
    Feature(
        "emp_fund_months_12",
        FUND,
        "months",
        12,
        "近12个月有住房公积金缴存记录的月数（看13个月，最多计12）",
        "Months with a record of the housing fund, at most 12 (13 are looked at)",
        _months_in_fund,
    ),
    Feature(
        "emp_fund_unpaid_months_12",
        FUND,
        "months",
        13,
        "近12个月（不含最近一月）住房公积金未足额缴存的月数；来源从不提供已缴额时视为缺失",
        "Months of 12, the newest left out, with fund deposits not paid in full; missing where no payments are stated",
        _unpaid_fund,
    ),
    Feature(
        "emp_fund_share",
        INSURANCE | FUND,
        "millionths",
        3,
        "公积金缴存人数占参保人数的比例（同一月份）",
        "Depositors in the housing fund over people insured, same month",
        _fund_share,
    ),
    Feature(
        "emp_labour_grade",
        frozenset({"labour-rating"}),
        "code",
        24,
        "最近年度劳动保障守法诚信等级：3 A，2 B，1 C",
        "Newest grade of keeping labour law: 3 A, 2 B, 1 C",
        _labour_grade,
    ),
)
