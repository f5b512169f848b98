"""The master scale: PD limits are the truth, bands and table follow."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise

import msgspec
import pytest

from creditshare.scoring.master_scale import MasterScaleFile, build_scale, pd_table
from tests.factories.frames import CONFIG

FILE = msgspec.json.decode((CONFIG / "master_scale.json").read_bytes(), type=MasterScaleFile)
TABLE = pd_table(FILE)
SCALE = build_scale(FILE, TABLE)
SCORES = range(FILE.lowest_score, FILE.highest_score + 1)


def test_740_points_stand_for_one_per_cent_and_40_more_for_double_odds():
    assert SCALE.pd_by_score[740] == "0.0100"
    assert SCALE.pd_by_score[780] == "0.0051"
    assert SCALE.pd_by_score[700] == "0.0199"


def test_score_pd_and_grade_agree_for_every_score():
    """The written PD lies within the grade's limit, and within no better grade's."""
    limits = {grade.grade: Decimal(grade.pd_at_most) for grade in FILE.grades}
    for score in SCORES:
        pd, grade = Decimal(SCALE.pd_by_score[score]), SCALE.grade_by_score[score]
        better = SCALE.grades[: SCALE.grades.index(grade)]

        assert pd <= limits[grade], score
        assert all(pd > limits[name] for name in better), score


def test_the_written_pd_is_the_real_one_rounded_up():
    for score in SCORES:
        odds = Decimal(99) * Decimal(2) ** (Decimal(score - 740) / 40)

        assert 0 <= Decimal(SCALE.pd_by_score[score]) - 1 / (1 + odds) < Decimal("0.0001"), score


def test_more_points_are_never_worse():
    for score, more in pairwise(SCORES):
        assert Decimal(SCALE.pd_by_score[more]) <= Decimal(SCALE.pd_by_score[score])
        assert SCALE.grades.index(SCALE.grade_by_score[more]) <= SCALE.grades.index(
            SCALE.grade_by_score[score]
        )


def test_bands_that_follow_from_the_limits():
    lowest = {}
    for score in SCORES:
        lowest.setdefault(SCALE.grade_by_score[score], score)

    assert lowest == {
        "C": 300, "CC": 555, "CCC": 596, "B": 634, "BB": 676, "BBB": 717, "A": 761, "AA": 810, "AAA": 874,
    }  # fmt: skip


def test_default_is_given_by_rule_only():
    assert "D" not in SCALE.grade_by_score.values()
    assert SCALE.worse("AAA", "D") == SCALE.worse("D", "AAA") == "D"


def test_a_table_that_does_not_follow_is_refused():
    with pytest.raises(ValueError, match=r"does not follow from the scale at \[740, 951\]"):
        build_scale(FILE, TABLE | {740: "0.0101", 951: "0.0001"})


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"grades": (*FILE.grades[:1], *FILE.grades)}, "a grade is named twice"),
        ({"default_grade": "C"}, "the last grade is not the grade of default"),
        ({"grades": (FILE.grades[1], FILE.grades[0], *FILE.grades[2:])}, "pd_at_most does not rise"),
        ({"grades": (*FILE.grades[:8], FILE.grades[9])}, "must admit every PD"),
        ({"lowest_score": 800}, "the scores are out of order"),
        ({"points_to_double_odds": 0}, "the scores are out of order"),
    ],
)
def test_a_scale_out_of_order_is_refused(changes, words):
    with pytest.raises(ValueError, match=words):
        build_scale(msgspec.structs.replace(FILE, **changes), TABLE)
