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
    """Compute the features of all firms: `firm`, `code`, `value`, `evidence` (`rec_…`), known values only."""
    parts = [
        feature.compute(frames).select("firm", pl.lit(feature.code).alias("code"), "value", "evidence")
        for feature in features
    ]
    known = pl.concat(parts).filter(pl.col("value").is_not_null())
    return known.with_columns(_referred(known["evidence"])).sort("firm", "code")


def feature_rows(table: pl.DataFrame, *, firms: int) -> list[dict[str, FeatureValue]]:
    """Split what `compute_features` found into one row per firm, in the order of the set."""
    rows: list[dict[str, FeatureValue]] = [{} for _ in range(firms)]
    columns = (table[name].to_list() for name in ("firm", "code", "value", "evidence"))
    for firm, code, value, evidence in zip(*columns, strict=True):
        rows[firm][code] = FeatureValue(value, tuple(evidence or ()))
    return rows


def write_row(row: FeatureRow) -> bytes:
    """Write a row as canonical bytes, for storage."""
    return canonical({code: [found.value, *found.evidence] for code, found in row.items()})


def read_row(content: bytes) -> dict[str, FeatureValue]:
    """Read a row back."""
    return {code: FeatureValue(value, tuple(rest)) for code, (value, *rest) in orjson.loads(content).items()}


def _referred(evidence: pl.Series) -> pl.Series:
    """Write each record's public id once, then put it wherever the record is evidence."""
    records = evidence.explode(empty_as_null=False).drop_nulls()
    distinct = records.unique()
    names = pl.DataFrame({"record": distinct, "name": public_column("rec", distinct)})
    if distinct.is_empty():
        return evidence.cast(pl.List(pl.String))
    return (
        pl.DataFrame({"record": evidence})
        .select(pl.col("record").list.eval(pl.element().replace_strict(names["record"], names["name"])))[
            "record"
        ]
        .alias("evidence")
    )
