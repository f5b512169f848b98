"""Killing anything at any moment loses and doubles nothing (architecture §2, 1 and 2)."""

from __future__ import annotations

import http.client
import os
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from creditshare.core.ids import parse
from tests.factories.firms import filings, made_uscc, months_until
from tests.fixtures_platform import LOAD_BATCH_ROWS, Caller, Platform, Reply, wait_until

KINDS = ("registration", "tax-filing")
TODAY = date(2026, 11, 1)
BATCHES = 10
BAD_EVERY = 50  # one row in so many is rejected, one waits in quarantine


@dataclass(frozen=True)
class Delivery:
    """A body, and what must become of its rows."""

    rows: list[dict[str, Any]]
    accepted: int
    rejected: int
    quarantined: int

    @property
    def counts(self) -> dict[str, int]:
        return {
            "received": len(self.rows),
            "accepted": self.accepted,
            "rejected": self.rejected,
            "quarantined": self.quarantined,
            "duplicate": 0,
            "stale": 0,
            "linked": self.accepted,
            "unlinked": 0,
        }


def registrations(codes: list[str]) -> list[dict[str, Any]]:
    return [
        {
            "uscc": code,
            "firm_name": f"杭州{code[10:16]}有限公司",
            "status": "active",
            "established_on": "2015-01-01",
        }
        for code in codes
    ]


