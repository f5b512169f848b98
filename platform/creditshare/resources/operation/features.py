"""What a firm's operation says to a score: penalties, courts, contracts won, yearly figures."""

from __future__ import annotations

from functools import partial

import polars as pl

from creditshare.resources.features import (
    Feature,
    measure,
    millionths,
    newest_year,
    registered,
    since_months,
    tally,
    total,
)
from creditshare.resources.frames import Frames

PENALTIES = frozenset({"registration", "administrative-penalty"})
COURTS = frozenset({"registration", "court-enforcement"})
REPORTS = frozenset({"annual-report"})


def penalties(frames: Frames) -> pl.DataFrame:
    """Return the penalties decided in the last 36 months; without a stated severity one counts as general."""
    rows = frames.standing("administrative-penalty").filter(since_months("decided_on", frames, 36))
    return rows.with_columns(pl.col("severity").fill_null("general"))


def _penalties(frames: Frames, *, severity: str) -> pl.DataFrame:
    return tally(penalties(frames).filter(pl.col("severity") == severity), among=registered(frames))


def _fines(frames: Frames) -> pl.DataFrame:
    fined = penalties(frames).filter(pl.col("fine") > 0)
    return tally(fined, among=registered(frames), value=total("fine"))


def _court(frames: Frames, *, name: str) -> pl.DataFrame:
    return frames.standing("court-enforcement").filter(pl.col("list") == name)


def _open_cases(frames: Frames, *, name: str) -> pl.DataFrame:
    is_open = pl.col("performed_on").is_null() & pl.col("ended_on").is_null()
    return tally(_court(frames, name=name).filter(is_open), among=registered(frames))


def _cases(frames: Frames, *, name: str) -> pl.DataFrame:
    filed = since_months("filed_on", frames, 36)
    return tally(_court(frames, name=name).filter(filed), among=registered(frames))


def _awards(frames: Frames) -> pl.DataFrame:
    recent = since_months("awarded_on", frames, 36)
    return measure(frames.standing("award"), recent.sum(), proof=recent)


def _licences(frames: Frames) -> pl.DataFrame:
    return measure(frames.standing("administrative-licence"), pl.len())


def _reports(frames: Frames, *needed: str) -> pl.DataFrame:
    """Return the annual reports of the last three years that state the figures."""
    return frames.standing("annual-report").filter(
        pl.col("year") >= frames.month.year - 3, *(pl.col(name).is_not_null() for name in needed)
    )


def _years_reported(frames: Frames) -> pl.DataFrame:
    return measure(_reports(frames), pl.col("year").n_unique().clip(upper_bound=2))


def _revenue_growth(frames: Frames) -> pl.DataFrame:
    year, revenue = pl.col("year"), pl.col("revenue").cast(pl.Int128)
    newest = revenue.filter(year == year.max()).sum()
    before = revenue.filter(year == year.max() - 1).sum()
    return measure(_reports(frames, "revenue"), millionths(newest - before, before))


def _ratio_of_newest(frames: Frames, *, part: str, whole: str) -> pl.DataFrame:
    rows = newest_year(_reports(frames, part, whole), frames=frames, years=3)
    return measure(rows, millionths(total(part), total(whole)))


def _headcount(frames: Frames) -> pl.DataFrame:
    return measure(
        newest_year(_reports(frames, "headcount"), frames=frames, years=3), pl.col("headcount").max()
    )


def _penalty_feature(severity: str, zh: str) -> Feature:
    return Feature(
        f"op_penalties_{severity}_36m",
        PENALTIES,
        "count",
        36,
        f"近36个月{zh}行政处罚次数（未注明轻重的按一般计）；有登记而无处罚者为零",
        f"Penalties of severity {severity} in 36 months (unstated counts as general); "
        "zero for a registered firm without one",
        partial(_penalties, severity=severity),
    )


FEATURES = (
    _penalty_feature("light", "轻微"),
    _penalty_feature("general", "一般"),
    _penalty_feature("serious", "严重"),
    Feature(
        "op_fines_36m_fen",
        PENALTIES,
        "fen",
        36,
        "近36个月行政罚款合计（分）；有登记而无罚款者为零",
        "Fines of 36 months together, in fen; zero for a registered firm without one",
        _fines,
    ),
    Feature(
        "op_dishonest_open",
        COURTS,
        "count",
        None,
        "未履行完毕的失信被执行人案件数；有登记而无案件者为零",
        "Open listings as dishonest debtor; zero for a registered firm without one",
        partial(_open_cases, name="dishonest"),
    ),
    Feature(
        "op_dishonest_36m",
        COURTS,
        "count",
        36,
        "近36个月立案的失信被执行人案件数（含已终结）；有登记而无案件者为零",
        "Listings as dishonest debtor filed in 36 months, ended ones too; zero for a registered firm without one",
        partial(_cases, name="dishonest"),
    ),
    Feature(
        "op_enforced_36m",
        COURTS,
        "count",
        36,
        "近36个月立案的被执行案件数；有登记而无案件者为零",
        "Enforcement cases filed in 36 months; zero for a registered firm without one",
        partial(_cases, name="enforced"),
    ),
    Feature(
        "op_enforced_open",
        COURTS,
        "count",
        None,
        "未终结的被执行案件数；有登记而无案件者为零",
        "Enforcement cases not ended; zero for a registered firm without one",
        partial(_open_cases, name="enforced"),
    ),
    Feature(
        "op_lawsuits_36m",
        COURTS,
        "count",
        36,
        "近36个月诉讼件数；有登记而无诉讼者为零（数据表明诉讼本身不含风险信号，不计分）",
        "Lawsuits filed in 36 months; zero for a registered firm without one (a lawsuit as such carries no signal "
        "and earns no points)",
        partial(_cases, name="lawsuit"),
    ),
    Feature(
        "op_awards_36m",
        frozenset({"award"}),
        "count",
        36,
        "近36个月中标项目数；从无中标记录时视为缺失",
        "Public contracts won in 36 months; missing where none was ever recorded",
        _awards,
    ),
    Feature(
        "op_licences_valid",
        frozenset({"administrative-licence"}),
        "count",
        None,
        "有效行政许可数；无记录时视为缺失",
        "Administrative licences in force; missing where none is recorded",
        _licences,
    ),
    Feature(
        "op_years_reported",
        REPORTS,
        "count",
        36,
        "近三个年度已报送年报的年数（最多计2）；从未报送时视为缺失",
        "Annual reports filed for the last three years, at most two counted; missing where there is none",
        _years_reported,
    ),
    Feature(
        "op_revenue_growth",
        REPORTS,
        "millionths",
        36,
        "最近年报营业收入较上一年的增长率",
        "Growth of revenue between the two newest successive annual reports",
        _revenue_growth,
    ),
    Feature(
        "op_debt_ratio",
        REPORTS,
        "millionths",
        36,
        "最近年报的资产负债率",
        "Liabilities over assets in the newest annual report",
        partial(_ratio_of_newest, part="total_liabilities", whole="total_assets"),
    ),
    Feature(
        "op_net_margin",
        REPORTS,
        "millionths",
        36,
        "最近年报的净利润率",
        "Net profit over revenue in the newest annual report",
        partial(_ratio_of_newest, part="net_profit", whole="revenue"),
    ),
    Feature(
        "op_headcount",
        REPORTS,
        "count",
        36,
        "最近年报的从业人数",
        "Headcount in the newest annual report",
        _headcount,
    ),
)
