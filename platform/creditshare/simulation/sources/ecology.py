"""Ecology and environment: colours for the few key firms, discharge permits for those that pollute."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from creditshare.simulation.block import Block, Sheet, Spoilable
from creditshare.simulation.columns import day
from creditshare.simulation.draw import banded, part, pick

PROVIDER = "ecology"
# Guangdong 2017, of 1,060 rated firms: red 2.45 %, yellow 10.00 %, blue 73.68 %, green 13.87 %; cumulative.
_COLOURS = (("red", 245), ("yellow", 1245), ("blue", 8613), ("green", 10_000))
_POLLUTANTS = ("化学需氧量|氨氮", "二氧化硫|氮氧化物", "挥发性有机物", "总铬|化学需氧量|氨氮", "颗粒物")


def sheets(block: Block) -> Iterator[Sheet]:
    """Give the bureau's sheets."""
    yield _ratings(block)
    yield _permits(block)


def _ratings(block: Block) -> Sheet:
    key_firm = pl.col("polluting") & (
        (pl.col("size") > 0) | (part(block.draw.bits("key-firm", "n"), 0, 5) == 0)
    )
    rated = block.years(reported_month=5).filter(key_firm)
    bits = block.draw.bits("environment-rating", "n", "year")
    # Half of the firms by quality, half by chance: both are even, so the distribution stays what it was.
    luck, by_quality = part(bits, 0, 10_000), part(bits, 20, 2) == 0
    rank = pl.when(by_quality).then(pl.col("quality") * 10 + luck % 10).otherwise(luck)
    rows = rated.select(
        **block.subject(PROVIDER, "uscc", "registration_no", "firm_name"),
        scheme=pl.lit("national-2013"),
        year="year",
        colour=banded(rank, _COLOURS),
        revised_on=day("reported"),
    )
    return Sheet(PROVIDER, "environment-rating", rows, Spoilable(code="colour"))


def _permits(block: Block) -> Sheet:
    bits = block.draw.bits("discharge-permit", "n")
    holders = block.firms.filter(pl.col("polluting") & (part(bits, 0, 10) < 7)).with_columns(
        valid_from=pl.max_horizontal(pl.col("established") + 60, block.start - part(bits, 20, 700)),
    )
    rows = holders.filter(pl.col("valid_from") < block.until).select(
        **block.subject(PROVIDER, "uscc", "registration_no", "firm_name"),
        permit_no=pl.concat_str(
            block.of_firm("uscc"), pl.lit("001"), pick(list("PQRUWXY"), part(bits, 40, 7))
        ),
        site=pl.concat_str("county", pl.lit("厂区")),
        management=pl.when(pl.col("size") > 1)
        .then(pl.lit("key"))
        .when(pl.col("size") == 1)
        .then(pl.lit("simplified"))
        .otherwise(pl.lit("registered")),
        valid_from=day("valid_from"),
        valid_until=day(pl.col("valid_from") + 5 * 365),
        pollutants=pick(_POLLUTANTS, part(bits, 50, len(_POLLUTANTS))),
        revised_on=day("valid_from"),
    )
    return Sheet(PROVIDER, "discharge-permit", rows, Spoilable("valid_from", code="management"))
