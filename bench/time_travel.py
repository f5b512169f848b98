"""Reading a profile as it was: the time within which 95 of 100 reads of a firm of 36 months are answered.

There is no natural limit to compare with; beside it stands the floor that the architecture sets.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import text

from bench.figure import Figure
from bench.load import Load, percentile, send
from bench.place import say, token_of
from bench.province import MONTHS, Province
from bench.reader import open_bank
from bench.sizes import Sizes
from creditshare.core.clock import day_of, rfc3339, utcnow

FLOOR_SECONDS = 0.150


def measure_time_travel(province: Province, sizes: Sizes) -> Figure:
    """Read profiles as of half a year ago, as known now a moment ago, one after the other."""
    bank = open_bank(province, firms=sizes.past_reads)
    with province.place.sessions() as session:
        known_at = session.execute(text("SELECT at FROM knowledge_clock")).scalar_one()
    day = day_of(utcnow()) - timedelta(days=180)
    query = f"&as_of={day.isoformat()}&known_at={rfc3339(known_at)}"
    paths = bank.paths("profile", query)
    with province.place.platform("web") as base:
        headers = {"Authorization": f"Bearer {token_of(base, bank.client)}"}
        send(Load(base, paths, headers, threads=1, seconds=1.0))
        answers = send(Load(base, paths, headers, threads=1, seconds=sizes.read_seconds))
    value = percentile(answers.latencies, 0.95)
    say(f"time_travel: {answers.done} answers in {answers.seconds:.1f} s, p95 {value * 1000:.0f} ms")
    return Figure(
        name="time_travel",
        value=value,
        limit=FLOOR_SECONDS,
        unit="s, p95",
        firms=len(province.firms),
        seconds=answers.seconds,
        note=f"{answers.done} reads of {len(bank.firms)} firms of {MONTHS} months; the limit is the floor",
        is_time=True,
    )
