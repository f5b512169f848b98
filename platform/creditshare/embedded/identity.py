"""Tells a process from a later one that happens to have its number."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from creditshare.embedded.watchdog import is_alive


def boot() -> str:
    """Name this run of the machine: numbers written before a reboot mean nothing after it."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""


def _started(pid: int) -> str:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        return stat.rpartition(")")[2].split()[19]  # field 22: ticks from boot to start
    except OSError:
        if Path("/proc/self/stat").exists():
            return ""
    shown = subprocess.run(  # noqa: S603 - a number is its only argument
        ["/bin/ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return shown.stdout.strip()


@dataclass(frozen=True, slots=True)
class Identity:
    """A process number with the boot and the moment it belongs to."""

    pid: int
    boot: str
    started: str

    @classmethod
    def of(cls, pid: int) -> Identity:
        """Take down who has this number now."""
        return cls(pid, boot(), _started(pid))

    @classmethod
    def own(cls) -> Identity:
        """Take down this process."""
        return cls.of(os.getpid())

    def is_alive(self) -> bool:
        """Say whether that very process still runs."""
        return is_alive(self.pid) and Identity.of(self.pid) == self

    def dump(self) -> list[int | str]:
        """Give plain JSON values."""
        return [self.pid, self.boot, self.started]

    @classmethod
    def load(cls, values: list[int | str]) -> Identity:
        """Read what `dump` gave."""
        return cls(int(values[0]), str(values[1]), str(values[2]))
