"""The supervisor restarts what dies, gives up in time, stops in order and leaves nothing."""

from __future__ import annotations

import os
import re
import signal
import time

from creditshare.embedded.ports import choose_port
from creditshare.embedded.watchdog import is_alive

from .conftest import Script, processes_naming, wait_until

# A row of children that say who they are, when they began, and that they were asked to stop.
SUPERVISE = r"""
import signal, threading
from creditshare.embedded import Child, Guard
from creditshare import supervisor
from creditshare.supervisor import ReadyProbe, Supervisor

folder = Path(sys.argv[1])
BODY = '''
import os, signal, subprocess, sys, time
name, folder, mark = sys.argv[1:4]
def end(*_):
    with open(folder + "/stopped", "a") as file:
        file.write(name + " ")
    os._exit(0)
signal.signal(signal.SIGTERM, end)
print("up", name, os.getpid(), time.time(), flush=True)
'''

def child(name, body="time.sleep(60)", **manners):
    argv = (sys.executable, "-c", BODY + body, name, str(folder), "mark-" + folder.name)
    return Child(name=name, argv=argv, env={}, **manners)

def supervise(*steps, probe=None):
    guard = Guard(folder / "processes.json")
    try:
        return Supervisor(steps, guard=guard, probe=probe).run()
    finally:
        guard.close()
"""


def births(run: Script, name: str) -> list[tuple[int, float]]:
    """Return number and moment of each start of a child, by its own words."""
    return [(int(pid), float(at)) for pid, at in re.findall(rf"up {name} (\d+) ([\d.]+)", run.text)]


def mark(folder) -> str:
    return f"mark-{folder.name}"


def test_dead_child_is_back_within_two_seconds(script, tmp_path):
    run = script(SUPERVISE + "sys.exit(supervise(child('one'), child('two')))", tmp_path)
    run.says("up two")

    killed_at = time.time()
    os.kill(births(run, "one")[0][0], signal.SIGKILL)
    wait_until(lambda: len(births(run, "one")) == 2)

    assert births(run, "one")[1][1] - killed_at < 2
    assert len(births(run, "two")) == 1
    run.says("one was killed by SIGKILL: restarting it")
    run.send(signal.SIGTERM)
    assert run.ends() == 0


def test_rest_of_a_dead_child_is_ended_before_its_successor_starts(script, tmp_path):
    body = "subprocess.Popen(['/bin/sleep', '61']); time.sleep(60)"
    run = script(SUPERVISE + f"sys.exit(supervise(child('one', {body!r})))", tmp_path)
    run.says("up one")
    group = births(run, "one")[0][0]
    wait_until(lambda: any(os.getpgid(int(p.split()[0])) == group for p in processes_naming("/bin/sleep 61")))

    os.kill(group, signal.SIGKILL)
    wait_until(lambda: len(births(run, "one")) == 2)

    groups = [os.getpgid(int(p.split()[0])) for p in processes_naming("/bin/sleep 61")]
    assert group not in groups
    run.send(signal.SIGINT)
    assert run.ends() == 0
    assert processes_naming("/bin/sleep 61") == []


def test_eight_deaths_within_a_minute_end_everything(script, tmp_path):
    body = "print('no such thing', flush=True); sys.exit(3)"
    run = script(SUPERVISE + f"sys.exit(supervise(child('calm'), child('sick', {body!r})))", tmp_path)

    assert run.ends() == 1

    before, told = run.text.split("sick died 8 times within a minute")
    assert before.count("up sick") == 8
    assert "no such thing" in told
    assert processes_naming(mark(tmp_path)) == []


def test_death_while_something_below_is_not_ready_is_not_counted(script, tmp_path):
    code = (
        "supervisor.NEXT_RESTART_AFTER = 0.02\n"
        "ready = lambda: not (folder / 'down').exists()\n"
        "leans = child('leans', \"[time.sleep(.02) for _ in iter(lambda: os.path.exists(folder + '/down'), True)]\")\n"
        "sys.exit(supervise(child('base', ready=ready), leans))"
    )
    run = script(SUPERVISE + code, tmp_path)
    run.says("up leans")

    (tmp_path / "down").touch()
    os.kill(births(run, "base")[0][0], signal.SIGKILL)
    wait_until(lambda: len(births(run, "leans")) > 9, seconds=20)
    (tmp_path / "down").unlink()

    assert run.process.poll() is None
    assert "leans ended with status 0 while waiting for another" in run.text
    run.send(signal.SIGTERM)
    assert run.ends() == 0


def test_children_stop_in_the_reverse_order_of_their_start(script, tmp_path):
    names = ["postgres", "valkey", "relay", "beat", "worker", "web"]
    run = script(SUPERVISE + f"sys.exit(supervise(*(child(name) for name in {names})))", tmp_path)
    run.says("up web")

    run.send(signal.SIGINT)

    assert run.ends() == 0
    assert (tmp_path / "stopped").read_text().split() == names[::-1]
    assert processes_naming(mark(tmp_path)) == []


