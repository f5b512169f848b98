"""The relay: sends outbox rows as Celery messages, and sends again what nobody took up.

Needs PostgreSQL only; while the broker is away, rows wait. Any number may run: an advisory lock lets one work. Wakes
on NOTIFY, and each second anyway.
"""

from __future__ import annotations

import signal
import threading
from types import FrameType

import structlog
from kombu.exceptions import OperationalError as BrokerError
from psycopg import Connection, OperationalError
from redis.exceptions import RedisError
from sqlalchemy import Connection as SqlConnection
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from creditshare.core import outbox
from creditshare.core.clock import utcnow
from creditshare.core.logs import configure_logs
from creditshare.firms import refresh_queue
from creditshare.intake import loading
from workers.app import app
from workers.runtime import Runtime, runtime

TICK_SECONDS = 1.0
MOST_AT_ONCE = 500
LOCK = "relay"
log = structlog.get_logger()


def run(stopping: threading.Event) -> None:
    """Relay until told to stop; a lost database or broker is waited for."""
    while not stopping.is_set():
        try:
            _relay_while_connected(runtime(), stopping)
        except (SQLAlchemyError, OperationalError) as error:
            log.warning("relay.database-lost", error=type(error).__name__)
            stopping.wait(TICK_SECONDS)


def _relay_while_connected(shared: Runtime, stopping: threading.Event) -> None:
    with shared.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f"LISTEN {outbox.CHANNEL}"))
        driver = connection.connection.driver_connection
        assert isinstance(driver, Connection)
        try:
            while not stopping.is_set():
                if _holds_lock(connection):
                    tick(shared)
                list(driver.notifies(timeout=TICK_SECONDS, stop_after=1))
        finally:
            connection.detach()  # a session lock and a LISTEN must not go back to the pool
            driver.close()


def _holds_lock(connection: SqlConnection) -> bool:
    """Take the relay's turn, or see that this connection has it already."""
    return bool(
        connection.execute(
            text(
                """
                SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid() AND granted)
                       OR pg_try_advisory_lock(hashtextextended(:name, 0))
                """
            ),
            {"name": LOCK},
        ).scalar_one()
    )


def tick(shared: Runtime) -> int:
    """Send what waits; returns how many messages went out."""
    now = utcnow()
    with shared.sessions.begin() as session:
        loading.sweep(session, now=now)
        waiting = session.execute(
            text("SELECT id, topic, payload FROM outbox WHERE sent_at IS NULL ORDER BY id LIMIT :most"),
            {"most": MOST_AT_ONCE},
        ).all()
        nudge = refresh_queue.is_due(session, now=now)
    sent = []
    try:
        for message_id, topic, payload in waiting:
            if topic != "scoring.refresh":  # all refreshing is asked for by one nudge, below
                app.send_task(topic, kwargs=payload)
            sent.append(message_id)
        if nudge:
            app.send_task("scoring.refresh", expires=10)
    except (BrokerError, RedisError, OSError) as error:
        log.warning("relay.broker-lost", error=type(error).__name__, waiting=len(waiting) - len(sent))
    if sent:
        with shared.sessions.begin() as session:
            session.execute(
                text("UPDATE outbox SET sent_at = :now WHERE id = ANY(:ids)"), {"now": now, "ids": sent}
            )
    return len(sent)


def main() -> None:
    """Run as a process of its own until SIGTERM or SIGINT."""
    stopping = threading.Event()

    def stop(_signal: int, _frame: FrameType | None) -> None:
        stopping.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    configure_logs(runtime().settings.log_level)
    run(stopping)


if __name__ == "__main__":
    main()
