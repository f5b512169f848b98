"""PostgreSQL: making the database once, and the process that serves it."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg

from creditshare.embedded.binaries import Binaries
from creditshare.embedded.child import Child
from creditshare.embedded.errors import EmbeddedFailed
from creditshare.embedded.guard import Guard
from creditshare.embedded.home import Home
from creditshare.embedded.notice import notice
from creditshare.embedded.ports import LOOPBACK
from creditshare.embedded.watchdog import end_group

NAME = "creditshare"  # of the role and of its database
ENVIRONMENT = {"LC_ALL": "C.UTF-8", "TZ": "UTC", "PATH": "/usr/bin:/bin"}
FIRST_BUILTIN_LOCALE = 17
LONGEST_SETUP = 300.0

SETTINGS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "256MB",
    "effective_cache_size": "1GB",
    "work_mem": "16MB",
    "maintenance_work_mem": "256MB",
    "max_wal_size": "2GB",
    "random_page_cost": "1.1",
    "jit": "off",  # compiling costs more than these queries take
    "timezone": "UTC",
    "log_timezone": "UTC",
    # Nothing personal in logs: a refused row would be quoted there. Errors of queries reach their sender.
    "log_min_messages": "log",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_checkpoints": "off",
}


@dataclass(frozen=True, slots=True)
class Postgres:
    """The database server of one data folder."""

    home: Home
    binaries: Binaries

    @property
    def folder(self) -> Path:
        """Where the cluster lies."""
        return self.home.base / "postgres"

    def url(self, sockets: Path, port: int) -> str:
        """Return the URL of the product's database."""
        return f"postgresql://{NAME}:{self.home.secrets.database}@/{NAME}?host={sockets}&port={port}"

    def child(self, sockets: Path, port: int) -> Child:
        """Describe the server's process."""
        url = self.url(sockets, port)
        settings = {**SETTINGS, "port": str(port), "unix_socket_directories": str(sockets)}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return Child(
            name="postgres",
            argv=(str(self.binaries.postgres / "postgres"), "-D", str(self.folder), *options),
            env=ENVIRONMENT,
            stop_signal=signal.SIGINT,  # fast shutdown: ends sessions, writes a checkpoint
            stop_within=60.0,
            account=self.home.account,
            umask=0o077,
            ready=lambda: answers(url),
        )

    def create(self, guard: Guard) -> None:
        """Make the cluster, role and database unless they are there; a half-made one is made anew."""
        version = self.binaries.postgres_version()
        if self.folder.exists():
            self._check_version(version)
            if self.home.secrets_are_new:
                self._run_sql(guard, self.folder, "postgres", self._passwords("ALTER"))
            self._clear_stale_lock()
            return
        draft = self.folder.with_suffix(".new")
        shutil.rmtree(draft, ignore_errors=True)
        self.home.make_private(draft)
        self._init(guard, draft, version)
        self._run_sql(guard, draft, "postgres", [*self._passwords("CREATE"), _create_database(version)])
        self._run_sql(guard, draft, NAME, CHECK_TRIGRAMS)
        draft.rename(self.folder)
        _sync(self.folder.parent)

    def _init(self, guard: Guard, folder: Path, version: int) -> None:
        password = self.home.make_file(self.home.base / "password.new", self.home.secrets.superuser)
        builtin = ("--locale-provider=builtin", "--builtin-locale=C.UTF-8")
        try:
            self._run(
                guard,
                "initdb",
                f"--pgdata={folder}",
                f"--pwfile={password}",
                "--username=postgres",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--locale=C.UTF-8",
                *(builtin if version >= FIRST_BUILTIN_LOCALE else ()),
            )
        finally:
            password.unlink()

    def _passwords(self, verb: str) -> list[str]:
        return [
            f"{verb} ROLE {NAME} LOGIN CREATEDB PASSWORD '{self.home.secrets.database}';",
            f"ALTER ROLE postgres PASSWORD '{self.home.secrets.superuser}';",
        ]

    def _check_version(self, version: int) -> None:
        held = (self.folder / "PG_VERSION").read_text(encoding="ascii").strip()
        if held != str(version):
            raise EmbeddedFailed(
                f"the database in {self.folder} was made by PostgreSQL {held}, this is {version}: dump it with the "
                "old version and load it into a new data folder"
            )

    def _clear_stale_lock(self) -> None:
        """End a server that nobody owns; remove the lock file of a killed one whose number another process has now.

        A server works inside its folder, which tells it from others. Where only the number is taken, PostgreSQL
        would refuse to start; sessions that outlive their server it finds by their shared memory.
        """
        lock = self.folder / "postmaster.pid"
        with suppress(OSError, ValueError):
            pid = int(lock.read_text(encoding="utf-8", errors="replace").split("\n", 1)[0])
            if Path(os.readlink(f"/proc/{pid}/cwd")) == self.folder:
                notice(f"stopping PostgreSQL (process {pid}), which nobody owns")
                end_group(pid, signal.SIGINT, 60)
            else:
                lock.unlink()

    def _run_sql(self, guard: Guard, folder: Path, database: str, statements: list[str]) -> None:
        """Run statements in a single-user server: no port, no other session."""
        lines = "\n".join(statements) + "\n"
        options = ("-c", "exit_on_error=true", "-c", "log_min_error_statement=panic")
        self._run(guard, "postgres", "--single", "-D", str(folder), *options, database, text=lines)

    def _run(self, guard: Guard, program: str, *arguments: str, text: str = "") -> None:
        with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as given:
            given.write(text.encode())
            given.seek(0)
            child = Child(
                name=program,
                argv=(str(self.binaries.postgres / program), *arguments),
                env=ENVIRONMENT,
                stop_signal=signal.SIGTERM,
                account=self.home.account,
                umask=0o077,
            )
            process = guard.spawn(child, output.fileno(), reads=given.fileno())
            try:
                process.wait(LONGEST_SETUP)
            finally:
                guard.forget(process)
                process.wait()
            output.seek(0)
            said = output.read().decode("utf-8", "replace").strip().splitlines()
        if process.returncode != 0:
            raise EmbeddedFailed("\n".join([f"{program} failed while making {self.folder}:", *said[-10:]]))


CHECK_TRIGRAMS = [
    "BEGIN;",
    "CREATE EXTENSION pg_trgm;",
    "DO $$ BEGIN IF cardinality(show_trgm('中文')) = 0"
    " THEN RAISE EXCEPTION 'the locale C.UTF-8 does not know Chinese letters'; END IF; END $$;",
    "ROLLBACK;",
]


def _create_database(version: int) -> str:
    builtin = "LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8'" if version >= FIRST_BUILTIN_LOCALE else ""
    return (
        f"CREATE DATABASE {NAME} OWNER {NAME} TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8' {builtin};"
    )


def answers(url: str) -> bool:
    """Say whether the server takes sessions."""
    try:
        with psycopg.connect(url, connect_timeout=2) as connection:
            return connection.execute("SELECT 1").fetchone() is not None
    except psycopg.OperationalError:
        return False


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
