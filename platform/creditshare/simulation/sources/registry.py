"""Market regulation: the register, its changes and shareholders, yearly reports, listings, penalties."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from creditshare.simulation import names
from creditshare.simulation.block import Block, Sheet, Spoilable
from creditshare.simulation.columns import day, scaled, yuan
from creditshare.simulation.draw import part, pick
from creditshare.simulation.identities import REGISTRY

_SUBJECT_KINDS = {"91": "enterprise", "92": "individual", "93": "cooperative"}
_AUTHORITY = "市场监督管理局"
_OFFENCES = (
    ("market", "发布虚假广告", "罚款"),
    ("market", "销售不合格产品", "罚款|没收违法所得"),
    ("market", "未按规定明码标价", "警告"),
    ("environment", "超标排放污染物", "罚款"),
    ("safety", "未落实安全生产责任制", "罚款|责令停产"),
    ("labour", "未足额支付劳动报酬", "罚款"),
    ("tax", "未按期申报", "罚款"),
)


def sheets(block: Block) -> Iterator[Sheet]:
    """Give the register's sheets, the firms first."""
    yield _registrations(block)
    yield _changes(block)
    yield _shareholders(block)
    yield _annual_reports(block)
    yield _listings(block)
    yield _penalties(block)


def _registrations(block: Block) -> Sheet:
    """A firm that has ended within the window is registered twice: as it was, and as it ended."""
    known = pl.max_horizontal("established", pl.lit(block.start)) + 1
    ended = block.firms.filter(pl.col("status").is_in(["deregistered", "revoked"]))
    versions = pl.concat(
        [
            block.firms.join(ended, on="i", how="anti", maintain_order="left").with_columns(revised_on=known),
            ended.with_columns(revised_on=known, status=pl.lit("active")),
            ended.with_columns(revised_on=pl.col("closed") + 1),
        ]
    ).with_columns(bits=block.draw.bits("registration", "n"))
    paid_share = part(pl.col("bits"), 0, 11) * 10
    rows = versions.select(
        uscc="uscc",
        registration_no="old_number",
        firm_name="name",
        subject_kind=pl.col("kind").replace_strict(_SUBJECT_KINDS),
        firm_type="firm_type",
        legal_representative="head",
        registered_capital=yuan(pl.col("capital") * 100),
        paid_in_capital=yuan(pl.when(pl.col("kind") == "91").then(pl.col("capital") * paid_share)),
        capital_currency=pl.lit("CNY"),
        established_on=day("established"),
        term_from=day("established"),
        status="status",
        industry="industry",
        region="region",
        address="address",
        business_scope="scope",
        authority=pl.concat_str("county", pl.lit(_AUTHORITY)),
        revised_on=day("revised_on"),
    )
    return Sheet(REGISTRY, "registration", rows, Spoilable("established_on", "registered_capital", "status"))