def test_child_that_will_not_stop_is_killed_with_its_group(script, tmp_path):
    body = "signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"
    run = script(SUPERVISE + f"sys.exit(supervise(child('one', {body!r}, stop_within=0.5)))", tmp_path)
    run.says("deaf")

    run.send(signal.SIGTERM)

    assert run.ends() == 0
    assert "one did not stop" in run.text
    assert processes_naming(mark(tmp_path)) == []


def test_second_signal_hurries(script, tmp_path):
    body = "signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"
    run = script(
        SUPERVISE
        + f"supervisor.HURRIED_STOP = 0.5; sys.exit(supervise(child('one', {body!r}, stop_within=60)))",
        tmp_path,
    )
    run.says("deaf")

    run.send(signal.SIGINT)
    time.sleep(0.3)
    run.send(signal.SIGINT)

    assert run.ends(seconds=10) == 0


def test_killed_supervisor_leaves_nothing(script, tmp_path):
    run = script(SUPERVISE + "sys.exit(supervise(child('one'), child('two')))", tmp_path)
    run.says("up two")

    run.send(signal.SIGKILL)
    run.ends()

    wait_until(lambda: not processes_naming(mark(tmp_path)))
    assert (tmp_path / "stopped").read_text().split() == ["two", "one"]


def test_next_start_ends_what_supervisor_and_watchdog_left(script, tmp_path):
    run = script(SUPERVISE + "sys.exit(supervise(child('one'), child('two')))", tmp_path)
    run.says("up two")
    left = [births(run, name)[0][0] for name in ("one", "two")]
    for line in processes_naming(f"watchdog.py {tmp_path}"):
        os.kill(int(line.split()[0]), signal.SIGKILL)
    run.send(signal.SIGKILL)
    run.ends()
    assert all(is_alive(pid) for pid in left)

    again = script(SUPERVISE + "sys.exit(supervise(child('three')))", tmp_path)
    again.says("up three")

    assert not any(is_alive(pid) for pid in left)
    again.send(signal.SIGTERM)
    assert again.ends() == 0


def test_killed_watchdog_is_replaced(script, tmp_path):
    run = script(SUPERVISE + "sys.exit(supervise(child('one')))", tmp_path)
    run.says("up one")
    first = processes_naming(f"watchdog.py {tmp_path}")

    os.kill(int(first[0].split()[0]), signal.SIGKILL)
    wait_until(lambda: processes_naming(f"watchdog.py {tmp_path}") not in ([], first))
    run.send(signal.SIGKILL)
    run.ends()

    wait_until(lambda: not processes_naming(mark(tmp_path)))


def test_second_supervisor_of_the_same_ledger_is_refused(script, tmp_path):
    run = script(SUPERVISE + "sys.exit(supervise(child('one')))", tmp_path)
    run.says("up one")

    other = script(SUPERVISE + "sys.exit(supervise(child('two')))", tmp_path)

    assert other.ends() == 1
    assert f"process {run.process.pid} already runs" in other.text
    assert is_alive(births(run, "one")[0][0])
    run.send(signal.SIGTERM)
    assert run.ends() == 0


def test_functions_run_in_their_place_and_a_failing_one_ends_everything(script, tmp_path):
    code = (
        "def migrate():\n    print('migrating', flush=True)\n"
        "def fail():\n    raise SystemExit('cannot go on')\n"
        "supervise(child('one'), migrate, child('two', ready=(folder / 'go').exists), fail, child('three'))"
    )
    run = script(SUPERVISE + code, tmp_path)
    run.says("up two")
    (tmp_path / "go").touch()

    assert run.ends() == 1

    assert run.text.index("migrating") < run.text.index("up two")
    assert "up three" not in run.text
    assert "cannot go on" in run.text
    assert processes_naming(mark(tmp_path)) == []


def test_ready_is_printed_once(script, tmp_path):
    port = choose_port()
    web = (
        "from http.server import BaseHTTPRequestHandler as Base, HTTPServer\n"
        "class Handler(Base):\n"
        "    def do_GET(self):\n"
        "        HTTPServer.asked = getattr(HTTPServer, 'asked', 0) + 1\n"
        "        self.send_response(200 if HTTPServer.asked > 2 else 503); self.end_headers()\n"
        f"HTTPServer(('127.0.0.1', {port}), Handler).serve_forever()"
    )
    run = script(
        SUPERVISE + f"sys.exit(supervise(child('web', {web!r}), probe=ReadyProbe('127.0.0.1', {port})))",
        tmp_path,
    )

    run.says(f"ready http://127.0.0.1:{port}\n")
    os.kill(births(run, "web")[0][0], signal.SIGKILL)
    wait_until(lambda: len(births(run, "web")) == 2)
    time.sleep(0.5)

    assert run.text.count("ready http://") == 1
    run.send(signal.SIGTERM)
    assert run.ends() == 0


def test_output_carries_the_name_and_survives_odd_bytes(script, tmp_path):
    body = "os.write(1, '中文 '.encode() + bytes([255]) + b'!' + bytes([10])); time.sleep(60)"
    run = script(SUPERVISE + f"sys.exit(supervise(child('one', {body!r}), child('longer')))", tmp_path)

    run.says("one    | 中文 �!")
    run.says("longer | up longer")

    run.send(signal.SIGTERM)
    assert run.ends() == 0
