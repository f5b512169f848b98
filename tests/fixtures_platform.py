"""A whole platform as its operator runs it: `creditshare serve` on servers of its own, whose processes may be killed.

One per run and PostgreSQL version; tests share it and each brings firms and participants of its own.
"""

from __future__ import annotations

import base64
import http.client
import itertools
import json
import math
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.parse
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from config import ROOT, load_settings
from creditshare import embedded
from creditshare.core.clock import utcnow
from creditshare.core.database import make_engine, make_sessions
from creditshare.embedded.ports import choose_port
from creditshare.embedded.watchdog import is_alive
from creditshare.intake.formats import NDJSON
from creditshare.participants import services
from creditshare.participants.roles import Role
from creditshare.participants.services import ClientTerms
from creditshare.settings import Settings
from tests import books
from tests.fixtures_servers import postgres_versions

START_SECONDS = 120
PATIENCE_SECONDS = 60
LEASE_SECONDS, LOAD_BATCH_ROWS = 2, 400
NUMBERS = itertools.count(1)

# `creditshare serve`, with PostgreSQL's programs from another folder.
SERVE_ELSEWHERE = """
import os, sys
from pathlib import Path
from config import load_settings
from creditshare import embedded
from creditshare.core import migrations
from creditshare.processes import children
from creditshare.supervisor import ReadyProbe, Supervisor

instance = embedded.Instance(Path(os.environ["CREDITSHARE_DATA_DIR"]), postgres=Path(sys.argv[1]))
try:
    addresses = instance.addresses
    settings = load_settings(os.environ, embedded_urls=(addresses.database_url, addresses.redis_url))
    steps = [
        *instance.children,
        instance.announce,
        lambda: migrations.upgrade(settings.database_url),
        *children(settings, os.environ),
    ]
    sys.exit(Supervisor(steps, guard=instance.guard, probe=ReadyProbe(settings.host, settings.port)).run())
finally:
    instance.close()
"""


