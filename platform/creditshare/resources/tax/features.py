"""What taxes say to a score: returns filed, paid in time, growing; the tax office's own grade; arrears."""

from __future__ import annotations

from functools import partial

import polars as pl

from creditshare.resources.features import (
    Feature,
    change_on_year,
    coded,
    in_last_months,
    measure,
    months_before,
    newest_year,
    on_time_ratio,
    proven,
    registered,
    since_months,
    tally,
    total,
)
from creditshare.resources.frames import Frames

FILINGS = frozenset({"tax-filing"})
ARREARS = frozenset({"registration", "tax-arrears"})
GRADE_CODES = {"A": 5, "B": 4, "M": 3, "C": 2, "D": 1}
VALUE_ADDED_TAX = "增值税|^10101$|(?i)^vat|value.?added"
LONGEST_PERIOD = 3  # months; the yearly settlement says nothing about single months


def _filings(frames: Frames) -> pl.DataFrame:
    """Return the lines with `month`, the month in which their period ends."""
    return frames.standing("tax-filing").with_columns(month=pl.col("period_end").dt.truncate("1mo"))


def _months_filed(frames: Frames, *, months: int) -> pl.DataFrame:
    """Count months that a monthly or quarterly return covers. One month more is looked at, as returns come later."""
    start, end = pl.col("period_start").dt.truncate("1mo"), pl.col("month")
    length = (end.dt.year() - start.dt.year()) * 12 + end.dt.month() - start.dt.month() + 1
    rows = _filings(frames).filter(
        end >= months_before(frames.month, months + 1), length.is_between(1, LONGEST_PERIOD)
    )
    covered = rows.select("firm", start.alias("first"), "month").unique()
    each = covered.select("firm", pl.date_ranges("first", "month", "1mo").alias("month")).explode("month")
    counted = each.filter(in_last_months("month", frames, months + 1)).group_by("firm")
    return proven(counted.agg(pl.col("month").n_unique().clip(upper_bound=months).alias("value")), rows)


def _on_time(frames: Frames) -> pl.DataFrame:
    return on_time_ratio(
        frames.standing("tax-filing").filter(pl.col("tax_due") > 0), frames=frames, months=12
    )


def _paid(frames: Frames) -> pl.DataFrame:
    rows = _filings(frames).filter(in_last_months("month", frames, 12), pl.col("tax_paid").is_not_null())
    return measure(rows, total("tax_paid"))


def _paid_growth(frames: Frames) -> pl.DataFrame:
    return change_on_year(_filings(frames), "tax_paid", frames=frames, months=12)


def _turnover_growth(frames: Frames) -> pl.DataFrame:
    returns = _filings(frames).filter(pl.col("tax_type").str.contains(VALUE_ADDED_TAX))
    return change_on_year(returns, "taxable_basis", frames=frames, months=12)


def _graded(frames: Frames) -> pl.DataFrame:
    rows = frames.standing("tax-rating").with_columns(code=coded("grade", GRADE_CODES))
    return rows.filter(pl.col("code").is_not_null())


def _grade(frames: Frames) -> pl.DataFrame:
    return measure(newest_year(_graded(frames), frames=frames, years=2), pl.col("code").min())


def _grade_change(frames: Frames) -> pl.DataFrame:
    rows = _graded(frames).filter(pl.col("year") >= frames.month.year - 3)
    year, code = pl.col("year"), pl.col("code")
    newest, before = code.filter(year == year.max()).min(), code.filter(year == year.max() - 1).min()
    return measure(rows, newest - before)


def _open_arrears(frames: Frames) -> pl.DataFrame:
    """Return the newest notice per tax among those of 12 months that are not cleared; notices come quarterly."""
    rows = frames.standing("tax-arrears").filter(since_months("announced_on", frames, 12))
    newest = rows.filter(pl.col("announced_on") == pl.col("announced_on").max().over("firm", "tax_type"))
    return newest.filter(pl.col("cleared_on").is_null(), pl.col("ended_on").is_null())


def _arrears(frames: Frames) -> pl.DataFrame:
    return tally(_open_arrears(frames), among=registered(frames), value=pl.col("tax_type").n_unique())


