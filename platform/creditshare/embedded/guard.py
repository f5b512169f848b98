"""Sees to it that processes do not outlive their owner.

A watchdog ends them when the owner is killed; a ledger tells the next start of them when the watchdog is killed too.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from creditshare.embedded import watchdog
from creditshare.embedded.child import Child
from creditshare.embedded.errors import EmbeddedInUse
from creditshare.embedded.identity import Identity, boot
from creditshare.embedded.notice import notice


@dataclass(frozen=True, slots=True)
class _Watched:
    child: Child
    identity: Identity


class Guard:
    """Watches over the children of this process; making one first ends what an earlier owner left.

    `holds` are descriptors (of locks) that the watchdog keeps until it has ended everything.
    """

    def __init__(self, ledger: Path, *, holds: Sequence[int] = ()) -> None:
        self._ledger = ledger
        self._holds = tuple(holds)
        self._watched: dict[int, _Watched] = {}
        self._sweep: list[Path] = []
        self._closed = False
        end_leftovers(ledger)
        self._owner = Identity.own()
        self._watchdog = self._start()
        self._write()

    @property
    def is_closed(self) -> bool:
        """Say whether the watch has ended."""
        return self._closed

    def spawn(self, child: Child, output: int, *, reads: int = subprocess.DEVNULL) -> subprocess.Popen[bytes]:
        """Start a child under watch."""
        process = child.spawn(output, reads=reads)
        self._watched[process.pid] = _Watched(child, Identity.of(process.pid))
        self._write()
        self._tell(_watch(process.pid, child))
        return process

    def forget(self, process: subprocess.Popen[bytes]) -> None:
        """Kill what is left of an ended child's group, and stop watching it."""
        watchdog.kill_group(process.pid)
        self._watched.pop(process.pid, None)
        self._tell({"forget": process.pid})
        self._write()

    def sweep(self, path: Path) -> None:
        """Remove a file or folder if this process is killed."""
        self._sweep.append(path)
        self._tell({"sweep": str(path)})

    def revive(self) -> None:
        """Start the watchdog again if something killed it."""
        if self._watchdog.poll() is not None:
            self._close_pipe()
            self._watchdog = self._start()
            for pid, watched in self._watched.items():
                self._tell(_watch(pid, watched.child))
            for path in self._sweep:
                self._tell({"sweep": str(path)})

    def close(self) -> None:
        """End the watch; what is still watched is ended by the watchdog, and waited for."""
        self._closed = True
        self._close_pipe()
        self._watchdog.wait()
        self._ledger.unlink(missing_ok=True)

    def _start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(  # noqa: S603 - this interpreter, a file of this package
            [sys.executable, "-I", "-S", watchdog.__file__, str(self._ledger.parent)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            start_new_session=True,
            pass_fds=self._holds,
        )

    def _close_pipe(self) -> None:
        assert self._watchdog.stdin is not None
        with suppress(BrokenPipeError):
            self._watchdog.stdin.close()

    def _tell(self, message: dict[str, object]) -> None:
        assert self._watchdog.stdin is not None
        with suppress(BrokenPipeError):  # killed: `revive` tells its successor, the ledger remembers
            os.write(self._watchdog.stdin.fileno(), json.dumps(message).encode() + b"\n")

    def _write(self) -> None:
        children = [
            [
                watched.child.name,
                watched.identity.dump(),
                int(watched.child.stop_signal),
                watched.child.stop_within,
            ]
            for watched in self._watched.values()
        ]
        draft = self._ledger.with_suffix(".draft")
        draft.write_text(json.dumps({"owner": self._owner.dump(), "children": children}), encoding="utf-8")
        draft.replace(self._ledger)


def end_leftovers(ledger: Path) -> None:
    """End the processes that a killed owner left running, last started first."""
    try:
        held = json.loads(ledger.read_text(encoding="utf-8"))
        owner = Identity.load(held["owner"])
    except (FileNotFoundError, ValueError, KeyError, IndexError):
        return
    if owner.is_alive() and owner != Identity.own():
        raise EmbeddedInUse(f"process {owner.pid} already runs everything of {ledger.parent}")
    for name, values, number, seconds in reversed(held["children"]):
        identity = Identity.load(values)
        if identity.is_alive():
            notice(f"stopping {name} (process {identity.pid}), left by a killed process")
            watchdog.end_group(identity.pid, number, seconds)
        elif identity.boot == boot() and not watchdog.is_alive(identity.pid):
            watchdog.kill_group(
                identity.pid
            )  # its leader is gone; a group's number is not given away before its end
    ledger.unlink(missing_ok=True)


def _watch(pid: int, child: Child) -> dict[str, object]:
    return {"watch": [pid, int(child.stop_signal), child.stop_within]}