def wait_until(condition: Callable[[], object], *, seconds: float = PATIENCE_SECONDS, what: str = "") -> None:
    """Wait until it is so."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain for {what or condition}"
        time.sleep(0.02)


@dataclass(frozen=True, slots=True)
class Reply:
    """What the platform answered."""

    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def json(self) -> Any:
        return orjson.loads(self.content)


@dataclass
class Caller:
    """A participant's program."""

    port: int
    client_id: str
    client_secret: str
    participant: str
    _token: str = field(default="", repr=False)
    _renew_at: float = math.inf

    def call(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Reply:
        """Send one request with a token. Raises OSError or HTTPException where the connection breaks."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return _send(self.port, method, path, body, {"Authorization": f"Bearer {self.token}", **sent})

    def push(
        self, kind: str, rows: list[dict[str, Any]] | bytes, *, query: str = "", **headers: str
    ) -> Reply:
        """Push rows of one kind."""
        body = rows if isinstance(rows, bytes) else b"\n".join(map(orjson.dumps, rows))
        return self.call("POST", f"/v1/records/{kind}{query}", body, **{"Content_Type": NDJSON, **headers})

    @property
    def token(self) -> str:
        if not self._token or time.monotonic() > self._renew_at:
            pair = base64.b64encode(f"{self.client_id}:{self.client_secret}".encode()).decode()
            form = urllib.parse.urlencode({"grant_type": "client_credentials"}).encode()
            headers = {"Authorization": f"Basic {pair}", "Content-Type": "application/x-www-form-urlencoded"}
            reply = _send(self.port, "POST", "/oauth/token", form, headers)
            assert reply.status == http.client.OK, reply.content
            self._token = reply.json["access_token"]
            self._renew_at = time.monotonic() + reply.json["expires_in"] / 2
        return self._token


def _send(port: int, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> Reply:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_SECONDS)
    try:
        connection.request(method, path, body, dict(headers))
        answer = connection.getresponse()
        return Reply(answer.status, {n.lower(): v for n, v in answer.getheaders()}, answer.read())
    finally:
        connection.close()


@dataclass
class Platform:
    """A running platform, seen from outside and from its machine."""

    folder: Path
    settings: Settings
    process: subprocess.Popen[bytes] = field(repr=False)

    @cached_property
    def engine(self) -> Engine:
        return make_engine(self.settings.database_url, pool_size=4)

    def caller(self, role: str = "provider", *, kinds: tuple[str, ...] = (), code: str = "") -> Caller:
        """Make a client, of a participant of its own unless one is named."""
        code = code or f"{role}-{next(NUMBERS)}-{secrets.token_hex(3)}"
        terms = ClientTerms(role=Role(role), name=code, code=code, kinds=kinds)
        with make_sessions(self.engine).begin() as session:
            made = services.create_client(session, terms=terms, now=utcnow())
        return Caller(self.settings.port, made.client.client_id, made.secret or "", code)

    def pid(self, name: str) -> int:
        """Return the process that leads one of relay, beat, worker, web, postgres, valkey; 0 while there is none."""
        with suppress(OSError, ValueError):
            ledger = json.loads((self.folder / "embedded" / "processes.json").read_bytes())
            pids = [identity[0] for child, identity, *_ in ledger["children"] if child == name]
            return next((pid for pid in reversed(pids) if is_alive(pid)), 0)
        return 0

    def kill(self, name: str) -> None:
        """Kill the process that leads; its supervisor ends the rest of the group and starts another."""
        before = self.pid(name)
        os.kill(before, signal.SIGKILL)
        wait_until(lambda: self.pid(name) not in (0, before), what=f"another {name}")

    def children_of(self, name: str) -> list[int]:
        """Return the processes that the leader has started."""
        pid = self.pid(name)
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]

    @contextmanager
    def held(self, name: str) -> Iterator[None]:
        """Hold a process and its children still for the length of the block (none of them may be killed in it)."""
        group = self.pid(name)
        os.killpg(group, signal.SIGSTOP)
        try:
            yield
        finally:
            with suppress(ProcessLookupError):
                os.killpg(group, signal.SIGCONT)

    def count(self, statement: str, **parameters: Any) -> int:
        """Return the number that a query gives."""
        return books.count(self.engine, statement, **parameters)

    def is_ready(self) -> bool:
        """Ask as a load balancer does; a platform that misses something is not ready here."""
        with suppress(OSError, http.client.HTTPException):
            reply = _send(self.settings.port, "GET", "/readyz", None, {})
            return reply.status == http.client.OK and "degraded" not in reply.json
        return False

    def is_settled(self) -> bool:
        """Say whether nothing is under way any more."""
        open_ones = """
            SELECT (SELECT count(*) FROM submissions WHERE state IN ('queued', 'running'))
                 + (SELECT count(*) FROM refresh_queue) + (SELECT count(*) FROM outbox WHERE sent_at IS NULL)
        """
        with suppress(OperationalError):
            return self.count(open_ones) == 0
        return False

    def settle(self) -> None:
        """Wait until everything pushed is loaded and refreshed, and check the books."""
        wait_until(self.is_settled, what="everything to be loaded and refreshed")
        books.audit(self.engine)

    def show(self, caller: Caller, reply: Reply) -> Any:
        """Return a submission as its provider sees it now."""
        return caller.call("GET", reply.headers["location"]).json

    def stop(self) -> int:
        self.engine.dispose()
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(PATIENCE_SECONDS)


@contextmanager
def run_platform(postgres: Path | None = None, **environ: str) -> Iterator[Platform]:
    """Run a platform in a data folder of its own; `environ` are further settings."""
    folder = Path(tempfile.mkdtemp(prefix="cs-platform-"))
    data = folder / "data"
    kept = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "XDG_RUNTIME_DIR")
    given = {name: os.environ[name] for name in kept if name in os.environ} | {
        "CREDITSHARE_DATA_DIR": str(data),
        "CREDITSHARE_IGNORE_DOTENV": "1",
        "PYTHONPATH": f"{ROOT / 'platform'}:{ROOT}",
        "PORT": str(choose_port()),
        "REQUESTS_PER_MINUTE": "1000000",
        **environ,
    }
    command = [str(Path(sys.prefix) / "bin" / "creditshare"), "serve"]
    if postgres is not None:
        command = [sys.executable, "-c", SERVE_ELSEWHERE, str(postgres)]
    log = folder / "platform.log"
    with log.open("wb") as out:
        process = subprocess.Popen(command, env=given, cwd="/", stdout=out, stderr=out)
    try:
        wait_until(
            lambda: b"\nready http" in log.read_bytes() or process.poll() is not None,
            seconds=START_SECONDS,
            what=f"the platform; see {log}",
        )
        addresses = embedded.running(data)
        assert addresses is not None, log.read_text(errors="replace")[-4000:]
        settings = load_settings(given, embedded_urls=(addresses.database_url, addresses.redis_url))
        platform = Platform(data, settings, process)
        yield platform
        platform.engine.dispose()
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(PATIENCE_SECONDS)
        embedded.discard(data)
        shutil.rmtree(folder)


@pytest.fixture(scope="session", params=postgres_versions("platform"))
def platform(request: pytest.FixtureRequest) -> Iterator[Platform]:
    """Run a platform with short leases and small batches, so that a test can kill a load in the middle."""
    short = {"LEASE_SECONDS": str(LEASE_SECONDS), "LOAD_BATCH_ROWS": str(LOAD_BATCH_ROWS)}
    with run_platform(request.param, WORKER_PROCESSES="2", **short) as running:
        yield running
