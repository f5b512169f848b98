"""Which records fill the same place: one firm, one natural key (contract §3, slots).

Within one participant a slot holds one record, the greatest by (revised_at, content hash), under whatever form the
subject was named. A withdrawal that is the greatest empties the slot.
"""

from __future__ import annotations

import polars as pl

from creditshare.resources.base import RecordKind
from creditshare.resources.fields import PRECISION, Day
from creditshare.resources.frames import GIVEN

RECORD_ID = pl.col("record").bin.slice(0, 16)
CONTENT_HASH = pl.col("record").bin.slice(16)
SLOT = "slot_"


def key_columns(kind: RecordKind) -> list[pl.Expr]:
    """Return the expressions whose values name the natural key, besides the firm.

    A personal field is sealed, so it cannot be compared here: the record itself stands for it.
    """
    exprs: list[pl.Expr] = []
    for name in kind.key_fields:
        if name == kind.line_field:
            continue
        field = kind.own_fields[name]
        value = RECORD_ID if field.personal else pl.col(name)
        if name == kind.slot_fallback:
            value = pl.coalesce(value, "source_key")
        parts = [value] + ([pl.col(name + PRECISION)] if isinstance(field, Day) else [])
        if kind.alternative_keys:
            parts = [pl.when(_chosen(kind, name)).then(part) for part in parts]
        exprs += parts
    return [expr.alias(f"{SLOT}{place}") for place, expr in enumerate(exprs)]


def line_columns(kind: RecordKind) -> list[pl.Expr]:
    """Return what tells the lines of one natural key apart: line number, else source key, else the line itself."""
    if not kind.lines:
        return []
    if any(field.personal for field in kind.own_fields.values()):
        whole = RECORD_ID.bin.encode("hex")
    else:
        whole = pl.struct(_own_columns(kind)).hash().cast(pl.String)
    told = [pl.lit("source ") + pl.col("source_key"), pl.lit("line ") + whole]
    if kind.line_field:
        told.insert(0, pl.lit("number ") + pl.col(kind.line_field))
    return [pl.coalesce(told).alias(SLOT + "line")]


def one_per_slot(kind: RecordKind, rows: pl.DataFrame) -> pl.DataFrame:
    """Keep the record that holds each slot of each participant; slots whose holder is a withdrawal are empty."""
    keys, lines = key_columns(kind), line_columns(kind)
    names = ["firm", "participant", *(e.meta.output_name() for e in (*keys, *lines))]
    return (
        rows.lazy()
        .with_columns(*keys, *lines)
        .sort("revised_at", CONTENT_HASH, "record", descending=True)
        .unique(subset=names, keep="first", maintain_order=True)
        .filter(~pl.col("withdrawn"))
        .drop("withdrawn")
        .collect()
    )


def _chosen(kind: RecordKind, name: str) -> pl.Expr:
    """Say whether the first alternative whose fields are all there has this field."""
    chosen = pl.lit(value=False)
    for key in reversed(kind.alternative_keys):
        there = pl.all_horizontal(pl.col(part).is_not_null() for part in key)
        chosen = pl.when(there).then(pl.lit(name in key)).otherwise(chosen)
    return chosen


def _own_columns(kind: RecordKind) -> list[str]:
    return [
        GIVEN + column.name if field.personal else column.name
        for name, field in kind.own_fields.items()
        for column in field.columns(name)
    ]
