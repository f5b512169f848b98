"""Refresh: firms a second from their records to feature row, snapshot and score, in one process.

The limit is reading the same versions by COPY and writing rows of the same size by COPY, into tables with the same
columns and indexes.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from uuid import UUID

import psycopg
from sqlalchemy import text

from bench.bulk import copy_out, copy_through
from bench.figure import Figure
from bench.place import Place, say
from bench.province import Province
from bench.sizes import Sizes
from creditshare.core.clock import day_of, utcnow
from creditshare.firms import refresh_queue
from creditshare.resources.catalogue import ALL_KINDS
from creditshare.scoring.refresh import refresh_batch
from creditshare.scoring.rulebook import rulebook_for

WRITTEN = ("profile_snapshots", "feature_rows", "scores", "standing_scores")


def measure_refresh(province: Province, sizes: Sizes) -> Figure:
    """Refresh every firm held for the first time, then COPY as much."""
    place, firms = province.place, len(province.firms)
    _refresh(place, province.firms[:1])  # reads the rules, connects
    with place.sessions.begin() as session:
        session.execute(text(f"TRUNCATE {', '.join(WRITTEN)}"))
    began = time.perf_counter()
    refresh_all(province)
    seconds = time.perf_counter() - began
    say(f"refresh: {firms} firms in {seconds:.1f} s")
    rows, bare = _copy_as_much(place)
    say(f"  limit: {rows} rows read and as much written as was, by COPY in {bare:.1f} s")
    return Figure(
        name="refresh",
        value=firms / seconds,
        limit=firms / bare,
        unit="firms/s",
        firms=firms,
        seconds=seconds,
        note=f"{rows} rows of {firms} firms",
    )


def refresh_all(province: Province, *, only_missing: bool = False) -> None:
    """Refresh every firm held, or those that have no snapshot yet, set by set."""
    place = province.place
    place.forget_work()
    firms = set(province.firms) - _refreshed(place) if only_missing else province.firms
    _refresh(place, sorted(firms))
    if lacking := set(province.firms) - _refreshed(place):
        raise RuntimeError(f"{len(lacking)} firms could not be refreshed")


def _refresh(place: Place, firms: Sequence[UUID]) -> None:
    with place.sessions.begin() as session:
        refresh_queue.enqueue(session, firms, now=utcnow())
    rulebook = rulebook_for(place.settings.config_dir, day_of(utcnow()))
    while refresh_batch(place.sessions, rulebook=rulebook, keyring=place.keyring, now=utcnow()):
        continue


def _refreshed(place: Place) -> set[UUID]:
    with place.sessions() as session:
        return set(session.execute(text("SELECT firm_id FROM profile_snapshots")).scalars())


def _copy_as_much(place: Place) -> tuple[int, float]:
    """Read what is in force of every firm, write what was made of it."""
    rows, seconds = 0, 0.0
    with psycopg.connect(place.settings.database_url) as connection:
        for kind in ALL_KINDS:
            held = f"""
                SELECT t.* FROM {kind.table_name} t WHERE t.superseded_at IS NULL
                AND t.subject_id IN (SELECT l.subject_id FROM subject_firm l JOIN profile_snapshots USING (firm_id))
            """
            read = copy_out(connection, held)
            rows, seconds = rows + read.rows, seconds + read.seconds * bool(read.rows)
        for table in WRITTEN:
            connection.execute(f"CREATE TABLE twin (LIKE {table} INCLUDING ALL)")
            connection.commit()
            columns = [c.name for c in connection.execute("SELECT * FROM twin").description or ()]
            _, written = copy_through(connection, f"SELECT * FROM {table}", "twin", columns)
            seconds += written.seconds
            connection.execute("DROP TABLE twin")
            connection.commit()
    return rows, seconds
