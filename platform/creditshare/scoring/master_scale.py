"""The master scale: from score to probability of default to grade.

The limits of PD per grade are the one source of truth. The score says the odds: 740 points stand for 99 to 1 (PD 1 %),
40 more double them. A PD is written with four decimals, rounded up, so that a written PD lies within a grade's limit
exactly when the real one does. The table is worked out in decimal arithmetic when a model is made, lies in the model's
file, and is only looked up when a firm is scored: logarithms differ between processors.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, Context, Decimal
from itertools import pairwise

import msgspec

CONTEXT = Context(prec=50)
FOUR_PLACES = Decimal("0.0001")
IN_DEFAULT = "1.0000"


class GradeFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One grade: the highest PD it admits, and its name in both languages."""

    grade: str
    pd_at_most: str
    zh: str
    en: str


class MasterScaleFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What stands in `config/master_scale.json`, grades from best to worst, the grade of default last."""

    id: str
    anchor_score: int
    anchor_odds: int
    points_to_double_odds: int
    lowest_score: int
    highest_score: int
    default_grade: str
    grades: tuple[GradeFile, ...]


@dataclass(frozen=True, slots=True)
class MasterScale:
    """The scale in use: the PD of each score, and the grades from best to worst."""

    lowest: int
    highest: int
    default_grade: str
    grades: tuple[str, ...]
    pd_by_score: Mapping[int, str]
    grade_by_score: Mapping[int, str]

    def worse(self, first: str, second: str) -> str:
        """Return the worse of two grades."""
        return max(first, second, key=self.grades.index)


def pd_table(file: MasterScaleFile) -> dict[int, str]:
    """Work out the PD of every score of the scale."""
    return {score: _pd(file, score) for score in range(file.lowest_score, file.highest_score + 1)}


def build_scale(file: MasterScaleFile, pd_by_score: Mapping[int, str]) -> MasterScale:
    """Make the scale over a table of PDs; raises ValueError naming what does not fit."""
    faults = list(_faults(file))
    if faults:
        raise ValueError("; ".join(faults))
    expected = pd_table(file)
    if dict(pd_by_score) != expected:
        wrong = sorted(score for score in expected if pd_by_score.get(score) != expected[score])
        strays = sorted(pd_by_score.keys() - expected.keys())
        raise ValueError(f"pd_by_score does not follow from the scale at {(wrong + strays)[:5]}")
    rated = [grade for grade in file.grades if grade.grade != file.default_grade]
    grades = {
        score: next(grade.grade for grade in rated if Decimal(pd) <= Decimal(grade.pd_at_most))
        for score, pd in expected.items()
    }
    return MasterScale(
        lowest=file.lowest_score,
        highest=file.highest_score,
        default_grade=file.default_grade,
        grades=tuple(grade.grade for grade in file.grades),
        pd_by_score=expected,
        grade_by_score=grades,
    )


def _pd(file: MasterScaleFile, score: int) -> str:
    doublings = CONTEXT.divide(Decimal(score - file.anchor_score), Decimal(file.points_to_double_odds))
    odds = CONTEXT.multiply(Decimal(file.anchor_odds), CONTEXT.power(Decimal(2), doublings))
    probability = CONTEXT.divide(Decimal(1), CONTEXT.add(odds, Decimal(1)))
    return str(probability.quantize(FOUR_PLACES, rounding=ROUND_CEILING))


def _faults(file: MasterScaleFile) -> list[str]:
    names = [grade.grade for grade in file.grades]
    limits = [Decimal(grade.pd_at_most) for grade in file.grades]
    faults = []
    if len(set(names)) != len(names):
        faults.append("a grade is named twice")
    if names[-1:] != [file.default_grade]:
        faults.append("the last grade is not the grade of default")
    if any(later <= earlier for earlier, later in pairwise(limits[:-1])):
        faults.append("pd_at_most does not rise from grade to grade")
    if limits[-2:] != [Decimal(1), Decimal(1)]:
        faults.append("the last two grades must admit every PD")
    if not file.lowest_score < file.anchor_score < file.highest_score or file.points_to_double_odds <= 0:
        faults.append("the scores are out of order")
    return faults
