"""Load on an HTTP server, from a process of its own so that it does not slow the one that measures.

Run as a program, it reads a `Load` from standard input and writes what came of it to standard output.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from dataclasses import asdict, dataclass, field

from bench.place import connect

OK = frozenset({200, 202})


@dataclass(frozen=True, slots=True)
class Load:
    """Requests sent in turn by some threads, each over a connection kept alive, without pause for some seconds.

    With `rate`, requests leave at that many a second instead, each once, and `paths` and `bodies` say them all.
    """

    base: str
    paths: list[str]
    headers: dict[str, str]
    threads: int
    seconds: float = 0.0
    bodies: list[str] = field(default_factory=list)
    rate: float = 0.0


@dataclass(frozen=True, slots=True)
class Answers:
    """What was answered well: how long each request took and when it left, by its number; and what failed."""

    seconds: float
    latencies: list[float]
    left_at: dict[int, float]
    failed: list[str]

    @property
    def done(self) -> int:
        """Return how many requests were answered well."""
        return len(self.latencies)


def send(load: Load) -> Answers:
    """Put the load on from another process; raises where anything was not answered well."""
    ran = subprocess.run(
        [sys.executable, "-m", "bench.load"],
        input=json.dumps(asdict(load)).encode(),
        capture_output=True,
        check=True,
    )
    said = json.loads(ran.stdout)
    answers = Answers(**said | {"left_at": {int(n): at for n, at in said["left_at"].items()}})
    if answers.failed:
        raise RuntimeError(f"{len(answers.failed)} requests failed, the first with {answers.failed[0]}")
    return answers


def percentile(values: list[float], share: float) -> float:
    """Return the value below which that share of the values lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


class Sender:
    """Sends the requests of one load from several threads."""

    def __init__(self, load: Load) -> None:
        self.load = load
        self.lock = threading.Lock()
        self.next = 0
        self.latencies: list[float] = []
        self.left_at: dict[int, float] = {}
        self.failed: list[str] = []

    def run(self) -> Answers:
        """Send, and wait for the last answer."""
        threads = [threading.Thread(target=self._send_in_turn) for _ in range(self.load.threads)]
        self.began = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        seconds = time.perf_counter() - self.began
        return Answers(seconds, self.latencies, self.left_at, self.failed)

    def _send_in_turn(self) -> None:
        load, connection = self.load, connect(self.load.base)
        while (number := self._take()) is not None:
            if load.rate:
                time.sleep(max(0.0, self.began + number / load.rate - time.perf_counter()))
            body = load.bodies[number].encode() if load.bodies else None
            left_at, sent = time.time(), time.perf_counter()
            connection.request(
                "GET" if body is None else "POST", load.paths[number % len(load.paths)], body, load.headers
            )
            answer = connection.getresponse()
            said = answer.read()
            with self.lock:
                if answer.status in OK:
                    self.latencies.append(time.perf_counter() - sent)
                    self.left_at[number] = left_at
                else:
                    self.failed.append(f"{answer.status} {said[:300].decode(errors='replace')}")
        connection.close()

    def _take(self) -> int | None:
        with self.lock:
            over = self.next >= len(self.load.bodies) if self.load.bodies else self._is_late()
            number, self.next = self.next, self.next + 1
        return None if over or self.failed else number

    def _is_late(self) -> bool:
        return time.perf_counter() - self.began >= self.load.seconds


def main() -> None:
    """Read a load, send it, write the answers."""
    answers = Sender(Load(**json.load(sys.stdin))).run()
    json.dump(asdict(answers), sys.stdout)


if __name__ == "__main__":
    main()
