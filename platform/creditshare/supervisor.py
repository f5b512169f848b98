"""Runs a row of processes in the foreground: starts them in order, restarts what dies, stops them in reverse order.

It knows nothing of what they are: it is given command lines. One thread reads each child's output; everything else
happens in the loop of the main thread, which is also where the signals arrive.
"""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from typing import TextIO, TypeAlias

from creditshare.embedded import Child, Guard
from creditshare.embedded.watchdog import kill_group

__all__ = ["Child", "ReadyProbe", "Supervisor"]

TICK = 0.05
SLOW_TICK = 1.0
REMEMBERED_LINES = 20
LONGEST_LINE = 64 * 1024
MOST_DEATHS, WITHIN = 8, 60.0
FIRST_RESTART_AFTER, NEXT_RESTART_AFTER = 0.1, 0.5
SHORT_LIFE = 5.0
SLOW_AFTER = 2.0
HURRIED_STOP = 3.0

Step: TypeAlias = Child | Callable[[], object]


@dataclass(frozen=True, slots=True)
class ReadyProbe:
    """Where the whole is asked whether it is ready."""

    host: str
    port: int
    path: str = "/readyz"

    def answers(self) -> bool:
        """Ask once."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104 - asked, not bound
        with closing(http.client.HTTPConnection(host, self.port, timeout=2)) as connection:
            try:
                connection.request("GET", self.path)
                return connection.getresponse().status == http.HTTPStatus.OK
            except (OSError, http.client.HTTPException):
                return False

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"


@dataclass(slots=True)
class _Post:
    """One child's place: the process that holds it now, and what happened to those before."""

    child: Child
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    restart_at: float = 0.0
    ready: bool = False
    deaths: deque[float] = field(default_factory=lambda: deque(maxlen=MOST_DEATHS))
    lines: deque[str] = field(default_factory=lambda: deque(maxlen=REMEMBERED_LINES))

    def dies_too_often(self, now: float) -> bool:
        return len(self.deaths) == MOST_DEATHS and now - self.deaths[0] <= WITHIN


