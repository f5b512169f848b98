"""Ends the process groups of an owner that was killed; its pipe is this script's input.

It runs as a plain script with the standard library only, in a session of its own, one for each owner. Each line of
input is one JSON object: `{"watch": [pid, signal, seconds]}`, `{"forget": pid}` or `{"sweep": path}`. When the
pipe closes, whatever is still watched is ended, last started first, and the paths to sweep are removed. Locks whose
descriptors it inherited are held until then, so that the next start waits for a clean field.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path


def is_alive(pid: int) -> bool:
    """Say whether the process runs; a zombie that nobody reaps does not."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        if Path("/proc/self/stat").exists():
            return False
    else:
        return stat.rpartition(")")[2].split()[0] not in {"Z", "X"}
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def wait_until_gone(pid: int, seconds: float) -> bool:
    """Wait until the process is gone, for so many seconds at most; say whether it is."""
    deadline = time.monotonic() + seconds
    while is_alive(pid):
        if time.monotonic() >= deadline:
            return False
        time.sleep(0.02)
    return True


def kill_group(leader: int) -> None:
    """Kill what is left of a process group at once."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)


def end_group(leader: int, number: int, seconds: float) -> None:
    """Ask the leader to stop by its own signal; after so many seconds kill what is left of its group."""
    with suppress(ProcessLookupError, PermissionError):
        os.kill(leader, number)
    wait_until_gone(leader, seconds)
    kill_group(leader)
    wait_until_gone(leader, 5)


def main() -> None:
    """Follow the owner until its pipe closes, then end what it left."""
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    watched: dict[int, tuple[int, float]] = {}
    sweep: list[str] = []
    for line in sys.stdin:
        message = json.loads(line)
        if "watch" in message:
            pid, number, seconds = message["watch"]
            watched[pid] = (number, seconds)
        elif "forget" in message:
            watched.pop(message["forget"], None)
        else:
            sweep.append(message["sweep"])
    for pid, (number, seconds) in reversed(watched.items()):
        end_group(pid, number, seconds)
    for path in sweep:
        with suppress(OSError):
            shutil.rmtree(path) if os.path.isdir(path) else os.unlink(path)


if __name__ == "__main__":
    main()
