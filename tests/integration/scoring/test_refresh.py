"""Refreshing sets of firms: what is written, once, and what a firm that fails does to the others."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta

import orjson
import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from creditshare.core.clock import day_of, utcnow
from creditshare.core.database import make_engine, make_sessions
from creditshare.firms import refresh_queue
from creditshare.firms.models import RefreshRequest
from creditshare.participants.roles import Role
from creditshare.profiles.models import ProfileSnapshot
from creditshare.profiles.services import get_snapshot
from creditshare.resources.groups import SEVEN_GROUPS, ResourceGroup
from creditshare.scoring import refresh
from creditshare.scoring.models import FeatureRowOfFirm, StoredScore
from creditshare.scoring.refresh import refresh_batch, refresh_due
from creditshare.scoring.rulebook import rulebook_for
from creditshare.scoring.score import replay
from creditshare.scoring.services import current_score
from tests.factories.base import Factory
from tests.factories.firms import firm_id_of, made_uscc, push_firm, refreshed
from tests.factories.frames import CONFIG
from tests.factories.participants import ParticipantFactory
from tests.factories.records import KEYRING, push


@pytest.fixture
def rulebook():
    return rulebook_for(CONFIG, day_of(utcnow()))


@pytest.fixture
def own_sessions(fresh_database):
    """Sessions on a database of the test's own, for what commits in several transactions."""
    engine = make_engine(fresh_database())
    yield make_sessions(engine)
    engine.dispose()


def make_firms(sessions, count):
    usccs = [made_uscc() for _ in range(count)]
    with sessions.begin() as session:
        Factory.session = session
        for uscc in usccs:
            push_firm(session, uscc, months=3)
    Factory.session = None
    return usccs


def scores_of(session, uscc):
    return session.scalars(select(StoredScore).where(StoredScore.firm_id == firm_id_of(uscc))).all()


def test_writes_snapshot_feature_row_and_the_score_of_the_seven_groups(session):
    uscc = made_uscc()
    push_firm(session, uscc)
    refreshed(session, uscc)

    snapshot = get_snapshot(session, firm_id=firm_id_of(uscc))
    assert orjson.loads(snapshot.sections[ResourceGroup.TAX])["status"] == "available"
    assert snapshot.as_of < snapshot.changes_on
    row = session.get(FeatureRowOfFirm, firm_id_of(uscc))
    assert (row.known_at, row.data_as_of) == (snapshot.known_at, snapshot.data_as_of)
    (score,) = scores_of(session, uscc)
    assert score.groups_used == [group.value for group in SEVEN_GROUPS]
    body = orjson.loads(score.body)
    assert (body["uscc"], body["data_as_of"]) == (uscc, snapshot.data_as_of.isoformat())


def test_the_same_again_stores_nothing_new_and_keeps_what_was_told(session):
    uscc = made_uscc()
    push_firm(session, uscc)
    refreshed(session, uscc)
    before = [score.body for score in scores_of(session, uscc)]

    refreshed(session, uscc)

    assert [score.body for score in scores_of(session, uscc)] == before


def test_a_set_gives_the_same_as_its_firms_one_by_one(session):
    usccs = [made_uscc() for _ in range(3)]
    for uscc in usccs:
        push_firm(session, uscc)
    refreshed(session, *usccs)
    together = {uscc: get_snapshot(session, firm_id=firm_id_of(uscc)) for uscc in usccs}
    session.expire_all()

    for uscc in usccs:
        refreshed(session, uscc)
        session.expire_all()
        alone = get_snapshot(session, firm_id=firm_id_of(uscc))
        assert alone.sections == together[uscc].sections
        assert len(scores_of(session, uscc)) == 1


def test_a_stored_score_is_computed_again_from_its_inputs(session, rulebook):
    uscc = made_uscc()
    push_firm(session, uscc)
    refreshed(session, uscc)
    (score,) = scores_of(session, uscc)

    again = replay(rulebook.model, score.inputs).body

    told = orjson.loads(score.body)
    assert orjson.loads(orjson.dumps(again)) == {name: told[name] for name in again}


def test_a_score_takes_no_change(session):
    uscc = made_uscc()
    push_firm(session, uscc, months=1)
    refreshed(session, uscc)

    with pytest.raises(DBAPIError, match="never changed"), session.begin_nested():
        session.execute(text("UPDATE scores SET body = ''"))