def _changes(block: Block) -> Sheet:
    lived = block.firms.with_columns(
        day=pl.max_horizontal(
            pl.col("established") + 40, block.start + part(block.draw.bits("renamed", "n"), 0, 500)
        )
    )
    renamed = lived.filter(pl.col("former_name").is_not_null() & (pl.col("day") < block.until)).select(
        "i", "n", "day", slot=pl.lit(9), item=pl.lit("名称变更"), before="former_name", after="name"
    )
    moved = block.events("head-changed", slots=2, rate=pl.lit(900)).select(
        *("i", "n", "day", "slot"),
        item=pl.lit("法定代表人变更"),
        before=names.person(block.draw.bits("former-head", "n", "slot")),
        after="head",
    )
    raised = block.events("capital-raised", slots=1, rate=pl.lit(1500)).select(
        *("i", "n", "day"),
        slot=pl.lit(8),
        item=pl.lit("注册资本变更"),
        before=pl.concat_str(pl.col("capital") // 20_000, pl.lit("万人民币")),
        after=pl.concat_str(pl.col("capital") // 10_000, pl.lit("万人民币")),
    )
    changes = pl.concat([renamed, moved, raised], how="vertical_relaxed")
    rows = changes.select(
        **block.subject(REGISTRY, "uscc"),
        item="item",
        changed_on=day("day"),
        change_no=pl.concat_str(pl.lit("G"), "n", pl.lit("-"), "slot"),
        before="before",
        after="after",
        revised_on=day(pl.col("day") + 1),
    )
    return Sheet(REGISTRY, "registration-change", rows, Spoilable("changed_on"))


def _shareholders(block: Block) -> Sheet:
    """Enterprises have one to three shareholders; shares are whole percents and add up to one."""
    bits = block.draw.bits("shareholders", "n")
    first, second = 40 + part(bits, 10, 30), 10 + part(bits, 30, 20)
    held = (
        block.firms.filter(pl.col("kind") == "91")
        .with_columns(holders=1 + part(bits, 0, 3), first=first, second=second)
        .join(
            pl.DataFrame({"slot": pl.Series(range(3), dtype=pl.Int64)}),
            how="cross",
            maintain_order="left_right",
        )
        .filter(pl.col("slot") < pl.col("holders"))
    )
    slot, holders = pl.col("slot"), pl.col("holders")
    before = (
        pl.when(slot == 0)
        .then(0)
        .when(slot == 1)
        .then(pl.col("first"))
        .otherwise(pl.col("first") + pl.col("second"))
    )
    own = pl.when(slot == 0).then(pl.col("first")).otherwise(pl.col("second"))
    percent = pl.when(slot == holders - 1).then(100 - before).otherwise(own)
    rows = held.with_columns(percent=percent).select(
        **block.subject(REGISTRY, "uscc"),
        holder_name=pl.when(slot == 0)
        .then("head")
        .otherwise(names.person(block.draw.bits("holder", "n", "slot"))),
        holder_no=slot + 1,
        holder_kind=pl.lit("自然人"),
        subscribed_amount=yuan(pl.col("capital") * pl.col("percent")),
        share_ratio=scaled("percent", 2),
        since_on=day("established"),
        revised_on=day(pl.max_horizontal("established", pl.lit(block.start)) + 2),
    )
    return Sheet(REGISTRY, "shareholder", rows, Spoilable("since_on", "subscribed_amount"))


def _annual_reports(block: Block) -> Sheet:
    reported = block.years(reported_month=6).with_columns(bits=block.draw.bits("annual-report", "n", "year"))
    bits, filed = pl.col("bits"), part(pl.col("bits"), 0, 1000) < 850 + pl.col("quality") // 7
    back = block.window.until.year - pl.col("year")
    size = (
        1000 - pl.col("slope") * 12 * back - pl.when(back == 1).then(pl.col("depth") // 3).otherwise(0)
    ).clip(100, None)
    sized = reported.filter(filed).with_columns(
        headcount=(pl.col("heads") * size // 1000).clip(1, None),
        revenue=pl.col("heads") * pl.col("turnover") * pl.col("productivity") // 1000 * size // 1000 * 1200,
        debt=950 - pl.col("quality") * 6 // 10 + part(bits, 20, 150),
        margin=pl.col("quality") // 8 - 25 + part(bits, 40, 40),
    )
    sized = sized.with_columns(
        assets=pl.col("revenue") * (500 + part(bits, 30, 900)) // 1000,
        profit=pl.col("revenue") * pl.col("margin") // 1000,
    ).with_columns(liabilities=pl.col("assets") * pl.col("debt") // 1000)
    rows = sized.select(
        **block.subject(REGISTRY, "uscc"),
        firm_name="name",
        year="year",
        status=pl.lit("开业"),
        headcount="headcount",
        total_assets=yuan("assets"),
        total_liabilities=yuan("liabilities"),
        equity=yuan(pl.col("assets") - pl.col("liabilities")),
        revenue=yuan("revenue"),
        main_revenue=yuan(pl.col("revenue") * 95 // 100),
        profit_total=yuan("profit"),
        net_profit=yuan(pl.when(pl.col("profit") > 0).then(pl.col("profit") * 95 // 100).otherwise("profit")),
        tax_total=yuan(pl.col("revenue") * 3 // 100),
        publicity=pick(["3", "3", "2", "1"], part(bits, 50, 4)),
        revised_on=day("reported"),
    )
    return Sheet(REGISTRY, "annual-report", rows, Spoilable(amount="revenue", corrected="tax_total"))


def _listings(block: Block) -> Sheet:
    weakness = 1000 - pl.col("quality")
    listed = block.events(
        "abnormal-listing", slots=1, rate=40 + weakness * weakness // 1500 + pl.col("depth")
    )
    bits = pl.col("bits")
    removed = pl.col("day") + 30 + part(bits, 20, 700)
    serious = part(bits, 40, 20) == 0
    rows = listed.select(
        **block.subject(REGISTRY, "uscc"),
        firm_name="name",
        list=pl.when(serious).then(pl.lit("serious-violation")).otherwise(pl.lit("abnormal-operation")),
        listed_on=day("day"),
        reason=pick(
            ["未按规定公示年度报告", "通过登记的住所无法联系", "公示信息隐瞒真实情况"], part(bits, 44, 3)
        ),
        removed_on=day(pl.when(removed < block.until).then(removed)),
        authority=pl.concat_str("county", pl.lit(_AUTHORITY)),
        document_no=pl.concat_str(
            pl.lit("异列字〔"), day("day").dt.year(), pl.lit("〕第"), "n", pl.lit("号")
        ),
        published_on=day("day"),
        revised_on=day(pl.when(removed < block.until).then(removed).otherwise(pl.col("day")) + 1),
    )
    return Sheet(REGISTRY, "abnormal-listing", rows, Spoilable("listed_on", code="list"))


def _penalties(block: Block) -> Sheet:
    weakness = 1000 - pl.col("quality")
    decided = block.events("penalty", slots=2, rate=60 + weakness * weakness // 2000 + pl.col("depth") // 2)
    bits = pl.col("bits")
    offence = part(bits, 20, len(_OFFENCES))
    severity = part(bits, 30, 10)
    rows = decided.select(
        **block.subject(REGISTRY, "uscc"),
        firm_name="name",
        document_no=pl.concat_str(
            pl.lit("市监罚〔"),
            day("day").dt.year(),
            pl.lit("〕"),
            pl.col("n") * 10 + pl.col("slot"),
            pl.lit("号"),
        ),
        authority=pl.concat_str("county", pl.lit(_AUTHORITY)),
        field=pick([field for field, _, _ in _OFFENCES], offence),
        offence=pick([words for _, words, _ in _OFFENCES], offence),
        penalty_types=pick([types for _, _, types in _OFFENCES], offence),
        fine=yuan((1 + part(bits, 34, 60)) * 100_000),
        severity=pl.when(severity < 5)
        .then(pl.lit("light"))
        .when(severity < 9)
        .then(pl.lit("general"))
        .otherwise(pl.lit("serious")),
        decided_on=day("day"),
        occurred_on=day(pl.col("day") - 20 - part(bits, 44, 60)),
        published_on=day(pl.col("day") + 5),
        revised_on=day(pl.col("day") + 5),
    )
    return Sheet(
        REGISTRY, "administrative-penalty", rows, Spoilable("decided_on", "fine", "severity", "fine")
    )
