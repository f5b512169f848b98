"""However a server or its owner ends, nothing stays behind and nothing committed is lost."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path

import psycopg
import pytest

from creditshare import embedded
from creditshare.embedded.watchdog import is_alive

from .conftest import ask, processes_of, wait_until

OWNER = """
with embedded.start(Path(sys.argv[1])) as servers:
    print("started", servers.pids["postgres"], servers.pids["valkey"], servers.instance.sockets, flush=True)
    time.sleep(60)
"""


def test_start_after_postgresql_was_killed(data_dir):
    with embedded.start(data_dir) as servers, psycopg.connect(servers.database_url) as session:
        session.execute("CREATE TABLE survivors AS SELECT generate_series(1, 1000) AS value")
        session.commit()
        os.kill(servers.pids["postgres"], signal.SIGKILL)

    with embedded.start(data_dir) as servers:
        assert ask(servers.database_url, "SELECT count(*) FROM survivors") == 1000


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_owner_that_is_killed_leaves_nothing(data_dir, script, number):
    owner = script(OWNER, data_dir)
    sockets = Path(owner.says("started").split("started")[1].split()[2])

    owner.send(number)
    owner.ends()

    wait_until(lambda: not processes_of(data_dir))
    wait_until(lambda: not sockets.exists())
    assert embedded.running(data_dir) is None


def test_next_start_stops_what_owner_and_watchdog_left(data_dir, script, capfd):
    owner = script(OWNER, data_dir)
    _, postgres, valkey, sockets = owner.says("started").split("creditshare:")[-1].split()[-4:]
    for line in processes_of(data_dir):
        if "watchdog.py" in line:
            os.kill(int(line.split()[0]), signal.SIGKILL)
    owner.send(signal.SIGKILL)
    owner.ends()
    assert is_alive(int(postgres))
    assert is_alive(int(valkey))

    with embedded.start(data_dir) as servers:
        assert not is_alive(int(postgres))
        assert not is_alive(int(valkey))
        assert not Path(sockets).exists()
        assert ask(servers.database_url, "SELECT 1") == 1
    assert "left by a killed process" in capfd.readouterr().err


def test_number_of_a_killed_server_given_to_another_process(data_dir):
    with embedded.start(data_dir) as servers:
        home = servers.instance.home
        os.kill(servers.pids["postgres"], signal.SIGKILL)
    lock = home.base / "postgres" / "postmaster.pid"
    owner = {"user": home.account.uid, "group": home.account.gid, "extra_groups": []} if home.account else {}
    with subprocess.Popen(["/bin/sleep", "60"], cwd="/", **owner) as other:
        lock.write_text("\n".join([str(other.pid), *lock.read_text().split("\n")[1:]]))

        with embedded.start(data_dir) as servers:
            assert ask(servers.database_url, "SELECT 1") == 1

        assert other.poll() is None
        other.kill()


def test_server_without_ledger_is_found_by_its_folder(data_dir, script):
    owner = script(OWNER, data_dir)
    owner.says("started")
    for line in processes_of(data_dir):
        if "watchdog.py" in line:
            os.kill(int(line.split()[0]), signal.SIGKILL)
    ledger = data_dir / "embedded" / "processes.json"
    valkey = json.loads(ledger.read_text())["children"][-1]
    owner.send(signal.SIGKILL)
    owner.ends()
    ledger.write_text(json.dumps({**json.loads(ledger.read_text()), "children": [valkey]}))

    with embedded.start(data_dir) as servers:
        assert ask(servers.database_url, "SELECT 1") == 1
