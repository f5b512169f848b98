"""The integer arithmetic that features share."""

from __future__ import annotations

from datetime import UTC, date, datetime

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from creditshare.core.money import ratio
from creditshare.resources.features import (
    LARGEST,
    MOST_EVIDENCE,
    measure,
    millionths,
    months_before,
    tally,
    total,
    value_of,
)

PART = st.integers(-(10**17), 10**17)
WHOLE = st.integers(-5, 10**17) | st.sampled_from([2, 4, 8, 2_000_000, 3_000_000])


def computed(part: int, whole: int) -> int | None:
    frame = pl.DataFrame({"part": [part], "whole": [whole]}, schema={"part": pl.Int64, "whole": pl.Int64})
    return frame.select(millionths(pl.col("part"), pl.col("whole")).alias("value")).item()


@given(PART, WHOLE)
def test_millionths_are_those_of_single_values(part, whole):
    assert computed(part, whole) == ratio(part, whole)


@pytest.mark.parametrize(
    ("part", "whole", "value"),
    [
        pytest.param(1, 2_000_000, 0, id="half of nothing goes to the even side"),
        pytest.param(3, 2_000_000, 2, id="one and a half goes up"),
        pytest.param(5, 2_000_000, 2, id="two and a half goes down"),
        pytest.param(-1, 2_000_000, 0, id="below zero, too"),
        pytest.param(-3, 2_000_000, -2, id="and to the even side"),
        pytest.param(1, 0, None, id="nothing of nothing is not known"),
        pytest.param(1, -3, None, id="nor of less"),
    ],
)
def test_millionths_round_half_to_even(part, whole, value):
    assert computed(part, whole) == value


def test_sums_of_dirty_amounts_do_not_wrap_round():
    rows = pl.DataFrame({"amount": [10**18] * 50})

    assert rows.select(value_of(total("amount"))).item() == LARGEST
    assert rows.select(value_of(0 - total("amount"))).item() == -LARGEST


@pytest.mark.parametrize(
    ("month", "count", "expected"),
    [
        (date(2026, 11, 1), 0, date(2026, 11, 1)),
        (date(2026, 11, 1), 11, date(2025, 12, 1)),
        (date(2026, 1, 1), 1, date(2025, 12, 1)),
        (date(2026, 12, 1), -1, date(2027, 1, 1)),
    ],
)
def test_months_before(month, count, expected):
    assert months_before(month, count) == expected


def records(count: int) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "firm": [0] * count,
            "record": [bytes([n]) * 32 for n in range(count)],
            "revised_at": [datetime(2026, 1, 1 + n % 3, tzinfo=UTC) for n in range(count)],
            "bad": [n == 1 for n in range(count)],
        },
        schema_overrides={"firm": pl.Int32},
    )


def test_evidence_is_what_proves_the_value_then_the_newest():
    found = measure(records(8), pl.len(), proof=pl.col("bad"))

    firsts = [record[0] for record in found["evidence"][0]]
    assert firsts == [1, 5, 2, 7, 4]
    assert len(firsts) == MOST_EVIDENCE


def test_a_tally_is_zero_only_for_firms_that_are_known():
    known = pl.DataFrame({"firm": [0, 1, 1]}, schema={"firm": pl.Int32})

    found = tally(records(3), among=known).sort("firm")

    assert found["firm"].to_list() == [0, 1]
    assert found["value"].to_list() == [3, 0]
    assert found["evidence"].list.len().to_list() == [3, 0]
