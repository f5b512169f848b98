"""Scores of rows written by hand: what counts, what holds down, what is not rated."""

from __future__ import annotations

import re
from decimal import Decimal

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from creditshare.resources.feature_catalogue import Access
from creditshare.resources.groups import SEVEN_GROUPS, ResourceGroup
from creditshare.scoring.canonical import canonical, sha256
from creditshare.scoring.feature_row import FeatureValue
from creditshare.scoring.model import load_model
from creditshare.scoring.score import pending, replay, score_firm
from tests.factories.frames import CONFIG, catalogue

MODEL = load_model(CONFIG)
OPEN_KINDS = frozenset(kind for kind, entry in catalogue().entries.items() if not entry.consent_required)
SEVEN = Access(frozenset(SEVEN_GROUPS), OPEN_KINDS)
EVERYTHING = Access(frozenset(ResourceGroup), OPEN_KINDS)
FULL = dict.fromkeys(ResourceGroup, 1_000_000)
ENOUGH = {
    "reg_age_months": 80,
    "reg_status": 1,
    "tax_months_filed_24": 24,
    "emp_months_24": 24,
    "ut_months_24": 24,
}


def row(**values):
    return {
        code: FeatureValue(value, (f"rec_{code}",))
        for code, value in (ENOUGH | values).items()
        if value is not None
    }


def score(access=SEVEN, coverage=FULL, *, conflict=False, **values):
    return score_firm(MODEL, row(**values), access=access, coverage=coverage, conflict=conflict)


class TestPoints:
    def test_base_and_factors_add_up_to_the_score(self):
        body = score(tax_on_time_ratio_12=850_000, env_colour=5).body

        assert body["score"] == body["base_points"] + sum(factor["points"] for factor in body["factors"])
        assert body["score"] == body["base_points"] + sum(
            group["points"] for group in body["subtotals"].values()
        )
        assert body["pd"] == MODEL.scale.pd_by_score[body["score"]]
        assert body["grade"] == body["uncapped_grade"] == MODEL.scale.grade_by_score[body["score"]]

    def test_soft_information_has_a_share_of_its_own(self):
        without, with_it = (
            score(access, soft_level_mean=5_000_000, soft_observers=3).body["subtotals"]["soft-information"]
            for access in (SEVEN, EVERYTHING)
        )

        assert without["points"] < with_it["points"] == with_it["max_points"] == 30

    def test_what_moves_most_stands_first_and_what_is_missing_last(self):
        factors = score(tax_on_time_ratio_12=0, tt_best_qualification=4).body["factors"]

        assert [factor["code"] for factor in factors[:2]] == ["TAX-02", "TAL-03"]
        assert factors[0]["direction"] == "negative"
        assert factors[0]["points"] == 0
        assert factors[0]["max_points"] == 60
        assert factors[0]["text"] == "税款逾期缴纳较多"
        assert factors[0]["evidence"] == ["rec_tax_on_time_ratio_12"]
        assert factors[1]["direction"] == "positive"
        assert factors[-1]["direction"] == "missing"
        assert factors[-1]["evidence"] == []

    def test_a_known_average_is_neutral(self):
        factors = {factor["code"]: factor for factor in score(tax_paid_growth=0).body["factors"]}

        assert factors["TAX-03"]["direction"] == "neutral"

    def test_the_best_bin_is_good_where_rounding_hides_it(self):
        bodies = (score(env_penalties_36m=count).body for count in (0, 3))
        found = [next(f for f in body["factors"] if f["code"] == "ENV-02") for body in bodies]

        assert [each["direction"] for each in found] == ["positive", "negative"]

    def test_the_scale_ends_at_its_lowest_score(self):
        worst = {each.feature: _value_of_worst_bin(each) for each in MODEL.card.characteristics}

        body = score(EVERYTHING, **(worst | {"reg_age_months": 12})).body

        assert body["score"] == MODEL.scale.lowest
        assert body["uncapped_grade"] == "C"


def _value_of_worst_bin(characteristic):
    low, high = characteristic.edges[0] - 1, characteristic.edges[-1]
    return low if characteristic.points_for(low) == characteristic.least else high


