"""The README word by word: its blocks, pasted one after the other into a shell, do what the text says."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess

import pytest

from config import ROOT
from creditshare import embedded
from creditshare.embedded.ports import choose_port

BLOCK = re.compile(r"^```bash\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PATIENCE_SECONDS = 180
OWN = {"var", ".git", ".env"}  # what a newcomer's clone does not have yet, or must not share with ours

pytestmark = [
    pytest.mark.xdist_group("serving"),
    pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed"),
]


def blocks():
    """The blocks in order, without those that CI runs as commands of its own."""
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    found = BLOCK.findall((ROOT / "README.md").read_text(encoding="utf-8"))
    return [block for block in found if not set(block.split("\n")) - {""} <= set(script)]


def script_of(parts):
    """One script for bash: every block's output between lines that say which block it was."""
    echoed = [f"printf '\\n==== {number}\\n'\n{part}" for number, part in enumerate(parts)]
    return "set -o pipefail\n" + "\n".join(echoed) + "\nprintf '\\n==== end\\n'\n"


def outputs_of(text):
    parts = re.split(r"\n==== (\d+|end)\n", text)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    """A folder that looks like a fresh clone with its virtual environment made."""
    folder = tmp_path_factory.mktemp("clone")
    for entry in ROOT.iterdir():
        if entry.name not in OWN:
            (folder / entry.name).symlink_to(entry)
    return folder


@pytest.fixture(scope="module")
def ran(clone):
    """Run all blocks in one shell that stops at the first failure; gives the output of the blocks that hold a word."""
    data = clone / "var"
    environ = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    environ |= {
        "CREDITSHARE_DATA_DIR": str(data),
        "CREDITSHARE_IGNORE_DOTENV": "1",
        "PORT": str(choose_port()),
        "WORKER_PROCESSES": "1",
    }
    parts = blocks()
    bash = [shutil.which("bash") or "bash", "-e", "-c", script_of(parts)]
    process = subprocess.Popen(
        bash,
        cwd=clone,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        text, _ = process.communicate(timeout=PATIENCE_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGTERM)
        text, _ = process.communicate(timeout=PATIENCE_SECONDS)
    log = data / "serve.log"
    served = log.read_text(encoding="utf-8", errors="replace")[-3000:] if log.exists() else ""
    left = [str(path) for path in (data / "embedded").glob("servers.json")]
    embedded.discard(data)
    assert process.returncode == 0, f"{text}\n--- serve.log\n{served}"
    assert left == []
    outputs = outputs_of(text)
    return lambda word: "".join(outputs[str(n)] for n, part in enumerate(parts) if word in part)


def jsons(text):
    """The JSON documents in a block's output, one behind the other."""
    decoder, found, rest = json.JSONDecoder(), [], text.strip()
    while rest.startswith("{"):
        value, end = decoder.raw_decode(rest)
        found.append(value)
        rest = rest[end:].strip()
    return found


def test_a_provider_sees_what_became_of_each_row(ran):
    (pushed,) = jsons(ran("/v1/records/registration"))
    assert pushed["counts"]["linked"] == 1

    submission, rejects = jsons(ran("Accept: text/csv"))
    assert submission["state"] == "succeeded"
    assert submission["counts"] == {
        "received": 3, "accepted": 2, "rejected": 1, "duplicate": 0, "stale": 0, "quarantined": 0,
        "linked": 2, "unlinked": 0,
    }  # fmt: skip
    assert rejects["items"][0]["reasons"][0]["code"] == "date"
    assert "3,/period_end: is not a day of the calendar (date)" in ran("Accept: text/csv")


def test_the_command_line_doubles_nothing(ran):
    assert "2 duplicate" in ran("creditshare ingest")


def test_a_bank_is_refused_without_purpose_and_without_consent(ran):
    unsaid, unpermitted = jsons(ran('curl -sS -H "Authorization: Bearer $TOKEN" "$FIRM/profile" '))

    assert (unsaid["status"], unsaid["code"]) == (422, "invalid-parameters")
    assert (unpermitted["status"], unpermitted["code"]) == (403, "consent-required")


def test_a_bank_reads_with_a_consent_and_sees_its_queries(ran):
    (consent,) = jsons(ran("/v1/consents"))
    assert consent["state"] == "active"

    profile, score, report = jsons(ran("include=provenance"))
    assert profile["groups"]["registration"]["status"] == "available"
    assert profile["groups"]["tax"]["status"] in {"available", "stale"}  # by the day on which the test runs
    assert profile["groups"]["utility"]["status"] == "not-permitted"
    assert (score["status"], score["reasons"]) == ("not-rated", ["coverage-below-floor"])
    assert report["score"] == score

    (queries,) = jsons(ran("/v1/queries"))
    assert len(queries["items"]) == 4
