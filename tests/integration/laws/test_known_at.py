"""`known_at` replays: what a reader saw at a value of the knowledge clock is what is told of it ever after.

Architecture §2, 5: the clock is read in the reader's own snapshot, while others publish.
"""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date

import pytest
from sqlalchemy import text

from config import ROOT
from creditshare.core.database import read_knowledge_clock
from creditshare.firms.models import SubjectForm
from creditshare.firms.subjects import SubjectKey
from creditshare.intake.loading import load_submission
from creditshare.profiles.services import make_profiles
from creditshare.profiles.versions import Reading
from creditshare.scoring.rulebook import rulebook_for
from tests.factories.firms import made_uscc
from tests.fixtures_intake import moment
from tests.fixtures_platform import wait_until

TODAY = date(2026, 2, 1)
ROUNDS = 6
READERS, FEWEST_MOMENTS = 2, 6
VERSIONS = ("registrations", "social_insurances", "utility_accounts", "utility_bills")
MONTHS = ("2025-11", "2025-12")


@dataclass(frozen=True)
class Seen:
    """What a reader saw, and the clock's value in its snapshot."""

    known_at: object
    facts: dict[str, list]
    profiles: list[bytes]


@pytest.fixture
def intake(make_intake):
    return make_intake(connections=16)


@pytest.fixture
def codes():
    return [made_uscc() for _ in range(4)]


def facts_in_force(session):
    """Read all that is in force in this snapshot, whatever the clock says."""
    found = {
        table: f"SELECT record_id, revised_at, content_hash FROM {table} WHERE superseded_at IS NULL"
        for table in VERSIONS
    }
    found["confirmations"] = "SELECT record_id, confirmed_at, content_hash FROM confirmations"
    for table, means in (("subject_firm", "firm_id"), ("subject_aliases", "means_id")):
        found[table] = (
            f"SELECT subject_id, {means}, valid_from, valid_until FROM {table} WHERE known_until IS NULL"
        )
    found["firms"] = "SELECT id FROM firms"
    return {name: sorted(map(repr, session.execute(text(query)))) for name, query in found.items()}


def facts_known_at(session, known_at):
    """Read the same as it was known at a moment."""
    found = {
        table: f"""SELECT record_id, revised_at, content_hash FROM {table}
                   WHERE known_from <= :at AND (superseded_at IS NULL OR superseded_at > :at)"""
        for table in VERSIONS
    }
    found["confirmations"] = (
        "SELECT record_id, confirmed_at, content_hash FROM confirmations WHERE known_from <= :at"
    )
    for table, means in (("subject_firm", "firm_id"), ("subject_aliases", "means_id")):
        found[table] = f"""SELECT subject_id, {means}, valid_from, valid_until FROM {table}
                           WHERE known_from <= :at AND (known_until IS NULL OR known_until > :at)"""
    found["firms"] = "SELECT id FROM firms WHERE known_from <= :at"
    return {
        name: sorted(map(repr, session.execute(text(query), {"at": known_at})))
        for name, query in found.items()
    }


def profiles_known_at(session, firm_ids, known_at):
    rulebook = rulebook_for(ROOT / "config", TODAY)
    made, _ = make_profiles(session, Reading(firm_ids, TODAY, known_at), loader=rulebook.loader)
    return [b"".join(profile.sections.values()) for profile in made]


def look(intake, firm_ids):
    """Look once: everything in one snapshot, then the profiles as the product reads them, while others go on."""
    with intake.sessions() as session:
        session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        known_at = read_knowledge_clock(session)
        facts = facts_in_force(session)
    with intake.sessions() as session:
        return Seen(known_at, facts, profiles_known_at(session, firm_ids, known_at))


def submissions_of(intake, codes):
    """Make submissions that keep changing the same records and links; lists are loaded side by side."""
    insured = [
        [
            intake.submit(
                "social-insurance",
                [{"uscc": code, "month": month, "insurance": "all", "insured": 5 + (n + turn) % 3,
                  "revised_at": moment(1 + turn)} for n, code in enumerate(codes) for month in MONTHS],
                provider="hrss",
            )
            for turn in range(ROUNDS)
        ]
    ]  # fmt: skip
    accounts = [
        intake.submit(
            "utility-account",
            [{"uscc": codes[(n + turn) % len(codes)], "service": "water", "account_no": f"W{n}",
              "source_key": f"W{n}", "opened_on": f"2024-0{1 + turn}-01", "revised_at": moment(1 + turn)}
             for n in range(len(codes))],
            provider="water",
        )
        for turn in range(ROUNDS)
    ]  # fmt: skip
    bills = [
        intake.submit(
            "utility-bill",
            [{"service": "water", "account_no": f"W{n}", "month": month, "amount": f"{turn % 2}",
              "revised_at": moment(1 + turn)} for n in range(len(codes)) for month in MONTHS],
            provider="water",
        )
        for turn in range(ROUNDS)
    ]  # fmt: skip
    births = [
        intake.submit(
            "registration",
            [
                {
                    "uscc": code,
                    "firm_name": f"杭州{code[9:16]}有限公司",
                    "status": "active",
                    "revised_at": moment(9),
                }
            ],
        )
        for code in codes
    ]
    return [*insured, accounts, bills, births]


def test_what_was_seen_is_told_ever_after(intake, codes):
    lists = submissions_of(intake, codes)
    firm_ids = [SubjectKey(SubjectForm.USCC, code).id(intake.keyring) for code in codes]
    seen: list[Seen] = []
    done = threading.Event()

    def load(submissions):
        for submission in submissions:
            looks = len(seen)
            assert load_submission(intake.loader, submission) == "succeeded"
            wait_until(lambda before=looks: len(seen) > before, what="a look between two publications")

    def keep_looking():
        while not done.is_set():
            seen.append(look(intake, firm_ids))

    with ThreadPoolExecutor(len(lists) + READERS) as pool:
        looking = [pool.submit(keep_looking) for _ in range(READERS)]
        try:
            for future in [pool.submit(load, submissions) for submissions in lists]:
                future.result()
        finally:
            done.set()
        assert [future.result() for future in looking] == [None] * READERS
    seen.append(look(intake, firm_ids))

    assert len({one.known_at for one in seen}) >= FEWEST_MOMENTS
    with intake.sessions() as session:
        for one in seen:
            assert facts_known_at(session, one.known_at) == one.facts
            assert profiles_known_at(session, firm_ids, one.known_at) == one.profiles
