"""Courts: enforcement follows weakness and decline; being sued follows nothing but chance, as in real data."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from creditshare.simulation.block import Block, Sheet, Spoilable
from creditshare.simulation.columns import day, yuan
from creditshare.simulation.draw import part

PROVIDER = "court"


def sheets(block: Block) -> Iterator[Sheet]:
    """Give the court's sheet."""
    weakness = 1000 - pl.col("quality")
    enforced = block.events(
        "enforcement", slots=3, rate=5 + weakness * weakness * weakness // 4_000_000 + pl.col("depth") * 2
    ).with_columns(
        list=pl.when(part(pl.col("bits"), 20, 4) == 0)
        .then(pl.lit("dishonest"))
        .otherwise(pl.lit("enforced")),
        mark=pl.lit("执"),
    )
    sued = block.events("lawsuit", slots=2, rate=pl.lit(250)).with_columns(
        list=pl.lit("lawsuit"), mark=pl.lit("民初")
    )
    cases = pl.concat([enforced, sued])
    performed = pl.col("day") + 60 + part(pl.col("bits"), 40, 900)
    settled = (pl.col("list") != "lawsuit") & (performed < block.until)
    rows = cases.select(
        **block.subject(PROVIDER, "uscc", "registration_no", "firm_name"),
        list="list",
        case_no=pl.concat_str(
            pl.lit("（"),
            day("day").dt.year(),
            pl.lit("）浙9900"),
            "mark",
            pl.col("n") * 10 + pl.col("slot"),
            pl.lit("号"),
        ),
        court=pl.concat_str("county", pl.lit("人民法院")),
        amount=yuan(pl.col("heads") * pl.col("turnover") * (20 + part(pl.col("bits"), 24, 200))),
        filed_on=day("day"),
        performed_on=day(pl.when(settled).then(performed)),
        published_on=day(pl.col("day") + 2),
        revised_on=day(pl.when(settled).then(performed + 1).otherwise(pl.col("day") + 2)),
    )
    yield Sheet(PROVIDER, "court-enforcement", rows, Spoilable("filed_on", "amount", "list", "amount"))
