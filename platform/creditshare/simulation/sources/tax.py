"""Tax office: monthly and quarterly returns, yearly ratings, arrears notices."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import polars as pl

from creditshare.simulation.block import Block, Sheet, Spoilable
from creditshare.simulation.columns import day, scaled, yuan
from creditshare.simulation.draw import banded, part, pick
from creditshare.simulation.payments import settle

PROVIDER = "tax"
_RATE_PLACES = 4
# Upper limits out of a thousand; a new firm is M whatever its quality.
_GRADES = (("D", 40), ("C", 130), ("M", 260), ("B", 780), ("A", 1000))


class _Tax(NamedTuple):
    """A tax as a line of a return: all amounts in fen, the rate in ten-thousandths."""

    name: str
    item: str
    code: str
    quarterly: bool


_VAT = _Tax("增值税", "销售货物及服务", "VAT", quarterly=False)
_CITY = _Tax("城市维护建设税", "随增值税附征", "UCT", quarterly=False)
_STAMP = _Tax("印花税", "买卖合同", "STP", quarterly=True)
_INCOME = _Tax("企业所得税", "预缴", "CIT", quarterly=True)
_OPERATING_INCOME = _Tax("个人所得税", "经营所得", "PIT", quarterly=True)


def sheets(block: Block) -> Iterator[Sheet]:
    """Give the tax office's sheets."""
    yield _filings(block)
    yield _ratings(block)
    yield _arrears(block)


def _filings(block: Block) -> Sheet:
    months = block.months.select(
        *("i", "n", "k", "stamp", "first", "last", "quarter_first", "ends_quarter"),
        *("revenue", "quality", "hazard"),
        bits=block.draw.bits("tax", "n", "k"),
        vat_rate=block.of_firm("vat") * 10,
        kind=block.of_firm("kind"),
        due=pl.col("last") + 15,
    )
    general = pl.col("vat_rate") >= 300
    gross = pl.col("revenue") * pl.col("vat_rate") // 10_000
    vat = months.with_columns(
        deduction=pl.when(general).then(gross * (700 + part(pl.col("bits"), 40, 200)) // 1000)
    ).with_columns(owed=gross - pl.col("deduction").fill_null(0))
    quarters = months.filter(pl.col("ends_quarter") & (pl.col("k") >= 2))
    turnover = pl.col("revenue") * 3
    margin = pl.col("quality") // 10 - 20 + part(pl.col("bits"), 50, 40)
    profit = (turnover * margin // 1000).clip(0, None)
    lines = [
        _lines(vat, _VAT, basis=pl.col("revenue"), rate=pl.col("vat_rate")),
        _lines(vat.with_columns(basis=pl.col("owed")), _CITY, basis=pl.col("basis"), rate=pl.lit(700)),
        _lines(quarters, _STAMP, basis=turnover, rate=pl.lit(3)),
        _lines(quarters.filter(pl.col("kind") != "92"), _INCOME, basis=profit, rate=pl.lit(500)),
        _lines(quarters.filter(pl.col("kind") == "92"), _OPERATING_INCOME, basis=profit, rate=pl.lit(100)),
    ]
    settled = settle(pl.concat(lines), until=block.until)
    rows = settled.select(
        source_key=pl.concat_str(pl.lit("T"), "n", pl.lit("-"), "code", "stamp"),
        **block.subject(PROVIDER, "uscc", "registration_no"),
        tax_type="tax_type",
        item="item",
        period_start=day("period_start"),
        period_end=day("last"),
        taxable_basis=yuan("basis"),
        rate=scaled("rate", _RATE_PLACES),
        rate_unit=pl.lit("ratio"),
        deduction=yuan("deduction"),
        tax_due=yuan("owed"),
        tax_paid=yuan("paid"),
        due_on=day("due"),
        paid_on=day("paid_day"),
        revised_on=day("revised_on"),
    )
    return Sheet(
        PROVIDER,
        "tax-filing",
        rows,
        Spoilable("period_end", "tax_due", "rate_unit", corrected="taxable_basis"),
    )


def _lines(frame: pl.DataFrame, tax: _Tax, *, basis: pl.Expr, rate: pl.Expr) -> pl.DataFrame:
    deduction = pl.col("deduction") if tax is _VAT else pl.lit(None, dtype=pl.Int64)
    return frame.with_columns(basis=basis, rate=rate.cast(pl.Int64)).select(
        *("i", "n", "stamp", "last", "hazard", "bits", "due", "basis", "rate"),
        deduction=deduction,
        owed=pl.col("basis") * pl.col("rate") // 10_000 - deduction.fill_null(0),
        period_start=pl.col("quarter_first") if tax.quarterly else pl.col("first"),
        tax_type=pl.lit(tax.name),
        item=pl.lit(tax.item),
        code=pl.lit(tax.code),
    )


def _ratings(block: Block) -> Sheet:
    rated = block.years(reported_month=4).with_columns(bits=block.draw.bits("tax-rating", "n", "year"))
    chance = part(pl.col("bits"), 0, 1000)
    rank = pl.when(part(pl.col("bits"), 20, 3) > 0).then(pl.col("quality")).otherwise(chance)
    new = pl.col("established") > pl.col("year_end") - 365
    rows = rated.with_columns(grade=pl.when(new).then(pl.lit("M")).otherwise(banded(rank, _GRADES))).select(
        **block.subject(PROVIDER, "uscc", "registration_no", "firm_name"),
        year="year",
        grade="grade",
        points=pick(
            [30, 55, 72, 80, 93], pl.col("grade").replace_strict({"D": 0, "C": 1, "M": 2, "B": 3, "A": 4})
        )
        + part(pl.col("bits"), 40, 7),
        scheme_version=pl.when(pl.col("year") >= 2025).then(pl.lit("2025-12")).otherwise(pl.lit("2014-40")),
        revised_on=day("reported"),
    )
    return Sheet(PROVIDER, "tax-rating", rows, Spoilable(code="grade"))


def _arrears(block: Block) -> Sheet:
    weakness = 1000 - pl.col("quality")
    rate = 10 + weakness * weakness // 1600 + pl.col("depth") * 2
    notices = block.events("tax-arrears", slots=2, rate=rate)
    balance = pl.col("heads") * pl.col("turnover") * (2 + part(pl.col("bits"), 20, 20))
    cleared = pl.col("day") + 40 + part(pl.col("bits"), 40, 400)
    rows = notices.select(
        source_key=pl.concat_str(pl.lit("Q"), "n", pl.lit("-"), "slot"),
        **block.subject(PROVIDER, "uscc", "registration_no", "firm_name"),
        tax_type=pick(["增值税", "企业所得税", "城市维护建设税"], part(pl.col("bits"), 50, 3)),
        announced_on=day("day"),
        balance=yuan(balance),
        newly_arisen=yuan(balance // 3),
        cleared_on=day(pl.when(cleared < block.until).then(cleared)),
        published_on=day("day"),
        revised_on=day(pl.when(cleared < block.until).then(cleared + 1).otherwise(pl.col("day") + 1)),
    )
    return Sheet(PROVIDER, "tax-arrears", rows, Spoilable("announced_on", "balance", corrected="balance"))
