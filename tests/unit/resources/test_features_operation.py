"""Features of operation, talent and technology, and environment on records written by hand."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tests.factories.frames import measured

REGISTERED = {"registration": [{"firm_name": "甲"}]}


def penalty(number: int, **fields: Any) -> dict[str, Any]:
    return {"document_no": str(number), "authority": "局", "decided_on": date(2025, 5, 1), **fields}


def case(number: int, name: str, **fields: Any) -> dict[str, Any]:
    return {"list": name, "case_no": str(number), "filed_on": date(2025, 5, 1), **fields}


class TestPenalties:
    def test_count_by_severity_unstated_as_general(self):
        penalties = [penalty(1), penalty(2, severity="general"), penalty(3, severity="serious", fine=700)]
        records = REGISTERED | {"administrative-penalty": penalties}

        assert measured("op_penalties_general_36m", records) == 2
        assert measured("op_penalties_serious_36m", records) == 1
        assert measured("op_penalties_light_36m", records) == 0
        assert measured("op_fines_36m_fen", records) == 700

    def test_older_than_36_months_count_no_more(self):
        records = REGISTERED | {"administrative-penalty": [penalty(1, decided_on=date(2023, 10, 31))]}

        assert measured("op_penalties_general_36m", records) == 0

    def test_environmental_ones_count_for_the_environment_too(self):
        records = REGISTERED | {"administrative-penalty": [penalty(1, field="environment"), penalty(2)]}

        assert measured("env_penalties_36m", records) == 1


class TestCourts:
    def test_a_listing_is_open_until_performed_or_ended(self):
        cases = [
            case(1, "dishonest"),
            case(2, "dishonest", performed_on=date(2026, 1, 1)),
            case(3, "dishonest", ended_on=date(2026, 1, 1)),
        ]
        records = REGISTERED | {"court-enforcement": cases}

        assert measured("op_dishonest_open", records) == 1
        assert measured("op_dishonest_36m", records) == 3
        assert measured("op_dishonest_open", records, as_of=date(2025, 12, 31)) == 3

    def test_lists_count_apart(self):
        records = REGISTERED | {
            "court-enforcement": [case(1, "enforced"), case(2, "lawsuit"), case(3, "lawsuit")]
        }

        assert measured("op_enforced_36m", records) == 1
        assert measured("op_enforced_open", records) == 1
        assert measured("op_lawsuits_36m", records) == 2
        assert measured("op_dishonest_open", records) == 0


def test_awards_of_three_years():
    awards = [
        {"project_no": "1", "awarded_on": date(2026, 1, 1)},
        {"project_no": "2", "awarded_on": date(2020, 1, 1)},
    ]

    assert measured("op_awards_36m", {"award": awards}) == 1
    assert measured("op_awards_36m", {"award": awards[1:]}) == 0
    assert measured("op_awards_36m", REGISTERED) is None


def report(year: int, **fields: Any) -> dict[str, Any]:
    return {"year": year, **fields}


@pytest.mark.parametrize(
    ("code", "reports", "value"),
    [
        ("op_years_reported", [report(2025), report(2024), report(2023)], 2),
        ("op_years_reported", [report(2020)], None),
        ("op_revenue_growth", [report(2024, revenue=400), report(2025, revenue=300)], -250_000),
        ("op_revenue_growth", [report(2023, revenue=400), report(2025, revenue=300)], None),
        ("op_debt_ratio", [report(2025, total_assets=300, total_liabilities=200)], 666_667),
        ("op_debt_ratio", [report(2025, total_assets=0, total_liabilities=200)], None),
        (
            "op_debt_ratio",
            [report(2025, revenue=1), report(2024, total_assets=4, total_liabilities=1)],
            250_000,
        ),
        ("op_net_margin", [report(2025, revenue=200, net_profit=-10)], -50_000),
        ("op_headcount", [report(2024, headcount=9), report(2025, headcount=7)], 7),
    ],
)
def test_annual_reports(code, reports, value):
    assert measured(code, {"annual-report": reports}) == value


def test_licences_in_force():
    licence = {"licence_no": "1", "authority": "局", "valid_until": date(2026, 12, 31)}
    expired = licence | {"licence_no": "2", "valid_until": date(2026, 11, 21)}

    assert measured("op_licences_valid", {"administrative-licence": [licence, expired]}) == 1


class TestTalent:
    def test_only_granted_rights_in_force_count(self):
        rights = [
            {
                "right_type": "invention",
                "number": "1",
                "granted_on": date(2020, 1, 1),
                "legal_status": "有效",
            },
            {
                "right_type": "invention",
                "number": "2",
                "granted_on": date(2020, 1, 1),
                "legal_status": "权利终止",
            },
            {"right_type": "invention", "number": "3", "applied_on": date(2026, 1, 1)},
            {"right_type": "software-copyright", "number": "4", "pledged": True},
            {"right_type": "trademark", "number": "5", "granted_on": date(2027, 1, 1)},
        ]
        records = {"intellectual-property": rights}

        assert measured("tt_inventions", records) == 1
        assert measured("tt_second_class_rights", records) == 1
        assert measured("tt_trademarks", records) == 0
        assert measured("tt_rights_pledged", records) == 1

    def test_the_best_recognition_in_force_counts(self):
        held = [
            {"scheme": "iso", "certificate_no": "1"},
            {"scheme": "high-tech", "certificate_no": "2", "expires_on": date(2027, 1, 1)},
            {"scheme": "little-giant", "certificate_no": "3", "expires_on": date(2026, 1, 1)},
        ]

        assert measured("tt_best_qualification", {"qualification": held}) == 3
        assert measured("tt_qualifications", {"qualification": held}) == 2

    def test_research_is_compared_with_the_same_year(self):
        records = {
            "talent": [{"year": 2024, "rd_expense": 6, "rd_headcount": 3}, {"year": 2025, "rd_expense": 9}],
            "annual-report": [report(2024, revenue=100, headcount=30)],
        }

        assert measured("tt_rd_ratio", records) == 60_000
        assert measured("tt_rd_staff_ratio", records) == 100_000


class TestEnvironment:
    def test_the_worst_site_of_the_newest_year_counts(self):
        ratings = [
            {"scheme": "five-colour", "year": 2024, "site": "a", "colour": "black"},
            {"scheme": "five-colour", "year": 2025, "site": "a", "colour": "green"},
            {"scheme": "five-colour", "year": 2025, "site": "b", "colour": "yellow"},
        ]

        assert measured("env_colour", {"environment-rating": ratings}) == 3

    def test_observations_add_up(self):
        seen = [
            {"site": "a", "observed_on": date(2026, 1, 1), "exceedances": 2, "complaints": 1},
            {"site": "b", "observed_on": date(2026, 2, 1), "exceedances": 1},
            {"site": "b", "observed_on": date(2023, 2, 1), "exceedances": 9},
        ]

        assert measured("env_exceedances_24m", {"pollution-source": seen}) == 3
        assert measured("env_complaints_24m", {"pollution-source": seen}) == 1

    @pytest.mark.parametrize(("met", "value"), [((True, True), 1), ((True, False), 0), ((None, True), 1)])
    def test_every_site_must_meet_the_target(self, met, value):
        used = [{"year": 2025, "site": str(n), "tce": 1, "target_met": each} for n, each in enumerate(met)]

        assert measured("env_energy_target_met", {"energy-use": used}) == value

    def test_permits_in_force(self):
        permits = [
            {"permit_no": "1", "valid_until": date(2028, 1, 1)},
            {"permit_no": "2", "valid_until": date(2020, 1, 1)},
        ]

        assert measured("env_permits_valid", {"discharge-permit": permits}) == 1
