"""Embedded servers under the supervisor, and the command lines of an installation."""

from __future__ import annotations

import os
import re
import signal
import socket
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
import redis

from creditshare import embedded, processes
from creditshare.embedded.ports import choose_port
from creditshare.embedded.watchdog import is_alive
from creditshare.settings import Settings

from .conftest import ROOT, ask, processes_naming, processes_of, wait_until

SERVE = r"""
from creditshare.supervisor import Child, Supervisor

instance = embedded.Instance(Path(sys.argv[1]))
try:
    code = "import time; print('up app', flush=True); time.sleep(99)"
    app = Child(name="app", argv=(sys.executable, "-c", code), env={})
    sys.exit(Supervisor([*instance.children, instance.announce, app], guard=instance.guard).run())
finally:
    instance.close()
"""


EVERYTHING = r"""
from creditshare import processes
from creditshare.settings import Settings
from creditshare.supervisor import ReadyProbe, Supervisor

root, port = Path(sys.argv[2]), int(sys.argv[3])
instance = embedded.Instance(Path(sys.argv[1]))
settings = Settings(
    environment="development",
    database_url=instance.addresses.database_url,
    redis_url=instance.addresses.redis_url,
    embedded=True,
    data_dir=root / "var",
    config_dir=root / "config",
    master_key=bytes(32),
    issuer="http://127.0.0.1",
    port=port,
)
try:
    steps = [*instance.children, instance.announce, *processes.children(settings, {"PATH": "/usr/bin:/bin"})]
    sys.exit(Supervisor(steps, guard=instance.guard, probe=ReadyProbe(settings.host, port)).run())
finally:
    instance.close()
"""
# The least that the four programs accept: what they run is others' concern, how they are run is tested here.
PROGRAMS = {
    "wsgi.py": """
def app(environ, start_response):
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]
""",
    "workers/__init__.py": "",
    "workers/app.py": """
import os
from celery import Celery
app = Celery("test", broker=os.environ["REDIS_URL"])
app.conf.broker_connection_retry_on_startup = True
""",
    "workers/relay.py": """
import time
time.sleep(600)
""",
}


def pid_of(data_dir: Path, program: str) -> int | None:
    pids = [int(line.split()[0]) for line in processes_of(data_dir) if re.match(rf"\d+ \S+/{program} ", line)]
    return pids[0] if pids else None


def leader_in(root: Path, program: str) -> int:
    """Return the process that leads the group of a program run in this folder (of Celery: the worker), or 0."""
    for line in processes_naming(program):
        pid, _, command = line.partition(" ")
        with suppress(OSError):
            runs_here = Path(f"/proc/{pid}/cwd").readlink() == root
            if runs_here and os.getpgid(int(pid)) == int(pid) and " beat " not in command:
                return int(pid)
    return 0


def members(group: int) -> list[str]:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if os.getpgid(int(folder.name)) == group and is_alive(int(folder.name)):
                found.append(folder.name)
    return found


def database_answers(url: str) -> bool:
    try:
        return ask(url, "SELECT 1") == 1
    except psycopg.OperationalError:
        return False


def valkey_answers(url: str) -> bool:
    with redis.Redis.from_url(url) as client:
        try:
            return client.ping()
        except redis.ConnectionError:
            return False


def test_killed_servers_are_back_within_two_seconds_where_they_were(data_dir, script):
    run = script(SERVE, data_dir)
    run.says("up app")
    found = embedded.running(data_dir)
    assert found is not None

    for program in ("postgres", "valkey-server"):
        before = pid_of(data_dir, program)
        assert before is not None
        os.kill(before, signal.SIGKILL)
        assert (
            wait_until(lambda program=program, old=before: pid_of(data_dir, program) not in (None, old)) < 2
        )
    wait_until(lambda: database_answers(found.database_url))
    wait_until(lambda: valkey_answers(found.redis_url))
    with embedded.servers(data_dir) as addresses:
        assert addresses == found

    run.send(signal.SIGINT)
    assert run.ends() == 0
    assert processes_of(data_dir) == []
    assert embedded.running(data_dir) is None


def test_killed_supervisor_leaves_no_server_and_can_start_again_at_once(data_dir, script):
    run = script(SERVE, data_dir)
    run.says("up app")

    run.send(signal.SIGKILL)
    run.ends()
    again = script(SERVE, data_dir)
    again.says("up app")

    again.send(signal.SIGTERM)
    assert again.ends() == 0
    assert processes_of(data_dir) == []


def test_killed_web_and_worker_are_back_within_two_seconds(data_dir, script, tmp_path):
    for name, text in PROGRAMS.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    port = choose_port()
    run = script(EVERYTHING, data_dir, tmp_path, port)
    run.says(f"ready http://127.0.0.1:{port}", seconds=30)
    run.says("ready.")  # the worker's own word

    groups = {name: leader_in(tmp_path, name) for name in ("granian", "celery", "relay")}
    for leader in groups.values():
        os.kill(leader, signal.SIGKILL)
    took = wait_until(lambda: all(leader_in(tmp_path, name) not in (0, old) for name, old in groups.items()))

    assert took < 2
    assert [pid for leader in groups.values() for pid in members(leader)] == []
    run.send(signal.SIGINT)
    assert run.ends(seconds=40) == 0
    assert [name for name in ("granian", "celery", "relay") if leader_in(tmp_path, name)] == []


@pytest.fixture
def settings(tmp_path):
    return Settings(
        environment="development",
        database_url="postgresql://creditshare:pw@127.0.0.1:1/creditshare",
        redis_url="redis://127.0.0.1:1/0",
        embedded=False,
        data_dir=tmp_path,
        config_dir=ROOT / "config",
        master_key=bytes(range(32)),
        issuer="http://127.0.0.1:8080",
    )


def test_command_lines_start_with_absolute_paths_and_hold_no_secret(settings):
    made = processes.children(settings, {"PATH": "/usr/bin:/bin"})

    assert [child.name for child in made] == ["relay", "beat", "worker", "web"]
    for child in made:
        assert child.argv[0].startswith("/")
        assert Path(child.argv[0]).exists()
        assert "pw@" not in " ".join(child.argv)
        assert child.env["DATABASE_URL"] == settings.database_url
    assert all("celery" in child.argv[0] for child in made if child.name in {"beat", "worker"})


def test_port_of_another_program_stops_the_start(settings):
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = replace(settings, port=other.getsockname()[1])

        with pytest.raises(processes.PortTaken, match="set PORT"):
            processes.check_port(taken)

    processes.check_port(replace(settings, port=choose_port()))
