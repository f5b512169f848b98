"""Frames from real versions, links and confirmations in PostgreSQL, as known at a moment."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime

import polars as pl
import pytest

from creditshare.core.database import read_knowledge_clock
from creditshare.participants.roles import Role
from creditshare.profiles.services import make_profiles
from creditshare.profiles.versions import Reading
from tests.factories.firms import filings, firm_id_of, made_uscc, months_until
from tests.factories.frames import loader
from tests.factories.participants import ParticipantFactory
from tests.factories.records import push

AS_OF = date(2026, 11, 22)


def provider(code=None):
    return ParticipantFactory(role=Role.PROVIDER, **({"code": code} if code else {}))


def born(session, uscc, **fields):
    push(
        session, "registration", [{"uscc": uscc, "firm_name": f"企业{uscc}"} | fields], participant=provider()
    )


def load(session, *usccs, as_of=AS_OF, known_at=None, provenance=False):
    reading = Reading(
        [firm_id_of(uscc) for uscc in usccs], as_of, known_at or read_knowledge_clock(session), provenance
    )
    return loader().load(session, reading).frames


def test_values_come_through_exactly(session):
    uscc, p = made_uscc(), provider("tax")
    born(
        session,
        uscc,
        registered_capital="123456789012345.67",
        established_on="2014-08",
        term_from="0001-01-01",
    )
    push(
        session,
        "discharge-permit",
        [{"uscc": uscc, "permit_no": "1", "pollutants": ["氮氧化物", 'a"b|,c'], "site": '引号",\n换行'}],
        participant=p,
    )
    push(
        session,
        "utility-account",
        [{"uscc": uscc, "service": "gas", "account_no": "9", "contract_capacity": "0.125"}],
        participant=p,
    )
    push(
        session,
        "energy-use",
        [{"uscc": uscc, "year": 2025, "tce": "-7.5", "target_met": True}],
        participant=p,
    )

    frames = load(session, uscc)

    (registration,) = frames["registration"].to_dicts()
    assert registration["registered_capital"] == 12345678901234567
    assert (registration["established_on"], registration["established_on_precision"]) == (
        date(2014, 8, 1),
        "month",
    )
    assert registration["term_from"] == date(1, 1, 1)
    assert registration["revised_at"] == datetime(2026, 11, 1, tzinfo=UTC)
    (permit,) = frames["discharge-permit"].to_dicts()
    assert permit["pollutants"] == ["氮氧化物", 'a"b|,c']
    assert permit["site"] == '引号",\n换行'
    (energy,) = frames["energy-use"].to_dicts()
    assert (energy["tce"], energy["target_met"], energy["participant"]) == (-7500, True, "tax")


def test_each_firm_gets_its_own_rows(session):
    first, second, empty = made_uscc(), made_uscc(), made_uscc()
    for uscc in (first, second):
        born(session, uscc)
        push(session, "tax-filing", filings(uscc, months_until(AS_OF, 3)), participant=provider())

    frames = load(session, empty, second, first)

    assert frames["tax-filing"].group_by("firm").len().sort("firm")["len"].to_list() == [3, 3]
    assert frames["tax-filing"]["firm"].unique().sort().to_list() == [1, 2]
    names = dict(frames["registration"].select("firm", "firm_name").iter_rows())
    assert names == {1: f"企业{second}", 2: f"企业{first}"}


class TestKnownAt:
    def test_a_later_correction_is_not_seen(self, session):
        uscc, tax = made_uscc(), provider()
        born(session, uscc)
        rating = {"uscc": uscc, "year": 2025, "grade": "A"}
        push(session, "tax-rating", [rating], participant=tax)
        before = read_knowledge_clock(session)
        later = "2026-11-05T00:00:00Z"
        push(session, "tax-rating", [rating | {"grade": "C", "revised_at": later}], participant=tax)

        assert load(session, uscc)["tax-rating"]["grade"].to_list() == ["C"]
        assert load(session, uscc, known_at=before)["tax-rating"]["grade"].to_list() == ["A"]

    def test_a_later_link_is_not_seen(self, session):
        uscc = made_uscc()
        push(session, "tax-rating", [{"uscc": uscc, "year": 2025, "grade": "A"}], participant=provider())
        before = read_knowledge_clock(session)
        born(session, uscc)

        assert load(session, uscc)["tax-rating"].height == 1
        assert load(session, uscc, known_at=before)["tax-rating"].is_empty()

    def test_a_withdrawal_empties_the_slot_from_then_on(self, session):
        uscc, tax = made_uscc(), provider()
        born(session, uscc)
        push(session, "tax-rating", [{"uscc": uscc, "year": 2025, "grade": "A"}], participant=tax)
        before = read_knowledge_clock(session)
        withdrawal = {
            "uscc": uscc,
            "year": 2025,
            "operation": "withdraw",
            "revised_at": "2026-11-05T00:00:00Z",
        }
        push(session, "tax-rating", [withdrawal], participant=tax)

        assert load(session, uscc)["tax-rating"].is_empty()
        assert load(session, uscc, known_at=before)["tax-rating"].height == 1


class TestAccounts:
    def test_a_bill_belongs_to_who_held_the_account_in_its_month(self, session):
        first, second, grid = made_uscc(), made_uscc(), provider()
        account = {"service": "electricity", "account_no": "55"}
        for uscc in (first, second):
            born(session, uscc)
        push(
            session,
            "utility-account",
            [
                {"uscc": first, **account, "opened_on": "2020-01-01", "source_key": "1"},
                {"uscc": second, **account, "opened_on": "2026-03-15", "source_key": "2"},
            ],
            participant=grid,
        )
        push(
            session,
            "utility-bill",
            [account | {"month": f"2026-0{month}", "amount": "10.00"} for month in (1, 2, 3, 4)],
            participant=grid,
        )

        bills = load(session, first, second)["utility-bill"]

        held = {
            firm: sorted(m.month for m in bills.filter(pl.col("firm") == firm)["month"]) for firm in (0, 1)
        }
        assert held == {0: [1, 2], 1: [3, 4]}

    def test_the_last_bill_of_a_closed_account_is_still_its_holders(self, session):
        uscc, grid = made_uscc(), provider()
        born(session, uscc)
        account = {"service": "water", "account_no": "56"}
        push(
            session,
            "utility-account",
            [{"uscc": uscc, **account, "opened_on": "2026-02-10", "closed_on": "2026-04-20"}],
            participant=grid,
        )
        push(
            session,
            "utility-bill",
            [account | {"month": f"2026-0{month}", "amount": "10.00"} for month in (1, 2, 3, 4, 5)],
            participant=grid,
        )

        months = load(session, uscc)["utility-bill"]["month"].sort().to_list()

        assert [month.month for month in months] == [2, 3, 4]


class TestSources:
    def test_within_one_participant_the_newest_stands_whatever_the_subject_form(self, session):
        uscc, hrss = made_uscc(), provider()
        born(session, uscc, registration_no="330106000000005")
        insured = {"month": "2026-09", "insurance": "all", "due": "5.00"}
        newer = insured | {"due": "7.00", "revised_at": "2026-11-05T00:00:00Z"}
        push(session, "social-insurance", [{"registration_no": "330106000000005", **newer}], participant=hrss)
        push(session, "social-insurance", [{"uscc": uscc, **insured}], participant=hrss)

        assert load(session, uscc)["social-insurance"]["due"].to_list() == [700]

    def test_of_several_one_stands_and_the_others_are_kept_for_showing(self, session):
        uscc = made_uscc()
        born(session, uscc)
        rating = {"uscc": uscc, "year": 2025}
        push(session, "tax-rating", [rating | {"grade": "A"}], participant=provider("za"))
        newer = "2026-11-05T00:00:00Z"
        push(
            session, "tax-rating", [rating | {"grade": "B", "revised_at": newer}], participant=provider("zb")
        )

        found = load(session, uscc)["tax-rating"].sort("participant")

        assert found.select("participant", "grade", "stands").rows() == [
            ("za", "A", False),
            ("zb", "B", True),
        ]

    def test_that_add_up_all_stand(self, session):
        uscc = made_uscc()
        born(session, uscc)
        insured = {"uscc": uscc, "month": "2026-09", "insurance": "all", "due": "5.00"}
        for _ in range(2):
            push(session, "social-insurance", [insured], participant=provider())

        assert load(session, uscc).standing("social-insurance").height == 2

    def test_a_confirmation_makes_a_record_newer_than_its_rival(self, session):
        uscc, hrss = made_uscc(), provider()
        born(session, uscc, registration_no="330106000000013")
        by_code = {"uscc": uscc, "month": "2026-09", "insurance": "all", "due": "5.00"}
        by_number = {
            "registration_no": "330106000000013",
            "month": "2026-09",
            "insurance": "all",
            "due": "7.00",
        }
        push(
            session, "social-insurance", [by_code | {"revised_at": "2026-10-01T00:00:00Z"}], participant=hrss
        )
        push(
            session,
            "social-insurance",
            [by_number | {"revised_at": "2026-10-02T00:00:00Z"}],
            participant=hrss,
        )
        before = read_knowledge_clock(session)
        push(
            session, "social-insurance", [by_code | {"revised_at": "2026-10-03T00:00:00Z"}], participant=hrss
        )

        assert load(session, uscc)["social-insurance"]["due"].to_list() == [500]
        assert load(session, uscc, known_at=before)["social-insurance"]["due"].to_list() == [700]


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_arrival_does_not_matter(session, seed):
    """The same rows, pushed in any order and split, give the same profile but for where they came from."""
    code = made_uscc()
    tax, hrss = provider(f"tax-of-{seed}"), provider(f"hrss-of-{seed}")
    months = [str(month)[:7] for month in months_until(AS_OF, 6)]
    stated = [f"2026-10-0{n}T00:00:00Z" for n in (1, 2, 3)]
    rows = [
        ("registration", tax, {"uscc": code, "firm_name": f"名称{n}", "revised_at": stated[n]})
        for n in range(3)
    ]
    rows += [
        (
            "social-insurance",
            hrss,
            {"uscc": code, "month": m, "insurance": "all", "due": f"{n}.00", "revised_at": at},
        )
        for m in months
        for n, at in enumerate(stated)
    ]
    rows += [
        ("tax-filing", tax, row | {"revised_at": stated[0]}) for row in filings(code, months_until(AS_OF, 4))
    ]

    def profile(ordered):
        savepoint = session.begin_nested()
        for kind, participant, row in ordered:
            push(session, kind, [row], participant=participant)
        reading = Reading([firm_id_of(code)], AS_OF, read_knowledge_clock(session))
        (found,), _ = make_profiles(session, reading, loader=loader())
        savepoint.rollback()
        return found.sections, found.coverage, found.data_as_of, found.changes_on

    shuffled = [*rows, *rows[:5]]
    random.Random(seed).shuffle(shuffled)

    assert profile(shuffled) == profile(rows)
