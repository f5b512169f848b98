"""Score directions and discrimination: do points move as real outcomes do?

109,043 firms with an exit label in the two years after their records. Registers, courts, awards and qualifications go
through the product's own frames and features; each bin of the card in use is compared with the exits of its firms.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from itertools import pairwise
from math import sqrt
from typing import Any
from uuid import UUID

import polars as pl

from bench.figures.folder import SetAbsent, table
from bench.figures.quality import Measured, Share, Z
from bench.figures.sources import awards, dishonest_debtors, lawsuits, qualifications
from config import ROOT
from creditshare.profiles.frames import FrameLoader
from creditshare.profiles.versions import Reading, VersionReader
from creditshare.resources.catalogue import ALL_KINDS, KINDS, load_catalogue
from creditshare.resources.feature_catalogue import FEATURES
from creditshare.scoring.feature_row import compute_features
from creditshare.scoring.model import load_model
from creditshare.scoring.scorecard import Characteristic

AS_OF = date(2015, 9, 1)  # the records end in August 2015
SEEN = ("op_dishonest_36m", "op_lawsuits_36m", "op_awards_36m", "tt_qualifications")
ENOUGH_FIRMS = 30
ENDLESS = 10**9
DAYS = frozenset({"filed_on", "ended_on", "performed_on", "awarded_on", "issued_on", "expires_on"})


def measure_directions() -> tuple[Measured, dict[str, object]]:
    """Return exits per bin with how often points and outcomes agree in sign, and how well the points tell exits."""
    try:
        return _measure()
    except SetAbsent as error:
        return Measured([], [str(error)]), {"absent": [str(error)]}


def _measure() -> tuple[Measured, dict[str, object]]:
    exits = {row["EID"]: row["TARGET"] == "1" for row in table("bdci2017_business_exit/train.csv.gz")}
    values = _values(exits)
    base = sum(exits.values()) / len(exits)
    card = {each.feature: each for each in load_model(ROOT / "config").card.characteristics}
    bins = [Share("all firms", sum(exits.values()), len(exits), "exit rate")]
    agreeing = judged = 0
    for code in SEEN:
        for low, high, gain in _bins(card.get(code)):
            found = _share(values, code, low, high, gain)
            if not found.cases:
                continue
            bins.append(found)
            if gain and found.cases >= ENOUGH_FIRMS:
                judged += 1
                agreeing += (gain > 0) == (found.hits / found.cases < base)
    agreement = Share(
        "bins whose sign agrees", agreeing, judged, f"of bins with {ENOUGH_FIRMS} firms or more"
    )
    return Measured([*bins, agreement], []), _discrimination(values, exits, card)


def _bins(characteristic: Characteristic | None) -> Iterator[tuple[int, int, int | None]]:
    """Yield lower edge, upper edge and points above the average; a feature off the card has none and any."""
    if characteristic is None:
        yield from ((0, 1, None), (1, 2, None), (2, 3, None), (3, ENDLESS, None))
        return
    for low, high in pairwise([0, *characteristic.edges, ENDLESS]):
        yield low, high, characteristic.points_for(low) - characteristic.missing


def _share(values: pl.DataFrame, code: str, low: int, high: int, gain: int | None) -> Share:
    inside = values.filter(pl.col("code") == code, pl.col("value").is_between(low, high, closed="left"))
    until = "" if high == low + 1 else f"–{high - 1}" if high < ENDLESS else " or more"
    said = "not on the card" if gain is None else f"{gain:+d} points against the average"
    return Share(f"{code} {low}{until}", int(inside["exits"].sum()), len(inside), said, {"points": gain})


def _discrimination(
    values: pl.DataFrame, exits: Mapping[str, bool], card: Mapping[str, Characteristic]
) -> dict[str, object]:
    """Return the AUC of the points that the seen characteristics give, with Hanley and McNeil's 95 % interval."""
    points = [sum(card[code].missing for code in SEEN if code in card)] * len(exits)
    for firm, code, value in values.select("firm", "code", "value").iter_rows():
        if code in card:
            points[firm] += card[code].points_for(value) - card[code].missing
    ranked = pl.DataFrame({"points": points, "exits": list(exits.values())}).with_columns(
        rank=pl.col("points").rank("average")
    )
    gone = int(ranked["exits"].sum())
    stayed = len(ranked) - gone
    staying = float(ranked.filter(~pl.col("exits"))["rank"].sum())
    auc = (staying - stayed * (stayed + 1) / 2) / (stayed * gone)
    q1, q2 = auc / (2 - auc), 2 * auc * auc / (1 + auc)
    error = sqrt(
        (auc * (1 - auc) + (gone - 1) * (q1 - auc**2) + (stayed - 1) * (q2 - auc**2)) / (gone * stayed)
    )
    return {
        "auc": round(auc, 4),
        "interval": [round(auc - Z * error, 4), round(auc + Z * error, 4)],
        "firms": len(ranked),
        "exits": gone,
        "characteristics": [code for code in SEEN if code in card],
    }


def _values(exits: Mapping[str, bool]) -> pl.DataFrame:
    """Compute the features: `firm` (place), `code`, `value`, `exits`."""
    place = {firm: number for number, firm in enumerate(exits)}
    cases = [*dishonest_debtors(), *lawsuits()]
    for case in cases:
        case["performed_on"] = case.pop("ended_on", "")
    records = {
        "registration": [{"subject_no": firm, "firm_name": firm} for firm in place],
        "court-enforcement": cases,
        "award": list(awards()),
        "qualification": [{**row, "source_key": str(n)} for n, row in enumerate(qualifications())],
    }
    versions = {kind: _versions(kind, rows, place) for kind, rows in records.items()}
    loader = FrameLoader(ALL_KINDS, load_catalogue(ROOT / "config", date(2026, 11, 22)))
    reading = Reading(
        [UUID(int=number) for number in place.values()], AS_OF, datetime(2026, 11, 22, tzinfo=UTC)
    )
    found = compute_features(loader.settle(versions, reading).frames, [FEATURES[code] for code in SEEN])
    labels = pl.DataFrame(
        {"firm": list(place.values()), "exits": list(exits.values())},
        schema={"firm": pl.Int32, "exits": pl.Boolean},
    )
    return found.join(labels, on="firm")


def _versions(kind: str, rows: list[dict[str, Any]], place: Mapping[str, int]) -> pl.DataFrame:
    schema = VersionReader(KINDS[kind]).nothing(provenance=False).schema
    filled = [
        {
            "participant": "source",
            "revised_at": datetime(2015, 8, 31, tzinfo=UTC),
            "withdrawn": False,
            "record": hashlib.sha256(f"{kind} {number}".encode()).digest(),
            "firm": place[row["subject_no"]],
            **{
                name: _first_day(value) if name in DAYS else value
                for name, value in row.items()
                if name in KEPT
            },
        }
        for number, row in enumerate(rows)
        if row["subject_no"] in place
        and not (kind == "court-enforcement" and _first_day(row["filed_on"]) is None)
    ]
    return pl.DataFrame(filled, schema=schema, orient="row")


KEPT = DAYS | {"firm_name", "list", "case_no", "project_no", "scheme", "source_key"}


def _first_day(month: str) -> date | None:
    """Return the first day of a month like 2014-08; a source without one leaves it out."""
    year, _, number = month.partition("-")
    return date(int(year), int(number), 1) if number else None
