"""One owner for each data folder: a file lock that ends with its holders, however they end."""

from __future__ import annotations

import fcntl
import json
import os
import time
from pathlib import Path

from creditshare.embedded.errors import EmbeddedInUse
from creditshare.embedded.identity import Identity
from creditshare.embedded.notice import notice

PATIENCE = 10.0
PATIENCE_WITH_THE_DEAD = 120.0  # the watchdog of a killed owner holds the lock while it stops what was left


class Lock:
    """An exclusive lock; processes that inherit `descriptor` hold it too."""

    def __init__(self, path: Path, *, wait: float = PATIENCE) -> None:
        self._path = path
        self.descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            self._take(wait)
        except BaseException:
            os.close(self.descriptor)
            raise
        os.ftruncate(self.descriptor, 0)
        os.pwrite(self.descriptor, json.dumps(Identity.own().dump()).encode(), 0)

    def release(self) -> None:
        """Let go of the lock."""
        os.close(self.descriptor)

    def _take(self, wait: float) -> None:
        began, told = time.monotonic(), False
        while not self._try():
            owner = self._owner()
            lives = owner is not None and owner.is_alive()
            waited = time.monotonic() - began
            if waited >= (wait if lives else PATIENCE_WITH_THE_DEAD):
                who = f"process {owner.pid}" if owner is not None else "another process"
                raise EmbeddedInUse(f"{who} holds the embedded servers of {self._path.parent.parent}")
            if waited > 1 and not told:
                notice(f"waiting for {'the other process' if lives else 'what a killed process left'} to end")
                told = True
            time.sleep(0.05)

    def _try(self) -> bool:
        try:
            fcntl.flock(self.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _owner(self) -> Identity | None:
        try:
            return Identity.load(json.loads(os.pread(self.descriptor, 1000, 0)))
        except (ValueError, IndexError):
            return None  # it has just taken the lock and not yet written its name