def test_a_firm_that_lives_on_in_another_keeps_no_snapshot(session):
    amr, number, uscc = ParticipantFactory(role=Role.PROVIDER), "330106000000005", made_uscc()
    push(session, "registration", [{"registration_no": number, "firm_name": "老号"}], participant=amr)
    old = session.scalars(text("SELECT id FROM firms")).one()
    now = utcnow()
    rules = rulebook_for(CONFIG, day_of(now))
    refresh.refresh_firms(session, [old], rulebook=rules, keyring=KEYRING, now=now)
    both = {"uscc": uscc, "registration_no": number, "firm_name": "新号"}
    push(session, "registration", [both], participant=ParticipantFactory(role=Role.PROVIDER))

    refresh.refresh_firms(session, [old, firm_id_of(uscc)], rulebook=rules, keyring=KEYRING, now=now)

    assert set(session.scalars(select(ProfileSnapshot.firm_id))) == {firm_id_of(uscc)}


class TestConflict:
    """Two sources that name one code differently."""

    def names(self, session, first, second, *, former=None):
        uscc = made_uscc()
        push_firm(session, uscc)
        sources = [ParticipantFactory(role=Role.PROVIDER) for _ in range(2)]
        if former:
            row = {"uscc": uscc, "firm_name": former, "revised_at": "2026-09-01T00:00:00Z"}
            push(session, "registration", [row], participant=sources[1])
        session.execute(text("DELETE FROM registrations WHERE firm_name = '杭州某某纸品有限公司'"))
        for source, name in zip(sources, (first, second), strict=True):
            push(session, "registration", [{"uscc": uscc, "firm_name": name}], participant=source)
        refreshed(session, uscc)
        return session.get(FeatureRowOfFirm, firm_id_of(uscc)).conflict

    def test_is_found(self, session):
        assert self.names(session, "甲纸品有限公司", "乙纸品有限公司")

    def test_is_none_where_only_the_writing_differs(self, session):
        assert not self.names(session, "甲纸品(杭州)有限公司", "甲纸品（杭州） 有限公司")

    def test_is_none_with_a_former_name(self, session):
        assert not self.names(session, "甲纸品有限公司", "乙纸品有限公司", former="甲纸品有限公司")

    @pytest.mark.parametrize("first", [0, 1])
    def test_a_name_sent_again_with_news_is_no_former_name(self, session, first):
        uscc = made_uscc()
        sources = [ParticipantFactory(role=Role.PROVIDER) for _ in range(2)]
        rows = [{"uscc": uscc, "firm_name": name} for name in ("甲纸品有限公司", "丙纸品有限公司")]
        for n in (first, 1 - first):
            push(session, "registration", [rows[n]], participant=sources[n])
        for n in (first, 1 - first):
            refreshed(session, uscc)
            assert session.get(FeatureRowOfFirm, firm_id_of(uscc), populate_existing=True).conflict
            news = {"address": "文三路一号", "revised_at": "2026-11-02T00:00:00Z"}
            push(session, "registration", [rows[n] | news], participant=sources[n])

        refreshed(session, uscc)

        assert session.get(FeatureRowOfFirm, firm_id_of(uscc), populate_existing=True).conflict


