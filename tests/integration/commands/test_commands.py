import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from config import ROOT
from creditshare import embedded
from creditshare.cli import cli

CREDITSHARE = Path(sys.prefix) / "bin" / "creditshare"
USCC = "91331000PDY00001X5"
VERBS = ("serve", "worker", "demo", "db", "client", "kinds", "ingest", "score", "simulate")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Run verbs on embedded servers of their own, from the root folder."""
    folder = tmp_path_factory.mktemp("installation")
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "CREDITSHARE_DATA_DIR": str(folder / "var"),
        "CREDITSHARE_IGNORE_DOTENV": "1",
    }

    def call(*arguments, status=0):
        ran = subprocess.run(
            [CREDITSHARE, *arguments],
            env=environ,
            cwd="/",
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert ran.returncode == status, ran.stderr + ran.stdout
        return ran

    data_dir = folder / "var"
    with embedded.start(data_dir):
        yield call
    embedded.discard(data_dir)


def help_of(verb):
    return CliRunner().invoke(cli, [verb, "--help"], prog_name="creditshare").output


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_explains_itself(verb):
    assert "Usage: creditshare " + verb in help_of(verb)


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_gives_examples(verb):
    assert "Example" in help_of(verb)


@pytest.mark.xdist_group("commands")
class TestOnAnInstallation:
    def test_a_file_is_loaded_and_scored(self, run, tmp_path):
        made = json.loads(
            run("client", "create", "--role", "provider", "--name", "登记机关", "--participant", "amr",
                "--kinds", "registration", "--json").stdout
        )  # fmt: skip
        assert made["participant"] == "amr"
        assert made["kinds"] == ["registration"]

        file = tmp_path / "firms.csv"
        file.write_text(f"uscc,firm_name\n{USCC},甲公司\n,乙公司\nx,丙公司\n", encoding="gb18030")
        loaded = json.loads(
            run("ingest", str(file), "--kind", "registration", "--provider", "amr", "--encoding", "gb18030",
                "--wait", "--json").stdout
        )  # fmt: skip
        assert loaded["state"] == "succeeded"
        assert loaded["counts"]["received"] == 3
        assert (loaded["counts"]["accepted"], loaded["counts"]["quarantined"]) == (2, 1)

        assert "1 firms refreshed" in run("score", "run", "--firms", USCC).stdout
        assert run("score", "run", "--firms", "91331000PDY00002X4", status=2).stderr.startswith(
            "creditshare: firm-not-found"
        )

    def test_clients_are_listed_and_revoked(self, run):
        made = json.loads(run("client", "create", "--role", "bank", "--name", "Bank", "--json").stdout)
        run("client", "revoke", made["client_id"])

        listed = {c["client_id"]: c["state"] for c in json.loads(run("client", "list", "--json").stdout)}
        assert listed[made["client_id"]] == "revoked"

    def test_the_schema_is_up_to_date(self, run):
        assert json.loads(run("db", "status", "--json").stdout)["up_to_date"] is True

    def test_faults_are_told_in_words(self, run, tmp_path):
        file = tmp_path / "x.csv"
        file.write_text("a\n", encoding="utf-8")

        told = run("ingest", str(file), "--kind", "nonsense", "--provider", "amr", status=2).stderr
        assert told.startswith("creditshare: kind-unknown")
        assert "Traceback" not in told
        failed = run("ingest", str(file), "--kind", "registration", "--provider", "amr", "--wait", status=1)
        assert "no column a" in failed.stderr


def test_a_wrong_environment_stops_the_start_and_is_named_at_once(tmp_path):
    environ = {
        "PATH": os.environ["PATH"],
        "CREDITSHARE_ENV": "production",
        "PORT": "no",
        "CREDITSHARE_IGNORE_DOTENV": "1",
        "CREDITSHARE_DATA_DIR": str(tmp_path),
    }
    ran = subprocess.run(
        [CREDITSHARE, "serve"], env=environ, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )

    assert ran.returncode == 2
    for name in ("DATABASE_URL", "REDIS_URL", "MASTER_KEY", "PORT"):
        assert name in ran.stderr
    assert "Traceback" not in ran.stderr
