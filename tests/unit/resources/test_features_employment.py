"""Features of employment, utility, soft information and lending on records written by hand."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from tests.factories.frames import AS_OF, measured, month_start


def insured(back: int, count: int, insurance: str = "pension", **fields: Any) -> dict[str, Any]:
    return {"month": month_start(back), "insurance": insurance, "insured": count, **fields}


def paid(back: int, *, due: int = 100, paid: int | None = 100) -> dict[str, Any]:
    return {"month": month_start(back), "insurance": "all", "due": due, "paid": paid}


class TestInsured:
    def test_the_insurance_with_most_people_counts(self):
        assert measured("emp_insured", {"social-insurance": [insured(1, 9), insured(1, 11, "injury")]}) == 11

    def test_the_newest_month_counts(self):
        assert measured("emp_insured", {"social-insurance": [insured(1, 9), insured(2, 20)]}) == 9

    def test_a_number_older_than_three_months_does_not(self):
        assert measured("emp_insured", {"social-insurance": [insured(4, 20)]}) is None

    @pytest.mark.parametrize(("code", "back"), [("emp_insured_change_12m", 13), ("emp_insured_change_3m", 4)])
    def test_change_is_against_the_month_before(self, code, back):
        rows = [insured(1, 7), insured(back, 10), insured(back + 1, 99)]

        assert measured(code, {"social-insurance": rows}) == -300_000
        assert measured(code, {"social-insurance": rows[:1]}) is None

    def test_base_per_head(self):
        rows = [insured(1, 2, base=1001), insured(1, 2, "medical", base=900)]

        assert measured("emp_base_per_head_fen", {"social-insurance": rows}) == 500


class TestContributions:
    def test_months_paid_short_count(self):
        rows = [paid(2), paid(3, paid=99), paid(4, paid=None)]

        assert measured("emp_unpaid_months_12", {"social-insurance": rows}) == 2

    def test_the_newest_month_is_still_running(self):
        assert measured("emp_unpaid_months_12", {"social-insurance": [paid(1, paid=0), paid(2)]}) == 0

    def test_insurances_of_a_month_add_up(self):
        rows = [paid(2, due=50, paid=100), paid(2, due=100, paid=50) | {"insurance": "injury"}]

        assert measured("emp_unpaid_months_12", {"social-insurance": rows}) == 0

    def test_a_source_that_states_no_payments_says_nothing(self):
        assert measured("emp_unpaid_months_12", {"social-insurance": [paid(2, paid=None)]}) is None

    def test_months_with_a_record(self):
        rows = [insured(1, 3), insured(1, 3, "injury"), insured(14, 3)]

        assert measured("emp_months_12", {"social-insurance": rows}) == 1
        assert measured("emp_months_24", {"social-insurance": rows}) == 2

    def test_a_newest_month_on_its_way_costs_nothing(self):
        rows = [insured(back, 3) for back in range(2, 14)]

        assert measured("emp_months_12", {"social-insurance": rows}) == 12
        assert measured("emp_months_12", {"social-insurance": [*rows, insured(1, 3)]}) == 12

    def test_the_housing_fund_has_its_own(self):
        fund = [{"month": month_start(back), "depositors": 6, "due": 100, "paid": 90} for back in (1, 2)]
        records = {"housing-fund": fund, "social-insurance": [insured(1, 8)]}

        assert measured("emp_fund_months_12", records) == 2
        assert measured("emp_fund_unpaid_months_12", records) == 1
        assert measured("emp_fund_share", records) == 750_000


def test_the_newest_labour_grade_counts():
    grades = [{"year": 2024, "grade": "A"}, {"year": 2025, "grade": "C"}]

    assert measured("emp_labour_grade", {"labour-rating": grades}) == 1


def bill(back: int, *, account: str = "1", service: str = "electricity", **fields: Any) -> dict[str, Any]:
    return {"service": service, "account_no": account, "month": month_start(back), **fields}


class TestUtility:
    def test_electricity_is_in_whole_kwh_over_all_accounts(self):
        bills = [bill(1, quantity=1_999), bill(1, account="2", quantity=1_000), bill(13, quantity=9_000)]

        assert measured("ut_electricity_12m_kwh", {"utility-bill": bills}) == 2

    def test_change_compares_the_same_months(self):
        bills = [bill(back, quantity=50) for back in (1, 2, 3)] + [
            bill(back, quantity=100) for back in (13, 14, 15)
        ]
        records = {"utility-bill": bills}

        assert measured("ut_electricity_change", records) == -500_000
        assert measured("ut_electricity_change_3m", records) == -500_000
        assert measured("ut_water_change", records) is None

    def test_a_month_without_use_on_all_accounts(self):
        bills = [bill(1, quantity=0), bill(1, account="2", quantity=5), bill(2, quantity=0), bill(3)]

        assert measured("ut_zero_months_12", {"utility-bill": bills}) == 1

    def test_no_bill_is_not_no_use(self):
        assert measured("ut_zero_months_12", {"utility-bill": [bill(1, service="water", quantity=0)]}) is None

    def test_bills_paid_in_time(self):
        day = month_start(2, day=20)
        bills = [
            bill(3, amount=10, due_on=day, paid_on=day),
            bill(3, account="2", amount=10, due_on=day, paid_on=day + timedelta(days=1)),
            bill(3, account="3", amount=0, due_on=day),
        ]

        assert measured("ut_on_time_ratio_12", {"utility-bill": bills}) == 500_000

    def test_small_arrears_are_not_held_against_a_firm(self):
        bills = [bill(1, arrears=99_999), bill(2, arrears=60_000), bill(2, account="2", arrears=40_000)]

        assert measured("ut_arrears_months_12", {"utility-bill": bills}) == 1

    def test_cut_offs_and_theft(self):
        bills = [
            bill(1, cut_off=True),
            bill(1, account="2", cut_off=True),
            bill(30, theft=True, cut_off=True),
        ]
        records = {"utility-bill": bills}

        assert measured("ut_cut_off_months_12", records) == 1
        assert measured("ut_theft_months_36", records) == 1
        assert measured("ut_theft_months_36", {"utility-bill": [bill(1)]}) is None

    def test_months_billed(self):
        bills = [bill(1), bill(1, service="water"), bill(20)]

        assert measured("ut_months_12", {"utility-bill": bills}) == 1
        assert measured("ut_months_24", {"utility-bill": bills}) == 2


def observation(level: int | None, *, days_ago: int = 30, **fields: Any) -> dict[str, Any]:
    return {
        "topic": "team",
        "observer": "王",
        "observed_on": AS_OF - timedelta(days=days_ago),
        "level": level,
        **fields,
    }


class TestSoftInformation:
    def test_an_observers_newest_opinion_counts_once(self):
        seen = [observation(1, days_ago=200), observation(4), observation(5, observer="李")]

        assert measured("soft_level_mean", {"soft-observation": seen}) == 4_500_000
        assert measured("soft_observers", {"soft-observation": seen}) == 2

    def test_without_a_level_there_is_no_opinion(self):
        assert measured("soft_level_mean", {"soft-observation": [observation(None)]}) is None


def loan(back: int, days: int, *, no: str = "1", balance: int = 100, **fields: Any) -> dict[str, Any]:
    return {"loan_no": no, "month": month_start(back), "balance": balance, "days_past_due": days, **fields}


class TestLending:
    def test_the_newest_state_of_each_open_loan_counts(self):
        loans = [loan(2, 120), loan(1, 0), loan(1, 30, no="2"), loan(1, 500, no="3", balance=0)]
        records = {"loan-status": loans}

        assert measured("lend_days_past_due", records) == 30
        assert measured("lend_days_past_due_12m", records) == 500
        assert measured("lend_open_loans", records) == 2
        assert measured("lend_balance_fen", records) == 200

    def test_the_worst_class(self):
        loans = [loan(1, 0, classification="normal"), loan(1, 0, no="2", classification="doubtful")]

        assert measured("lend_worst_class", {"loan-status": loans}) == 4

    def test_loans_no_longer_reported_are_not_known(self):
        assert measured("lend_days_past_due", {"loan-status": [loan(5, 120)]}) is None

    def test_two_banks_may_use_one_number(self):
        loans = [loan(1, 10, participant="north"), loan(2, 95, participant="south")]

        assert measured("lend_days_past_due", {"loan-status": loans}) == 95


def test_a_day_before_the_month_is_out_nothing_of_it_is_known():
    rows = [insured(1, 9)]

    assert measured("emp_insured", {"social-insurance": rows}, as_of=date(2026, 10, 31)) is None
