"""The frame of `make bench`: that every figure can be measured, and that the JSON has the contract's shape."""

import json
import os
import subprocess
import sys

import pytest

from bench.figure import Figure, table
from bench.figures.quality import wilson
from config import ROOT

FIELDS = {"value", "limit", "ratio", "unit", "firms", "seconds"}


def run(folder, *arguments, module="bench", **environ):
    return subprocess.run(
        [sys.executable, "-m", module, "--folder", str(folder), *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONUTF8": "1", **environ},
        check=False,
        timeout=240,
    )


def test_figures_have_the_shape_of_the_contract_and_nothing_stays_behind(tmp_path):
    ran = run(tmp_path, "--quick", "--firms", "12", "--only", "ingest,refresh,report_read,match")

    assert ran.returncode == 0, ran.stdout + ran.stderr
    figures = json.loads((tmp_path / "bench.json").read_text(encoding="utf-8"))
    assert list(figures) == ["ingest", "refresh", "report_read"]
    for figure in figures.values():
        assert set(figure) == FIELDS
        assert figure["value"] > 0
        assert figure["limit"] > 0
        assert figure["ratio"] == pytest.approx(figure["value"] / figure["limit"], rel=0.01)
    assert {path.name for path in tmp_path.iterdir()} == {"bench.json"}
    assert "not built yet" in ran.stdout


def test_a_figure_that_is_unknown_is_named(tmp_path):
    ran = run(tmp_path, "--only", "speed")

    assert ran.returncode == 2
    assert "unknown: speed" in ran.stderr


def test_help_has_examples(tmp_path):
    assert "make bench FIRMS=" in run(tmp_path, "--help").stdout


def test_sets_of_real_data_that_are_absent_are_named_and_left_out(tmp_path):
    ran = run(tmp_path, module="bench.figures", CREDITSHARE_REALDATA=str(tmp_path / "nowhere"))

    assert ran.returncode == 0, ran.stdout + ran.stderr
    figures = json.loads((tmp_path / "figures.json").read_text(encoding="utf-8"))
    assert set(figures) == {"identifiers", "natural_keys", "linking", "directions", "discrimination"}
    assert all("nowhere" in part["absent"][0] for part in figures.values())
    assert "left out" in ran.stdout


def test_of_times_less_is_better():
    slow = Figure("push_to_score", 2.0, 0.5, "s, p95", 10, 1.0, "10 records", is_time=True)

    assert slow.ratio == 0.25
    assert "0.25" in table([slow], [("match", "not built yet")])


@pytest.mark.parametrize(
    ("hits", "cases", "low", "high"),
    [
        pytest.param(10, 10, 0.722, 1.0, id="all of ten"),
        pytest.param(0, 10, 0.0, 0.278, id="none of ten"),
        pytest.param(50, 100, 0.404, 0.596, id="half of a hundred"),
        pytest.param(0, 0, 0.0, 1.0, id="nothing known"),
    ],
)
def test_wilson_interval(hits, cases, low, high):
    assert wilson(hits, cases) == pytest.approx((low, high), abs=0.001)
