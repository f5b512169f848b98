"""The relay as a process: outbox rows become messages once, wait while the broker is away, and any number may run."""

from __future__ import annotations

import base64
import os
import signal
import socket
import subprocess
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from urllib.parse import urlsplit, urlunsplit

import orjson
import pytest
import redis
from sqlalchemy import text

from creditshare import processes
from creditshare.core import outbox
from creditshare.core.clock import utcnow
from creditshare.firms import refresh_queue
from tests.fixtures_platform import wait_until

DATABASE_NUMBER = (
    8 + int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:]) % 8
)  # one for each process of a run


class Line:
    """A wire to the broker that can be cut: it then takes connections and drops them."""

    def __init__(self, url: str) -> None:
        self.target = urlsplit(url)
        self.is_cut = False
        self.refused = 0
        self._open: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._serve, daemon=True).start()

    @property
    def url(self) -> str:
        """Return the broker's URL through this wire."""
        user, _, _ = self.target.netloc.rpartition("@")
        port = self._listener.getsockname()[1]
        return urlunsplit(self.target._replace(netloc=f"{user}@127.0.0.1:{port}"))

    def cut(self) -> None:
        self.is_cut = True
        for end in self._open:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def mend(self) -> None:
        self.is_cut = False

    def close(self) -> None:
        self.cut()
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            if self.is_cut:
                self.refused += 1
                near.close()
                continue
            far = socket.create_connection((self.target.hostname, self.target.port))
            self._open += [near, far]
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=self._pass_on, args=(source, sink), daemon=True).start()

    @staticmethod
    def _pass_on(source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
        with suppress(OSError):
            sink.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def broker(redis_url: str) -> Iterator[redis.Redis]:
    """An empty database of the broker."""
    url = urlunsplit(urlsplit(redis_url)._replace(path=f"/{DATABASE_NUMBER}"))
    with redis.Redis.from_url(url) as client:
        client.url = url
        client.flushdb()
        yield client
        client.flushdb()


@pytest.fixture
def line(broker: redis.Redis) -> Iterator[Line]:
    made = Line(broker.url)
    yield made
    made.close()


@pytest.fixture
def start_relay(make_settings, intake, line, tmp_path) -> Iterator[Callable[[], subprocess.Popen[bytes]]]:
    """Start relays on the test's database, with the command line of an installation."""
    url = intake.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    settings = make_settings(url, redis_url=line.url, data_dir=tmp_path)
    child = next(c for c in processes.children(settings, {"PATH": os.environ["PATH"]}) if c.name == "relay")
    started: list[subprocess.Popen[bytes]] = []

    def start() -> subprocess.Popen[bytes]:
        with (tmp_path / "relay.log").open("ab") as log:
            started.append(child.spawn(log))
        return started[-1]

    yield start
    for process in started:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(20)


def publish(intake, count: int) -> set[str]:
    """Commit messages one by one, as services do; returns their ids."""
    made = {str(uuid.uuid4()) for _ in range(count)}
    for one in sorted(made):
        with intake.sessions.begin() as session:
            outbox.publish(session, "intake.load", submission_id=one)
    return made


def messages(broker: redis.Redis, queue: str = "intake") -> list[str]:
    """Return the submission ids of the messages that lie in a queue."""
    bodies = [base64.b64decode(orjson.loads(raw)["body"]) for raw in broker.lrange(queue, 0, -1)]
    return [orjson.loads(body)[1].get("submission_id", "") for body in bodies]


def unsent(intake) -> int:
    return intake.value("SELECT count(*) FROM outbox WHERE sent_at IS NULL")


def relays_at_work(intake) -> int:
    """Count the relays that listen: each has a connection that did."""
    return intake.value(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN %'"
        " OR datname = current_database() AND query LIKE '%pg_try_advisory_lock%'"
    )


def test_each_message_is_sent_once(intake, broker, start_relay):
    earlier = publish(intake, 20)
    start_relay()
    later = publish(intake, 20)

    wait_until(lambda: unsent(intake) == 0)

    assert sorted(messages(broker)) == sorted(earlier | later)


def test_messages_wait_while_the_broker_is_away(intake, broker, line, start_relay):
    first = publish(intake, 3)
    relay = start_relay()
    wait_until(lambda: unsent(intake) == 0)

    line.cut()
    second = publish(intake, 3)
    wait_until(lambda: line.refused > 3, what="the relay to try again")
    assert unsent(intake) == 3
    assert relay.poll() is None
    line.mend()

    wait_until(lambda: unsent(intake) == 0)
    assert sorted(messages(broker)) == sorted(first | second)


def test_a_broker_that_is_away_at_the_start_is_waited_for(intake, broker, line, start_relay):
    line.cut()
    relay = start_relay()
    published = publish(intake, 2)
    wait_until(lambda: line.refused > 3, what="the relay to try again")
    assert relay.poll() is None

    line.mend()

    wait_until(lambda: unsent(intake) == 0)
    assert sorted(messages(broker)) == sorted(published)


def test_two_relays_at_once_send_nothing_twice(intake, broker, start_relay):
    first, second = start_relay(), start_relay()
    wait_until(lambda: relays_at_work(intake) == 2, what="both relays")
    published = publish(intake, 30)
    wait_until(lambda: unsent(intake) == 0)
    assert sorted(messages(broker)) == sorted(published)

    for relay in (first, second):  # whichever has the turn: the other goes on, and then a third
        relay.kill()
        relay.wait()
        start_relay()
        published |= publish(intake, 5)
        wait_until(lambda: unsent(intake) == 0)

    assert sorted(messages(broker)) == sorted(published)


def test_a_lost_database_session_is_found_again(intake, broker, start_relay):
    relay = start_relay()
    published = publish(intake, 2)
    wait_until(lambda: unsent(intake) == 0)

    with intake.engine.begin() as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
    published |= publish(intake, 2)
    wait_until(lambda: unsent(intake) == 0)

    assert relay.poll() is None
    assert sorted(messages(broker)) == sorted(published)


def test_firms_that_wait_are_told_of_by_one_message(intake, broker, start_relay):
    with intake.sessions.begin() as session:
        refresh_queue.enqueue(session, [uuid.uuid4() for _ in range(50)], now=utcnow())
        for _ in range(50):
            outbox.publish(session, "scoring.refresh")

    start_relay()

    wait_until(lambda: unsent(intake) == 0)
    wait_until(lambda: broker.llen("refresh") > 0, what="the nudge")
    assert 1 <= broker.llen("refresh") <= 10  # one each second, however many ask


def test_a_stopped_relay_ends_by_itself(intake, start_relay):
    relay = start_relay()
    publish(intake, 1)
    wait_until(lambda: unsent(intake) == 0)

    relay.terminate()

    assert relay.wait(10) == 0
