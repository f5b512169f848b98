"""What holds on a day, and on which days that changes by itself."""

from __future__ import annotations

from datetime import UTC, date, datetime
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from creditshare.profiles.boundaries import boundaries
from creditshare.profiles.coverage import fresh_until
from creditshare.profiles.versions import Reading
from creditshare.resources.catalogue import ALL_KINDS
from tests.factories.frames import catalogue, frames, loader, version_frame

MAY = date(2026, 5, 1)
KNOWN = datetime(2026, 11, 22, tzinfo=UTC)


def shown(kind, row, *, on):
    return frames({kind: [row]}, as_of=on)[kind].to_dicts()


@pytest.mark.parametrize(
    ("kind", "row", "first"),
    [
        pytest.param(
            "tax-filing",
            {"tax_type": "增值税", "period_start": MAY, "period_end": date(2026, 5, 31), "tax_due": 1},
            date(2026, 5, 31),
            id="a period, on its last day",
        ),
        pytest.param(
            "social-insurance",
            {"month": MAY, "insurance": "all"},
            date(2026, 6, 1),
            id="a month, when it is over",
        ),
        pytest.param(
            "talent", {"year": 2025, "rd_headcount": 3}, date(2026, 1, 1), id="a year, when it is over"
        ),
        pytest.param(
            "labour-rating",
            {"year": 2025, "grade": "A"},
            date(2025, 1, 1),
            id="a grade, from its year's start",
        ),
        pytest.param(
            "administrative-penalty",
            {"document_no": "1", "authority": "x", "decided_on": MAY},
            MAY,
            id="an event, on its day",
        ),
    ],
)
def test_a_record_holds_from(kind, row, first):
    assert shown(kind, row, on=first)
    assert not shown(kind, row, on=date.fromordinal(first.toordinal() - 1))


def test_a_record_holds_to_the_end_of_its_last_day():
    licence = {"licence_no": "1", "authority": "x", "valid_from": MAY, "valid_until": date(2026, 6, 30)}

    assert shown("administrative-licence", licence, on=date(2026, 6, 30))
    assert not shown("administrative-licence", licence, on=date(2026, 7, 1))


def test_a_record_without_days_always_holds():
    assert shown("administrative-licence", {"licence_no": "1", "authority": "x"}, on=date(2000, 1, 1))


def test_what_is_paid_later_is_not_paid_yet():
    filing = {
        "tax_type": "增值税",
        "period_start": MAY,
        "period_end": date(2026, 5, 31),
        "tax_due": 100,
        "tax_paid": 100,
        "paid_on": date(2026, 6, 10),
    }

    (before,) = shown("tax-filing", filing, on=date(2026, 6, 9))
    (after,) = shown("tax-filing", filing, on=date(2026, 6, 10))

    assert (before["tax_due"], before["tax_paid"], before["paid_on"]) == (100, None, None)
    assert (after["tax_paid"], after["paid_on"]) == (100, date(2026, 6, 10))


def turns(rows, *, as_of):
    reading = Reading([UUID(int=0)], as_of, KNOWN)
    dated = loader().settle({kind: version_frame(kind, found) for kind, found in rows.items()}, reading)
    fresh = fresh_until(dated.frames, ALL_KINDS, catalogue())
    (found,) = boundaries(dated.frames, dated.turning, fresh).to_dicts()
    return found["data_as_of"], found["changes_on"]


AS_OF = date(2026, 5, 20)


@pytest.mark.parametrize(
    ("rows", "data_as_of", "changes_on"),
    [
        pytest.param({}, MAY, date(2026, 6, 1), id="months alone"),
        pytest.param(
            {"abnormal-listing": [{"list": "wage-arrears", "listed_on": date(2026, 5, 12)}]},
            date(2026, 5, 12),
            date(2026, 6, 1),
            id="a day that was",
        ),
        pytest.param(
            {
                "abnormal-listing": [
                    {
                        "list": "wage-arrears",
                        "listed_on": date(2026, 3, 12),
                        "removed_on": date(2026, 5, 25),
                    }
                ]
            },
            MAY,
            date(2026, 5, 25),
            id="a removal to come",
        ),
        pytest.param(
            {
                "administrative-licence": [
                    {"licence_no": "1", "authority": "x", "valid_until": date(2026, 5, 24)}
                ]
            },
            MAY,
            date(2026, 5, 25),
            id="the day after the last",
        ),
        pytest.param(
            {
                "administrative-licence": [
                    {"licence_no": "1", "authority": "x", "valid_until": date(2026, 5, 19)}
                ]
            },
            date(2026, 5, 20),
            date(2026, 6, 1),
            id="ended yesterday, so changed today",
        ),
    ],
)
def test_boundaries(rows, data_as_of, changes_on):
    assert turns(rows, as_of=AS_OF) == (data_as_of, changes_on)


def test_running_out_of_date_is_a_day_that_changes_what_is_shown():
    filing = {"tax_type": "增值税", "period_start": date(2026, 3, 1), "period_end": date(2026, 3, 31)}

    # one more month is due, and the 15 days of grace are over
    assert turns({"tax-filing": [filing]}, as_of=date(2026, 5, 10)) == (MAY, date(2026, 5, 16))


days = st.dates(date(2026, 4, 1), date(2026, 7, 31))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(days, st.none() | days), max_size=4), days)
def test_nothing_changes_between_the_boundaries(spans, as_of):
    rows = {
        "administrative-licence": [
            {"licence_no": str(n), "authority": "x", "valid_from": first, "valid_until": last}
            for n, (first, last) in enumerate(spans)
        ]
    }
    data_as_of, changes_on = turns(rows, as_of=as_of)

    def licences(on):
        return frames(rows, as_of=on)["administrative-licence"].sort("record")

    assert data_as_of <= as_of < changes_on
    for number in range(data_as_of.toordinal(), changes_on.toordinal()):
        assert licences(date.fromordinal(number)).equals(licences(as_of))
