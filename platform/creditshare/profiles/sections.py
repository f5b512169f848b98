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
    sections = []
    for group in ResourceGroup:
        kinds = [kind for kind in contents.kinds if kind.group is group]
        sections.append(_section(contents.frames, group, kinds, _head(contents, group, kinds)))
    return _beside(contents.frames, sections)


def public_sections(contents: Contents) -> pl.DataFrame:
    """Return the sections of groups that a reader has no consent for: only kinds that need none."""
    head = contents.frames.firms.lazy().with_columns(
        head=pl.lit(f'{{"status":"{NOT_PERMITTED}","coverage":null,"fresh_until":null')
    )
    sections = []
    for group in ResourceGroup:
        kinds = [
            kind
            for kind in contents.kinds
            if kind.group is group and not contents.catalogue[kind.name].consent_required
        ]
        sections.append(_section(contents.frames, group, kinds, head))
    return _beside(contents.frames, sections)


def _beside(frames: Frames, sections: Sequence[pl.LazyFrame]) -> pl.DataFrame:
    """Work out all groups at once and put them side by side; each is in the order of the firms."""
    return pl.concat(
        [frames.firms, *(found.drop("firm") for found in pl.collect_all(sections))], how="horizontal"
    )


def _head(contents: Contents, group: ResourceGroup, kinds: Sequence[RecordKind]) -> pl.LazyFrame:
    """Return (firm, head): status, coverage and freshness of a group."""
    frames, of_group = contents.frames, pl.col("group") == group.value
    filled = [frames[kind.name] for kind in kinds if not frames[kind.name].is_empty()]
    there = pl.concat(
        [frames.firms.lazy().head(0), *(rows.lazy().filter("stands").select("firm") for rows in filled)]
    ).unique()
    status = (
        pl.when(pl.col("there").is_null())
        .then(pl.lit("no-record"))
        .when(pl.col("fresh_until") < frames.as_of)
        .then(pl.lit("stale"))
        .otherwise(pl.lit("available"))
    )
    said = pl.struct(
        status=status,
        coverage=two_places(pl.col("coverage")),
        fresh_until=pl.col("fresh_until").dt.to_string("%Y-%m-%d"),
    )
    return (
        contents.coverage.lazy()
        .filter(of_group)
        .join(there.with_columns(there=pl.lit(value=True)), on="firm", how="left", maintain_order="left")
        .join(contents.fresh.lazy().filter(of_group), on="firm", how="left", maintain_order="left")
        .select("firm", head=said.struct.json_encode().str.head(-1))
    )


def _section(
    frames: Frames, group: ResourceGroup, kinds: Sequence[RecordKind], head: pl.LazyFrame
) -> pl.LazyFrame:
    """Return (firm, `group`) in the order of the firms: head, facts, series, events."""
    facts: list[pl.LazyFrame] = []
    series: list[pl.LazyFrame] = []
    events: list[pl.LazyFrame] = []
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
    found = head
    for name, parts in (("facts", facts), ("series", series), ("events", _newest_first(events))):
        found = _with_part(found, name, parts)
    whole = pl.concat_str(
        "head",
        pl.lit(',"facts":{'),
        "facts",
        pl.lit('},"series":['),
        "series",
        pl.lit('],"events":['),
        "events",
        pl.lit('],"disputes":[]}'),
    )
    return found.select("firm", whole.alias(group.value))


def _newest_first(parts: list[pl.LazyFrame]) -> list[pl.LazyFrame]:
    """Put the events of all kinds of a group into one order: by day, kinds of one day in their own order."""
    if len(parts) < 2:
        return parts
    return [pl.concat(parts).sort("on", descending=True, nulls_last=True, maintain_order=True)]


def _with_part(found: pl.LazyFrame, name: str, parts: list[pl.LazyFrame]) -> pl.LazyFrame:
    """Add a part's entries, joined with commas, as a column."""
    if not parts:
        return found.with_columns(pl.lit("").alias(name))
    joined = (
        pl.concat([part.select("firm", "text") for part in parts])
        .group_by("firm", maintain_order=True)
        .agg(pl.col("text").str.join(",").alias(name))
    )
    return found.join(joined, on="firm", how="left", maintain_order="left").with_columns(
        pl.col(name).fill_null("")
    )
