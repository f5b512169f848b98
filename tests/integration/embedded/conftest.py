"""Real servers and real processes; what a test started is looked for in /proc afterwards."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
import pytest

from creditshare import embedded
from creditshare.embedded import home
from creditshare.embedded.watchdog import is_alive

ROOT = Path(__file__).resolve().parents[3]
PRELUDE = "import os, sys, time\nfrom pathlib import Path\nfrom creditshare import embedded\n"


def wait_until(condition: Callable[[], object], *, seconds: float = 10.0) -> float:
    """Wait for the condition; return how long it took."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < seconds, "waited in vain"
        time.sleep(0.03)
    return time.monotonic() - began


def processes_naming(*words: str) -> list[str]:
    """Return the command lines of live processes that contain one of the words."""
    found = []
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit() or int(folder.name) == os.getpid():
            continue
        with suppress(OSError):
            line = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            if any(word in line for word in words) and is_alive(int(folder.name)):
                found.append(f"{folder.name} {line}")
    return found


def ask(url: str, question: str) -> object:
    """Return the one value that the query gives."""
    with psycopg.connect(url) as session:
        row = session.execute(question).fetchone()
    return row[0] if row else None


def home_of(data_dir: Path) -> Path:
    """Say where the databases of a data folder are kept when its parents cannot be entered."""
    return home._away(data_dir)


def processes_of(data_dir: Path) -> list[str]:
    """Return the command lines of all that runs for a data folder."""
    return processes_naming(str(data_dir), str(home_of(data_dir)))


class Script:
    """A Python program of its own, its output in a file."""

    def __init__(self, code: str, folder: Path, *arguments: object) -> None:
        self.output = folder / f"output-{time.monotonic_ns()}"
        self._file = self.output.open("wb")
        self.process = subprocess.Popen(
            [sys.executable, "-c", PRELUDE + code, *map(str, arguments)],
            stdin=subprocess.DEVNULL,
            stdout=self._file,
            stderr=subprocess.STDOUT,
            env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT / "platform"), "PYTHONUNBUFFERED": "1"},
            start_new_session=True,
        )

    @property
    def text(self) -> str:
        return self.output.read_text(encoding="utf-8")

    def says(self, word: str, *, seconds: float = 20.0) -> str:
        """Wait for the word in the output."""
        wait_until(lambda: word in self.text or self.process.poll() is not None, seconds=seconds)
        assert word in self.text, self.text
        return self.text

    def send(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def ends(self, *, seconds: float = 20.0) -> int:
        return self.process.wait(seconds)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self._file.close()


@pytest.fixture
def script(tmp_path: Path) -> Iterator[Callable[..., Script]]:
    made: list[Script] = []

    def start(code: str, *arguments: object) -> Script:
        made.append(Script(code, tmp_path, *arguments))
        return made[-1]

    yield start
    for one in made:
        one.close()


@contextmanager
def data_folders() -> Iterator[Callable[..., Path]]:
    """Make data folders below a fresh 0700 folder, or below one that everybody can enter."""
    made: list[Path] = []

    def make(name: str = "data", *, private: bool = True) -> Path:
        parent = Path(tempfile.mkdtemp(prefix="cs-test-"))
        parent.chmod(0o700 if private else 0o755)
        made.append(parent / name)
        return made[-1]

    yield make
    for data_dir in made:
        wait_until(lambda path=data_dir: not processes_of(path), seconds=20)
        embedded.discard(data_dir)
        shutil.rmtree(data_dir.parent)


@pytest.fixture
def make_data_dir() -> Iterator[Callable[..., Path]]:
    with data_folders() as make:
        yield make


@pytest.fixture(scope="session")
def data_dir() -> Iterator[Path]:
    """One data folder for many tests: each leaves it stopped, the next starts it quickly."""
    with data_folders() as make:
        yield make()
