"""The embedded servers of one data folder: prepared, started, found again, stopped."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from creditshare.embedded.binaries import find_binaries
from creditshare.embedded.child import Child
from creditshare.embedded.errors import EmbeddedFailed, EmbeddedInUse
from creditshare.embedded.guard import Guard
from creditshare.embedded.home import Home, control_folder
from creditshare.embedded.identity import Identity
from creditshare.embedded.lock import PATIENCE, Lock
from creditshare.embedded.notice import notice
from creditshare.embedded.ports import choose_port, is_free
from creditshare.embedded.postgres import Postgres, answers
from creditshare.embedded.valkey import Valkey
from creditshare.embedded.watchdog import kill_group

LARGEST_LOG = 10_000_000
SLOW_AFTER = 2.0
ATTEMPTS = 3
LONGEST_START = 300.0


@dataclass(frozen=True, slots=True)
class Addresses:
    """How the two servers are reached; the URLs hold passwords."""

    database_url: str
    redis_url: str


class Instance:
    """The two servers of a data folder, made ready to be run by this process, and by nobody else meanwhile.

    Whoever starts `children` does so through `guard`, calls `announce` once they answer and `close` after their end.
    """

    def __init__(self, data_dir: Path, *, postgres: Path | None = None, wait: float = PATIENCE) -> None:
        self.data_dir = data_dir.resolve()
        control = control_folder(self.data_dir)
        self._lock = Lock(control / "lock", wait=wait)
        try:
            self._state = control / "servers.json"
            self.guard = Guard(control / "processes.json", holds=[self._lock.descriptor])
            try:
                self._prepare(postgres)
            except BaseException:
                self.guard.close()
                raise
        except BaseException:
            self._lock.release()
            raise

    def _prepare(self, postgres: Path | None) -> None:
        self._forget_earlier_run()
        self.home = Home.open(self.data_dir)
        binaries = find_binaries(self.home.account, postgres=postgres)
        self._postgres = Postgres(self.home, binaries)
        self._valkey = Valkey(self.home, binaries)
        self._postgres.create(self.guard)
        self.sockets = self.home.make_socket_folder()
        self.guard.sweep(self.sockets)
        self.guard.sweep(self._state)
        self._remember(announced=False)
        self.move()

    def move(self) -> None:
        """Choose ports: those of the last time where they are still free."""
        ports = self.home.control / "ports.json"
        try:
            last = json.loads(ports.read_text(encoding="ascii"))
        except (FileNotFoundError, ValueError):
            last = [None, None]
        first = choose_port(preferred=last[0])
        self.ports = (first, choose_port(preferred=last[1], avoid=[first]))
        ports.write_text(json.dumps(self.ports), encoding="ascii")
        self.addresses = Addresses(
            self._postgres.url(self.sockets, self.ports[0]), self._valkey.url(self.ports[1])
        )
        self.children: tuple[Child, Child] = (
            self._postgres.child(self.sockets, self.ports[0]),
            self._valkey.child(self.ports[1]),
        )

    def announce(self) -> None:
        """Let other commands of this data folder find and use the servers."""
        self._remember(announced=True)

    def close(self) -> None:
        """Leave nothing behind; processes still running are ended."""
        self._state.unlink(missing_ok=True)
        self.guard.close()
        shutil.rmtree(self.sockets, ignore_errors=True)
        self._lock.release()

    def _remember(self, *, announced: bool) -> None:
        state = {
            "owner": Identity.own().dump(),
            "sockets": str(self.sockets),
            "announced": announced,
            "database_url": self.addresses.database_url if announced else "",
            "redis_url": self.addresses.redis_url if announced else "",
        }
        draft = self._state.with_suffix(".draft")
        draft.unlink(missing_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump(state, file)
        draft.replace(self._state)

    def _forget_earlier_run(self) -> None:
        """Remove the socket folder of a run whose owner and watchdog were both killed."""
        with suppress(FileNotFoundError, ValueError, KeyError):
            earlier = Path(json.loads(self._state.read_text(encoding="utf-8"))["sockets"])
            if earlier.name.startswith("creditshare-"):
                shutil.rmtree(earlier, ignore_errors=True)
        self._state.unlink(missing_ok=True)


class Servers:
    """Both servers, running for this process; a context manager that stops them."""

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        self._processes: list[tuple[Child, subprocess.Popen[bytes]]] = []

    @property
    def database_url(self) -> str:
        """Return the URL of the database."""
        return self.instance.addresses.database_url

    @property
    def redis_url(self) -> str:
        """Return the URL of Valkey."""
        return self.instance.addresses.redis_url

    @property
    def pids(self) -> dict[str, int]:
        """Return the process numbers by name: `postgres`, `valkey`."""
        return {child.name: process.pid for child, process in self._processes}

    def stop(self) -> None:
        """Stop both, Valkey first; may be called again."""
        if self.instance.guard.is_closed:
            return
        try:
            self.end()
        finally:
            self.instance.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def begin(self) -> None:
        """Start both, PostgreSQL first, and wait until they answer."""
        for child in self.instance.children:
            log = _open_log(self.instance.home.control / f"{child.name}.log")
            try:
                start = os.lseek(log, 0, os.SEEK_END)
                process = self.instance.guard.spawn(child, log)
                self._processes.append((child, process))
                if not _becomes_ready(child, process):
                    said = os.pread(log, 4000, start).decode("utf-8", "replace").strip().splitlines()
                    raise EmbeddedFailed(
                        "\n".join([f"{child.name} does not start; its last lines:", *said[-20:]])
                    )
            finally:
                os.close(log)

    def end(self) -> None:
        """Stop what runs, Valkey first; the data folder stays ours."""
        while self._processes:
            child, process = self._processes[-1]
            if process.poll() is None:
                process.send_signal(child.stop_signal)
            try:
                process.wait(child.stop_within)
            except subprocess.TimeoutExpired:
                kill_group(process.pid)
                process.wait()
            self.instance.guard.forget(process)
            self._processes.pop()


def start(data_dir: Path, *, postgres: Path | None = None, wait: float = PATIENCE) -> Servers:
    """Start both servers for this process and wait until they answer, crash recovery included.

    `postgres` names a folder of other PostgreSQL programs (15 or newer). Raises EmbeddedInUse where another process
    still owns the data folder after `wait` seconds, EmbeddedFailed where a server does not start.
    """
    servers = Servers(Instance(data_dir, postgres=postgres, wait=wait))
    try:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                servers.begin()
                break
            except EmbeddedFailed:
                servers.end()
                if attempt == ATTEMPTS or all(map(is_free, servers.instance.ports)):
                    raise
                servers.instance.move()  # somebody took a port between the look and the start
        servers.instance.announce()
    except BaseException:
        servers.stop()
        raise
    return servers


def running(data_dir: Path) -> Addresses | None:
    """Return the addresses of the servers that another process runs for this data folder, if one does."""
    try:
        state = json.loads((data_dir / "embedded" / "servers.json").read_text(encoding="utf-8"))
        owner = Identity.load(state["owner"])
    except (FileNotFoundError, NotADirectoryError, ValueError, KeyError):
        return None
    except PermissionError:
        raise EmbeddedFailed(f"the servers of {data_dir} run for another account: use that account") from None
    return (
        Addresses(state["database_url"], state["redis_url"])
        if state["announced"] and owner.is_alive()
        else None
    )


@contextmanager
def servers(data_dir: Path) -> Iterator[Addresses]:
    """Use the servers that run for this data folder, else run them for the length of the block.

    Commands side by side share them: the one that started them stops them when the last has ended.
    """
    with _users(control_folder(data_dir) / "users") as users:
        own = _find_or_start(data_dir)
        if isinstance(own, Addresses):
            yield own
            return
        with own:
            yield own.instance.addresses
            _await_others(users)


def _find_or_start(data_dir: Path) -> Addresses | Servers:
    """Wait for servers that somebody else is starting; where nobody does, start them."""
    deadline = time.monotonic() + LONGEST_START
    while True:
        found = running(data_dir)
        if found is not None and answers(found.database_url):
            return found
        try:
            if found is None:
                return start(data_dir, wait=0)
        except EmbeddedInUse:
            if time.monotonic() > deadline:
                raise
        if time.monotonic() > deadline:
            raise EmbeddedFailed(f"the servers that run for {data_dir} do not answer")
        time.sleep(0.1)


@contextmanager
def _users(path: Path) -> Iterator[int]:
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_SH)
        yield handle
    finally:
        os.close(handle)


def _await_others(users: int) -> None:
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        notice("waiting for other commands that use the same servers")
        fcntl.flock(users, fcntl.LOCK_EX)


def _becomes_ready(child: Child, process: subprocess.Popen[bytes]) -> bool:
    """Wait until the server answers; False when it died or took too long."""
    began, told = time.monotonic(), False
    while process.poll() is None:
        if child.ready is None or child.ready():
            return True
        waited = time.monotonic() - began
        if waited > child.ready_within:
            return False
        if waited > SLOW_AFTER and not told:
            notice(f"{child.name} is not ready yet (after a crash it recovers first): waiting")
            told = True
        time.sleep(0.02)
    return False


def _open_log(path: Path) -> int:
    oversized = path.exists() and path.stat().st_size > LARGEST_LOG
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | (os.O_TRUNC if oversized else 0), 0o600)