def _arrears_balance(frames: Frames) -> pl.DataFrame:
    owed = _open_arrears(frames).filter(pl.col("balance") > 0)
    return tally(owed, among=registered(frames), value=total("balance"))


def _unpaid_lines(frames: Frames) -> pl.DataFrame:
    """Count lines that fell due in 12 months, at least one month ago, and were not paid in full."""
    window = pl.col("due_on").is_between(
        months_before(frames.month, 12), months_before(frames.month, 1), closed="left"
    )
    rows = frames.standing("tax-filing").filter(window, pl.col("tax_due") > 0)
    short = pl.col("tax_paid").fill_null(0) < pl.col("tax_due")
    told = pl.when(pl.col("tax_paid").count() > 0)
    return measure(rows, told.then(short.sum()), proof=short)


FEATURES = (
    Feature(
        "tax_months_filed_12",
        FILINGS,
        "months",
        12,
        "近12个月有按月或按季申报覆盖的月数（申报滞后一个月，故看13个月，最多计12）",
        "Months covered by monthly or quarterly returns, at most 12 (13 are looked at: returns come a month later)",
        partial(_months_filed, months=12),
    ),
    Feature(
        "tax_months_filed_24",
        FILINGS,
        "months",
        24,
        "近24个月有按月或按季申报覆盖的月数（看25个月，最多计24）",
        "Months covered by monthly or quarterly returns, at most 24 (25 are looked at)",
        partial(_months_filed, months=24),
    ),
    Feature(
        "tax_on_time_ratio_12",
        FILINGS,
        "millionths",
        12,
        "近12个月到期税款按期缴纳的比例（按笔数）；来源从不提供缴款日时视为缺失",
        "Share of tax lines due in 12 months that were paid by their day; missing where the source states no days paid",
        _on_time,
    ),
    Feature(
        "tax_unpaid_lines_12",
        FILINGS,
        "count",
        12,
        "近12个月到期满一个月仍未足额缴纳的笔数；来源从不提供已缴额时视为缺失",
        "Tax lines due in 12 months, a month ago or more, not paid in full; missing where no payments are stated",
        _unpaid_lines,
    ),
    Feature(
        "tax_paid_12m_fen",
        FILINGS,
        "fen",
        12,
        "近12个月已缴税款合计（分）",
        "Tax paid for periods that ended in 12 months, in fen",
        _paid,
    ),
    Feature(
        "tax_paid_growth",
        FILINGS,
        "millionths",
        24,
        "近12个月已缴税款同比增长率（逐月与上年同月相比，至少3个月可比）",
        "Growth of tax paid, each month compared with the same month a year before; at least three comparable",
        _paid_growth,
    ),
    Feature(
        "tax_turnover_growth",
        FILINGS,
        "millionths",
        24,
        "近12个月增值税计税依据同比增长率（逐月与上年同月相比，至少3个月可比）",
        "Growth of the VAT basis, each month compared with the same month a year before; at least three comparable",
        _turnover_growth,
    ),
    Feature(
        "tax_grade",
        frozenset({"tax-rating"}),
        "code",
        24,
        "最近年度纳税信用级别：5 A，4 B，3 M，2 C，1 D（两年以前的不计）",
        "Newest tax credit grade: 5 A, 4 B, 3 M, 2 C, 1 D (older than two years does not count)",
        _grade,
    ),
    Feature(
        "tax_grade_change",
        frozenset({"tax-rating"}),
        "count",
        36,
        "最近年度纳税信用级别较上一年的变动级数（升为正）",
        "Steps between the two newest successive tax credit grades, upwards positive",
        _grade_change,
    ),
    Feature(
        "tax_arrears_open",
        ARREARS,
        "count",
        12,
        "近12个月公告且未清缴的欠税税种数；有登记而无公告者为零",
        "Taxes with an arrears notice in 12 months not cleared; zero for a registered firm without one",
        _arrears,
    ),
    Feature(
        "tax_arrears_balance_fen",
        ARREARS,
        "fen",
        12,
        "近12个月公告且未清缴的欠税余额（各税种最近一次公告，分）；有登记而无公告者为零",
        "Balance of arrears announced in 12 months and not cleared, newest notice per tax, in fen; zero for a "
        "registered firm without one",
        _arrears_balance,
    ),
)
