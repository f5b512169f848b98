"""From the POST of a record to the score that contains it: the time within which 95 of 100 get there.

Records come at a steady rate, each of another firm, with the whole platform running. A record counts as contained
once the firm's feature row was made from knowledge that includes its version; row and score are written together.
Beside it stands the same load on the bare application's answer.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from typing import Self
from uuid import UUID

import orjson
from sqlalchemy import text

from bench.figure import Figure
from bench.load import Load, percentile, send
from bench.place import Place, say
from bench.province import Province
from bench.push import NDJSON, provider_tokens
from bench.reader import codes_of, spread
from bench.refresh import refresh_all
from bench.report_read import static_server
from bench.sizes import Sizes
from creditshare.core.clock import utcnow

RECORDS_A_SECOND = 50
RECORDS_AT_ONCE = 10
THREADS = 4
LOOK_SECONDS = 0.02
PATIENCE_SECONDS = 60
PROVIDER = "tax"
PATH = "/v1/records/tax-arrears"  # a kind with few rows, so that watching for them costs little
KEY = "bench-"
ARRIVED = f"""
    SELECT t.source_key FROM tax_arrears t JOIN feature_rows f ON f.firm_id = t.subject_id
    WHERE t.subject_id = ANY(:firms) AND t.source_key LIKE '{KEY}%' AND f.known_at >= t.known_from
"""


def measure_push_to_score(province: Province, sizes: Sizes) -> Figure:
    """Push at a steady rate and watch the scores follow."""
    place = province.place
    refresh_all(province, only_missing=True)
    records = int(RECORDS_A_SECOND * sizes.score_seconds)
    codes = codes_of(place, spread(province.firms, records))
    posts = _posts(list(codes.values()), records)
    with place.platform("relay", "worker", "web") as base:
        token = provider_tokens(place, base, {PROVIDER})[PROVIDER]
        headers = {"Authorization": f"Bearer {token}", "Content-Type": NDJSON}
        with Watch(place, list(codes), records) as watch:
            began = time.perf_counter()
            answers = send(_load(base, posts, headers))
            lags = watch.lags(answers.left_at)
        seconds = time.perf_counter() - began
    place.forget_work()
    say(f"push_to_score: {len(lags)} records in {seconds:.1f} s")
    with static_server(place, next(iter(codes)), b"{}") as base:
        bare = send(_load(base, posts, headers))
    return Figure(
        name="push_to_score",
        value=percentile(lags, 0.95),
        limit=percentile(bare.latencies, 0.95),
        unit="s, p95",
        firms=len(province.firms),
        seconds=seconds,
        note=f"{len(lags)} records at {RECORDS_A_SECOND}/s, {RECORDS_AT_ONCE} a POST, p50 {percentile(lags, 0.5):.2f}",
        is_time=True,
    )


class Watch:
    """Notes when each record's firm has a feature row that knows of it."""

    def __init__(self, place: Place, firms: Sequence[UUID], records: int) -> None:
        self.place = place
        self.firms = firms
        self.waiting = {f"{KEY}{number}": number for number in range(records)}
        self.seen: dict[int, float] = {}
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._look)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        self._thread.join()

    def lags(self, left_at: dict[int, float]) -> list[float]:
        """Wait for the last record; returns seconds from POST to score, record by record.

        Records that have not arrived in the end are told of, and count as if they arrived then.
        """
        deadline = time.monotonic() + PATIENCE_SECONDS
        while self.waiting and time.monotonic() < deadline and self._thread.is_alive():
            time.sleep(LOOK_SECONDS)
        if late := list(self.waiting.values()):
            say(f"push_to_score: {len(late)} records have not reached a score")
        arrived = {number: time.time() for number in late} | self.seen
        return [at - left_at[number // RECORDS_AT_ONCE] for number, at in arrived.items()]

    def _look(self) -> None:
        """Look again and again which of the waiting records have arrived."""
        while not self._ending.is_set():
            subjects = {self.firms[number % len(self.firms)] for number in self.waiting.values()}
            with self.place.sessions() as session:
                arrived = session.execute(text(ARRIVED), {"firms": list(subjects)}).scalars().all()
            now = time.time()
            for key in arrived:
                number = self.waiting.pop(key, None)
                if number is not None:
                    self.seen[number] = now
            self._ending.wait(LOOK_SECONDS)


def _posts(codes: Sequence[str], records: int) -> list[str]:
    """Write announcements of tax arrears, a few firms to a POST."""
    day = utcnow().date().isoformat()
    lines = [
        orjson.dumps(
            {
                "source_key": f"{KEY}{number}",
                "uscc": codes[number % len(codes)],
                "tax_type": f"VAT {number // len(codes)}",
                "announced_on": day,
                "balance": f"{1000 + number}.00",
            }
        ).decode()
        for number in range(records)
    ]
    return ["\n".join(lines[at : at + RECORDS_AT_ONCE]) for at in range(0, records, RECORDS_AT_ONCE)]


def _load(base: str, posts: list[str], headers: dict[str, str]) -> Load:
    rate = RECORDS_A_SECOND / RECORDS_AT_ONCE
    return Load(base, [PATH], headers, THREADS, bodies=posts, rate=rate)
