"""Workers side by side: nobody waits in a circle, no link is lost, the counts are right (architecture §2, 2 and 3)."""

from __future__ import annotations

import random
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from config import ROOT
from creditshare.core.clock import day_of, utcnow
from creditshare.firms import refresh_queue
from creditshare.intake.loading import load_submission
from creditshare.scoring.refresh import refresh_batch
from creditshare.scoring.rulebook import rulebook_for
from tests import books
from tests.factories.firms import made_uscc
from tests.fixtures_intake import counts, moment

WORKERS = 8
FIRMS = 12
MONTHS = ("2025-10", "2025-11", "2025-12")


@pytest.fixture
def intake(make_intake):
    return make_intake(connections=3 * WORKERS)


@pytest.fixture
def codes():
    return [made_uscc() for _ in range(FIRMS)]


def load_at_once(intake, submissions):
    """Load each submission in a thread of its own, all released at one moment, while others refresh."""
    start, done = threading.Barrier(len(submissions) + 2), threading.Event()

    def load(submission):
        start.wait(30)
        return load_submission(intake.loader, submission)

    def refresh():
        start.wait(30)
        while not done.is_set():
            refresh_due(intake)

    with ThreadPoolExecutor(len(submissions) + 2) as pool:
        refreshing = [pool.submit(refresh) for _ in range(2)]
        loading = [pool.submit(load, submission) for submission in submissions]
        try:
            states = [future.result() for future in loading]
        finally:
            done.set()
        assert [future.result() for future in refreshing] == [None, None]
    assert set(states) == {"succeeded"}
    while refresh_due(intake):
        pass
    books.audit(intake.engine, settled=False)
    assert intake.value("SELECT count(*) FROM refresh_queue") == 0


def refresh_due(intake):
    now = utcnow()
    rulebook = rulebook_for(ROOT / "config", day_of(now))
    return refresh_batch(intake.sessions, rulebook=rulebook, keyring=intake.keyring, now=now, limit=5)


def registrations(codes):
    return [{"uscc": code, "firm_name": f"杭州{code[9:16]}有限公司", "status": "active"} for code in codes]


def accounts(codes):
    return [{"uscc": code, "service": "water", "account_no": f"W{code}"} for code in codes]


def bills(codes):
    return [
        {"service": "water", "account_no": f"W{code}", "month": month, "amount": "5"}
        for code in codes
        for month in MONTHS
    ]


def insurances(codes, **others):
    return [{"uscc": code, "month": "2025-12", "insurance": "all", "insured": 5, **others} for code in codes]


def test_the_same_records_in_many_versions(intake, codes):
    """Each worker brings the same records as of another day, in another order."""
    submissions = [
        intake.submit(
            "social-insurance",
            insurances(codes[day:] + codes[:day], paid=f"{day}", revised_at=moment(1 + day)),
            provider="hrss",
        )
        for day in range(WORKERS)
    ]

    load_at_once(intake, submissions)

    told = [counts(intake.show(submission)) for submission in submissions]
    assert all(each["received"] == each.get("accepted", 0) + each.get("stale", 0) == FIRMS for each in told)
    assert intake.value("SELECT count(*) FROM social_insurances") == WORKERS * FIRMS
    in_force = intake.rows("SELECT DISTINCT paid FROM social_insurances WHERE superseded_at IS NULL")
    assert [row.paid for row in in_force] == [100 * (WORKERS - 1)]


def test_the_same_rows_again_and_again(intake, codes):
    submissions = [
        intake.submit("social-insurance", insurances(codes, revised_at=moment(2)), provider="hrss")
        for _ in range(WORKERS)
    ]

    load_at_once(intake, submissions)

    told = [counts(intake.show(submission)) for submission in submissions]
    assert sum(each.get("accepted", 0) for each in told) == FIRMS
    assert sum(each.get("duplicate", 0) for each in told) == (WORKERS - 1) * FIRMS


@pytest.mark.parametrize("round_", range(3))
def test_new_firms_their_accounts_and_bills_at_once(intake, codes, round_):
    """Whichever comes first, everything ends linked; the same new subjects come from many sides."""
    turned = codes[round_:] + codes[:round_]
    submissions = [
        intake.submit("registration", registrations(codes), provider="amr"),
        intake.submit("registration", registrations(turned[::-1]), provider="other-amr"),
        intake.submit("utility-account", accounts(turned), provider="water"),
        intake.submit("utility-bill", bills(codes[::-1]), provider="water"),
        intake.submit("utility-bill", bills(turned), provider="water"),
        intake.submit("social-insurance", insurances(codes), provider="hrss"),
        intake.submit("social-insurance", insurances(turned[::-1]), provider="other-hrss"),
        intake.submit("labour-rating", [{"organisation_code": code[8:17], "year": 2025, "grade": "A"}
                                        for code in codes], provider="hrss"),
    ]  # fmt: skip

    load_at_once(intake, submissions)

    told = [counts(intake.show(submission)) for submission in submissions]
    assert all("unlinked" not in each for each in told)
    assert intake.value("SELECT count(*) FROM firms WHERE merged_into IS NULL") == FIRMS
    assert intake.value("SELECT count(*) FROM profile_snapshots") == FIRMS


def test_a_submission_that_all_workers_are_told_of_is_loaded_once(intake, codes):
    submission = intake.submit("social-insurance", insurances(codes), provider="hrss")

    with ThreadPoolExecutor(WORKERS) as pool:
        states = list(pool.map(lambda _: load_submission(intake.loader, submission), range(WORKERS)))

    assert sorted(map(str, states)) == ["None"] * (WORKERS - 1) + ["succeeded"]
    assert counts(intake.show(submission))["accepted"] == FIRMS


def test_firms_claimed_by_many_are_refreshed_by_one_each(intake, codes):
    intake.push("registration", registrations(codes))
    later = utcnow() + timedelta(seconds=1)
    rulebook = rulebook_for(ROOT / "config", day_of(later))

    def refresh(_):
        return refresh_batch(intake.sessions, rulebook=rulebook, keyring=intake.keyring, now=later, limit=2)

    with ThreadPoolExecutor(WORKERS) as pool:
        claimed = list(pool.map(refresh, range(WORKERS)))

    assert sum(claimed) == FIRMS
    assert intake.value("SELECT count(*) FROM profile_snapshots") == FIRMS


def test_asking_for_a_refresh_while_others_end_one(intake):
    """Publishers and refreshers lock the same rows of the queue: in one order, or they wait in a circle."""
    firms = [uuid.uuid4() for _ in range(2000)]
    done = threading.Event()

    def ask(seed):
        chance = random.Random(seed)
        for _ in range(12):
            with intake.sessions.begin() as session:
                refresh_queue.enqueue(session, chance.sample(firms, 1500), now=utcnow())

    def work():
        while not done.is_set():
            now = utcnow()
            with intake.sessions.begin() as session:
                claims = refresh_queue.claim(session, now=now, limit=600)
            with intake.sessions.begin() as session:
                refresh_queue.finish(session, claims[::2], now=now)
            with intake.sessions.begin() as session:
                refresh_queue.postpone(session, claims[1::2], now=now - timedelta(minutes=11))

    with ThreadPoolExecutor(4) as pool:
        working = [pool.submit(work) for _ in range(2)]
        try:
            for asked in [pool.submit(ask, seed) for seed in range(2)]:
                asked.result()
        finally:
            done.set()
        assert [future.result() for future in working] == [None, None]
