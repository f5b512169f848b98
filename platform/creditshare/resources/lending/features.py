"""What banks' reports say to a score: days past due and quality of the loans. Read only with consent for lending."""

from __future__ import annotations

import polars as pl

from creditshare.resources.features import Feature, coded, measure, since_months, total
from creditshare.resources.frames import Frames

LOANS = frozenset({"loan-status"})
CLASS_CODES = {"normal": 1, "special-mention": 2, "substandard": 3, "doubtful": 4, "loss": 5}


def _newest(frames: Frames) -> pl.DataFrame:
    """Return the newest state of each loan in the last three months; older states are no longer reported."""
    rows = frames.standing("loan-status").filter(since_months("month", frames, 3))
    newest = rows.filter(pl.col("month") == pl.col("month").max().over("firm", "participant", "loan_no"))
    return newest.with_columns(code=coded("classification", CLASS_CODES))


def _open(frames: Frames) -> pl.DataFrame:
    return _newest(frames).filter(pl.col("balance") > 0)


def _days_past_due(frames: Frames) -> pl.DataFrame:
    worst = pl.col("days_past_due").max()
    return measure(_open(frames), worst, proof=pl.col("days_past_due") == worst)


def _worst_year(frames: Frames) -> pl.DataFrame:
    rows = frames.standing("loan-status").filter(since_months("month", frames, 12))
    worst = pl.col("days_past_due").max()
    return measure(rows, worst, proof=pl.col("days_past_due") == worst)


def _worst_class(frames: Frames) -> pl.DataFrame:
    worst = pl.col("code").max()
    return measure(_open(frames), worst, proof=pl.col("code") == worst)


def _loans(frames: Frames) -> pl.DataFrame:
    return measure(_newest(frames), (pl.col("balance") > 0).sum(), proof=pl.col("balance") > 0)


def _balance(frames: Frames) -> pl.DataFrame:
    return measure(_newest(frames), total("balance"))


FEATURES = (
    Feature(
        "lend_days_past_due",
        LOANS,
        "count",
        3,
        "未结清贷款最近状态的最大逾期天数（近3个月内的最新一月）",
        "Most days past due among open loans, newest state within three months",
        _days_past_due,
    ),
    Feature(
        "lend_days_past_due_12m",
        LOANS,
        "count",
        12,
        "近12个月最大逾期天数",
        "Most days past due in 12 months",
        _worst_year,
    ),
    Feature(
        "lend_worst_class",
        LOANS,
        "code",
        3,
        "未结清贷款的最差五级分类：1 正常，2 关注，3 次级，4 可疑，5 损失",
        "Worst class of the open loans: 1 normal, 2 special mention, 3 substandard, 4 doubtful, 5 loss",
        _worst_class,
    ),
    Feature(
        "lend_open_loans",
        LOANS,
        "count",
        3,
        "未结清贷款笔数",
        "Loans with a balance",
        _loans,
    ),
    Feature(
        "lend_balance_fen",
        LOANS,
        "fen",
        3,
        "贷款余额合计（分）",
        "Balance of all loans, in fen",
        _balance,
    ),
)
