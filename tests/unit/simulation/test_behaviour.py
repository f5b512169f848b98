"""The hidden quality: it shows in the files, and it decides who defaults."""

from datetime import date

import polars as pl
import pytest

from creditshare.simulation.block import Block
from creditshare.simulation.dirt import Dirt
from creditshare.simulation.draw import Draw
from creditshare.simulation.sources import court, ecology
from creditshare.simulation.window import Window

from .conftest import UNTIL

FIRMS = 6000


@pytest.fixture(scope="module")
def block():
    return Block(Draw(11), Window(UNTIL, 36), Dirt.none(), first=1, count=FIRMS)


def rate(frame, condition):
    chosen = frame.filter(condition)
    return chosen["defaulted"].mean()


def test_a_few_in_a_hundred_default_and_the_weak_far_more_often(block):
    firms = block.firms.filter("trades_on")

    assert 0.025 < firms["defaulted"].mean() < 0.06
    assert rate(firms, pl.col("quality") < 250) > 4 * rate(firms, pl.col("quality") >= 500)
    assert rate(firms, pl.col("depth") > 0) > 3 * rate(firms, pl.col("depth") == 0)


def test_nothing_but_quality_and_decline_decides(block):
    firms = block.firms.filter("trades_on")
    by_kind = firms.group_by("kind").agg(pl.col("defaulted").mean(), pl.len()).filter(pl.col("len") > 500)

    assert by_kind["defaulted"].max() < 1.7 * by_kind["defaulted"].min()


def test_those_who_default_paid_later_and_shrank(dirty):
    outcomes = dirty.read("truth/outcomes.csv")
    filings = (
        dirty.read("tax/tax-filing.csv")
        .filter(pl.col("period_end") >= "2026-01-01", pl.col("tax_type") == "增值税")
        .join(outcomes, on="uscc")
        .with_columns(late=pl.col("paid_on").is_null() | (pl.col("paid_on") > pl.col("due_on")))
    )
    late = dict(filings.group_by("defaulted").agg(pl.col("late").mean()).iter_rows())

    assert late["1"] > 2 * late["0"]


def test_enforcement_follows_quality_and_lawsuits_do_not(block):
    (sheet,) = court.sheets(block)
    cases = sheet.rows.join(block.firms.select("uscc", "quality"), on="uscc")
    enforced, sued = (
        cases.filter((pl.col("list") == "lawsuit") == is_suit)["quality"] for is_suit in (False, True)
    )

    assert enforced.mean() < 400
    assert 450 < sued.mean() < 550


def test_colours_follow_the_published_distribution():
    block = Block(Draw(2), Window(UNTIL, 36), Dirt.none(), first=1, count=3 * FIRMS)
    colours = next(iter(ecology.sheets(block))).rows["colour"]
    shares = {colour: (colours == colour).mean() for colour in ("red", "yellow", "blue", "green")}

    assert shares["red"] == pytest.approx(0.0245, abs=0.012)
    assert shares["yellow"] == pytest.approx(0.1000, abs=0.025)
    assert shares["blue"] == pytest.approx(0.7368, abs=0.035)
    assert shares["green"] == pytest.approx(0.1387, abs=0.025)
    assert len(colours) / block.firms.height < 0.2


def test_most_firms_are_micro(block):
    sizes = block.firms["size"]

    assert 0.84 < (sizes == 0).mean() < 0.92
    assert (sizes == 3).mean() < 0.01


def test_business_dips_at_the_spring_festival(block):
    means = block.months.group_by("month").agg(pl.col("activity").mean())
    activity = dict(means.iter_rows())

    assert activity["2025-01"] < 0.75 * activity["2025-03"]  # festival on 29 January 2025
    assert activity["2024-02"] < 0.75 * activity["2024-03"]  # 10 February 2024
    assert activity["2026-02"] < activity["2026-01"] < activity["2026-03"]


def test_names_are_unique(block):
    assert block.firms["name"].is_unique().all()
    assert block.firms["former_name"].drop_nulls().is_unique().all()
    assert not set(block.firms["former_name"].drop_nulls()) & set(block.firms["name"])


def test_a_closed_firm_falls_silent(block):
    months = block.months.join(block.firms.select("n", "closed").drop_nulls(), on="n")

    assert months.height > 0
    assert months.filter(pl.col("first") > pl.col("closed")).is_empty()


@pytest.mark.parametrize(
    ("until", "months", "first", "last"),
    [
        (date(2026, 11, 22), 36, "2023-11", "2026-10"),
        (date(2026, 1, 31), 2, "2025-11", "2025-12"),
        (date(2024, 3, 1), 1, "2024-02", "2024-02"),
    ],
)
def test_the_window_ends_before_the_month_that_is_not_over(until, months, first, last):
    frame = Window(until, months).frame()

    assert frame["month"].to_list()[0] == first
    assert frame["month"].to_list()[-1] == last
    assert frame.height == months
