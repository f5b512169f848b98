"""What environment and energy say to a score: colour of the rating, penalties, exceedances, energy target."""

from __future__ import annotations

from functools import partial

import polars as pl

from creditshare.resources.features import (
    Feature,
    coded,
    measure,
    newest_year,
    registered,
    since_months,
    tally,
)
from creditshare.resources.frames import Frames

COLOUR_CODES = {"green": 5, "blue": 4, "yellow": 3, "red": 2, "black": 1}


def _colour(frames: Frames) -> pl.DataFrame:
    """Take the newest year's worst site: a site is not a firm, and the firm answers for all."""
    rows = frames.standing("environment-rating").with_columns(code=coded("colour", COLOUR_CODES))
    rows = newest_year(rows, frames=frames, years=3)
    return measure(rows, pl.col("code").min(), proof=pl.col("code") == pl.col("code").min())


def _penalties(frames: Frames) -> pl.DataFrame:
    rows = frames.standing("administrative-penalty").filter(
        pl.col("field") == "environment", since_months("decided_on", frames, 36)
    )
    return tally(rows, among=registered(frames))


def _observed(frames: Frames, *, count: str) -> pl.DataFrame:
    rows = frames.standing("pollution-source").filter(
        since_months("observed_on", frames, 24), pl.col(count).is_not_null()
    )
    return measure(rows, pl.col(count).cast(pl.Int128).sum(), proof=pl.col(count) > 0)


def _permits(frames: Frames) -> pl.DataFrame:
    return measure(frames.standing("discharge-permit"), pl.len())


def _target(frames: Frames) -> pl.DataFrame:
    told = frames.standing("energy-use").filter(pl.col("target_met").is_not_null())
    rows = newest_year(told, frames=frames, years=3)
    return measure(rows, pl.col("target_met").all(), proof=~pl.col("target_met"))


FEATURES = (
    Feature(
        "env_colour",
        frozenset({"environment-rating"}),
        "code",
        36,
        "最近年度环境信用评价（多厂址取最差）：5 绿，4 蓝，3 黄，2 红，1 黑",
        "Newest environmental rating, worst of the sites: 5 green, 4 blue, 3 yellow, 2 red, 1 black",
        _colour,
    ),
    Feature(
        "env_penalties_36m",
        frozenset({"registration", "administrative-penalty"}),
        "count",
        36,
        "近36个月生态环境领域行政处罚次数；有登记而无处罚者为零",
        "Environmental penalties in 36 months; zero for a registered firm without one",
        _penalties,
    ),
    Feature(
        "env_exceedances_24m",
        frozenset({"pollution-source"}),
        "count",
        24,
        "近24个月污染物超标次数；无监测记录时视为缺失",
        "Exceedances observed in 24 months; missing where nothing was observed",
        partial(_observed, count="exceedances"),
    ),
    Feature(
        "env_complaints_24m",
        frozenset({"pollution-source"}),
        "count",
        24,
        "近24个月环境投诉件数；无监测记录时视为缺失",
        "Complaints in 24 months; missing where nothing was observed",
        partial(_observed, count="complaints"),
    ),
    Feature(
        "env_permits_valid",
        frozenset({"discharge-permit"}),
        "count",
        None,
        "有效排污许可证数；无记录时视为缺失",
        "Discharge permits in force; missing where none is on record",
        _permits,
    ),
    Feature(
        "env_energy_target_met",
        frozenset({"energy-use"}),
        "code",
        36,
        "最近年度节能目标：1 各厂址均完成，0 有未完成",
        "Energy target of the newest year: 1 met by every site, 0 missed by one",
        _target,
    ),
)
