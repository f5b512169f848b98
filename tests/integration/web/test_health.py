"""Is the process up, and can it do its work."""

from datetime import timedelta

import psycopg
import pytest

from creditshare.core import migrations
from creditshare.core.clock import utcnow
from creditshare.jobs.heartbeats import beat, last_heard
from creditshare.web.runtime import EXTENSION


@pytest.fixture
def url(fresh_database):
    return fresh_database()


@pytest.fixture
def fresh_app(url, make_app):
    return make_app(url)


def hear_worker(app, ago=timedelta()):
    with app.extensions[EXTENSION].sessions.begin() as session:
        beat(session, name="worker-1", now=utcnow() - ago)


def ready(app):
    response = app.test_client().get("/readyz")
    return response.status_code, response.json


def test_the_process_is_up(client):
    assert client.get("/healthz").json == {"status": "ok"}


def test_not_ready_until_a_worker_is_heard_from(fresh_app):
    assert ready(fresh_app)[0] == 503
    hear_worker(fresh_app, ago=timedelta(minutes=1))
    assert ready(fresh_app)[0] == 503

    hear_worker(fresh_app)

    assert ready(fresh_app)[0] == 200
    assert "degraded" not in ready(fresh_app)[1]


def test_a_worker_lost_later_is_a_degradation(fresh_app):
    hear_worker(fresh_app)
    ready(fresh_app)

    hear_worker(fresh_app, ago=timedelta(seconds=20))

    status, body = ready(fresh_app)
    assert (status, body["degraded"]) == (200, ["worker"])


def test_a_lost_broker_is_a_degradation(url, make_app):
    app = make_app(url, redis_url="redis://127.0.0.1:1/0")
    hear_worker(app)

    status, body = ready(app)

    assert (status, body["degraded"]) == (200, ["broker"])


def test_not_ready_without_the_right_migrations(fresh_app, url):
    hear_worker(fresh_app)
    migrations.downgrade(url, "base")

    status, body = ready(fresh_app)

    assert status == 503
    assert "needs" in body["checks"]["migrations"]


def test_not_ready_where_search_is_blind_to_chinese(servers, fresh_app, url):
    hear_worker(fresh_app)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("DROP EXTENSION pg_trgm CASCADE")
        connection.execute(
            "CREATE FUNCTION show_trgm(text) RETURNS text[] LANGUAGE sql AS $$SELECT '{}'::text[]$$"
        )

    status, body = ready(fresh_app)

    assert status == 503
    assert "LC_CTYPE" in body["checks"]["text_search"]


def test_not_ready_without_a_database(make_app):
    app = make_app("postgresql://nobody@127.0.0.1:1/nothing")

    status, body = ready(app)

    assert status == 503
    assert body["checks"]["database"] == "does not answer"
    assert app.test_client().get("/healthz").status_code == 200


def test_the_latest_beat_of_any_worker_counts(session):
    now = utcnow()
    beat(session, name="a", now=now - timedelta(seconds=9))
    beat(session, name="b", now=now - timedelta(seconds=5))
    beat(session, name="a", now=now - timedelta(seconds=1))

    assert last_heard(session) == now - timedelta(seconds=1)
