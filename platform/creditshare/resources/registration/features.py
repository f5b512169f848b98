"""What registration says to a score: age, capital, stability, listings."""

from __future__ import annotations

from functools import partial

import polars as pl

from creditshare.resources.features import (
    Feature,
    coded,
    measure,
    millionths,
    registered,
    since_months,
    tally,
    total,
)
from creditshare.resources.frames import Frames

STATUS_CODES = {
    "active": 1,
    "dormant": 2,
    "liquidating": 3,
    "suspended": 4,
    "moved-out": 5,
    "revoked": 6,
    "revoked-deregistered": 7,
    "deregistered": 8,
    "annulled": 9,
}
RENMINBI = ("CNY", "RMB", "156", "人民币", "人民币元", "元")
LEGAL_REPRESENTATIVE = "法定代表|法人代表|负责人|经营者|投资人|执行事务合伙人|(?i)legal.?rep"
FIRM_NAME = "名称|字号|(?i)firm.?name"
ADDRESS = "住所|地址|经营场所|(?i)address"
REGISTRATION = frozenset({"registration"})
CHANGES = frozenset({"registration-change"})
LISTINGS = frozenset({"registration", "abnormal-listing"})


def _age(frames: Frames) -> pl.DataFrame:
    day = pl.col("established_on")
    now = frames.month.year * 12 + frames.month.month
    age = now - (day.dt.year().cast(pl.Int64) * 12 + day.dt.month())
    rows = frames.standing("registration").filter(day.is_not_null())
    return measure(rows, age.max().clip(lower_bound=0))


def _in_renminbi(frames: Frames) -> pl.DataFrame:
    currency = pl.col("capital_currency")
    return frames.standing("registration").filter(
        currency.is_null() | currency.is_in(RENMINBI), pl.col("registered_capital") > 0
    )


def _capital(frames: Frames) -> pl.DataFrame:
    return measure(_in_renminbi(frames), pl.col("registered_capital").max())


def _paid_in_ratio(frames: Frames) -> pl.DataFrame:
    rows = frames.standing("registration").filter(
        pl.col("registered_capital") > 0, pl.col("paid_in_capital") >= 0
    )
    return measure(rows, millionths(total("paid_in_capital"), total("registered_capital")))


def _status(frames: Frames) -> pl.DataFrame:
    rows = frames.standing("registration").with_columns(code=coded("status", STATUS_CODES).fill_null(0))
    return measure(rows, pl.col("code").max())


def _changes(frames: Frames, *, item: str, months: int) -> pl.DataFrame:
    """Count days, not rows: one change often comes as several."""
    within = since_months("changed_on", frames, months) & pl.col("item").str.contains(item)
    rows = frames.standing("registration-change").with_columns(counts=within)
    days = pl.col("changed_on").filter(pl.col("counts")).n_unique()
    return measure(rows, days, proof=pl.col("counts"))


def _open_listings(frames: Frames, *, name: str) -> pl.DataFrame:
    rows = frames.standing("abnormal-listing").filter(
        pl.col("list") == name, pl.col("removed_on").is_null(), pl.col("ended_on").is_null()
    )
    return tally(rows, among=registered(frames))


def _ended_listings(frames: Frames) -> pl.DataFrame:
    rows = frames.standing("abnormal-listing").with_columns(ended=pl.min_horizontal("removed_on", "ended_on"))
    return tally(rows.filter(since_months("ended", frames, 36)), among=registered(frames))


def _open_pledges(frames: Frames) -> pl.DataFrame:
    is_open = (pl.col("pledge_type") == "equity") & pl.col("ended_on").is_null()
    return measure(frames.standing("pledge"), is_open.sum(), proof=is_open)


def _largest_share(frames: Frames) -> pl.DataFrame:
    rows = frames.standing("shareholder").filter(pl.col("share_ratio").is_not_null())
    largest = pl.col("share_ratio").max()
    return measure(rows, largest, proof=pl.col("share_ratio") == largest)


