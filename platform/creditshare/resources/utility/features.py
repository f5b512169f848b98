"""What utilities say to a score: consumption over time, bills paid in time, arrears, cut-offs."""

from __future__ import annotations

from functools import partial

import polars as pl

from creditshare.resources.features import (
    Feature,
    change_on_year,
    in_last_months,
    measure,
    months_covered,
    on_time_ratio,
    proven,
    total,
)
from creditshare.resources.frames import Frames

BILLS = frozenset({"utility-bill"})
THOUSANDTHS = 1_000  # quantities have three places
NOTABLE_ARREARS = 100_000  # fen: below 1,000 yuan non-residents are not recorded (Shanghai 2014)


def _bills(frames: Frames, *, service: str) -> pl.DataFrame:
    return frames.standing("utility-bill").filter(pl.col("service") == service)


def _electricity(frames: Frames) -> pl.DataFrame:
    rows = _bills(frames, service="electricity").filter(
        in_last_months("month", frames, 12), pl.col("quantity").is_not_null()
    )
    return measure(rows, total("quantity") // THOUSANDTHS)


def _consumption_change(frames: Frames, *, service: str, months: int) -> pl.DataFrame:
    return change_on_year(_bills(frames, service=service), "quantity", frames=frames, months=months)


def _zero_months(frames: Frames) -> pl.DataFrame:
    rows = _bills(frames, service="electricity").filter(
        in_last_months("month", frames, 12), pl.col("quantity").is_not_null()
    )
    by_month = rows.group_by("firm", "month").agg((total("quantity") <= 0).alias("none"))
    values = by_month.group_by("firm").agg(pl.col("none").sum().alias("value"))
    return proven(values, rows.join(by_month.filter("none").select("firm", "month"), on=["firm", "month"]))


def _on_time(frames: Frames) -> pl.DataFrame:
    owed = frames.standing("utility-bill").filter(pl.col("amount") > 0)
    return on_time_ratio(owed, frames=frames, months=12)


def _arrears_months(frames: Frames) -> pl.DataFrame:
    rows = frames.standing("utility-bill").filter(
        in_last_months("month", frames, 12), pl.col("arrears").is_not_null()
    )
    by_month = rows.group_by("firm", "month").agg((total("arrears") >= NOTABLE_ARREARS).alias("notable"))
    values = by_month.group_by("firm").agg(pl.col("notable").sum().alias("value"))
    return proven(values, rows.join(by_month.filter("notable").select("firm", "month"), on=["firm", "month"]))


def _flagged_months(frames: Frames, *, flag: str, months: int) -> pl.DataFrame:
    rows = frames.standing("utility-bill").filter(
        in_last_months("month", frames, months), pl.col(flag).is_not_null()
    )
    return measure(rows, pl.col("month").filter(pl.col(flag)).n_unique(), proof=pl.col(flag))


def _months_billed(frames: Frames, *, months: int) -> pl.DataFrame:
    return months_covered(frames.standing("utility-bill"), "month", frames=frames, months=months)


FEATURES = (
    Feature(
        "ut_months_12",
        BILLS,
        "months",
        12,
        "近12个月有水电气账单的月数（看13个月，最多计12）",
        "Months with a bill of any service, at most 12 (13 are looked at)",
        partial(_months_billed, months=12),
    ),
    Feature(
        "ut_months_24",
        BILLS,
        "months",
        24,
        "近24个月有水电气账单的月数（看25个月，最多计24）",
        "Months with a bill of any service, at most 24 (25 are looked at)",
        partial(_months_billed, months=24),
    ),
    Feature(
        "ut_electricity_12m_kwh",
        BILLS,
        "count",
        12,
        "近12个月用电量（千瓦时，舍去小数）",
        "Electricity of 12 months in whole kWh",
        _electricity,
    ),
    Feature(
        "ut_electricity_change",
        BILLS,
        "millionths",
        24,
        "近12个月用电量同比变动率（逐月与上年同月相比，至少3个月可比）",
        "Change of electricity over 12 months, each against the same month a year before; at least three comparable",
        partial(_consumption_change, service="electricity", months=12),
    ),
    Feature(
        "ut_electricity_change_3m",
        BILLS,
        "millionths",
        15,
        "近3个月用电量较上年同期的变动率",
        "Change of electricity over three months against the same months a year before",
        partial(_consumption_change, service="electricity", months=3),
    ),
    Feature(
        "ut_water_change",
        BILLS,
        "millionths",
        24,
        "近12个月用水量同比变动率（逐月与上年同月相比，至少3个月可比）",
        "Change of water over 12 months, each against the same month a year before; at least three comparable",
        partial(_consumption_change, service="water", months=12),
    ),
    Feature(
        "ut_zero_months_12",
        BILLS,
        "months",
        12,
        "近12个月中有账单而用电量为零的月数",
        "Months of 12 with a bill for electricity and no use",
        _zero_months,
    ),
    Feature(
        "ut_on_time_ratio_12",
        BILLS,
        "millionths",
        12,
        "近12个月到期水电气费按期缴纳的比例（按笔数）；来源从不提供缴款日时视为缺失",
        "Share of bills due in 12 months paid by their day; missing where the source states no days paid",
        _on_time,
    ),
    Feature(
        "ut_arrears_months_12",
        BILLS,
        "months",
        12,
        "近12个月水电气欠费合计达1000元的月数；来源从不提供欠费额时视为缺失",
        "Months of 12 with arrears of 1,000 yuan or more; missing where the source states no arrears",
        _arrears_months,
    ),
    Feature(
        "ut_cut_off_months_12",
        BILLS,
        "months",
        12,
        "近12个月因欠费停供的月数；来源从不提供该项时视为缺失",
        "Months of 12 with a cut-off; missing where the source does not tell",
        partial(_flagged_months, flag="cut_off", months=12),
    ),
    Feature(
        "ut_theft_months_36",
        BILLS,
        "months",
        36,
        "近36个月查实窃电、违约用电的月数；来源从不提供该项时视为缺失",
        "Months of 36 with theft found; missing where the source does not tell",
        partial(_flagged_months, flag="theft", months=36),
    ),
)
