"""What a profile says of each group, in full and to readers without consent."""

from __future__ import annotations

from datetime import UTC, date, datetime
from uuid import UUID

import orjson
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from creditshare.core.ids import public
from creditshare.core.money import two_places, unscaled
from creditshare.profiles import rendering
from creditshare.profiles.coverage import coverage_of, fresh_until
from creditshare.profiles.references import public_column
from creditshare.profiles.sections import Contents, full_sections, public_sections
from creditshare.profiles.versions import Reading, VersionReader
from creditshare.resources.catalogue import ALL_KINDS, KINDS
from creditshare.resources.groups import ResourceGroup
from tests.factories.frames import AS_OF, NOON, catalogue, frames, loader, version_frame

JAN = date(2026, 1, 1)


def contents(found):
    covered = coverage_of(found, ALL_KINDS, catalogue())
    fresh = fresh_until(found, ALL_KINDS, catalogue())
    return Contents(found, covered, fresh, ALL_KINDS, catalogue())


def sections(rows, *, as_of=AS_OF):
    (row,) = full_sections(contents(frames(rows, as_of=as_of))).to_dicts()
    return {group: orjson.loads(row[group]) for group in ResourceGroup}


def bills(service="electricity", months=12, **others):
    last = AS_OF.year * 12 + AS_OF.month - 2
    return [
        {"service": service, "account_no": "7", "month": date(n // 12, n % 12 + 1, 1), "amount": 100} | others
        for n in range(last, last - months, -1)
    ]


class TestSeries:
    def test_has_one_point_per_month_and_none_for_what_is_missing(self):
        rows = [row for row in bills() if row["month"].month != 6]

        (series,) = sections({"utility-bill": rows})["utility"]["series"]

        assert (series["kind"], series["service"], series["step"]) == ("utility-bill", "electricity", "month")
        months = [point["month"] for point in series["points"]]
        assert months == sorted(months)
        assert "2026-06" not in months
        assert len(months) == 11

    def test_adds_up_what_stands_and_leaves_the_unknown_null(self):
        rows = bills(months=1) + bills(months=1, bill_no="2", amount=-250)

        (series,) = sections({"utility-bill": rows})["utility"]["series"]

        assert series["points"][0]["amount"] == "-1.50"
        assert series["points"][0]["arrears"] is None

    def test_survives_amounts_that_no_bigint_holds_together(self):
        rows = [row for n in range(3) for row in bills(months=1, bill_no=str(n), amount=9 * 10**18)]

        (series,) = sections({"utility-bill": rows})["utility"]["series"]

        assert series["points"][0]["amount"] == "270000000000000000.00"

    def test_shows_36_complete_months(self):
        (series,) = sections({"utility-bill": bills(months=50)})["utility"]["series"]

        assert len(series["points"]) == 36

    def test_is_split_by_what_its_kind_says(self):
        rows = bills() + bills("water")

        found = sections({"utility-bill": rows})["utility"]["series"]

        assert [series["service"] for series in found] == ["electricity", "water"]


class TestEvents:
    def test_stand_newest_first_over_all_kinds_of_a_group(self):
        rows = {
            "pledge": [
                {"pledge_type": "ip", "registration_no_of_pledge": "1", "registered_on": date(2026, 3, 1)}
            ],
            "abnormal-listing": [
                {"list": "wage-arrears", "listed_on": date(2026, 1, 5)},
                {"list": "wage-arrears", "listed_on": date(2026, 4, 5)},
            ],
        }

        events = sections(rows)["registration"]["events"]

        assert [(e["kind"], e.get("listed_on") or e["registered_on"]) for e in events] == [
            ("abnormal-listing", "2026-04-05"),
            ("pledge", "2026-03-01"),
            ("abnormal-listing", "2026-01-05"),
        ]

    def test_are_fifty_at_most(self):
        rows = [
            {"project_no": str(n), "awarded_on": date.fromordinal(JAN.toordinal() + n)} for n in range(60)
        ]

        events = sections({"award": rows})["operation"]["events"]

        assert [event["project_no"] for event in events] == [str(n) for n in range(59, 9, -1)]

    def test_keep_days_as_far_as_they_are_known(self):
        rows = [
            {
                "project_no": "1",
                "awarded_on": JAN,
                "awarded_on_precision": precision,
                "participant": precision,
            }
            for precision in ("year", "month")
        ]
        rows[1]["project_no"] = "2"

        events = sections({"award": rows})["operation"]["events"]

        assert sorted(event["awarded_on"] for event in events) == ["2026", "2026-01"]


class TestFacts:
    def test_are_those_of_the_newest_year(self):
        rows = [{"year": year, "grade": grade} for year, grade in ((2023, "A"), (2025, "B"), (2024, "C"))]

        assert sections({"tax-rating": rows})["tax"]["facts"]["tax-rating"]["grade"] == "B"


class TestStatus:
    def test_without_a_record(self):
        assert sections({})["tax"] == {
            "status": "no-record",
            "coverage": "0.00",
            "fresh_until": None,
            "facts": {},
            "series": [],
            "events": [],
            "disputes": [],
        }

    def test_stale_after_one_more_period_and_the_days_of_grace(self):
        grace = catalogue()["utility-bill"].grace_days
        section = sections({"utility-bill": bills()})["utility"]
        last_day = date.fromordinal(date(2026, 11, 30).toordinal() + grace)
        assert (section["status"], section["fresh_until"]) == ("available", last_day.isoformat())

        later = sections({"utility-bill": bills()}, as_of=date.fromordinal(last_day.toordinal() + 1))
        assert later["utility"]["status"] == "stale"

    def test_coverage_counts_months_of_the_year_before(self):
        full, half = sections({"utility-bill": bills()}), sections({"utility-bill": bills(months=6)})

        assert catalogue()["utility-bill"].expected
        assert float(half["utility"]["coverage"]) * 2 == pytest.approx(float(full["utility"]["coverage"]))

    def test_a_group_of_which_nothing_is_expected_is_covered_where_a_record_stands(self):
        rating = {"environment-rating": [{"year": 2025, "colour": "green", "firm": 0}]}

        groups = sections(rating)

        assert groups["environment"]["coverage"] == "1.00"
        assert groups["talent-technology"]["coverage"] == "0.00"

    def test_what_is_withdrawn_covers_nothing(self):
        rating = {"environment-rating": [{"year": 2025, "colour": "green", "withdrawn": True}]}

        assert sections(rating)["environment"]["coverage"] == "0.00"


def test_readers_without_consent_see_public_kinds_only():
    rows = {
        "tax-filing": [
            {"tax_type": "增值税", "period_start": JAN, "period_end": date(2026, 1, 31), "tax_due": 5}
        ],
        "registration": [{"firm_name": "某某", "given_legal_representative": True}],
    }
    (row,) = public_sections(contents(frames(rows))).to_dicts()

    tax, registration = orjson.loads(row["tax"]), orjson.loads(row["registration"])
    assert (tax["status"], tax["series"], tax["coverage"]) == ("not-permitted", [], None)
    assert registration["facts"]["registration"]["firm_name"] == "某某"


def test_loans_are_shown_in_bands_without_names_and_numbers():
    loan = {"loan_no": "L1", "month": date(2026, 10, 1), "balance": 300_000_00, "days_past_due": 45}

    (event,) = sections({"loan-status": [loan | {"collateral": "厂房", "classification": "normal"}]})[
        "lending"
    ]["events"]

    assert event["balance"] == "100000-500000"
    assert event["days_past_due"] == "31-91"
    assert not {"loan_no", "collateral", "guarantor"} & event.keys()


class TestSources:
    def test_differing_ones_stand_beside_the_best_ranked(self):
        rows = [
            {"firm_name": "甲公司", "participant": "a", "revised_at": NOON},
            {"firm_name": "乙公司", "participant": "b", "revised_at": datetime(2020, 1, 1, tzinfo=UTC)},
        ]
        sourced = {
            "registration": version_frame("registration", rows).with_columns(
                submission=pl.lit(bytes(16)),
                row_no=pl.lit(1, pl.Int64),
                known_from=pl.lit(NOON, pl.Datetime("us", "UTC")),
                remarks=pl.lit(None, pl.List(pl.String)),
            )
        }
        found = loader().settle(sourced, Reading([UUID(int=0)], AS_OF, NOON, provenance=True)).frames
        (row,) = full_sections(contents(found)).to_dicts()

        fact = orjson.loads(row["registration"])["facts"]["registration"]

        assert fact["firm_name"] == "甲公司"
        assert [source["provider"] for source in fact["provenance"]] == ["a"]
        assert [(d["provider"], d["values"]["firm_name"]) for d in fact["differing"]] == [("b", "乙公司")]

    def test_every_kind_can_be_read_with_them(self):
        for kind in ALL_KINDS:
            assert "submission" in VersionReader(kind).nothing(provenance=True).columns


@settings(max_examples=25, deadline=None)
@given(st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(randomness):
    rows = {
        "utility-bill": bills() + bills("water", months=5),
        "award": [{"project_no": str(n), "awarded_on": JAN, "amount": n} for n in range(5)],
        "tax-rating": [{"year": 2024 + n % 2, "grade": "ABMC"[n], "participant": str(n)} for n in range(4)],
        "registration": [{"firm_name": f"公司{n}", "participant": str(n)} for n in range(3)],
    }
    before = sections(rows)
    for found in rows.values():
        randomness.shuffle(found)

    assert sections(rows) == before


@settings(deadline=None)
@given(st.integers(-(2**63) + 1, 2**63 - 1), st.sampled_from([0, 2, 3, 6, 9]))
def test_decimals_are_written_as_money_writes_them(value, places):
    column = pl.Series("v", [value], dtype=pl.Int64)

    assert pl.select(rendering.decimal(pl.lit(column), places)).item() == unscaled(value, places)


@settings(deadline=None)
@given(st.integers(0, 1_000_000))
def test_shares_are_written_as_money_writes_them(millionths):
    assert pl.select(rendering.two_places(pl.lit(millionths))).item() == two_places(millionths)


@settings(deadline=None)
@given(st.uuids())
def test_ids_are_written_as_core_writes_them(value):
    column = pl.Series("id", [value.bytes], dtype=pl.Binary)

    assert public_column("rec", column).to_list() == [public("rec", value)]


def test_every_statement_names_fields_of_its_kind():
    for kind in KINDS.values():
        assert set(rendering.shown_fields(kind)) <= set(kind.own_fields)
