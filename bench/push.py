"""Push: records a second over HTTP in NDJSON of 1,000, until the last submission has ended.

The whole platform runs, so refreshing what was pushed goes on beside. The limit is what ingest loads of the same rows
in one process.
"""

from __future__ import annotations

import csv
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import text

from bench.figure import Figure
from bench.place import Place, connect, say, token_of
from bench.province import Province, Sample, load
from bench.sizes import Sizes
from creditshare.core.ids import parse
from creditshare.participants.roles import Role
from creditshare.participants.services import ClientTerms
from creditshare.resources.catalogue import ALL_KINDS

AT_ONCE = 1_000
SENDERS = 2
PATIENCE_SECONDS = 300
NDJSON = "application/x-ndjson"


@dataclass(frozen=True, slots=True)
class Parcel:
    """One submission to be pushed."""

    provider: str
    kind: str
    rows: int
    body: bytes


def measure_push(province: Province, sizes: Sizes) -> Figure:
    """Push a sample of new firms' records, then ingest another of the same size."""
    place = province.place
    parcels = list(cut(province.sample(sizes.push_firms)))
    rows = sum(parcel.rows for parcel in parcels)
    with place.platform("relay", "worker", "web") as base:
        tokens = provider_tokens(place, base, {parcel.provider for parcel in parcels})
        began = time.perf_counter()
        submissions = _push(base, parcels, tokens)
        _await_end(place, submissions)
        seconds = time.perf_counter() - began
        say(f"push: {rows} records in {seconds:.1f} s")
    sample = province.sample(sizes.push_firms)
    began = time.perf_counter()
    _, loaded = load(place, sample)
    bare = time.perf_counter() - began
    place.forget_work()
    say(f"  limit: {loaded} rows ingested in {bare:.1f} s")
    return Figure(
        name="push",
        value=rows / seconds,
        limit=loaded / bare,
        unit="records/s",
        firms=len(province.firms),
        seconds=seconds,
        note=f"{rows} records in {len(parcels)} submissions",
    )


def cut(sample: Sample) -> Iterator[Parcel]:
    """Cut the sample's files into NDJSON of 1,000 records; an empty cell is an absent field."""
    for file in sample.summary.files:
        with (sample.folder / file.path).open(encoding=file.encoding, newline="") as source:
            rows = csv.DictReader(source)
            while part := list(islice(rows, AT_ONCE)):
                body = b"".join(orjson.dumps(_filled(row)) + b"\n" for row in part)
                yield Parcel(file.provider, file.kind, len(part), body)


def provider_tokens(place: Place, base: str, providers: set[str]) -> dict[str, str]:
    """Get a token for each provider, good for all kinds."""
    kinds = tuple(sorted(kind.name for kind in ALL_KINDS if "provider" in kind.writers))
    clients = {
        code: place.client(ClientTerms(role=Role.PROVIDER, name=code, code=code, kinds=kinds))
        for code in providers
    }
    return {code: token_of(base, client) for code, client in clients.items()}


def _filled(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if value != ""}


def _push(base: str, parcels: Sequence[Parcel], tokens: dict[str, str]) -> list[UUID]:
    """POST all parcels from a few threads, in order; returns the submissions."""
    waiting, lock = iter(parcels), threading.Lock()
    made: list[UUID] = []
    faults: list[str] = []

    def send() -> None:
        connection = connect(base)
        while not faults:
            with lock:
                parcel = next(waiting, None)
            if parcel is None:
                break
            headers = {"Authorization": f"Bearer {tokens[parcel.provider]}", "Content-Type": NDJSON}
            connection.request("POST", f"/v1/records/{parcel.kind}", parcel.body, headers)
            answer = connection.getresponse()
            said = answer.read()
            if answer.status != 202:
                faults.append(f"{answer.status} {said[:300]!r}")
                break
            submission = parse("sub", orjson.loads(said)["id"])
            assert submission is not None
            made.append(submission)
        connection.close()

    threads = [threading.Thread(target=send) for _ in range(SENDERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if faults:
        raise RuntimeError(f"a push was answered {faults[0]}")
    return made


def _await_end(place: Place, submissions: Sequence[UUID]) -> None:
    """Wait until every submission has succeeded."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        with place.sessions() as session:
            rows = session.execute(
                text("SELECT state, count(*) AS n FROM submissions WHERE id = ANY(:ids) GROUP BY state"),
                {"ids": list(submissions)},
            )
            states = {row.state: row.n for row in rows}
        if states.get("failed") or states.get("cancelled"):
            raise RuntimeError(f"submissions ended badly: {states}")
        if states.get("succeeded") == len(submissions):
            return
        time.sleep(0.05)
    raise TimeoutError(f"{PATIENCE_SECONDS} s are not enough: {states}")
