"""The feature row of a firm: every feature that is known, with the records that prove it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import orjson
import polars as pl

from creditshare.profiles.references import public_column
from creditshare.resources.feature_catalogue import ALL_FEATURES
from creditshare.resources.features import Feature
from creditshare.resources.frames import Frames
from creditshare.scoring.canonical import canonical


class FeatureValue(NamedTuple):
    """What one feature says about a firm, and the records (`rec_…`) it rests on."""

    value: int
    evidence: tuple[str, ...] = ()


FeatureRow = Mapping[str, FeatureValue]  # a feature that is not known is not in the row


def compute_features(frames: Frames, features: Sequence[Feature] = ALL_FEATURES) -> pl.DataFrame:
    """Compute the features of all firms: `firm`, `code`, `value`, `evidence` (as in Frames), only known ones."""
    parts = [
        feature.compute(frames).select("firm", pl.lit(feature.code).alias("code"), "value", "evidence")
        for feature in features
    ]
    return pl.concat(parts).filter(pl.col("value").is_not_null()).sort("firm", "code")


def feature_rows(table: pl.DataFrame, *, firms: int) -> list[dict[str, FeatureValue]]:
    """Split what `compute_features` found into one row per firm, in the order of the set; evidence gets public ids."""
    rows: list[dict[str, FeatureValue]] = [{} for _ in range(firms)]
    names = _references(table["evidence"])
    columns = (table[name].to_list() for name in ("firm", "code", "value", "evidence"))
    for firm, code, value, evidence in zip(*columns, strict=True):
        rows[firm][code] = FeatureValue(value, tuple(names[record] for record in evidence))
    return rows


def _references(evidence: pl.Series) -> dict[bytes, str]:
    """Return the public id of every record: one is often evidence for several features."""
    records = evidence.explode().drop_nulls().unique()
    return dict(zip(records.to_list(), public_column("rec", records).to_list(), strict=True))


def write_row(row: FeatureRow) -> bytes:
    """Write a row as canonical bytes, for storage."""
    return canonical({code: [found.value, *found.evidence] for code, found in row.items()})


def read_row(content: bytes) -> dict[str, FeatureValue]:
    """Read a row back."""
    return {code: FeatureValue(value, tuple(rest)) for code, (value, *rest) in orjson.loads(content).items()}
