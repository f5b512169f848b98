"""Draws are integer arithmetic, the same on every machine."""

import polars as pl
import pytest

from creditshare.simulation.draw import Draw, banded, part, pick

MASK = (1 << 64) - 1


def splitmix(state):
    state = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    state = ((state ^ (state >> 27)) * 0x94D049BB133111EB) & MASK
    return state ^ (state >> 31)


def test_bits_are_splitmix64_of_purpose_and_key():
    draw = Draw(7)
    numbers = [0, 1, 2, 99_999, 2**40]
    expected = [splitmix((draw.constant("x") + number * 0x9E3779B97F4A7C15) & MASK) for number in numbers]

    assert pl.DataFrame({"n": numbers}).select(draw.bits("x", "n")).to_series().to_list() == expected


def test_a_draw_is_pinned():
    assert Draw(1).constant("quality") == 2821090575098916387


def test_draws_are_even_and_purposes_independent():
    draw = Draw(3)
    frame = pl.DataFrame({"n": range(100_000)}).select(
        one=draw.below(10, "one", "n"), two=draw.below(10, "two", "n")
    )

    assert frame["one"].value_counts()["count"].min() > 9_600
    assert frame.group_by("one", "two").len()["len"].min() > 850


@pytest.mark.parametrize("width", [8, 16])
def test_shuffled_is_a_permutation(width):
    size = 1 << width
    shuffled = pl.DataFrame({"n": range(size)}).select(
        Draw(5).shuffled(pl.col("n"), width=width, purpose="brand")
    )

    assert sorted(shuffled.to_series().to_list()) == list(range(size))
    assert shuffled.to_series().to_list() != list(range(size))


def test_parts_picks_and_bands():
    frame = pl.DataFrame({"bits": pl.Series([0, 5, 7 << 20, (9 << 20) + 3], dtype=pl.UInt64)})

    assert frame.select(part(pl.col("bits"), 20, 8)).to_series().to_list() == [0, 0, 7, 1]
    assert frame.select(pick(list("abcdef"), part(pl.col("bits"), 0, 6))).to_series().to_list()[:2] == [
        "a",
        "f",
    ]
    bands = (("low", 3), ("middle", 6), ("high", 10))
    ranks = pl.DataFrame({"rank": [0, 2, 3, 9, 12]}).select(banded(pl.col("rank"), bands)).to_series()
    assert ranks.to_list() == ["low", "low", "middle", "high", "high"]
