"""Whether points move the way real outcomes do: 109,043 firms with an exit label in the two years after the records.

Firms, records and labels go through the product's own frames and features (folder: CREDITSHARE_REALDATA).
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import os
from datetime import UTC, date, datetime
from itertools import pairwise
from pathlib import Path
from uuid import UUID

import polars as pl
import pytest

from creditshare.profiles.versions import Reading, VersionReader
from creditshare.resources.catalogue import KINDS
from creditshare.resources.feature_catalogue import FEATURES
from creditshare.scoring.feature_row import compute_features
from creditshare.scoring.model import load_model
from tests.factories.frames import CONFIG, NOON, loader

FOLDER = (
    Path(os.environ.get("CREDITSHARE_REALDATA", CONFIG.parent.parent / "shared" / "data"))
    / "bdci2017_business_exit"
)
AS_OF = date(2015, 9, 1)  # the records end in August 2015
SEEN = ("op_dishonest_36m", "op_lawsuits_36m", "op_awards_36m", "tt_qualifications")
ENOUGH_FIRMS = 150

pytestmark = pytest.mark.skipif(
    not FOLDER.is_dir(), reason=f"no real data at {FOLDER} (CREDITSHARE_REALDATA)"
)


def rows(name):
    with gzip.open(FOLDER / f"{name}.csv.gz", "rt", encoding="utf-8-sig", newline="") as file:
        yield from csv.DictReader(file)


def month(text):
    """Read 2014-08 or 2014年8月 as the month's first day."""
    parts = text.replace("年", "-").replace("月", "").split("-")
    return date(int(parts[0]), int(parts[1]), 1) if len(parts) > 1 else None


@pytest.fixture(scope="module")
def outcomes():
    return {row["EID"]: row["TARGET"] == "1" for row in rows("train")}


@pytest.fixture(scope="module")
def values(outcomes):
    """Return, per feature, the value of every firm that has one."""
    place = {firm: number for number, firm in enumerate(outcomes)}
    records = {
        "registration": ({"firm": number, "firm_name": firm} for firm, number in place.items()),
        "court-enforcement": _cases(place),
        "award": (
            {"firm": place[row["EID"]], "project_no": row["TYPECODE"], "awarded_on": month(row["DJDATE"])}
            for row in rows("6project")
            if row["EID"] in place
        ),
        "qualification": (
            {
                "firm": place[row["EID"]],
                "scheme": "other",
                "issued_on": month(row["BEGINDATE"]),
                "expires_on": month(row["EXPIRYDATE"]),
                "source_key": str(number),
            }
            for number, row in enumerate(rows("10qualification"))
            if row["EID"] in place
        ),
    }
    versions = {kind: _versions(kind, found) for kind, found in records.items()}
    reading = Reading([UUID(int=number) for number in place.values()], AS_OF, NOON)
    settled = loader().settle(versions, reading).frames
    table = compute_features(settled, [FEATURES[code] for code in SEEN])
    labels = pl.DataFrame({"firm": list(place.values()), "exits": list(outcomes.values())})
    return table.join(labels, on="firm")


def _cases(place):
    for name, listed, since, until in (
        ("8breakfaith", "dishonest", "FBDATE", "SXENDDATE"),
        ("7lawsuit", "lawsuit", "LAWDATE", None),
    ):
        for row in rows(name):
            if row["EID"] in place and month(row[since]):
                ended = month(row[until]) if until and row[until] else None
                yield {
                    "firm": place[row["EID"]],
                    "list": listed,
                    "case_no": row["TYPECODE"],
                    "filed_on": month(row[since]),
                    "performed_on": ended,
                }


def _versions(kind, found):
    envelope = {
        "participant": "source",
        "revised_at": datetime(2015, 8, 31, tzinfo=UTC),
        "withdrawn": False,
    }
    filled = [
        envelope | row | {"record": hashlib.sha256(f"{kind} {number}".encode()).digest()}
        for number, row in enumerate(found)
    ]
    schema = VersionReader(KINDS[kind]).nothing(provenance=False).schema
    return pl.DataFrame(filled, schema=schema, orient="row")


def rate(values, code, *, at_least, below=10**9):
    """Return the share of firms in a bin that exit, and how many firms that are."""
    inside = values.filter(pl.col("code") == code, pl.col("value").is_between(at_least, below, closed="left"))
    return inside["exits"].mean(), len(inside)


@pytest.fixture(scope="module")
def base_rate(outcomes):
    return sum(outcomes.values()) / len(outcomes)


def test_repeated_enforcement_is_worse_than_none_and_a_single_lawsuit_means_nothing(values, base_rate):
    repeated, firms = rate(values, "op_dishonest_36m", at_least=2)
    one_lawsuit, others = rate(values, "op_lawsuits_36m", at_least=1, below=2)

    assert firms > 200
    assert repeated > 1.4 * base_rate
    assert others > 1000
    assert one_lawsuit < base_rate


@pytest.mark.parametrize("code", ["op_awards_36m", "tt_qualifications"])
def test_positive_records_go_with_a_fraction_of_the_exits(values, base_rate, code):
    found, firms = rate(values, code, at_least=1)

    assert firms > 900
    assert found < base_rate / 3


def test_points_move_as_the_outcomes_do(values, base_rate):
    """Wherever a bin of the card holds enough firms, more points than the average go with fewer exits."""
    card = {each.feature: each for each in load_model(CONFIG).card.characteristics}
    judged = []
    for code in SEEN:
        edges = [-1, *card[code].edges, 10**9] if code in card else []
        for low, high in pairwise(edges):
            exits, firms = rate(values, code, at_least=low, below=high)
            gain = card[code].points_for(low) - card[code].missing
            if firms >= ENOUGH_FIRMS and gain:
                judged.append((code, low, gain > 0, exits < base_rate))

    assert {code for code, *_ in judged} == {"op_dishonest_36m", "op_awards_36m"}
    assert all(better == fewer for *_, better, fewer in judged), judged
