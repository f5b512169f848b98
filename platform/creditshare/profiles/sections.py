"""A profile's sections: one JSON object per resource group, ready to be served, made for a set of firms at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from creditshare.profiles import entries
from creditshare.profiles.rendering import two_places
from creditshare.resources.base import RecordKind
from creditshare.resources.catalogue import Catalogue
from creditshare.resources.frames import Frames
from creditshare.resources.groups import ResourceGroup
from creditshare.resources.statements import Events, Facts

NOT_PERMITTED = "not-permitted"


@dataclass(frozen=True, slots=True)
class Contents:
    """What the sections of a set of firms are made from."""

    frames: Frames
    coverage: pl.DataFrame
    fresh: pl.DataFrame
    kinds: Sequence[RecordKind]
    catalogue: Catalogue


def full_sections(contents: Contents) -> pl.DataFrame:
    """Return (firm, one column per group) with all that is known of each group."""
    found = contents.frames.firms
    for group in ResourceGroup:
        kinds = [kind for kind in contents.kinds if kind.group is group]
        head = _head(contents, group, kinds)
        found = found.join(_section(contents.frames, group, kinds, head), on="firm", maintain_order="left")
    return found


def public_sections(contents: Contents) -> pl.DataFrame:
    """Return the sections of groups that a reader has no consent for: only kinds that need none."""
    found = contents.frames.firms
    head = contents.frames.firms.with_columns(
        head=pl.lit(f'{{"status":"{NOT_PERMITTED}","coverage":null,"fresh_until":null')
    )
    for group in ResourceGroup:
        kinds = [
            kind
            for kind in contents.kinds
            if kind.group is group and not contents.catalogue[kind.name].consent_required
        ]
        found = found.join(_section(contents.frames, group, kinds, head), on="firm", maintain_order="left")
    return found


def _head(contents: Contents, group: ResourceGroup, kinds: Sequence[RecordKind]) -> pl.DataFrame:
    """Return (firm, head): status, coverage and freshness of a group."""
    frames = contents.frames
    filled = [frames[kind.name] for kind in kinds if not frames[kind.name].is_empty()]
    there = pl.concat(
        [frames.firms.head(0), *(rows.filter("stands").select("firm") for rows in filled)]
    ).unique()
    status = (
        pl.when(~pl.col("there"))
        .then(pl.lit("no-record"))
        .when(pl.col("fresh_until") < frames.as_of)
        .then(pl.lit("stale"))
        .otherwise(pl.lit("available"))
    )
    of_group = pl.col("group") == group.value
    return (
        frames.firms.join(there.with_columns(there=pl.lit(value=True)), on="firm", how="left")
        .join(contents.coverage.filter(of_group).drop("group"), on="firm", how="left")
        .join(contents.fresh.filter(of_group).drop("group"), on="firm", how="left")
        .with_columns(pl.col("there").fill_null(value=False))
        .select(
            "firm",
            head=pl.struct(
                status=status,
                coverage=two_places(pl.col("coverage")),
                fresh_until=pl.col("fresh_until").dt.to_string("%Y-%m-%d"),
            )
            .struct.json_encode()
            .str.head(-1),
        )
    )


def _section(
    frames: Frames, group: ResourceGroup, kinds: Sequence[RecordKind], head: pl.DataFrame
) -> pl.DataFrame:
    """Return (firm, `group`): head, facts, series, events."""
    facts: list[pl.DataFrame] = []
    series: list[pl.DataFrame] = []
    events: list[pl.DataFrame] = []
    for kind in kinds:
        if frames[kind.name].is_empty():
            continue
        statement = kind.statement
        if isinstance(statement, Facts):
            facts.append(entries.facts(kind, statement, frames))
        elif isinstance(statement, Events):
            events.append(entries.events(kind, statement, frames))
        else:
            series.append(entries.series(kind, statement, frames))
    found = (
        head.join(_joined(facts, "facts"), on="firm", how="left")
        .join(_joined(series, "series"), on="firm", how="left")
        .join(_joined(_newest_first(events), "events"), on="firm", how="left")
        .with_columns(pl.col("facts", "series", "events").fill_null(""))
    )
    return found.select(
        "firm",
        pl.concat_str(
            "head",
            pl.lit(',"facts":{'),
            "facts",
            pl.lit('},"series":['),
            "series",
            pl.lit('],"events":['),
            "events",
            pl.lit('],"disputes":[]}'),
        ).alias(group.value),
    )


def _newest_first(parts: list[pl.DataFrame]) -> list[pl.DataFrame]:
    """Put the events of all kinds of a group into one order: by day, kinds of one day in their own order."""
    if not parts:
        return []
    return [pl.concat(parts).sort("on", descending=True, nulls_last=True, maintain_order=True)]


def _joined(parts: list[pl.DataFrame], name: str) -> pl.DataFrame:
    if not parts:
        return pl.DataFrame(schema={"firm": pl.Int32, name: pl.String})
    rows = pl.concat([part.select("firm", "text") for part in parts])
    return rows.group_by("firm", maintain_order=True).agg(pl.col("text").str.join(",").alias(name))
