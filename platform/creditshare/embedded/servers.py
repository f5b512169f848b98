"""Both embedded servers, running for this process."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from creditshare.embedded.child import Child
from creditshare.embedded.errors import EmbeddedFailed
from creditshare.embedded.instance import Instance
from creditshare.embedded.lock import PATIENCE
from creditshare.embedded.notice import notice
from creditshare.embedded.ports import is_free
from creditshare.embedded.watchdog import kill_group

LARGEST_LOG = 10_000_000
TICK, SLOW_TICK = 0.02, 1.0
SLOW_AFTER = 2.0
ATTEMPTS = 3


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
        time.sleep(SLOW_TICK if told else TICK)  # each question to a recovering database is a line of log
    return False


def _open_log(path: Path) -> int:
    oversized = path.exists() and path.stat().st_size > LARGEST_LOG
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | (os.O_TRUNC if oversized else 0), 0o600)