class TestCaps:
    @pytest.mark.parametrize(
        ("values", "code", "grade"),
        [
            ({"op_dishonest_open": 1}, "CAP-DISHONEST", "D"),
            ({"lend_days_past_due": 90}, "CAP-OVERDUE-90", "D"),
            ({"lend_worst_class": 3}, "CAP-LOAN-CLASS", "C"),
            ({"reg_status": 6}, "CAP-REVOKED", "C"),
            ({"reg_status": 9}, "CAP-REVOKED", "C"),
            ({"reg_serious_open": 1}, "CAP-SERIOUS-LIST", "C"),
            ({"reg_tax_serious_open": 1}, "CAP-TAX-SERIOUS", "C"),
            ({"reg_status": 3}, "CAP-LIQUIDATING", "CC"),
            ({"reg_status": 4}, "CAP-SUSPENDED", "CC"),
            ({"reg_wage_arrears_open": 2}, "CAP-WAGE-LIST", "CC"),
            ({"tax_grade": 1}, "CAP-TAX-D", "CCC"),
            ({"op_enforced_open": 3}, "CAP-ENFORCED", "CCC"),
            ({"env_colour": 1}, "CAP-ENV-BLACK", "CCC"),
            ({"env_colour": 2}, "CAP-ENV-RED", "B"),
            ({"reg_abnormal_open": 1}, "CAP-ABNORMAL", "B"),
            ({"tax_arrears_balance_fen": 10_000_000}, "CAP-TAX-ARREARS", "BB"),
            ({"ut_theft_months_36": 1}, "CAP-THEFT", "BB"),
        ],
    )
    def test_a_cap_holds_the_grade_down_whatever_the_points(self, values, code, grade):
        good = {"tax_on_time_ratio_12": 1_000_000, "tt_best_qualification": 5, "op_awards_36m": 9}

        body = score(EVERYTHING, **(good | values)).body

        assert [(cap["code"], cap["grade"]) for cap in body["caps"]] == [(code, grade)]
        assert body["caps"][0]["evidence"] == [f"rec_{next(iter(values))}"]
        assert body["grade"] == grade
        assert MODEL.scale.worse(body["uncapped_grade"], grade) == grade != body["uncapped_grade"]
        assert body["pd"] == ("1.0000" if grade == "D" else MODEL.scale.pd_by_score[body["score"]])

    @pytest.mark.parametrize(
        "values",
        [
            {"lend_days_past_due": 89},
            {"op_enforced_open": 2},
            {"env_colour": 3},
            {"tax_grade": 2},
            {"reg_status": 5},
        ],
    )
    def test_just_short_of_a_cap_is_none(self, values):
        assert score(EVERYTHING, **values).body["caps"] == []

    def test_the_worst_of_several_counts(self):
        body = score(op_dishonest_open=1, env_colour=2, reg_abnormal_open=1).body

        assert [cap["code"] for cap in body["caps"]] == ["CAP-DISHONEST", "CAP-ABNORMAL", "CAP-ENV-RED"]
        assert body["grade"] == "D"

    def test_a_cap_does_not_lift_a_grade(self):
        poor = {each.feature: _value_of_worst_bin(each) for each in MODEL.card.characteristics}
        poor |= {"reg_age_months": 12, "tax_grade": 2, "env_colour": 2, "reg_abnormal_open": 1}

        body = score(**poor).body

        assert body["grade"] == body["uncapped_grade"] == "C"

    def test_loans_count_only_with_consent_for_lending(self):
        assert score(lend_days_past_due=120).body["caps"] == []
        assert score(EVERYTHING, lend_days_past_due=120).body["grade"] == "D"


class TestNotRated:
    @pytest.mark.parametrize(
        ("values", "reasons"),
        [
            ({"reg_age_months": 11}, ["too-young"]),
            ({"reg_status": 8}, ["terminal-status"]),
            ({"reg_status": 7}, ["terminal-status"]),
            ({"reg_status": 2}, ["dormant"]),
            ({"reg_status": None}, ["coverage-below-floor"]),
            ({"tax_months_filed_24": 11, "emp_months_24": None}, ["coverage-below-floor"]),
            ({"reg_status": 2, "reg_age_months": 3}, ["dormant", "too-young"]),
        ],
    )
    def test_reasons(self, values, reasons):
        found = score(**values)

        assert not found.is_rated
        assert found.body["status"] == "not-rated"
        assert found.body["reasons"] == reasons
        assert found.body.keys().isdisjoint({"score", "grade", "pd", "confidence", "factors", "caps"})

    @pytest.mark.parametrize(
        "values",
        [{"reg_age_months": 12}, {"reg_age_months": None}, {"tax_months_filed_24": 0}, {"reg_status": 0}],
        ids=["a year old", "age not known", "two of three are enough", "status not known but registered"],
    )
    def test_just_enough_is_rated(self, values):
        assert score(**values).is_rated

    def test_a_conflict_on_the_firm_is_not_rated(self):
        assert score(conflict=True).body["reasons"] == ["identity-conflict"]

    def test_what_is_not_consented_cannot_reach_the_floor(self):
        tax_only = Access(frozenset({ResourceGroup.TAX}), OPEN_KINDS)

        assert score(tax_only).body["reasons"] == ["coverage-below-floor"]

    def test_a_firm_not_scored_yet_is_pending(self):
        body = pending(MODEL, frozenset({ResourceGroup.TAX, ResourceGroup.REGISTRATION}))

        assert body["status"] == "not-rated"
        assert body["reasons"] == ["pending"]
        assert body["groups_used"] == ["registration", "tax"]


