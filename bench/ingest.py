"""Ingest: rows a second from opening the CSV files to the last publish, in one process.

The limit is one COPY per table, on one connection, of the very rows that ingest had written, all columns worked out,
into the product's own filled tables with their indexes. They go in under other ids, so that nothing collides.
"""

from __future__ import annotations

import time
from uuid import UUID

import psycopg

from bench.bulk import copy_through
from bench.figure import Figure
from bench.place import say
from bench.province import Province, load
from bench.sizes import Sizes
from creditshare.resources.catalogue import ALL_KINDS

ASIDE = "md5({id}::text || '/limit')::uuid"


def measure_ingest(province: Province, sizes: Sizes) -> Figure:
    """Load a sample of new firms' records, then COPY the same rows."""
    sample = province.sample(sizes.ingest_firms)
    began = time.perf_counter()
    submissions, rows = load(province.place, sample)
    seconds = time.perf_counter() - began
    province.place.forget_work()
    say(f"ingest: {rows} rows in {seconds:.1f} s")
    copied, bare = _copy_again(province, submissions)
    say(f"  limit: {copied} rows by COPY in {bare:.1f} s")
    return Figure(
        name="ingest",
        value=rows / seconds,
        limit=copied / bare,
        unit="rows/s",
        firms=len(province.firms),
        seconds=seconds,
        note=f"{rows} rows in {len(submissions)} files",
    )


def _copy_again(province: Province, submissions: list[UUID]) -> tuple[int, float]:
    rows, seconds = 0, 0.0
    ids = ", ".join(f"'{submission}'" for submission in submissions)
    with psycopg.connect(province.place.settings.database_url) as connection:
        for kind in ALL_KINDS:
            columns = [column.name for column in kind.table.columns]
            changed = {name: ASIDE.format(id=name) for name in ("record_id", "subject_id")}
            selected = ", ".join(changed.get(name, f'"{name}"') for name in columns)
            query = f"SELECT {selected} FROM {kind.table_name} WHERE submission_id IN ({ids})"
            _, written = copy_through(connection, query, kind.table_name, columns)
            rows, seconds = rows + written.rows, seconds + written.seconds * bool(written.rows)
    return rows, seconds
