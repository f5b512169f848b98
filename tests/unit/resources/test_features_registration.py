"""Registration features on records written by hand."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tests.factories.frames import measured


def registration(**fields: Any) -> dict[str, Any]:
    return {"registration": [{"firm_name": "甲", **fields}]}


def change(item: str, on: date) -> dict[str, Any]:
    return {"item": item, "changed_on": on}


@pytest.mark.parametrize(
    ("code", "fields", "value"),
    [
        pytest.param("reg_age_months", {"established_on": date(2025, 11, 30)}, 12, id="calendar months"),
        pytest.param("reg_age_months", {"established_on": date(2027, 1, 1)}, 0, id="not before it is born"),
        pytest.param("reg_age_months", {}, None, id="age not known"),
        pytest.param("reg_capital_fen", {"registered_capital": 100}, 100, id="currency not said: renminbi"),
        pytest.param(
            "reg_capital_fen", {"registered_capital": 100, "capital_currency": "人民币"}, 100, id="said"
        ),
        pytest.param(
            "reg_capital_fen", {"registered_capital": 100, "capital_currency": "USD"}, None, id="foreign"
        ),
        pytest.param("reg_capital_fen", {"registered_capital": 0}, None, id="zero capital is a blank"),
        pytest.param(
            "reg_paid_in_ratio",
            {"registered_capital": 300, "paid_in_capital": 100},
            333_333,
            id="a third paid",
        ),
        pytest.param(
            "reg_paid_in_ratio", {"registered_capital": 300, "paid_in_capital": 0}, 0, id="nothing paid"
        ),
        pytest.param("reg_paid_in_ratio", {"registered_capital": 300}, None, id="paid not said"),
        pytest.param("reg_status", {}, 0, id="status not said"),
        pytest.param("reg_status", {"status": "revoked"}, 6, id="revoked"),
    ],
)
def test_registered_facts(code, fields, value):
    assert measured(code, registration(**fields)) == value


class TestChanges:
    def test_rows_of_one_day_are_one_change(self):
        changes = [change("法定代表人变更", date(2026, 5, 1)), change("负责人变更", date(2026, 5, 1))]

        assert measured("reg_legal_rep_changes_12m", {"registration-change": changes}) == 1

    def test_an_old_change_tells_that_changes_are_known(self):
        changes = [change("经营范围变更", date(2019, 5, 1))]

        assert measured("reg_legal_rep_changes_12m", {"registration-change": changes}) == 0

    def test_without_any_change_nothing_is_known(self):
        assert measured("reg_name_changes_36m", registration()) is None

    def test_names_and_addresses_count_apart(self):
        changes = {
            "registration-change": [
                change("名称变更", date(2025, 5, 1)),
                change("住所变更", date(2024, 5, 1)),
            ]
        }

        assert measured("reg_name_changes_36m", changes) == 1
        assert measured("reg_address_changes_36m", changes) == 1


LISTING = {"list": "abnormal-operation", "listed_on": date(2025, 1, 1)}


class TestListings:
    def test_open_until_removed(self):
        removed = LISTING | {"removed_on": date(2026, 3, 1)}
        records = registration() | {"abnormal-listing": [removed]}

        assert measured("reg_abnormal_open", records, as_of=date(2026, 2, 28)) == 1
        assert measured("reg_abnormal_open", records) == 0
        assert measured("reg_listings_ended_36m", records) == 1

    @pytest.mark.parametrize(
        ("name", "code"),
        [
            ("serious-violation", "reg_serious_open"),
            ("wage-arrears", "reg_wage_arrears_open"),
            ("tax-serious", "reg_tax_serious_open"),
        ],
    )
    def test_each_list_has_its_feature(self, name, code):
        records = registration() | {"abnormal-listing": [LISTING | {"list": name}]}

        assert measured(code, records) == 1
        assert measured("reg_abnormal_open", records) == 0

    def test_not_listed_and_not_registered_is_not_known(self):
        assert measured("reg_abnormal_open", {}) is None


def test_equity_pledges_that_are_open():
    pledge = {"pledge_type": "equity", "registration_no_of_pledge": "1", "registered_on": date(2025, 1, 1)}
    pledges = [
        pledge,
        pledge | {"registration_no_of_pledge": "2", "ended_on": date(2026, 1, 1)},
        pledge | {"registration_no_of_pledge": "3", "pledge_type": "chattel"},
    ]

    assert measured("reg_equity_pledges_open", {"pledge": pledges}) == 1


def test_the_largest_share():
    holders = [{"holder_no": "1", "share_ratio": 620_000}, {"holder_no": "2", "share_ratio": 380_000}]

    assert measured("reg_largest_share", {"shareholder": holders}) == 620_000
