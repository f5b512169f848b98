"""The verbs of the project: `make` lists them, and what CI runs is what the README tells a newcomer to run."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from config import ROOT

TARGETS = {"demo", "test", "serve", "bench", "figures", "lint"}
VERBS = {"serve", "worker", "demo", "db", "client", "kinds", "ingest", "score", "simulate"}


def makefile():
    return (ROOT / "Makefile").read_text(encoding="utf-8")


def test_make_alone_lists_the_targets_of_the_contract():
    listed = subprocess.run(
        ["make", "--no-print-directory"], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert {line.split()[0] for line in listed.stdout.splitlines()} >= TARGETS


@pytest.mark.parametrize("target", sorted(TARGETS))
def test_each_target_makes_its_virtual_environment(target):
    rule = re.search(rf"^{target}:(.*?)##", makefile(), re.MULTILINE)

    assert rule is not None
    assert rule[1].strip() in {".venv/installed", ".venv/developed"}


def test_ci_runs_the_commands_of_the_readme_and_nothing_else():
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    commands = [line for line in script if line and not line.startswith(("#", "set -", "cd "))]

    assert {"make lint", "make test"} <= set(commands)
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [command for command in commands if command not in readme] == []


def test_the_command_line_has_its_verbs_and_each_shows_examples():
    program = Path(sys.prefix) / "bin" / "creditshare"
    shown = subprocess.run([program, "--help"], cwd="/", capture_output=True, text=True, check=True).stdout
    listed = set(re.findall(r"^  ([a-z]+) ", shown.partition("Commands:")[2], re.MULTILINE))

    assert listed >= VERBS


@pytest.mark.parametrize("verb", sorted(VERBS - {"demo"}))
def test_each_verb_shows_an_example(verb):
    program = Path(sys.prefix) / "bin" / "creditshare"

    shown = subprocess.run([program, verb, "--help"], cwd="/", capture_output=True, text=True, check=True)

    assert f"creditshare {verb}" in shown.stdout.partition("Example")[2]
