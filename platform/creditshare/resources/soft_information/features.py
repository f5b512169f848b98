"""What soft information says to a score: how those who know the firm judge it, and how many they are."""

from __future__ import annotations

import polars as pl

from creditshare.resources.features import Feature, measure, millionths, since_months, total
from creditshare.resources.frames import Frames

OBSERVATIONS = frozenset({"soft-observation"})


def _newest_opinions(frames: Frames) -> pl.DataFrame:
    """Keep each participant's and observer's newest opinion per topic: repeating one does not make it weigh more."""
    rows = frames.standing("soft-observation").filter(
        since_months("observed_on", frames, 24), pl.col("level").is_not_null()
    )
    opinion = ("firm", "participant", "observer", "topic")
    return rows.filter(pl.col("observed_on") == pl.col("observed_on").max().over(opinion))


def _level(frames: Frames) -> pl.DataFrame:
    return measure(_newest_opinions(frames), millionths(total("level"), pl.len()))


def _observers(frames: Frames) -> pl.DataFrame:
    return measure(_newest_opinions(frames), pl.struct("participant", "observer").n_unique())


FEATURES = (
    Feature(
        "soft_level_mean",
        OBSERVATIONS,
        "millionths",
        24,
        "近24个月软信息观察等级（1至5）的平均值，每个观察者每个主题取最新一次",
        "Mean level (1 to 5) of observations in 24 months, the newest of each observer and topic",
        _level,
    ),
    Feature(
        "soft_observers",
        OBSERVATIONS,
        "count",
        24,
        "近24个月给出等级的观察者数",
        "Observers who gave a level in 24 months",
        _observers,
    ),
)