class Supervisor:
    """Runs `steps` in order: a child is started, a function is called; the next waits until the child is ready.

    What has been started is restarted within two seconds of its death. The same child dying eight times within a
    minute ends everything, and so does a function that raises.
    """

    def __init__(
        self,
        steps: Sequence[Step],
        *,
        guard: Guard,
        probe: ReadyProbe | None = None,
        out: TextIO | None = None,
    ) -> None:
        self._steps = deque(steps)
        self._guard = guard
        self._probe = probe
        self._out = out or sys.stdout
        self._out_lock = threading.Lock()
        self._width = max((len(step.name) for step in steps if isinstance(step, Child)), default=0)
        self._posts: list[_Post] = []
        self._readers: list[threading.Thread] = []
        self._watchers: list[threading.Thread] = []
        self._stop_requests = 0
        self._ending = threading.Event()
        self._failed: _Post | None = None

    def run(self) -> int:
        """Run until SIGINT, SIGTERM or SIGHUP (exit status 0) or until a child dies too often (1)."""
        with self._signals():
            try:
                while not self._stop_requests and self._failed is None:
                    self._advance()
                    for post in self._posts:
                        self._look_after(post)
                    self._guard.revive()
                    time.sleep(TICK)
            finally:
                self._end()
        if self._failed is None:
            return 0
        self._explain(self._failed)
        return 1

    def stop(self) -> None:
        """Ask for the end, as a signal does."""
        self._stop_requests += 1

    @contextmanager
    def _signals(self) -> Iterator[None]:
        """Take the signals that mean the end; a second one means: quickly."""
        numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        before = {number: signal.signal(number, lambda *_: self.stop()) for number in numbers}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _advance(self) -> None:
        """Take the next step once all that was started is ready."""
        while self._steps and all(post.ready for post in self._posts) and not self._stop_requests:
            step = self._steps.popleft()
            if isinstance(step, Child):
                post = _Post(step)
                self._posts.append(post)
                self._spawn(post)
            else:
                step()
            if not self._steps and self._probe is not None:
                self._watch(self._await_probe, self._probe)

    def _spawn(self, post: _Post) -> None:
        reading, writing = os.pipe()
        try:
            post.process = self._guard.spawn(post.child, writing)
        except BaseException:
            os.close(reading)
            raise
        finally:
            os.close(writing)
        post.started_at = time.monotonic()
        post.ready = post.child.ready is None
        reader = threading.Thread(
            target=self._read, args=(post, reading), name=f"output of {post.child.name}"
        )
        reader.daemon = True  # a process that left its group may hold the pipe; the end does not wait for it
        reader.start()
        self._readers = [*(thread for thread in self._readers if thread.is_alive()), reader]
        if not post.ready:
            self._watch(self._await_ready, post, post.process)

    def _look_after(self, post: _Post) -> None:
        now = time.monotonic()
        if post.process is None:
            if now >= post.restart_at:
                self._spawn(post)
        elif post.process.poll() is not None:
            ended = _describe(post.process.returncode)
            self._guard.forget(post.process)
            post.process, post.ready = None, False
            lived = now - post.started_at
            post.restart_at = now + (FIRST_RESTART_AFTER if lived >= SHORT_LIFE else NEXT_RESTART_AFTER)
            if self._leans_on_the_unready(post):
                self._say(f"{post.child.name} {ended} while waiting for another: restarting it")
                return
            post.deaths.append(now)
            if post.dies_too_often(now):
                self._failed = post
            else:
                self._say(f"{post.child.name} {ended}: restarting it")

    def _leans_on_the_unready(self, post: _Post) -> bool:
        """Say whether something started before it does not serve now: such a death is no fault of its own."""
        before = self._posts[: self._posts.index(post)]
        return any(other.child.ready is not None and not other.ready for other in before)

    def _watch(self, target: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=target, args=arguments, daemon=True)
        thread.start()
        self._watchers = [*(held for held in self._watchers if held.is_alive()), thread]

    def _await_ready(self, post: _Post, process: subprocess.Popen[bytes]) -> None:
        began, told = time.monotonic(), False
        assert post.child.ready is not None
        while post.process is process and not self._ending.is_set():
            if post.child.ready():
                if post.process is process:
                    post.ready = True
                return
            waited = time.monotonic() - began
            if waited > post.child.ready_within:
                self._say(
                    f"{post.child.name} was not ready after {post.child.ready_within:.0f} s: killing it"
                )
                kill_group(process.pid)
                return
            if waited > SLOW_AFTER and not told:
                self._say(f"{post.child.name} is not ready yet (after a crash it recovers first): waiting")
                told = True
            self._ending.wait(
                SLOW_TICK if told else TICK
            )  # each question to a recovering database is a line of log

    def _await_probe(self, probe: ReadyProbe) -> None:
        while not self._ending.is_set():
            if probe.answers():
                self._write(f"ready {probe}\n")
                return
            self._ending.wait(0.2)

    def _read(self, post: _Post, descriptor: int) -> None:
        with os.fdopen(descriptor, "rb") as stream:
            while line := stream.readline(LONGEST_LINE):
                text = line.decode("utf-8", "replace").rstrip()
                post.lines.append(text)
                self._write(f"{post.child.name:<{self._width}} | {text}\n")

    def _end(self) -> None:
        """Stop everything, last started first."""
        self._ending.set()
        for post in reversed(self._posts):
            process, post.process = post.process, None
            if process is not None:
                self._stop(post.child, process)
        for thread in (*self._readers, *self._watchers):
            thread.join(timeout=3)

    def _stop(self, child: Child, process: subprocess.Popen[bytes]) -> None:
        asked = time.monotonic()
        if process.poll() is None:
            process.send_signal(child.stop_signal)
        while process.poll() is None:
            hurried = self._stop_requests > 1
            limit = min(child.stop_within, HURRIED_STOP) if hurried else child.stop_within
            if time.monotonic() - asked > limit:
                self._say(f"{child.name} did not stop within {limit:.0f} s: killing it")
                kill_group(process.pid)
                process.wait()
            time.sleep(0.02)
        self._guard.forget(process)

    def _explain(self, post: _Post) -> None:
        self._say(
            f"{post.child.name} died {MOST_DEATHS} times within a minute: ended everything. Its last lines:"
        )
        for line in post.lines:
            self._write(f"  {line}\n")

    def _say(self, text: str) -> None:
        self._write(f"creditshare: {text}\n")

    def _write(self, text: str) -> None:
        with self._out_lock, suppress(OSError, ValueError):  # nobody reads any more: the children go on
            self._out.write(text)
            self._out.flush()


def _describe(status: int) -> str:
    if status < 0:
        return f"was killed by {signal.Signals(-status).name}"
    return f"ended with status {status}"
