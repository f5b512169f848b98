"""Bare COPY, in and out: what the database alone can do."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO

import psycopg

PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class Moved:
    """What a COPY moved."""

    rows: int
    size: int
    seconds: float


def copy_out(connection: psycopg.Connection, query: str, into: IO[bytes] | None = None) -> Moved:
    """COPY the result of a query out, into a file or nowhere."""
    began, size = time.perf_counter(), 0
    with connection.cursor() as cursor:
        with cursor.copy(f"COPY ({query}) TO STDOUT") as copy:
            for piece in copy:
                size += len(piece)
                if into is not None:
                    into.write(piece)
        return Moved(cursor.rowcount, size, time.perf_counter() - began)


def copy_in(connection: psycopg.Connection, table: str, columns: Sequence[str], source: IO[bytes]) -> Moved:
    """COPY a file into a table and commit."""
    names = ", ".join(f'"{name}"' for name in columns)
    began, size = time.perf_counter(), 0
    with connection.cursor() as cursor:
        with cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
            while piece := source.read(PIECE):
                size += len(piece)
                copy.write(piece)
        rows = cursor.rowcount
    connection.commit()
    return Moved(rows, size, time.perf_counter() - began)


def copy_through(
    connection: psycopg.Connection, query: str, table: str, columns: Sequence[str]
) -> tuple[Moved, Moved]:
    """COPY the result of a query into a file and from there into a table."""
    with tempfile.TemporaryFile() as between:
        out = copy_out(connection, query, between)
        connection.commit()
        between.seek(0)
        return out, copy_in(connection, table, columns, between)
