"""The verbs of the project: `make` lists them, and what CI runs is what the README tells a newcomer to run."""

import re
import subprocess

import pytest

from config import ROOT

TARGETS = {"demo", "test", "serve", "bench", "figures", "lint"}


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
