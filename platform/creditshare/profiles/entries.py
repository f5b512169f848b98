"""What a kind says in a profile, by its statement: facts, series, events, each as finished JSON text per firm."""

from __future__ import annotations

import polars as pl

from creditshare.profiles.provenance import NEEDED, differing, with_source
from creditshare.profiles.rendering import decimal, shown, shown_fields
from creditshare.profiles.slots import SLOT
from creditshare.resources.base import RecordKind
from creditshare.resources.features import months_before, total
from creditshare.resources.fields import Quantity, Year
from creditshare.resources.frames import Frames
from creditshare.resources.statements import Events, Facts, Series

MONTHS_SHOWN = 36
YEARS_SHOWN = 5
EVENTS_SHOWN = 50


def facts(kind: RecordKind, statement: Facts, frames: Frames) -> pl.LazyFrame:
    """Return (firm, text): `"kind":{…}` of the record that stands, the newest where several do."""
    rows = with_source(kind, frames[kind.name])
    order = [*([statement.latest_by] if statement.latest_by else []), "revised_at", "record"]
    newest = (
        rows.lazy()
        .filter("stands")
        .sort("firm", *order, descending=[False, *(True for _ in order)], nulls_last=True)
        .unique("firm", keep="first", maintain_order=True)
    )
    members = [shown(kind, name) for name in shown_fields(kind)]
    body = pl.struct(*members, *_sources(rows)).struct.json_encode()
    entries = _with_sources(kind, newest, rows)
    return entries.select("firm", text=pl.concat_str(pl.lit(f'"{kind.name}":'), body))


def events(kind: RecordKind, statement: Events, frames: Frames) -> pl.LazyFrame:
    """Return (firm, on, text) of the newest records, at most fifty a firm."""
    rows = with_source(kind, frames[kind.name])
    newest = (
        rows.lazy()
        .filter("stands")
        .sort("firm", statement.on, "record", descending=[False, True, False], nulls_last=True)
        .filter(pl.int_range(pl.len()).over("firm") < EVENTS_SHOWN)
    )
    names = dict.fromkeys([statement.on, *shown_fields(kind)])
    members = [pl.lit(kind.name).alias("kind"), *(shown(kind, name) for name in names)]
    text = pl.struct(*members, *_sources(rows)).struct.json_encode()
    entries = _with_sources(kind, newest, rows)
    return entries.select("firm", on=pl.col(statement.on).cast(pl.String), text=text)


def series(kind: RecordKind, statement: Series, frames: Frames) -> pl.LazyFrame:
    """Return (firm, text): one series per value of `split`, its points in order of time; no point, no record."""
    all_rows = with_source(kind, frames[kind.name])
    rows = (
        all_rows.lazy()
        .with_columns(_point(kind, statement).alias(statement.step))
        .filter(_window(statement, frames))
    )
    split = [statement.split] if statement.split else []
    keys = ["firm", *split, statement.step]
    sums = [pl.when(pl.col(name).count() > 0).then(total(name)).alias(name) for name in statement.sums]
    sources = _sources(all_rows)
    provenance = [pl.col("source").sort_by("record").alias("provenance")] if sources else []
    points = rows.filter("stands").group_by(keys).agg(*sums, *provenance)
    if sources:
        points = _join_differing(points, differing(kind, rows, keys), keys)
    members = [pl.col(statement.step), *(_sum(kind, name) for name in statement.sums), *sources]
    head = pl.struct(pl.lit(kind.name).alias("kind"), *split, pl.lit(statement.step).alias("step"))
    return (
        points.with_columns(point=pl.struct(members).struct.json_encode())
        .sort(keys)
        .group_by("firm", *split, maintain_order=True)
        .agg(pl.col("point").str.join(","))
        .select(
            "firm",
            text=pl.concat_str(
                head.struct.json_encode().str.head(-1), pl.lit(',"points":['), "point", pl.lit("]}")
            ),
        )
    )


def _point(kind: RecordKind, statement: Series) -> pl.Expr:
    """Return the month or year of a row, as it is shown."""
    column = pl.col(statement.by)
    if isinstance(kind.own_fields[statement.by], Year):
        return column
    return column.dt.year().cast(pl.Int64) if statement.step == "year" else column.dt.to_string("%Y-%m")


def _window(statement: Series, frames: Frames) -> pl.Expr:
    if statement.step == "year":
        return pl.col("year") >= frames.as_of.year - YEARS_SHOWN
    return pl.col("month") >= months_before(frames.month, MONTHS_SHOWN).isoformat()[:7]


def _sum(kind: RecordKind, name: str) -> pl.Expr:
    field = kind.own_fields[name]
    return decimal(pl.col(name), field.places).alias(name) if isinstance(field, Quantity) else pl.col(name)


def _with_sources(kind: RecordKind, chosen: pl.LazyFrame, rows: pl.DataFrame) -> pl.LazyFrame:
    """Give each chosen row its own source and what outranked sources say in its slot."""
    if not _sources(rows):
        return chosen
    keys = ["firm", *(name for name in rows.columns if name.startswith(SLOT) and name != SLOT + "line")]
    entries = chosen.with_columns(provenance=pl.concat_list("source"))
    return _join_differing(entries, differing(kind, rows.lazy(), keys), keys)


def _join_differing(entries: pl.LazyFrame, others: pl.LazyFrame, keys: list[str]) -> pl.LazyFrame:
    joined = entries.join(others, on=keys, how="left", nulls_equal=True, maintain_order="left")
    nothing = pl.lit([], dtype=others.collect_schema()["differing"])
    return joined.with_columns(pl.col("differing").fill_null(nothing))


def _sources(rows: pl.DataFrame) -> list[str]:
    """Return what stands beside each value where the frames were read with provenance."""
    return ["provenance", "differing"] if NEEDED in rows.columns else []
