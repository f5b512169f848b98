"""What holds for every feature, whatever the records say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from creditshare.resources.catalogue import ALL_KINDS, KINDS
from creditshare.resources.feature_catalogue import ALL_FEATURES, BY_GROUP, FEATURES, Access
from creditshare.resources.fields import Day, Month, Text, Year
from creditshare.resources.frames import Frames
from creditshare.resources.groups import SEVEN_GROUPS, ResourceGroup
from creditshare.scoring.feature_row import compute_features, feature_rows
from tests.factories.frames import AS_OF, Row, frames
from tests.factories.rows import provinces

FIRMS = 2
LAWS = settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))


def rows_for(records: Mapping[str, list[Row]], *, as_of: date = AS_OF) -> list[dict[str, object]]:
    return feature_rows(compute_features(frames(records, as_of=as_of, firms=FIRMS)), firms=FIRMS)


@LAWS
@given(provinces(firms=FIRMS), st.randoms())
def test_the_order_of_rows_does_not_matter(records, random):
    settled = frames(records, firms=FIRMS)
    shuffled = {
        kind: frame[random.sample(range(len(frame)), len(frame))] for kind, frame in settled.by_kind.items()
    }

    one, other = compute_features(settled), compute_features(Frames(AS_OF, settled.firms, shuffled))

    assert one.equals(other)


@LAWS
@given(provinces(firms=FIRMS))
def test_a_firm_alone_gets_what_it_gets_among_others(records):
    together = rows_for(records)

    alone = [
        rows_for({kind: [row for row in rows if row["firm"] == firm] for kind, rows in records.items()})[firm]
        for firm in range(FIRMS)
    ]

    assert alone == together


@LAWS
@given(provinces(firms=FIRMS), provinces(firms=FIRMS))
def test_what_begins_after_the_day_changes_nothing(records, future):
    later = {
        kind: [moved_behind(kind, row, n) for n, row in enumerate(rows)] for kind, rows in future.items()
    }
    begins = {kind.name for kind in ALL_KINDS if kind.holds.since}
    both = {kind: rows + (later[kind] if kind in begins else []) for kind, rows in records.items()}

    assert rows_for(both) == rows_for(records)


def moved_behind(kind: str, row: Row, number: int) -> Row:
    """Let the row begin after the day, under a key of its own."""
    since = KINDS[kind].holds.since
    moved = dict(row)
    for name, field in KINDS[kind].own_fields.items():
        if field.key and isinstance(field, Text) and not field.personal:
            moved[name] = f"later {number}"
        if name == since and isinstance(field, Day):
            moved[name] = AS_OF + timedelta(days=1 + number)
        if name == since and isinstance(field, Month):
            moved[name] = date(2027, 1, 1)
        if name == since and isinstance(field, Year):
            moved[name] = 2028
    return moved


@LAWS
@given(provinces(firms=FIRMS))
def test_only_the_month_of_the_day_counts(records):
    settled = frames(records, firms=FIRMS)

    first, last = (
        compute_features(Frames(day, settled.firms, settled.by_kind))
        for day in (date(2026, 11, 1), date(2026, 11, 30))
    )

    assert first.equals(last)


class OnlyKinds(Mapping[str, pl.DataFrame]):
    """Frames by kind that remember which kinds were read."""

    def __init__(self, frames: Mapping[str, pl.DataFrame]) -> None:
        self.frames, self.read = frames, set()

    def __getitem__(self, kind: str) -> pl.DataFrame:
        self.read.add(kind)
        return self.frames[kind]

    def __iter__(self) -> Iterator[str]:
        return iter(self.frames)

    def __len__(self) -> int:
        return len(self.frames)


@pytest.mark.parametrize("feature", ALL_FEATURES, ids=lambda feature: feature.code)
def test_a_feature_reads_exactly_the_kinds_it_names_and_gives_integers(feature):
    nothing = frames({})
    watched = OnlyKinds(nothing.by_kind)

    found = feature.compute(Frames(AS_OF, nothing.firms, watched))

    assert watched.read == feature.kinds
    assert found.select("firm", "value", "evidence").schema == {
        "firm": pl.Int32,
        "value": pl.Int64,
        "evidence": pl.List(pl.Binary),
    }


def test_a_firm_without_records_has_no_features():
    assert rows_for({}) == [{}, {}]


def test_every_feature_is_described_once_in_both_languages():
    assert len(FEATURES) == len(ALL_FEATURES) >= 35
    assert all(feature.definition_zh and feature.definition_en for feature in ALL_FEATURES)
    assert set(BY_GROUP) == set(ResourceGroup)
    assert all(feature.kinds <= KINDS.keys() for feature in ALL_FEATURES)


def test_a_feature_over_several_kinds_needs_every_one_of_them():
    half = Access(frozenset({ResourceGroup.TALENT_TECHNOLOGY}), frozenset({"registration"}))
    whole = Access(
        frozenset({ResourceGroup.TALENT_TECHNOLOGY, ResourceGroup.OPERATION}), frozenset({"registration"})
    )

    assert "tt_rd_ratio" not in half.features
    assert "tt_rd_ratio" in whole.features
    assert "reg_age_months" in half.features
    assert "reg_abnormal_open" not in half.features


def test_a_group_is_whole_when_each_of_its_kinds_may_be_read():
    registration = frozenset(kind.name for kind in ALL_KINDS if kind.group == ResourceGroup.REGISTRATION)

    assert Access(frozenset(), registration).whole_groups == {ResourceGroup.REGISTRATION}
    assert Access(frozenset(SEVEN_GROUPS), frozenset()).whole_groups == set(SEVEN_GROUPS)
