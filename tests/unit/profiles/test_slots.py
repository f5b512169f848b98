"""One record per slot and participant, whatever the order in which rows come."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from creditshare.profiles.slots import one_per_slot
from creditshare.resources.catalogue import KINDS
from tests.factories.frames import version_frame

EARLY, LATE = datetime(2026, 5, 1, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC)
MAY = date(2026, 5, 1)


def kept(kind, *rows):
    return one_per_slot(KINDS[kind], version_frame(kind, list(rows)))


def insured(**others):
    return {"month": MAY, "insurance": "all", "due": 100, "revised_at": EARLY} | others


def filing(**others):
    period = {"period_start": MAY, "period_end": date(2026, 5, 31)}
    return {"tax_type": "增值税", "revised_at": EARLY, "tax_due": 100} | period | others


def test_the_newest_record_holds_the_slot():
    slots = kept("social-insurance", insured(due=1, revised_at=LATE), insured(due=2))

    assert slots["due"].to_list() == [1]


def test_at_one_moment_the_greater_content_hash_holds_it():
    first = insured(due=1, record=b"z" * 16 + b"a" * 16)
    second = insured(due=2, record=b"a" * 16 + b"b" * 16)

    assert kept("social-insurance", first, second)["due"].to_list() == [2]


def test_a_withdrawal_that_is_newest_empties_the_slot():
    withdrawal = insured(due=None, revised_at=LATE, withdrawn=True)

    assert kept("social-insurance", insured(), withdrawal).is_empty()
    assert kept("social-insurance", insured(revised_at=LATE + timedelta(1)), withdrawal).height == 1


def test_participants_months_and_firms_have_slots_of_their_own():
    rows = [
        insured(),
        insured(participant="other"),
        insured(month=date(2026, 6, 1)),
        insured(insurance="pension"),
        insured(firm=1),
    ]

    assert kept("social-insurance", *rows).height == len(rows)


def test_a_day_known_only_as_its_month_is_another_key():
    rows = [
        {"tax_type": "增值税", "announced_on": MAY, "balance": 1},
        {"tax_type": "增值税", "announced_on": MAY, "announced_on_precision": "month", "balance": 2},
    ]

    assert kept("tax-arrears", *rows).height == 2


class TestLines:
    def test_with_equal_numbers_the_newest_corrects(self):
        slots = kept("tax-filing", filing(line_no="1"), filing(line_no="1", tax_due=200, revised_at=LATE))

        assert slots["tax_due"].to_list() == [200]

    def test_with_equal_source_keys_the_newest_corrects(self):
        slots = kept(
            "tax-filing", filing(source_key="a"), filing(source_key="a", tax_due=200, revised_at=LATE)
        )

        assert slots["tax_due"].to_list() == [200]

    def test_with_neither_stand_side_by_side_and_repeats_fall_together(self):
        twice = [filing(record=bytes([n]) * 32) for n in (1, 2)]

        assert kept("tax-filing", *twice, filing(tax_due=200)).height == 2

    def test_that_hold_something_personal_are_told_apart_by_their_record(self):
        change = {"item": "法定代表人", "changed_on": MAY, "given_before": True}
        twice = [change | {"record": bytes([n]) * 32} for n in (1, 2)]

        assert kept("registration-change", *twice).height == 2


class TestKeys:
    def test_a_source_key_stands_for_an_absent_bill_number(self):
        bill = {"service": "water", "account_no": "7", "month": MAY, "amount": 100}

        rows = [
            bill | {"source_key": "b1"},
            bill | {"source_key": "b2"},
            bill | {"bill_no": "b1", "amount": 5},
        ]

        assert kept("utility-bill", *rows).height == 2

    def test_a_certificate_number_makes_the_day_of_issue_no_part_of_the_key(self):
        award = {"scheme": "high-tech", "certificate_no": "GR1"}

        slots = kept(
            "qualification",
            award | {"issued_on": MAY},
            award | {"issued_on": date(2026, 6, 2), "revised_at": datetime(2027, 1, 1, tzinfo=UTC)},
        )

        assert slots["issued_on"].to_list() == [date(2026, 6, 2)]

    def test_without_a_number_the_day_of_issue_tells_apart(self):
        rows = [{"scheme": "iso", "issued_on": MAY}, {"scheme": "iso", "issued_on": date(2026, 6, 2)}]

        assert kept("qualification", *rows).height == 2


row = st.builds(
    insured,
    due=st.integers(1, 3),
    revised_at=st.sampled_from([EARLY, LATE]),
    participant=st.sampled_from(["a", "b"]),
    month=st.sampled_from([MAY, date(2026, 6, 1)]),
    withdrawn=st.booleans(),
    firm=st.integers(0, 1),
)


@settings(max_examples=40, deadline=None)
@given(st.lists(row, max_size=12), st.randoms(use_true_random=False))
def test_order_and_repetition_of_rows_do_not_matter(rows, randomness):
    shuffled = rows + rows[:2]
    randomness.shuffle(shuffled)

    assert _sorted(kept("social-insurance", *shuffled)).equals(_sorted(kept("social-insurance", *rows)))


def _sorted(slots: pl.DataFrame) -> pl.DataFrame:
    return slots.sort("firm", "participant", "month", "record")


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_slots(kind):
    assert kept(kind).is_empty()