class TestAccess:
    TWO = Access(frozenset({ResourceGroup.TAX, ResourceGroup.EMPLOYMENT}), OPEN_KINDS)

    def test_what_is_not_consented_counts_as_missing(self):
        full = score(self.TWO, ut_on_time_ratio_12=0, tax_on_time_ratio_12=0)

        assert full == score(self.TWO, ut_on_time_ratio_12=None, tax_on_time_ratio_12=0, ut_months_24=None)
        assert full.body["groups_used"] == ["tax", "employment"]

    def test_kinds_that_need_no_consent_are_always_used(self):
        body = score(self.TWO, op_dishonest_open=1, env_colour=2).body

        assert [cap["code"] for cap in body["caps"]] == ["CAP-DISHONEST", "CAP-ENV-RED"]

    def test_coverage_shows_only_what_may_be_read(self):
        coverage = score(self.TWO, coverage=FULL | {ResourceGroup.TAX: 825_000}).body["coverage"]

        assert coverage == {
            "registration": "1.00",
            "operation": "0.00",
            "talent-technology": "0.00",
            "tax": "0.82",
            "employment": "1.00",
            "utility": "0.00",
            "environment": "0.00",
        }

    def test_soft_information_is_shown_where_it_is_used(self):
        assert score(EVERYTHING).body["coverage"].keys() == {group.value for group in ResourceGroup}


class TestConfidence:
    def test_rises_with_what_is_known(self):
        little, more = score(), score(tax_on_time_ratio_12=0)

        assert Decimal(little.body["confidence"]) < Decimal(more.body["confidence"])

    def test_thin_coverage_lowers_it_but_no_points(self):
        thin = score(coverage=FULL | {ResourceGroup.TAX: 100_000}, tax_on_time_ratio_12=1_000_000)
        full = score(tax_on_time_ratio_12=1_000_000)

        assert Decimal(thin.body["confidence"]) < Decimal(full.body["confidence"])
        assert thin.body["score"] == full.body["score"]

    def test_is_one_when_everything_is_known(self):
        best = {each.feature: 50 for each in MODEL.card.characteristics}

        assert score(EVERYTHING, **(best | {"reg_status": 1})).body["confidence"] == "1.00"

    def test_a_group_of_which_nothing_regular_is_expected_counts_in_full(self):
        with_card = score(coverage=FULL | {ResourceGroup.ENVIRONMENT: 0}, env_colour=5)

        assert with_card.body["confidence"] == score(env_colour=5).body["confidence"]


class TestInputs:
    def test_a_score_follows_from_its_stored_inputs(self):
        for each in (
            score(op_dishonest_open=1),
            score(EVERYTHING),
            score(conflict=True),
            score(reg_status=2),
        ):
            assert replay(MODEL, each.inputs) == each
            assert orjson.dumps(replay(MODEL, each.inputs).body) == orjson.dumps(each.body)

    def test_the_hash_is_that_of_the_inputs(self):
        found = score()

        assert found.input_sha256 == sha256(found.inputs) == found.body["input_sha256"]
        assert re.fullmatch("[0-9a-f]{64}", found.input_sha256)

    def test_what_the_model_does_not_read_is_no_input(self):
        assert score(op_lawsuits_36m=9).inputs == score().inputs

    def test_evidence_is_an_input(self):
        same = row() | {"reg_age_months": FeatureValue(80, ("rec_other",))}

        assert score_firm(MODEL, same, access=SEVEN, coverage=FULL).input_sha256 != score().input_sha256

    def test_nothing_in_body_or_inputs_is_a_float(self):
        found = score(EVERYTHING, tax_on_time_ratio_12=333_333)

        assert not list(_floats(orjson.loads(canonical(found.body))))
        assert not list(_floats(orjson.loads(found.inputs)))

    @given(st.permutations(sorted(ENOUGH | {"tax_grade": 4, "env_colour": 5})))
    def test_the_order_of_the_row_does_not_matter(self, order):
        values = row(tax_grade=4, env_colour=5)

        shuffled = score_firm(MODEL, {code: values[code] for code in order}, access=SEVEN, coverage=FULL)

        assert shuffled == score(tax_grade=4, env_colour=5)


def _floats(value):
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for each in value:
            yield from _floats(each)
    elif isinstance(value, float):
        yield value