def delivery(codes: list[str], size: int) -> Delivery:
    """Make tax returns of these firms, some of them in bad order."""
    months = months_until(TODAY, 1 + size // len(codes))
    rows = [
        {**filing, "source_key": f"{code}-{n}"}
        for code in codes
        for n, filing in enumerate(filings(code, months))
    ][:size]
    for row in rows[7::BAD_EVERY]:
        row["tax_due"] = "much"
    for row in rows[8::BAD_EVERY]:
        row["uscc"] = row["uscc"][:-1] + ("0" if row["uscc"][-1] != "0" else "1")
    rejected, quarantined = len(rows[7::BAD_EVERY]), len(rows[8::BAD_EVERY])
    return Delivery(rows, len(rows) - rejected - quarantined, rejected, quarantined)


@pytest.fixture
def codes():
    return [made_uscc() for _ in range(20)]


@pytest.fixture
def provider(platform, codes) -> Caller:
    """A provider whose firms are known, on a platform that has nothing left to do."""
    wait_until(platform.is_ready, what="the platform to be ready")
    made = platform.caller(kinds=KINDS)
    assert made.push("registration", registrations(codes), query="?wait=30").json["state"] == "succeeded"
    platform.settle()
    return made


def row_of(reply: Reply) -> UUID:
    found = parse("sub", reply.json["id"])
    assert found is not None
    return found


def rows_done(platform: Platform, submission: UUID) -> int:
    return platform.count("SELECT rows_done FROM submissions WHERE id = :id", id=submission)


@contextmanager
def stopped_inside_the_load(platform: Platform, submission: UUID) -> Iterator[None]:
    """Stop the worker between two batches of a load, by holding what each publication needs."""
    wait_until(lambda: rows_done(platform, submission) > 0, what="the first batch")
    with platform.engine.begin() as connection:
        connection.execute(text("SELECT 1 FROM knowledge_clock FOR UPDATE"))
        assert rows_done(platform, submission) < BATCHES * LOAD_BATCH_ROWS
        yield


@contextmanager
def stopped_inside_the_refresh(platform: Platform, push: Callable[[], Reply]) -> Iterator[Reply]:
    """Push, and stop the worker where it writes what it made of the firms."""
    waiting = "SELECT count(*) FROM pg_locks WHERE relation = 'feature_rows'::regclass AND NOT granted"
    with platform.engine.begin() as connection:
        connection.execute(text("LOCK TABLE feature_rows IN SHARE MODE"))
        reply = push()
        wait_until(lambda: platform.count(waiting), what="a refresh under way")
        yield reply


def kill_pool(platform: Platform) -> None:
    for pid in platform.children_of("worker"):
        os.kill(pid, signal.SIGKILL)


def assert_all_there(platform: Platform, provider: Caller, reply: Reply, sent: Delivery) -> None:
    assert reply.status == http.client.ACCEPTED, reply.content
    platform.settle()
    shown = platform.show(provider, reply)
    assert shown["state"] == "succeeded"
    assert shown["counts"] == sent.counts


def test_the_broker_killed_between_push_and_load(platform, provider, codes):
    sent = delivery(codes, 60)
    with platform.held("worker"):
        reply = provider.push("tax-filing", sent.rows)
        wait_until(
            lambda: platform.count("SELECT count(*) FROM outbox WHERE sent_at IS NULL") == 0,
            what="the message",
        )
        platform.kill("valkey")

    assert_all_there(platform, provider, reply, sent)


def test_a_push_is_taken_while_the_broker_hangs(platform, provider, codes):
    sent = delivery(codes, 60)
    with platform.held("valkey"):
        reply = provider.push("tax-filing", sent.rows)
        assert reply.status == http.client.ACCEPTED

    assert_all_there(platform, provider, reply, sent)


@pytest.mark.parametrize("whom", ["pool", "worker"])
def test_a_worker_killed_inside_a_load(platform, provider, codes, whom):
    sent = delivery(codes, BATCHES * LOAD_BATCH_ROWS)
    reply = provider.push("tax-filing", sent.rows)
    with stopped_inside_the_load(platform, row_of(reply)):
        if whom == "pool":
            kill_pool(platform)
        else:
            platform.kill("worker")

    assert_all_there(platform, provider, reply, sent)


@pytest.mark.parametrize("whom", ["pool", "worker"])
def test_a_worker_killed_inside_a_refresh(platform, provider, codes, whom):
    sent = delivery(codes, 60)
    with stopped_inside_the_refresh(platform, lambda: provider.push("tax-filing", sent.rows)) as reply:
        if whom == "pool":
            kill_pool(platform)
        else:
            platform.kill("worker")

    assert_all_there(platform, provider, reply, sent)


def test_the_web_server_killed_right_after_the_commit(platform, provider, codes):
    sent = delivery(codes, 60)
    mine = "SELECT count(*) FROM submissions s JOIN participants p ON p.id = s.participant_id WHERE p.code = :code"
    before = platform.count(mine, code=provider.participant)

    def push() -> Reply:
        return provider.push("tax-filing", sent.rows, query="?wait=30", Idempotency_Key="once")

    with platform.held("relay"), ThreadPoolExecutor(1) as pool:
        first = pool.submit(push)
        wait_until(lambda: platform.count(mine, code=provider.participant) > before, what="the commit")
        platform.kill("web")
        assert isinstance(first.exception(), (OSError, http.client.HTTPException))
    wait_until(platform.is_ready)
    again = push()

    assert again.headers["idempotency-replayed"] == "true"
    assert_all_there(platform, provider, again, sent)
    assert platform.count(mine, code=provider.participant) == before + 1


def test_the_relay_killed_while_it_sends(platform, provider, codes):
    sent = [delivery([code], 10) for code in codes[:9]]
    replies = []
    for number, one in enumerate(sent):
        replies.append(provider.push("tax-filing", one.rows))
        if number % 3 == 0:
            platform.kill("relay")

    for reply, one in zip(replies, sent, strict=True):
        assert_all_there(platform, provider, reply, one)


def test_the_database_killed_while_rows_are_pushed_and_loaded(platform, provider, codes):
    large = delivery(codes[:10], BATCHES * LOAD_BATCH_ROWS)
    reply = provider.push("tax-filing", large.rows)
    taken: list[tuple[Reply, Delivery]] = []
    done = threading.Event()

    def go_on_pushing() -> None:
        for code in codes[10:]:
            one = delivery([code], 10)
            with suppress(OSError, http.client.HTTPException):
                taken.append((provider.push("tax-filing", one.rows), one))
            done.wait(0.2)

    with ThreadPoolExecutor(1) as pool:
        pushing = pool.submit(go_on_pushing)
        wait_until(lambda: rows_done(platform, row_of(reply)) > 0, what="the first batch")
        platform.kill("postgres")
        pushing.result()
    wait_until(platform.is_ready)

    assert_all_there(platform, provider, reply, large)
    for one, sent in taken:
        if one.status == http.client.ACCEPTED:
            assert_all_there(platform, provider, one, sent)
        else:
            assert one.status == http.client.SERVICE_UNAVAILABLE
    assert any(one.status == http.client.ACCEPTED for one, _ in taken)


@pytest.mark.soak
def test_one_after_the_other_for_ten_minutes(platform, provider):
    chance = random.Random(2013)
    until = time.monotonic() + 600
    taken = []
    while time.monotonic() < until:
        codes = [made_uscc() for _ in range(5)]
        for kind, rows in (("registration", registrations(codes)), ("tax-filing", delivery(codes, 900).rows)):
            with suppress(OSError, http.client.HTTPException):
                reply = provider.push(kind, rows)
                taken += [reply] if reply.status == http.client.ACCEPTED else []
        time.sleep(chance.uniform(0, 3))
        platform.kill(chance.choice(["postgres", "valkey", "relay", "worker", "web"]))
        time.sleep(8)  # eight deaths of one process within a minute would end everything, as they should
        with suppress(OperationalError):
            platform.count("SELECT 1")
    wait_until(platform.is_ready)
    platform.settle()
    assert all(platform.show(provider, reply)["state"] == "succeeded" for reply in taken)
