"""One owner for each data folder; commands side by side share its servers."""

from __future__ import annotations

import pytest

from creditshare import embedded
from creditshare.embedded.watchdog import is_alive

from .conftest import ask, processes_of, wait_until

COMMAND = """
import psycopg
with embedded.servers(Path(sys.argv[1])) as addresses:
    print("uses", addresses.database_url, flush=True)
    while not Path(sys.argv[2]).exists():
        time.sleep(0.02)
    with psycopg.connect(addresses.database_url) as session:
        print("answer", session.execute("SELECT 1").fetchone()[0], flush=True)
"""
OWNER = """
with embedded.start(Path(sys.argv[1])):
    print("started", flush=True)
    time.sleep(60)
"""


def test_command_uses_running_servers_and_leaves_them(data_dir):
    with embedded.start(data_dir) as owner:
        with embedded.servers(data_dir) as addresses:
            assert addresses.database_url == owner.database_url
            assert addresses.redis_url == owner.redis_url

        assert ask(owner.database_url, "SELECT 1") == 1


def test_command_runs_servers_for_its_own_time(data_dir):
    with embedded.servers(data_dir) as addresses:
        assert ask(addresses.database_url, "SELECT 1") == 1

    assert processes_of(data_dir) == []


def test_first_command_waits_for_the_second_before_it_stops_the_servers(data_dir, script, tmp_path):
    first_may_end, second_may_end = tmp_path / "first", tmp_path / "second"
    first, second = script(COMMAND, data_dir, first_may_end), script(COMMAND, data_dir, second_may_end)
    urls = {one.says("uses").split("uses ")[1].split()[0] for one in (first, second)}
    assert len(urls) == 1  # started at the same moment: one waited for the other's servers

    first_may_end.touch()
    first.says("answer 1")
    second_may_end.touch()

    assert (first.ends(), second.ends()) == (0, 0)
    second.says("answer 1")
    wait_until(lambda: not processes_of(data_dir))


def test_second_owner_is_refused(data_dir, script):
    owner = script(OWNER, data_dir)
    owner.says("started")

    with pytest.raises(embedded.EmbeddedInUse, match=str(owner.process.pid)):
        embedded.start(data_dir, wait=0)

    found = embedded.running(data_dir)
    assert found is not None
    assert ask(found.database_url, "SELECT 1") == 1
    owner.close()
    wait_until(lambda: embedded.running(data_dir) is None)
    assert not is_alive(owner.process.pid)
