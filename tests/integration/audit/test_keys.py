"""Which of the reads that came with one key is the first, though they come at once."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import text

from creditshare.audit.models import Inquiry
from creditshare.audit.services import first_with_key, record_inquiry
from creditshare.core.clock import utcnow
from creditshare.core.database import make_engine, make_sessions
from creditshare.participants.models import Participant
from creditshare.participants.roles import Role
from tests.fixtures_platform import wait_until

PATH = "/v1/firms/91330100PDY00001XX/score"


@pytest.fixture
def sessions(fresh_database):
    engine = make_engine(fresh_database())
    yield make_sessions(engine)
    engine.dispose()


@pytest.fixture
def bank(sessions):
    with sessions.begin() as session:
        bank = Participant(
            id=uuid.uuid4(), code="bank", name="Bank", role=Role.BANK, uscc=None, created_at=utcnow()
        )
        session.add(bank)
    return bank.id


def read(session, bank, key, *, at=None, asked=None):
    """Log a read that comes with a key, as the view does; returns the id it repeats."""
    now = at or utcnow()
    first = first_with_key(session, participant_id=bank, path=PATH, key=key, now=now)
    fields = {column.name: None for column in Inquiry.__table__.columns}
    fields |= {"id": asked or uuid.uuid4(), "at": now, "participant_id": bank, "client_id": "c", "path": PATH}
    fields |= {
        "action": "score",
        "firm_id": bank,
        "purpose": "loan-application",
        "consent_ids": [],
        "groups": [],
    }
    fields |= {"status": 200, "idempotency_key": key, "repeat_of": None if first is None else first.id}
    record_inquiry(session, Inquiry(**fields))
    return fields["repeat_of"]


def waiting(session):
    return session.execute(
        text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
    ).scalar_one()


def test_of_two_at_once_one_is_the_first(sessions, bank):
    first, earlier = uuid.uuid4(), utcnow() - timedelta(seconds=1)

    def second():
        with sessions.begin() as session:
            return read(session, bank, "k", at=earlier)

    with ThreadPoolExecutor(1) as pool, sessions() as session, sessions() as watching:
        assert read(session, bank, "k", asked=first) is None
        repeat = pool.submit(second)
        wait_until(lambda: waiting(watching) or repeat.done(), what="the second read, at the lock or done")
        session.commit()
        assert repeat.result(30) == first

    with sessions.begin() as session:
        assert read(session, bank, "k") == first  # not the second, though it came earlier


def test_other_keys_do_not_wait(sessions, bank):
    with sessions() as one, sessions() as other:
        assert read(one, bank, "k1") is None
        assert read(other, bank, "k2") is None
