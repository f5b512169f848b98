"""The same write sent twice happens once, and is answered the same."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import func, select, text, update

from creditshare.app import BLUEPRINTS, create_app
from creditshare.core.clock import utcnow
from creditshare.core.outbox import OutboxMessage
from creditshare.web.runtime import EXTENSION
from creditshare.web.stored_answers import IdempotencyKey, forget_old_answers
from tests import lab
from tests.fixtures_web import close, fetch_token, make_client

KEY = {"Idempotency-Key": "2026-11-22/1"}
NOTE = {"text": "张三"}


def notes(session, topic="lab.note"):
    return session.scalar(select(func.count()).select_from(OutboxMessage).where(OutboxMessage.topic == topic))


def test_the_second_time_gets_the_stored_answer(lab_client, bearer, session):
    headers = {**bearer(), **KEY}

    first = lab_client.post("/lab/notes", json=NOTE, headers=headers)
    second = lab_client.post("/lab/notes", json=NOTE, headers=headers)

    assert first.status_code == second.status_code == 201
    assert second.data == first.data
    assert second.headers["Location"] == "/lab/notes/1"
    assert second.headers["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first.headers
    assert notes(session) == 1


def test_another_body_or_query_under_the_same_key(lab_client, bearer):
    headers = {**bearer(), **KEY}
    lab_client.post("/lab/notes", json=NOTE, headers=headers)

    for path, body in (("/lab/notes", {"text": "another"}), ("/lab/notes?x=1", NOTE)):
        response = lab_client.post(path, json=body, headers=headers)
        assert response.status_code == 422
        assert response.json["code"] == "idempotency-key-reused"


def test_a_key_belongs_to_participant_method_and_path(lab_client, bearer, session):
    for headers in (bearer(), bearer()):
        assert lab_client.post("/lab/notes", json=NOTE, headers={**headers, **KEY}).status_code == 201

    assert notes(session) == 2


def test_two_clients_of_one_participant_share_keys(lab_client, session):
    first = make_client(session)
    second = make_client(session, participant=first.participant)

    for made in (first, second):
        headers = {"Authorization": f"Bearer {fetch_token(lab_client, made)}", **KEY}
        lab_client.post("/lab/notes", json=NOTE, headers=headers)

    assert notes(session) == 1


def test_without_a_key_each_write_counts(lab_client, bearer, session):
    headers = bearer()

    for _ in range(2):
        lab_client.post("/lab/notes", json=NOTE, headers=headers)

    assert notes(session) == 2


@pytest.mark.parametrize("key", ["", "a" * 65, "\xff", "a\tb"])
def test_a_key_that_is_none(lab_client, bearer, key):
    response = lab_client.post("/lab/notes", json=NOTE, headers={**bearer(), "Idempotency-Key": key})

    assert response.status_code == 422
    assert response.json["errors"][0]["pointer"] == "/headers/Idempotency-Key"


def test_a_refusal_leaves_the_key_free(lab_client, bearer, session):
    headers = {**bearer(), **KEY}

    refused = lab_client.post("/lab/notes", json={"txt": "typo"}, headers=headers)
    corrected = lab_client.post("/lab/notes", json=NOTE, headers=headers)

    assert (refused.status_code, corrected.status_code) == (422, 201)


def test_what_a_block_did_before_the_refusal_stays_or_goes_as_without_a_key(lab_client, bearer, session):
    headers = {**bearer(), **KEY}

    after = lab_client.post("/lab/notes", json={"text": "refuse after the commit"}, headers=headers)
    inside = lab_client.post("/lab/undone", headers=headers)

    assert (after.status_code, inside.status_code) == (409, 409)
    assert notes(session) == 1
    assert notes(session, "lab.undone") == 0


def test_a_stored_answer_is_forgotten_after_a_day(lab_client, bearer, session):
    headers = {**bearer(), **KEY}
    lab_client.post("/lab/notes", json=NOTE, headers=headers)
    session.execute(update(IdempotencyKey).values(created_at=utcnow() - timedelta(hours=25)))
    session.commit()

    again = lab_client.post("/lab/notes", json=NOTE, headers=headers)

    assert "Idempotency-Replayed" not in again.headers
    assert notes(session) == 2
    assert forget_old_answers(session, now=utcnow()) == 0
    assert forget_old_answers(session, now=utcnow() + timedelta(hours=25)) == 1


def test_a_stored_answer_is_unreadable_in_the_database(lab_client, bearer, session):
    lab_client.post("/lab/notes", json=NOTE, headers={**bearer(), **KEY})

    stored = session.scalars(select(IdempotencyKey)).one()

    assert "张三".encode() not in stored.answer
    assert b"\\u5f20" not in stored.answer


def form(content, boundary, **fields):
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{v}\r\n'
        for n, v in fields.items()
    ]
    parts.append(
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n{content}\r\n'
    )
    body = "".join(parts) + f"--{boundary}--\r\n"
    return {"data": body.encode(), "content_type": f"multipart/form-data; boundary={boundary}"}


def test_the_same_file_is_the_same_request_whatever_the_boundary(lab_client, bearer, session):
    headers = {**bearer(), **KEY}

    first = lab_client.post("/lab/upload", **form("a,b", "one", note="x"), headers=headers)
    same = lab_client.post("/lab/upload", **form("a,b", "two", note="x"), headers=headers)
    others = [
        lab_client.post("/lab/upload", **form("a,c", "two", note="x"), headers=headers),
        lab_client.post("/lab/upload", **form("a,b", "two", note="y"), headers=headers),
    ]

    assert first.json == same.json == {"length": 3}
    assert same.headers["Idempotency-Replayed"] == "true"
    assert [other.json["code"] for other in others] == ["idempotency-key-reused"] * 2
    assert notes(session, "lab.upload") == 1


def test_a_streaming_view_may_bound_its_body(lab_client, bearer):
    headers = bearer()

    fits = lab_client.post("/lab/upload", data=b"a" * 1000, headers=headers)
    too_long = lab_client.post("/lab/upload", data=b"a" * 1001, headers=headers)

    assert fits.json == {"length": 1000}
    assert (too_long.status_code, too_long.json["code"]) == (413, "body-too-large")


@pytest.fixture
def lab_alone(fresh_database, make_settings):
    """The lab on a database of its own, where requests really run beside each other."""
    app = create_app(make_settings(fresh_database()), blueprints=(*BLUEPRINTS, lab.blp))
    lab.GATE = lab.Gate()
    yield app
    lab.GATE.go_on.set()
    close(app)


@pytest.fixture
def headers(lab_alone):
    with lab_alone.extensions[EXTENSION].sessions() as session:
        made = make_client(session)
    return {"Authorization": f"Bearer {fetch_token(lab_alone.test_client(), made)}", **KEY}


def test_while_the_first_runs_the_second_is_told_to_wait(lab_alone, headers):
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(lambda: lab_alone.test_client().post("/lab/held", headers=headers))
        assert lab.GATE.entered.wait(10)

        second = lab_alone.test_client().post("/lab/held", headers=headers)
        lab.GATE.go_on.set()

        assert first.result().status_code == 200
    assert second.status_code == 409
    assert second.json["code"] == "idempotency-key-in-use"
    third = lab_alone.test_client().post("/lab/held", headers=headers)
    assert third.headers["Idempotency-Replayed"] == "true"


def test_many_at_once_happen_once(lab_alone, headers):
    start = threading.Barrier(6)

    def send(_number):
        start.wait(10)
        return lab_alone.test_client().post("/lab/notes", json=NOTE, headers=headers).status_code

    with ThreadPoolExecutor(6) as pool:
        answers = set(pool.map(send, range(6)))

    assert answers <= {201, 409}
    with lab_alone.extensions[EXTENSION].sessions() as session:
        assert notes(session) == 1


def test_a_first_that_died_in_the_middle_frees_its_key_and_left_nothing(lab_alone, headers):
    sessions = lab_alone.extensions[EXTENSION].sessions
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(lambda: lab_alone.test_client().post("/lab/held", headers=headers))
        assert lab.GATE.entered.wait(10)
        with sessions() as session:  # what the server sees of a killed process: its connection ends
            session.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND pid <> pg_backend_pid() AND state LIKE 'idle in%'"
                )
            )
        lab.GATE.go_on.set()
        assert first.result().status_code == 503

    second = lab_alone.test_client().post("/lab/held", headers=headers)

    assert second.status_code == 200
    assert "Idempotency-Replayed" not in second.headers
    with sessions() as session:
        assert notes(session, "lab.held") == 1


def test_an_answer_stored_early_serves_until_the_last_one_is_there(lab_alone, headers):
    body = b"x" * 5000
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(lambda: lab_alone.test_client().post("/lab/early", data=body, headers=headers))
        assert lab.GATE.entered.wait(10)

        meanwhile = lab_alone.test_client().post("/lab/early", data=body, headers=headers)
        other = lab_alone.test_client().post("/lab/early", data=body + b"y", headers=headers)
        lab.GATE.go_on.set()

        assert first.result().json == {"state": "done", "length": 5000}
    later = lab_alone.test_client().post("/lab/early", data=body, headers=headers)

    assert meanwhile.json == {"state": "queued", "length": 5000}
    assert meanwhile.headers["Idempotency-Replayed"] == "true"
    assert other.json["code"] == "idempotency-key-reused"
    assert later.json == {"state": "done", "length": 5000}
    with lab_alone.extensions[EXTENSION].sessions() as session:
        assert notes(session, "lab.early") == 1
