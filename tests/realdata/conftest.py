"""A platform that was fed with the real registry extract, the Zhejiang lists and the Ningxia sites, over HTTP."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import orjson
import pytest
from sqlalchemy import text

from creditshare.firms.identifiers import clean
from creditshare.intake.formats import CSV, JSON, NDJSON
from tests.fixtures_platform import Caller, Platform, run_platform, wait_until
from tests.realdata import ningxia_sites, registry_extract, zhejiang_lists
from tests.realdata.folder import FOLDER, Row

SETTLE_SECONDS = 240
OLD_NUMBER = 15
EXTRACT, LISTS, PERMITS, SITES, OLD_NUMBERS = "extract", "lists", "permits", "sites", "old numbers"
REVISED = {
    EXTRACT: "2024-06-30T04:00:00Z",
    LISTS: "2024-09-30T04:00:00Z",
    SITES: "2025-03-31T04:00:00Z",
    PERMITS: "2025-03-31T04:00:00Z",
    OLD_NUMBERS: "2025-06-30T04:00:00Z",
}


@dataclass(frozen=True)
class Push:
    """A file that was pushed, who pushed it, and where its submission is shown."""

    caller: Caller
    kind: str
    rows: list[dict[str, Any]]
    location: str

    @property
    def submission(self) -> Any:
        return self.caller.call("GET", self.location).json

    @property
    def counts(self) -> dict[str, int]:
        return dict(self.submission["counts"])

    def rejects(self) -> list[dict[str, Any]]:
        """Return all refused rows, page by page."""
        items: list[dict[str, Any]] = []
        query = "?limit=500"
        while query:
            page = self.caller.call("GET", f"{self.location}/rejects{query}").json
            items += page["items"]
            query = f"?limit=500&cursor={page['next_cursor']}" if page["next_cursor"] else ""
        return items


@dataclass(frozen=True)
class Fed:
    """The platform, what it was fed with, and the old numbers that the registry states beside a code."""

    platform: Platform
    pushes: dict[str, Push]
    stated_numbers: frozenset[str]

    def firms_of(self, codes: Sequence[str]) -> dict[str, set[str]]:
        """Return the firms that each of these codes and old numbers means."""
        found: dict[str, set[str]] = {code: set() for code in codes}
        for code, firm in self.select(
            """SELECT s.value, l.firm_id FROM subjects s JOIN subject_firm l ON l.subject_id = s.id
               WHERE s.value = ANY(:codes) AND s.form IN ('uscc', 'registration_no') AND l.known_until IS NULL""",
            codes=list(codes),
        ):
            found[code].add(str(firm))
        return found

    def select(self, statement: str, **parameters: Any) -> list[Any]:
        with self.platform.engine.connect() as connection:
            return list(connection.execute(text(statement), parameters).all())


@pytest.fixture(scope="session")
def fed() -> Iterator[Fed]:
    """Push every file; last come rows of the registry that state an old number beside a code, for some firms."""
    if not FOLDER.is_dir():
        pytest.skip(f"no real data at {FOLDER} (CREDITSHARE_REALDATA)")
    extract = registry_extract.registrations()
    old = [pair for pair in zhejiang_lists.pairs() if len(pair.list_code) == OLD_NUMBER]
    stated = {pair.registry_code: pair.list_code for pair in old[::2]}
    both = [
        row | {"registration_no": stated[code]}
        for row in extract
        if (code := clean(row.get("uscc", ""))) in stated
    ]
    with run_platform(WORKER_PROCESSES="2") as platform:
        registry = platform.caller(kinds=("registration",), code="registry")
        inspection = platform.caller(kinds=("registration",), code="zhejiang")
        ecology = platform.caller(kinds=("pollution-source", "discharge-permit"), code="ningxia")
        pushes = {}
        for name, caller, kind, rows, encode in (
            (EXTRACT, registry, "registration", extract, _csv),
            (LISTS, inspection, "registration", zhejiang_lists.registrations(), _chinese_csv),
            (SITES, ecology, "pollution-source", ningxia_sites.sources(), _array),
            (PERMITS, ecology, "discharge-permit", ningxia_sites.permits(), _array),
            (OLD_NUMBERS, registry, "registration", both, _lines),
        ):
            pushes[name] = _push(caller, kind, rows, encode(rows), name)
        wait_until(platform.is_settled, seconds=SETTLE_SECONDS, what="every firm's profile and score")
        yield Fed(platform, pushes, frozenset(stated.values()))


def _push(caller: Caller, kind: str, rows: list[dict[str, Any]], body: tuple[bytes, str], name: str) -> Push:
    """Push a file and wait until it is loaded."""
    content, media_type = body
    reply = caller.push(kind, content, query=f"?wait=30&revised_at={REVISED[name]}", Content_Type=media_type)
    assert reply.status == HTTPStatus.ACCEPTED, reply.content
    pushed = Push(caller, kind, rows, reply.headers["location"])
    wait_until(
        lambda: pushed.submission["state"] not in {"queued", "running"},
        seconds=SETTLE_SECONDS,
        what=f"{kind} loaded",
    )
    return pushed


def _csv(rows: list[Row], encoding: str = "utf-8") -> tuple[bytes, str]:
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, list(dict.fromkeys(name for row in rows for name in row)))
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode(encoding), f"{CSV}; charset={encoding}"


def _chinese_csv(rows: list[Row]) -> tuple[bytes, str]:
    return _csv(rows, "gb18030")


def _array(rows: list[dict[str, Any]]) -> tuple[bytes, str]:
    return orjson.dumps(rows), JSON


def _lines(rows: list[Row]) -> tuple[bytes, str]:
    return b"\n".join(map(orjson.dumps, rows)), NDJSON
