"""What talent and technology say to a score: rights, recognitions, people and spending in research."""

from __future__ import annotations

from functools import partial

import polars as pl

from creditshare.resources.features import (
    Feature,
    coded,
    evidence_of,
    measure,
    millionths,
    newest_year,
    total,
    value_of,
)
from creditshare.resources.frames import Frames

RIGHTS = frozenset({"intellectual-property"})
LAPSED = "失效|终止|无效|撤回|驳回|放弃|注销|(?i)lapsed|expired|invalid|withdrawn|rejected"
SECOND_CLASS = ("utility-model", "design", "software-copyright")
QUALIFICATION_RANKS = {
    "little-giant": 5,
    "specialised-sme": 4,
    "high-tech": 3,
    "innovative-sme": 2,
    "tech-sme": 2,
    "iso": 1,
    "other": 1,
}


def _rights(frames: Frames, *, types: tuple[str, ...]) -> pl.DataFrame:
    """Count granted rights in force; software copyright is registered, not granted."""
    granted = pl.col("granted_on").is_not_null() | (pl.col("right_type") == "software-copyright")
    lapsed = pl.col("legal_status").str.contains(LAPSED).fill_null(value=False)
    counts = granted & ~lapsed & pl.col("right_type").is_in(types)
    return measure(frames.standing("intellectual-property"), counts.sum(), proof=counts)


def _pledged(frames: Frames) -> pl.DataFrame:
    rows = frames.standing("intellectual-property").filter(pl.col("pledged").is_not_null())
    return measure(rows, pl.col("pledged").sum(), proof=pl.col("pledged"))


def _qualifications(frames: Frames) -> pl.DataFrame:
    return measure(frames.standing("qualification"), pl.len())


def _best_qualification(frames: Frames) -> pl.DataFrame:
    rows = frames.standing("qualification").with_columns(rank=coded("scheme", QUALIFICATION_RANKS))
    best = pl.col("rank").max()
    return measure(rows, best, proof=pl.col("rank") == best)


def _research(frames: Frames, *, part: str, whole: str) -> pl.DataFrame:
    """Compare the newest year's research with the same year's annual report."""
    people = frames.standing("talent").filter(pl.col(part).is_not_null())
    reports = frames.standing("annual-report").filter(pl.col(whole).is_not_null())
    wholes = reports.group_by("firm", "year").agg(total(whole).alias("whole"))
    known = people.join(wholes, on=["firm", "year"]).select(
        "firm", "year", "record", "revised_at", pl.col(part).alias("part"), "whole"
    )
    rows = newest_year(known, frames=frames, years=3)
    share = millionths(total("part"), pl.col("whole").max())
    return rows.group_by("firm").agg(value_of(share), evidence_of())


FEATURES = (
    Feature(
        "tt_inventions",
        RIGHTS,
        "count",
        None,
        "有效授权发明专利数；无知识产权记录时视为缺失",
        "Invention patents granted and in force; missing where no right of any kind is on record",
        partial(_rights, types=("invention",)),
    ),
    Feature(
        "tt_second_class_rights",
        RIGHTS,
        "count",
        None,
        "有效的实用新型、外观设计和软件著作权数（Ⅱ类）；无知识产权记录时视为缺失",
        "Utility models, designs and software copyrights in force (class II); missing where no right is on record",
        partial(_rights, types=SECOND_CLASS),
    ),
    Feature(
        "tt_trademarks",
        RIGHTS,
        "count",
        None,
        "有效注册商标数；无知识产权记录时视为缺失",
        "Trade marks in force; missing where no right is on record",
        partial(_rights, types=("trademark",)),
    ),
    Feature(
        "tt_rights_pledged",
        RIGHTS,
        "count",
        None,
        "已质押的知识产权数",
        "Intellectual property rights that are pledged",
        _pledged,
    ),
    Feature(
        "tt_qualifications",
        frozenset({"qualification"}),
        "count",
        None,
        "有效资质认定数；无记录时视为缺失",
        "Recognitions in force; missing where none is on record",
        _qualifications,
    ),
    Feature(
        "tt_best_qualification",
        frozenset({"qualification"}),
        "code",
        None,
        "最高资质：5 小巨人，4 专精特新，3 高新技术企业，2 创新型或科技型中小企业，1 其他",
        "Highest recognition: 5 little giant, 4 specialised SME, 3 high-tech, 2 innovative or technology SME, 1 other",
        _best_qualification,
    ),
    Feature(
        "tt_rd_ratio",
        frozenset({"talent", "annual-report"}),
        "millionths",
        36,
        "最近年度研发费用占同年营业收入的比例",
        "Spending on research over revenue of the same year, newest year",
        partial(_research, part="rd_expense", whole="revenue"),
    ),
    Feature(
        "tt_rd_staff_ratio",
        frozenset({"talent", "annual-report"}),
        "millionths",
        36,
        "最近年度研发人员占同年从业人数的比例",
        "People in research over headcount of the same year, newest year",
        partial(_research, part="rd_headcount", whole="headcount"),
    ),
)