FEATURES = (
    Feature(
        "reg_age_months",
        REGISTRATION,
        "months",
        None,
        "成立以来的月数（按自然月计）",
        "Months since the firm was established, by calendar months",
        _age,
    ),
    Feature(
        "reg_capital_fen",
        REGISTRATION,
        "fen",
        None,
        "注册资本（人民币，分）；外币或为零时视为缺失",
        "Registered capital in fen of renminbi; foreign currency or zero counts as missing",
        _capital,
    ),
    Feature(
        "reg_paid_in_ratio",
        REGISTRATION,
        "millionths",
        None,
        "实缴资本占注册资本的比例",
        "Paid-in capital as a share of registered capital",
        _paid_in_ratio,
    ),
    Feature(
        "reg_status",
        REGISTRATION,
        "code",
        None,
        "登记状态：0 未知，1 存续，2 歇业，3 清算，4 停业，5 迁出，6 吊销未注销，7 吊销已注销，8 注销，9 撤销登记",
        "Status: 0 unknown, 1 active, 2 dormant, 3 liquidating, 4 suspended, 5 moved out, 6 revoked, "
        "7 revoked and deregistered, 8 deregistered, 9 annulled",
        _status,
    ),
    Feature(
        "reg_legal_rep_changes_12m",
        CHANGES,
        "count",
        12,
        "近12个月法定代表人（负责人、经营者）变更的日数；无任何变更记录时视为缺失",
        "Days in 12 months on which the legal representative changed; missing where no change of any kind is on record",
        partial(_changes, item=LEGAL_REPRESENTATIVE, months=12),
    ),
    Feature(
        "reg_name_changes_36m",
        CHANGES,
        "count",
        36,
        "近36个月名称变更的日数；无任何变更记录时视为缺失",
        "Days in 36 months on which the name changed; missing where no change of any kind is on record",
        partial(_changes, item=FIRM_NAME, months=36),
    ),
    Feature(
        "reg_address_changes_36m",
        CHANGES,
        "count",
        36,
        "近36个月住所变更的日数；无任何变更记录时视为缺失",
        "Days in 36 months on which the address changed; missing where no change of any kind is on record",
        partial(_changes, item=ADDRESS, months=36),
    ),
    Feature(
        "reg_abnormal_open",
        LISTINGS,
        "count",
        None,
        "未移出的经营异常名录条目数；有登记而无条目者为零",
        "Open entries in the list of abnormal operation; zero for a registered firm without one",
        partial(_open_listings, name="abnormal-operation"),
    ),
    Feature(
        "reg_serious_open",
        LISTINGS,
        "count",
        None,
        "未移出的严重违法失信名单条目数；有登记而无条目者为零",
        "Open entries in the list of serious violations; zero for a registered firm without one",
        partial(_open_listings, name="serious-violation"),
    ),
    Feature(
        "reg_wage_arrears_open",
        LISTINGS,
        "count",
        None,
        "未移出的拖欠农民工工资失信名单条目数；有登记而无条目者为零",
        "Open entries in the list of wage arrears; zero for a registered firm without one",
        partial(_open_listings, name="wage-arrears"),
    ),
    Feature(
        "reg_tax_serious_open",
        LISTINGS,
        "count",
        None,
        "未移出的重大税收违法失信主体条目数；有登记而无条目者为零",
        "Open entries in the list of serious tax cases; zero for a registered firm without one",
        partial(_open_listings, name="tax-serious"),
    ),
    Feature(
        "reg_listings_ended_36m",
        LISTINGS,
        "count",
        36,
        "近36个月内移出的各类名录条目数；有登记而无条目者为零",
        "Entries in any of the lists that ended within 36 months; zero for a registered firm without one",
        _ended_listings,
    ),
    Feature(
        "reg_equity_pledges_open",
        frozenset({"pledge"}),
        "count",
        None,
        "未解除的股权出质笔数；无任何出质、抵押记录时视为缺失",
        "Equity pledges not ended; missing where no pledge of any kind is on record",
        _open_pledges,
    ),
    Feature(
        "reg_largest_share",
        frozenset({"shareholder"}),
        "millionths",
        None,
        "最大股东的持股比例",
        "Share of the largest shareholder",
        _largest_share,
    ),
)
