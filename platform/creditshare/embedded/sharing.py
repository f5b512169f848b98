"""Commands side by side use the same servers."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from creditshare.embedded.errors import EmbeddedFailed, EmbeddedInUse
from creditshare.embedded.home import control_folder
from creditshare.embedded.instance import Addresses, running
from creditshare.embedded.notice import notice
from creditshare.embedded.postgres import answers
from creditshare.embedded.servers import Servers, start

SLOW_AFTER = 2.0
LONGEST_START = 300.0


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
    began, told = time.monotonic(), False
    while True:
        found = running(data_dir)
        if found is not None and answers(found.database_url):
            return found
        try:
            if found is None:
                return start(data_dir, wait=0)
        except EmbeddedInUse:
            if time.monotonic() - began > LONGEST_START:
                raise
        waited = time.monotonic() - began
        if waited > LONGEST_START:
            raise EmbeddedFailed(f"the servers that run for {data_dir} do not answer")
        if waited > SLOW_AFTER and not told:
            notice(f"waiting for the servers that another process runs for {data_dir}")
            told = True
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
