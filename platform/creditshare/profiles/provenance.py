"""Where a shown value comes from: record, provider, submission and row, when it was received, what was remarked."""

from __future__ import annotations

import polars as pl

from creditshare.profiles.references import public_column
from creditshare.profiles.rendering import moment, partial_day, shown, shown_fields
from creditshare.resources.base import ADVERSE_DAYS, RecordKind
from creditshare.resources.groups import ResourceGroup

NEEDED = "submission"  # a column that is there only when frames were read with provenance


def with_source(kind: RecordKind, rows: pl.DataFrame) -> pl.DataFrame:
    """Add `source`: one object per row, or nothing where the frames were read without provenance.

    Who lent is not shown to other lenders.
    """
    if NEEDED not in rows.columns:
        return rows
    provider = pl.col("participant")
    if kind.group is ResourceGroup.LENDING:
        provider = pl.lit(None, dtype=pl.String)
    parts = [
        pl.col("record_reference").alias("record"),
        provider.alias("provider"),
        pl.col("submission_reference").alias("submission"),
        pl.col("row_no").alias("row"),
        moment(pl.col("revised_at")).alias("revised_at"),
        moment(pl.col("known_from")).alias("received_at"),
        pl.col("remarks"),
    ]
    if kind.adverse:
        parts.append(pl.struct(partial_day(name) for name in ADVERSE_DAYS).alias("dates"))
    return rows.with_columns(
        record_reference=public_column("rec", rows["record"]),
        submission_reference=public_column("sub", rows["submission"]),
    ).with_columns(source=pl.struct(parts))


def differing(kind: RecordKind, rows: pl.LazyFrame, keys: list[str]) -> pl.LazyFrame:
    """Return, by `keys`, what outranked sources say: their source with their values."""
    values = pl.struct(shown(kind, name) for name in shown_fields(kind)).alias("values")
    return (
        rows.filter(~pl.col("stands"))
        .sort("record")
        .group_by(keys)
        .agg(pl.struct(pl.col("source").struct.unnest(), values).alias("differing"))
    )
