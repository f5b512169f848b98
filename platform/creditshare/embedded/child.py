"""A process to be run: everything needed to start it, to know that it is ready and to stop it."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from creditshare.embedded.account import Account


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """A command line with its environment and manners.

    `stop_signal` goes to the process alone; after `stop_within` seconds its whole group is killed. `ready` tells
    whether it serves; what is started after it waits for that, `ready_within` seconds at most while it lives.
    """

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str]
    cwd: Path = Path("/")
    stop_signal: signal.Signals = signal.SIGTERM
    stop_within: float = 10.0
    account: Account | None = None
    umask: int = -1
    ready: Callable[[], bool] | None = None
    ready_within: float = 300.0

    def spawn(
        self, output: int | IO[bytes], *, reads: int | IO[bytes] = subprocess.DEVNULL
    ) -> subprocess.Popen[bytes]:
        """Start it in a process group and session of its own; stdout and stderr both go to `output`."""
        return subprocess.Popen(  # noqa: S603 - command lines are made by this package and by processes.py
            self.argv,
            stdin=reads,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=dict(self.env),
            cwd=self.cwd,
            start_new_session=True,
            umask=self.umask,
            user=self.account.uid if self.account else None,
            group=self.account.gid if self.account else None,
            extra_groups=[] if self.account else None,
        )
