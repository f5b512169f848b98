"""Valkey: broker, rate limits and caches. It keeps nothing across its own end: PostgreSQL is the truth."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from pathlib import Path

from creditshare.embedded.binaries import Binaries
from creditshare.embedded.child import Child
from creditshare.embedded.home import Home
from creditshare.embedded.ports import LOOPBACK


@dataclass(frozen=True, slots=True)
class Valkey:
    """The key-value server of one data folder."""

    home: Home
    binaries: Binaries

    def url(self, port: int) -> str:
        """Return the server's URL."""
        return f"redis://:{self.home.secrets.redis}@{LOOPBACK}:{port}/0"

    def child(self, port: int) -> Child:
        """Describe the server's process, and write its configuration: a password has no place in a command line."""
        folder = self.home.make_private(self.home.base / "valkey")
        settings = self.home.make_file(folder / "valkey.conf", self._settings(folder, port))
        return Child(
            name="valkey",
            argv=(str(self.binaries.valkey), str(settings)),
            env={"LC_ALL": "C.UTF-8", "TZ": "UTC"},
            account=self.home.account,
            umask=0o077,
            ready=lambda: self._answers(port),
            ready_within=30.0,
        )

    def _settings(self, folder: Path, port: int) -> str:
        lines = (
            f"bind {LOOPBACK}",
            f"port {port}",
            "protected-mode yes",
            f"requirepass {self.home.secrets.redis}",
            f'dir "{folder}"',
            "daemonize no",
            "appendonly no",
            'save ""',
            "maxmemory-policy noeviction",
            "loglevel warning",
            'proc-title-template "{title} {config-file} {listen-addr}"',
        )
        return "\n".join(lines) + "\n"

    def _answers(self, port: int) -> bool:
        """Ask in the inline form of the protocol: three words are no reason to load a client at each command."""
        try:
            with (
                socket.create_connection((LOOPBACK, port), timeout=2) as connection,
                connection.makefile("rb") as reply,
            ):
                connection.sendall(f"AUTH {self.home.secrets.redis}\r\nPING\r\n".encode())
                return reply.readline() == b"+OK\r\n" and reply.readline() == b"+PONG\r\n"
        except OSError:
            return False
