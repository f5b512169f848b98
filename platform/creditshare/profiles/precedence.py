"""Which of several providers' records for one slot counts (contract §3, `across_providers`)."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from creditshare.profiles.slots import key_columns
from creditshare.resources.base import RecordKind


def mark_standing(
    kind: RecordKind,
    rows: pl.DataFrame,
    *,
    sources: Sequence[str],
    alternatives: Sequence[Sequence[str]] = (),
) -> pl.DataFrame:
    """Add `stands`: False for a record that another source outranks.

    Kinds `one`: the best-ranked source stands, then the newest, then the first by code. Kinds `sum`: all stand, but
    of sources ranked as alternatives only the best that is there.
    """
    if kind.across == "sum":
        for ranked in alternatives:
            rows = _best_alternative(kind, rows, ranked)
        return rows if "stands" in rows.columns else rows.with_columns(stands=pl.lit(value=True))
    if rows["participant"].n_unique() <= 1:
        return rows.with_columns(stands=pl.lit(value=True))
    slot = _slot(kind)
    best = (
        rows.group_by(*slot, "participant")
        .agg(pl.col("revised_at").max())
        .with_columns(rank=_rank(sources))
        .sort("rank", -pl.col("revised_at").to_physical(), "participant")
        .unique(subset=slot, keep="first", maintain_order=True)
        .select(*slot, "participant", stands=pl.lit(value=True))
    )
    return rows.join(best, on=[*slot, "participant"], how="left", nulls_equal=True).with_columns(
        pl.col("stands").fill_null(value=False)
    )


def _best_alternative(kind: RecordKind, rows: pl.DataFrame, ranked: Sequence[str]) -> pl.DataFrame:
    rank = pl.when(pl.col("participant").is_in(list(ranked))).then(_rank(ranked))
    beaten = (rank > rank.min().over(_slot(kind))).fill_null(value=False)
    before = pl.col("stands") if "stands" in rows.columns else pl.lit(value=True)
    return rows.with_columns(stands=before & ~beaten)


def _slot(kind: RecordKind) -> list[str]:
    """Return the columns of a slot without its lines: a source stands with all of its lines, or with none."""
    return ["firm", *(expr.meta.output_name() for expr in key_columns(kind))]


def _rank(ranked: Sequence[str]) -> pl.Expr:
    """Return a participant's place in the ranking; unranked ones come last, alike."""
    places = {code: place for place, code in enumerate(ranked)}
    if not places:
        return pl.lit(0, dtype=pl.Int64)
    return pl.col("participant").replace_strict(places, default=len(places), return_dtype=pl.Int64)
