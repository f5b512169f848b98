import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from creditshare import embedded

CREDITSHARE = Path(sys.prefix) / "bin" / "creditshare"


def processes_of(folder):
    """Name the processes whose environment or command line speaks of the folder."""
    found = []
    for process in Path("/proc").iterdir():
        if process.name.isdigit() and int(process.name) != os.getpid():
            try:
                said = (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
            except OSError:
                continue
            if str(folder).encode() in said:
                found.append(said)
    return found


@pytest.mark.xdist_group("demo")
def test_the_demonstration_tells_one_firms_story_twice_and_leaves_nothing(tmp_path):
    folder = tmp_path / ("private-" + "x" * 100)
    folder.mkdir(mode=0o700)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "CREDITSHARE_DATA_DIR": str(folder),
        "DATABASE_URL": "postgresql://the-demonstration-must-not-use-this/",
        "REDIS_URL": "redis://nor-this/",
    }
    reports = []
    for _ in range(2):
        ran = subprocess.run(
            [CREDITSHARE, "demo"],
            env=environ,
            cwd="/",
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr
        assert "every one accounted for" in ran.stdout
        reports.append(json.loads((folder / "demo" / "report.json").read_bytes()))

    first, second = reports
    sections = first["profile"]["groups"].values()
    assert sum(section["status"] == "available" for section in sections) >= 5
    assert first["score"]["status"] == "rated"
    assert first["score"]["factors"]
    assert second["score"] == first["score"]
    assert second["profile"]["groups"] == first["profile"]["groups"]
    assert processes_of(folder) == []
    embedded.discard(folder / "demo")
