"""Where the benchmark runs: servers of its own, an empty database, and the platform's processes when asked for."""

from __future__ import annotations

import base64
import http.client
import json
import os
import shutil
import signal
import subprocess
import time
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.orm import Session, sessionmaker

from config import load_settings
from creditshare import embedded
from creditshare.core import migrations
from creditshare.core.clock import utcnow
from creditshare.core.database import make_engine, make_sessions
from creditshare.core.encryption import Keyring
from creditshare.embedded import Child, EmbeddedInUse, Servers
from creditshare.embedded.ports import choose_port
from creditshare.participants import services
from creditshare.participants.services import ClientTerms, NewClient
from creditshare.processes import children
from creditshare.settings import Settings

KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "XDG_RUNTIME_DIR")
START_SECONDS = 60
BEGAN = time.monotonic()


def say(line: str) -> None:
    """Print a line of progress with the seconds since the start."""
    print(f"· {time.monotonic() - BEGAN:6.1f} s  {line}", flush=True)


@dataclass(frozen=True, slots=True)
class Place:
    """Running servers with a migrated, empty database."""

    settings: Settings
    environ: dict[str, str]
    servers: Servers
    sessions: sessionmaker[Session]
    keyring: Keyring

    @property
    def folder(self) -> Path:
        """Where files of this run lie; removed at its end."""
        return self.settings.data_dir

    def client(self, terms: ClientTerms) -> NewClient:
        """Make a client."""
        with self.sessions.begin() as session:
            return services.create_client(session, terms=terms, now=utcnow())

    def forget_work(self) -> None:
        """Drop what earlier measurements left for workers to do, so that it does not slow the next."""
        with self.sessions.begin() as session:
            session.execute(text("DELETE FROM refresh_queue"))
            session.execute(text("DELETE FROM outbox"))

    @contextmanager
    def platform(self, *names: str) -> Iterator[str]:
        """Run processes of the platform (relay, worker, web); yields the address of web."""
        chosen = [child for child in children(self.settings, self.environ) if child.name in names]
        with self._running(chosen):
            if "web" in names:
                _await(self.settings.port, "/readyz" if "worker" in names else "/healthz")
            yield f"http://127.0.0.1:{self.settings.port}"

    @contextmanager
    def web_server_of(self, application: str, port: int, environ: dict[str, str]) -> Iterator[str]:
        """Serve another WSGI application exactly as the platform's own is served."""
        web = next(child for child in children(self.settings, self.environ) if child.name == "web")
        argv = list(web.argv)
        argv[argv.index("--port") + 1], argv[-1] = str(port), application
        with self._running([replace(web, argv=tuple(argv), env={**web.env, **environ})]):
            _await(port, "/healthz")
            yield f"http://127.0.0.1:{port}"

    @contextmanager
    def _running(self, chosen: list[Child]) -> Iterator[None]:
        guard = self.servers.instance.guard
        started: list[tuple[Child, subprocess.Popen[bytes]]] = []
        with (self.folder / "processes.log").open("ab") as log:
            try:
                for child in chosen:
                    started.append((child, guard.spawn(child, log.fileno())))
                yield
            finally:
                for child, process in reversed(started):
                    process.send_signal(child.stop_signal)
                    try:
                        process.wait(child.stop_within)
                    except subprocess.TimeoutExpired:
                        process.kill()
                    guard.forget(process)
                    process.wait()


@contextmanager
def place(folder: Path) -> Iterator[Place]:
    """Start servers on an empty database in a folder of their own; nothing of it is left afterwards."""
    folder = folder.resolve()
    environ = {name: os.environ[name] for name in KEPT if name in os.environ} | {
        "CREDITSHARE_DATA_DIR": str(folder),
        "CREDITSHARE_IGNORE_DOTENV": "1",
        "PORT": str(choose_port()),
        "REQUESTS_PER_MINUTE": "10000000",
        "LOG_LEVEL": "WARNING",
    }
    if embedded.running(folder) is not None:
        raise EmbeddedInUse(f"another run is at work in {folder}")
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends as Ctrl-C does, leaving nothing
    folder.mkdir(parents=True, exist_ok=True)
    embedded.discard(folder)
    try:
        with embedded.start(folder) as servers:
            settings = load_settings(environ, embedded_urls=(servers.database_url, servers.redis_url))
            migrations.upgrade(settings.database_url)
            engine = make_engine(settings.database_url, pool_size=2)
            try:
                yield Place(settings, environ, servers, make_sessions(engine), Keyring(settings.master_key))
            finally:
                engine.dispose()
    finally:
        embedded.discard(folder)
        shutil.rmtree(folder, ignore_errors=True)


def token_of(base: str, client: NewClient) -> str:
    """Get an access token, as a client's own program does."""
    assert client.secret is not None
    pair = base64.b64encode(f"{client.client.client_id}:{client.secret}".encode()).decode()
    connection = connect(base)
    headers = {"Authorization": f"Basic {pair}", "Content-Type": "application/x-www-form-urlencoded"}
    connection.request("POST", "/oauth/token", b"grant_type=client_credentials", headers)
    answer = json.loads(connection.getresponse().read())
    connection.close()
    return str(answer["access_token"])


def connect(base: str) -> http.client.HTTPConnection:
    """Open a connection that is kept alive."""
    address = urllib.parse.urlsplit(base)
    assert address.hostname is not None
    return http.client.HTTPConnection(address.hostname, address.port, timeout=60)


def _await(port: int, path: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
        try:
            connection.request("GET", path)
            if connection.getresponse().status == http.HTTPStatus.OK:
                return
        except (OSError, http.client.HTTPException):
            pass
        finally:
            connection.close()
        time.sleep(0.1)
    raise TimeoutError(f"nothing answers on port {port} within {START_SECONDS} s; see processes.log")