class TestBatch:
    def refresh(self, sessions, rulebook, *, now=None):
        return refresh_batch(sessions, rulebook=rulebook, keyring=KEYRING, now=now or utcnow())

    def test_refreshes_what_waits_and_strikes_it_off(self, own_sessions, rulebook):
        usccs = make_firms(own_sessions, 3)

        assert self.refresh(own_sessions, rulebook) == 3
        assert self.refresh(own_sessions, rulebook) == 0

        with own_sessions() as session:
            assert session.scalars(select(RefreshRequest)).all() == []
            assert all(scores_of(session, uscc) for uscc in usccs)

    def test_a_firm_asked_for_meanwhile_waits_again(self, own_sessions, rulebook, monkeypatch):
        make_firms(own_sessions, 1)
        real = refresh.measure_firms

        def asked_for_again(session, reading, **others):
            with own_sessions.begin() as other:
                refresh_queue.enqueue(other, reading.firm_ids, now=utcnow())
            return real(session, reading, **others)

        monkeypatch.setattr(refresh, "measure_firms", asked_for_again)
        self.refresh(own_sessions, rulebook)
        monkeypatch.undo()

        assert self.refresh(own_sessions, rulebook) == 1

    def test_a_firm_that_fails_is_put_off_and_the_others_are_done(self, own_sessions, rulebook, monkeypatch):
        usccs = make_firms(own_sessions, 5)
        poison = firm_id_of(usccs[2])
        real = refresh.measure_firms

        def failing(session, reading, **others):
            if poison in reading.firm_ids:
                raise ValueError("a firm that no one can refresh")
            return real(session, reading, **others)

        monkeypatch.setattr(refresh, "measure_firms", failing)
        now = utcnow()
        self.refresh(own_sessions, rulebook, now=now)

        with own_sessions() as session:
            (left,) = session.scalars(select(RefreshRequest))
            assert (left.firm_id, left.attempts) == (poison, 1)
            assert left.due_at > now
            done = set(session.scalars(select(ProfileSnapshot.firm_id)))
            assert done == {firm_id_of(uscc) for uscc in usccs} - {poison}

        monkeypatch.undo()
        assert self.refresh(own_sessions, rulebook, now=now + timedelta(minutes=1)) == 1

    def test_two_workers_share_the_work(self, own_sessions, rulebook):
        usccs = make_firms(own_sessions, 6)
        claimed = []

        def work():
            now = utcnow()
            claimed.append(refresh_batch(own_sessions, rulebook=rulebook, keyring=KEYRING, now=now, limit=3))

        workers = [threading.Thread(target=work) for _ in range(2)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()

        assert sum(claimed) == 6
        with own_sessions() as session:
            assert all(len(scores_of(session, uscc)) == 1 for uscc in usccs)

    def test_what_was_known_later_is_not_overwritten(self, own_sessions, rulebook):
        (uscc,) = make_firms(own_sessions, 1)
        now = utcnow()
        with own_sessions.begin() as late:
            refreshed(late, uscc)
            newest = get_snapshot(late, firm_id=firm_id_of(uscc))
        with own_sessions.begin() as session:
            old = replace(newest, known_at=newest.known_at - timedelta(hours=1), as_of=day_of(now))
            refresh.store_snapshots(session, [old])

        with own_sessions() as session:
            assert get_snapshot(session, firm_id=firm_id_of(uscc)).known_at == newest.known_at


class TestDue:
    def test_asks_for_firms_whose_day_has_come_once(self, session):
        uscc = made_uscc()
        push_firm(session, uscc)
        refreshed(session, uscc)
        session.execute(text("DELETE FROM refresh_queue"))
        snapshot = get_snapshot(session, firm_id=firm_id_of(uscc))
        day_before = snapshot.changes_on - timedelta(days=1)

        assert refresh_due(session, today=day_before, now=utcnow()) == 0
        assert refresh_due(session, today=snapshot.changes_on, now=utcnow()) == 1
        assert refresh_due(session, today=snapshot.changes_on, now=utcnow()) == 0


class TestCurrentScore:
    def ask(self, session, rulebook, uscc, groups):
        return current_score(
            session,
            firm_id=firm_id_of(uscc),
            uscc=uscc,
            groups=frozenset(groups),
            rulebook=rulebook,
            keyring=KEYRING,
            now=utcnow(),
        )

    def test_is_computed_when_first_asked_for_and_stored_once(self, session, rulebook):
        uscc = made_uscc()
        push_firm(session, uscc)
        refreshed(session, uscc)

        told = [self.ask(session, rulebook, uscc, [ResourceGroup.TAX]) for _ in range(2)]

        assert told[0] == told[1]
        assert len(scores_of(session, uscc)) == 2  # this one, and that of the seven groups

    def test_follows_the_records(self, session, rulebook):
        uscc = made_uscc()
        push_firm(session, uscc)
        refreshed(session, uscc)
        before = self.ask(session, rulebook, uscc, [ResourceGroup.TAX])
        source = ParticipantFactory(role=Role.PROVIDER)
        push(
            session,
            "tax-rating",
            [{"uscc": uscc, "year": day_of(utcnow()).year - 1, "grade": "D"}],
            participant=source,
        )
        refreshed(session, uscc)

        assert self.ask(session, rulebook, uscc, [ResourceGroup.TAX]).id != before.id

    def test_what_is_not_covered_changes_nothing(self, session, rulebook):
        uscc = made_uscc()
        push_firm(session, uscc)
        refreshed(session, uscc)
        before = self.ask(session, rulebook, uscc, [ResourceGroup.UTILITY])
        source = ParticipantFactory(role=Role.PROVIDER)
        push(
            session,
            "labour-rating",
            [{"uscc": uscc, "year": day_of(utcnow()).year - 1, "grade": "C"}],
            participant=source,
        )
        refreshed(session, uscc)

        assert self.ask(session, rulebook, uscc, [ResourceGroup.UTILITY]) == before
