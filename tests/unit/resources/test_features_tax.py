"""Tax features on returns, ratings and notices written by hand."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from tests.factories.frames import measured, month_start

REGISTERED = {"registration": [{"firm_name": "甲"}]}


def filing(back: int, *, length: int = 1, **fields: Any) -> dict[str, Any]:
    """A return for the `length` months that end `back` months before the running one."""
    return {
        "tax_type": "增值税",
        "period_start": month_start(back + length - 1),
        "period_end": month_start(back - 1) - timedelta(days=1),
        **fields,
    }


def due(back: int, *, paid_after: int | None, **fields: Any) -> dict[str, Any]:
    """A line that fell due on the 15th, paid so many days after it."""
    day = month_start(back, day=15)
    paid_on = None if paid_after is None else day + timedelta(days=paid_after)
    return filing(back + 1, tax_due=100, due_on=day, paid_on=paid_on, **fields)


class TestMonthsFiled:
    def test_counts_months_not_lines(self):
        lines = [filing(2, item="a"), filing(2, item="b"), filing(3)]

        assert measured("tax_months_filed_12", {"tax-filing": lines}) == 2

    def test_a_quarterly_return_covers_three_months(self):
        assert measured("tax_months_filed_12", {"tax-filing": [filing(2, length=3)]}) == 3

    def test_a_yearly_settlement_covers_none(self):
        assert measured("tax_months_filed_12", {"tax-filing": [filing(2, length=12)]}) is None

    def test_a_return_that_is_not_due_yet_costs_nothing(self):
        lines = [filing(back) for back in range(2, 14)]

        assert measured("tax_months_filed_12", {"tax-filing": lines}) == 12

    def test_thirteen_months_count_as_twelve(self):
        lines = [filing(back) for back in range(1, 14)]

        assert measured("tax_months_filed_12", {"tax-filing": lines}) == 12

    def test_only_the_months_inside_the_window_count(self):
        assert measured("tax_months_filed_12", {"tax-filing": [filing(12, length=3), filing(20)]}) == 2


class TestOnTimeRatio:
    @pytest.mark.parametrize(
        ("lines", "ratio"),
        [
            pytest.param(
                [due(1, paid_after=0), due(2, paid_after=-3)], 1_000_000, id="on the day is in time"
            ),
            pytest.param([due(1, paid_after=1), due(2, paid_after=0)], 500_000, id="one day late"),
            pytest.param(
                [due(1, paid_after=None), due(2, paid_after=0)], 500_000, id="not paid is not in time"
            ),
            pytest.param([due(1, paid_after=None)], None, id="a source that states no days says nothing"),
            pytest.param([due(14, paid_after=9), due(2, paid_after=0)], 1_000_000, id="over a year ago"),
            pytest.param(
                [due(0, paid_after=None), due(2, paid_after=0)], 1_000_000, id="not due in a whole month"
            ),
            pytest.param(
                [due(1, paid_after=9) | {"tax_due": 0}, due(2, paid_after=0)], 1_000_000, id="nothing was due"
            ),
        ],
    )
    def test_is_the_share_of_lines(self, lines, ratio):
        assert measured("tax_on_time_ratio_12", {"tax-filing": lines}) == ratio

    def test_a_payment_after_the_day_has_not_happened(self):
        lines = [due(1, paid_after=30), due(2, paid_after=0)]

        before, after = (
            measured(
                "tax_unpaid_lines_12", {"tax-filing": [line | {"tax_paid": 100} for line in lines]}, as_of=day
            )
            for day in (date(2026, 11, 10), date(2026, 12, 20))
        )

        assert (before, after) == (0, 0)
        assert measured("tax_on_time_ratio_12", {"tax-filing": lines}) == 500_000


def test_unpaid_lines_count_after_a_month():
    lines = [
        due(2, paid_after=0, tax_paid=100),
        due(3, paid_after=0, tax_paid=99),
        due(4, paid_after=None),
        due(1, paid_after=None),
    ]

    assert measured("tax_unpaid_lines_12", {"tax-filing": lines}) == 2
    assert measured("tax_unpaid_lines_12", {"tax-filing": [due(4, paid_after=None)]}) is None


class TestGrowth:
    def test_compares_with_the_same_months_of_the_year_before(self):
        lines = [filing(back, tax_paid=150) for back in (1, 2, 3)]
        lines += [filing(back, tax_paid=100) for back in (13, 14, 15, 20)]

        assert measured("tax_paid_growth", {"tax-filing": lines}) == 500_000

    def test_needs_three_comparable_months(self):
        lines = [filing(back, tax_paid=100) for back in (1, 2, 13, 14)]

        assert measured("tax_paid_growth", {"tax-filing": lines}) is None

    def test_growth_from_nothing_is_not_known(self):
        lines = [filing(back, tax_paid=100) for back in (1, 2, 3)]
        lines += [filing(back, tax_paid=0) for back in (13, 14, 15)]

        assert measured("tax_paid_growth", {"tax-filing": lines}) is None

    def test_turnover_looks_at_value_added_tax_alone(self):
        lines = [filing(back, taxable_basis=100) for back in (1, 2, 3, 13, 14, 15)]
        lines += [filing(back, taxable_basis=900) | {"tax_type": "企业所得税"} for back in (1, 2, 3)]

        assert measured("tax_turnover_growth", {"tax-filing": lines}) == 0

    def test_paid_adds_up_twelve_months(self):
        lines = [filing(1, tax_paid=10), filing(12, tax_paid=5), filing(13, tax_paid=1000)]

        assert measured("tax_paid_12m_fen", {"tax-filing": lines}) == 15


class TestRating:
    def test_the_newest_year_counts(self):
        ratings = [{"year": 2024, "grade": "A"}, {"year": 2025, "grade": "C"}]

        assert measured("tax_grade", {"tax-rating": ratings}) == 2
        assert measured("tax_grade_change", {"tax-rating": ratings}) == -3

    def test_an_old_one_does_not(self):
        assert measured("tax_grade", {"tax-rating": [{"year": 2023, "grade": "A"}]}) is None

    def test_a_gap_is_no_change(self):
        ratings = [{"year": 2023, "grade": "A"}, {"year": 2025, "grade": "C"}]

        assert measured("tax_grade_change", {"tax-rating": ratings}) is None


NOTICE = {"tax_type": "增值税", "announced_on": date(2026, 9, 1), "balance": 500}


class TestArrears:
    def test_none_of_a_registered_firm_is_zero(self):
        assert measured("tax_arrears_open", REGISTERED) == 0

    def test_none_of_an_unknown_firm_is_not_known(self):
        assert measured("tax_arrears_open", {}) is None

    def test_the_newest_notice_per_tax_counts(self):
        notices = [NOTICE, NOTICE | {"announced_on": date(2026, 6, 1), "balance": 900}]

        assert measured("tax_arrears_open", {"tax-arrears": notices}) == 1
        assert measured("tax_arrears_balance_fen", {"tax-arrears": notices}) == 500

    def test_cleared_ones_do_not(self):
        notices = [
            NOTICE | {"cleared_on": date(2026, 10, 1)},
            NOTICE | {"announced_on": date(2025, 1, 1)},
        ]

        assert measured("tax_arrears_open", REGISTERED | {"tax-arrears": notices}) == 0

    def test_cleared_after_the_day_is_still_open(self):
        notices = [NOTICE | {"cleared_on": date(2026, 10, 1)}]

        assert measured("tax_arrears_open", {"tax-arrears": notices}, as_of=date(2026, 9, 30)) == 1
