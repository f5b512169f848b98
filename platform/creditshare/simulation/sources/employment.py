"""Human resources and social security, and the housing fund: monthly contributions, yearly labour ratings."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from creditshare.simulation.block import Block, Sheet, Spoilable
from creditshare.simulation.columns import day, yuan
from creditshare.simulation.draw import part
from creditshare.simulation.payments import settle

HRSS = "hrss"
HOUSING_FUND = "housing-fund"
# Contributions of employer and staff together, in ten-thousandths of the base.
_INSURANCES = (
    ("pension", "1", 2400),
    ("medical", "2", 1150),
    ("unemployment", "3", 100),
    ("injury", "4", 60),
)
_LOWEST_BASE, _BASE_RANGE = 446_200, 500_000  # fen a head and month
_HOUSING_RATE = 1600


def sheets(block: Block) -> Iterator[Sheet]:
    """Give the sheets of both bodies."""
    yield _social_insurance(block)
    yield _labour_ratings(block)
    yield _housing_fund(block)


def _payroll(block: Block, purpose: str, *, covered: int) -> pl.DataFrame:
    """Return the months, with insured heads, of firms that take part: all larger ones, `covered` % of the rest."""
    firm = block.draw.bits(purpose, "n")
    takes_part = (part(firm, 0, 100) < covered) | (pl.col("usual_heads") > 5)
    share = 70 + part(firm, 20, 31)
    return (
        block.months.with_columns(usual_heads=block.of_firm("heads"))
        .filter(takes_part)
        .with_columns(
            bits=block.draw.bits(purpose + "/month", "n", "k"),
            insured=(pl.col("heads") * share // 100).clip(1, None),
            wage=_LOWEST_BASE + part(firm, 30, _BASE_RANGE),
            due=pl.col("last") - 3,
        )
        .with_columns(base=pl.col("insured") * pl.col("wage"))
    )


def _social_insurance(block: Block) -> Sheet:
    insurances = pl.DataFrame(
        _INSURANCES, schema={"insurance": pl.String, "code": pl.String, "rate": pl.Int64}, orient="row"
    )
    settled = settle(
        _payroll(block, "social-insurance", covered=82).with_columns(owed=pl.lit(0)), until=block.until
    )
    rows = (
        settled.join(insurances, how="cross", maintain_order="left_right")
        .with_columns(owed=pl.col("base") * pl.col("rate") // 10_000)
        .select(
            source_key=pl.concat_str(pl.lit("S"), "n", pl.lit("-"), "stamp", "code"),
            uscc=block.subject(HRSS, "monthly_uscc")["monthly_uscc"],
            registration_no=block.subject(HRSS, "monthly_registration_no")["monthly_registration_no"],
            **block.subject(HRSS, "subject_no"),
            month="month",
            insurance="insurance",
            insured="insured",
            base=yuan("base"),
            due=yuan("owed"),
            paid=yuan(pl.when(pl.col("paid_day").is_not_null()).then(pl.col("owed")).otherwise(0)),
            paid_on=day("paid_day"),
            revised_on=day("revised_on"),
        )
    )
    return Sheet(HRSS, "social-insurance", rows, Spoilable("month", "due", "insurance", corrected="base"))


def _labour_ratings(block: Block) -> Sheet:
    rated = block.years(reported_month=6).with_columns(bits=block.draw.bits("labour-rating", "n", "year"))
    rank = part(pl.col("bits"), 0, 1000) + pl.col("quality") // 3
    rows = rated.select(
        **block.subject(HRSS, "uscc", "registration_no", "subject_no", "firm_name"),
        year="year",
        grade=pl.when(rank < 25).then(pl.lit("C")).when(rank < 110).then(pl.lit("B")).otherwise(pl.lit("A")),
        revised_on=day("reported"),
    )
    return Sheet(HRSS, "labour-rating", rows, Spoilable(code="grade"))


def _housing_fund(block: Block) -> Sheet:
    payroll = _payroll(block, "housing-fund", covered=72).with_columns(
        owed=pl.col("base") * _HOUSING_RATE // 10_000
    )
    rows = settle(payroll, until=block.until).select(
        uscc=block.subject(HOUSING_FUND, "monthly_uscc")["monthly_uscc"],
        registration_no=block.subject(HOUSING_FUND, "monthly_registration_no")["monthly_registration_no"],
        **block.subject(HOUSING_FUND, "subject_no"),
        month="month",
        fund_account=pl.concat_str(pl.lit("GJ"), pl.col("n").cast(pl.String).str.zfill(8)),
        depositors="insured",
        due=yuan("owed"),
        paid=yuan("paid"),
        paid_on=day("paid_day"),
        revised_on=day("revised_on"),
    )
    return Sheet(HOUSING_FUND, "housing-fund", rows, Spoilable("month", "due", corrected="depositors"))
