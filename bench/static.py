"""The limit of a web request: a bare WSGI application that answers fixed bytes.

Each request runs one indexed SELECT and one INSERT in a transaction, on a connection of its thread's own; no
framework, no token, no checks. Served by the same server as the platform's application.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import psycopg

TABLE = "CREATE TABLE static_reads (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, at timestamptz, firm_id uuid)"
SELECT = "SELECT uscc FROM firms WHERE id = %s"
INSERT = "INSERT INTO static_reads (at, firm_id) VALUES (now(), %s)"

FIRM = os.environ.get("BENCH_FIRM", "")
DATABASE_URL = os.environ.get("DATABASE_URL", "")
BODY = Path(os.environ.get("BENCH_BODY", os.devnull)).read_bytes()
HEADERS = [("Content-Type", "application/json"), ("Content-Length", str(len(BODY)))]
_local = threading.local()


def app(
    environ: dict[str, Any], start_response: Callable[[str, list[tuple[str, str]]], object]
) -> Iterable[bytes]:
    """Answer anything with the fixed bytes."""
    environ["wsgi.input"].read()
    if environ["PATH_INFO"] != "/healthz":
        with _connection().transaction(), _connection().cursor() as cursor:
            cursor.execute(SELECT, (FIRM,))
            cursor.fetchone()
            cursor.execute(INSERT, (FIRM,))
    start_response("200 OK", HEADERS)
    return [BODY]


def _connection() -> psycopg.Connection:
    if not hasattr(_local, "connection"):
        _local.connection = psycopg.connect(DATABASE_URL, autocommit=True)
    connection: psycopg.Connection = _local.connection
    return connection
