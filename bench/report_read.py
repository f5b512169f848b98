"""Reports a second that a bank can read: token, consent, log entry, body, over HTTP.

The limit is a bare WSGI application on the same server that answers as many bytes after one indexed SELECT and one
INSERT in a transaction.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from uuid import UUID

from sqlalchemy import text

from bench import static
from bench.figure import Figure
from bench.load import Answers, Load, percentile, send
from bench.place import Place, connect, say, token_of
from bench.province import Province
from bench.reader import open_bank
from bench.refresh import refresh_all
from bench.sizes import Sizes
from creditshare.embedded.ports import choose_port

THREADS = 8
WARM_SECONDS = 1.0


def measure_report_read(province: Province, sizes: Sizes) -> Figure:
    """Read reports as fast as they come, then the static bytes."""
    refresh_all(province, only_missing=True)
    bank = open_bank(province, firms=sizes.read_firms)
    with province.place.platform("web") as base:
        headers = {"Authorization": f"Bearer {token_of(base, bank.client)}"}
        body = _one_body(base, bank.paths("report")[0], headers)
        read = hammer(Load(base, bank.paths("report"), headers, THREADS, sizes.read_seconds))
    say(f"report_read: {_told(read)}")
    with static_server(province.place, bank.firms[0], body) as base:
        bare = hammer(Load(base, bank.paths("report"), headers, THREADS, sizes.read_seconds))
    say(f"  limit: {_told(bare)}, {len(body)} bytes each")
    return Figure(
        name="report_read",
        value=read.done / read.seconds,
        limit=bare.done / bare.seconds,
        unit="requests/s",
        firms=len(province.firms),
        seconds=read.seconds,
        note=f"{THREADS} connections, {len(bank.firms)} firms, p95 {percentile(read.latencies, 0.95) * 1000:.0f} ms",
    )


def hammer(load: Load) -> Answers:
    """Put the load on once to warm up, then for the time it asks for."""
    send(Load(load.base, load.paths, load.headers, load.threads, WARM_SECONDS))
    return send(load)


def static_server(place: Place, firm: UUID, body: bytes) -> AbstractContextManager[str]:
    """Serve `body` from the bare application, exactly as the platform is served."""
    with place.sessions.begin() as session:
        session.execute(text("DROP TABLE IF EXISTS static_reads"))
        session.execute(text(static.TABLE))
    path = place.folder / "static-body"
    path.write_bytes(body)
    environ = {"BENCH_BODY": str(path), "BENCH_FIRM": str(firm)}
    return place.web_server_of("bench.static:app", choose_port(), environ)


def _one_body(base: str, path: str, headers: dict[str, str]) -> bytes:
    connection = connect(base)
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    if answer.status != 200:
        raise RuntimeError(f"{path} answered {answer.status}: {body[:500]!r}")
    return body


def _told(answers: Answers) -> str:
    return f"{answers.done} answers in {answers.seconds:.1f} s"
