"""Bins, points and the value of not knowing."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from creditshare.resources.feature_catalogue import FEATURES
from creditshare.resources.groups import SEVEN_GROUPS, ResourceGroup
from creditshare.scoring.model import load_model
from creditshare.scoring.scorecard import Bin, Characteristic, Scorecard
from tests.factories.frames import CONFIG

AGE = Characteristic(
    code="REG-01",
    group=ResourceGroup.REGISTRATION,
    feature="reg_age_months",
    shape="rising",
    missing=12,
    bins=(Bin(24, 6, 400), Bin(60, 12, 300), Bin(None, 20, 300)),
)
MODEL = load_model(CONFIG)


@pytest.mark.parametrize(
    ("value", "points"),
    [(None, 12), (-5, 6), (23, 6), (24, 12), (59, 12), (60, 20), (10**18, 20)],
)
def test_intervals_are_closed_below(value, points):
    assert AGE.points_for(value) == points


def test_best_worst_and_weight():
    card = Scorecard(300, (AGE,))

    assert (AGE.most, AGE.least, AGE.weight) == (20, 6, 14)
    assert (card.best, card.weight) == (320, 14)


@pytest.mark.parametrize(
    ("points", "average"),
    [((0, 1), 0), ((1, 2), 2), ((2, 3), 2), ((0, 3), 2)],
    ids=["half to even below", "half to even above", "and below", "one and a half"],
)
def test_the_average_is_half_to_even(points, average):
    bins = (Bin(1, points[0], 500), Bin(None, points[1], 500))

    assert msgspec.structs.replace(AGE, bins=bins).average() == average


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"bins": (Bin(None, 1, 1000),)}, "REG-01: fewer than two bins decide nothing"),
        (
            {"bins": (Bin(24, 6, 400), Bin(60, 16, 600))},
            "REG-01: the last bin, and only the last, has no upper edge",
        ),
        ({"bins": (Bin(24, 6, 400), Bin(24, 12, 300), Bin(None, 20, 300))}, "REG-01: edges do not rise"),
        ({"shape": "falling"}, "REG-01: points rise where the shape says falling"),
        ({"bins": (Bin(24, 20, 600), Bin(None, 0, 400))}, "REG-01: points fall where the shape says rising"),
        ({"bins": (Bin(24, -1, 400), Bin(None, 21, 600))}, "REG-01: points may not be negative"),
        ({"bins": (Bin(24, 6, 400), Bin(None, 20, 500))}, "REG-01: shares must add up to 1000"),
        ({"missing": 0}, "REG-01: missing must be the average of all firms, 12 points"),
    ],
)
def test_a_wrong_card_names_its_fault(changes, fault):
    card = Scorecard(300, (msgspec.structs.replace(AGE, **changes),))

    assert list(card.faults()) == [fault]


def test_a_code_may_stand_once():
    assert list(Scorecard(300, (AGE, AGE)).faults()) == ["REG-01: stands twice"]


@pytest.mark.parametrize("characteristic", MODEL.card.characteristics, ids=lambda each: each.code)
@given(st.data())
def test_points_move_one_way_and_not_knowing_lies_between(characteristic, data):
    edges = characteristic.edges
    values = st.integers(edges[0] - 10, edges[-1] + 10)
    low, high = sorted((data.draw(values), data.draw(values)))
    step = characteristic.points_for(high) - characteristic.points_for(low)

    assert step >= 0 if characteristic.shape == "rising" else step <= 0
    assert characteristic.least <= characteristic.missing <= characteristic.most


def test_the_first_card_covers_the_seven_groups_and_soft_information():
    groups = {each.group for each in MODEL.card.characteristics}

    assert len(MODEL.card.characteristics) >= 25
    assert groups == {*SEVEN_GROUPS, ResourceGroup.SOFT_INFORMATION}
    assert MODEL.features <= FEATURES.keys()


def test_positive_records_can_outweigh_a_first_negative_one():
    weights = {each.code: each for each in MODEL.card.characteristics}
    first_enforcement = weights["OPR-04"].points_for(0) - weights["OPR-04"].points_for(1)

    assert weights["TAL-03"].most - weights["TAL-03"].missing > first_enforcement
    assert weights["OPR-06"].most - weights["OPR-06"].missing > first_enforcement


def test_lawsuits_earn_no_points():
    assert "op_lawsuits_36m" not in MODEL.features


def test_the_average_firm_is_fair():
    average = MODEL.card.base_points + sum(each.missing for each in MODEL.card.characteristics)

    assert MODEL.scale.grade_by_score[average] in {"BBB", "BB"}
    assert MODEL.scale.grade_by_score[MODEL.card.best] == "AAA"
