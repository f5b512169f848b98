"""The database as every feature uses it: typed base, sessions, COPY in, the knowledge clock."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus
from sqlalchemy import DateTime, Engine, Enum, LargeBinary, MetaData, Text, create_engine, text
from sqlalchemy.orm import DeclarativeBase, Session, mapped_column, sessionmaker

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """Root of every model: naming convention and type map in one place."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads it as a plain attribute
        datetime: DateTime(timezone=True),
        str: Text(),
        bytes: LargeBinary(),
        StrEnum: Enum(StrEnum, native_enum=False, values_callable=lambda e: [m.value for m in e], length=40),
    }


PrimaryKey = Annotated[UUID, mapped_column(primary_key=True, default=uuid.uuid4)]


def make_engine(url: str, *, pool_size: int = 8) -> Engine:
    """Make the engine for a `postgresql://` URL; every session runs in UTC and gives up on a lock after 30 s."""
    return create_engine(
        url.replace("postgresql://", "postgresql+psycopg://", 1),
        pool_size=pool_size,
        max_overflow=4,
        pool_pre_ping=True,
        hide_parameters=True,  # an error's text must not carry a row's values into a log
        connect_args={"options": "-c timezone=UTC -c lock_timeout=30s", "connect_timeout": 10},
    )


def make_sessions(engine: Engine) -> sessionmaker[Session]:
    """Make the session factory; rows stay readable after the commit, what was not loaded by then raises."""
    return sessionmaker(engine, expire_on_commit=False)


def copy_rows(
    session: Session,
    table: str,
    columns: Sequence[str],
    rows: Iterator[Sequence[Any]] | Sequence[Sequence[Any]],
) -> None:
    """COPY rows into a table inside the session's transaction. Values are Python values, None is NULL."""
    connection = session.connection().connection.driver_connection
    assert connection is not None
    names = ", ".join(f'"{name}"' for name in columns)
    with connection.cursor() as cursor, cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def copy_out(session: Session, statement: str, parameters: Mapping[str, Any]) -> bytes:
    """Run a `COPY … TO STDOUT` inside the session's transaction and return all of its output.

    psycopg gives a row at a time, waiting for each. What has arrived is taken out of libpq's buffer here without
    that; only where nothing is left, psycopg waits for more.
    """
    connection = session.connection().connection.driver_connection
    assert connection is not None
    libpq, pieces = connection.pgconn, list[bytes]()
    with connection.cursor() as cursor, cursor.copy(statement, parameters) as copy:
        while True:
            size, piece = libpq.get_copy_data(1)
            if size < 0:
                break
            piece = piece if size else copy.read()
            if not piece:
                return b"".join(pieces)
            pieces.append(bytes(piece))
        for result in list(iter(libpq.get_result, None)):  # all are taken: then the connection is free again
            if result.status != ExecStatus.COMMAND_OK:
                raise error_from_result(result)
    return b"".join(pieces)


def advance_knowledge_clock(session: Session) -> datetime:
    """Take the knowledge clock forward and return its new value, to be stamped on what this transaction publishes.

    Holds the clock's row until the commit: publishers take turns, so that a value once seen has all of its past
    visible (ADR 0004). Call it after everything slow, right before the writes.
    """
    at: datetime = session.execute(
        text(
            "UPDATE knowledge_clock SET at = greatest(clock_timestamp(), at + interval '1 microsecond') RETURNING at"
        )
    ).scalar_one()
    return at


def read_knowledge_clock(session: Session) -> datetime:
    """Return the clock's value in this transaction's snapshot: all that is stamped up to it is visible."""
    at: datetime = session.execute(text("SELECT at FROM knowledge_clock")).scalar_one()
    return at


@contextmanager
def advisory_lock(session: Session, name: str) -> Iterator[bool]:
    """Try to take a named lock for the rest of the transaction; yields whether it was free."""
    yield bool(
        session.execute(
            text("SELECT pg_try_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": name}
        ).scalar_one()
    )
