"""Scores one firm: from what a reader may use of its feature row to the body that is stored and served.

Pure, integers throughout. Who stores a score adds ids and moments; everything else stands here, and is the same to the
byte whenever it is computed again from the same inputs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from creditshare.core.money import two_places
from creditshare.resources.feature_catalogue import Access
from creditshare.resources.groups import SEVEN_GROUPS, ResourceGroup
from creditshare.scoring.canonical import canonical, sha256
from creditshare.scoring.caps import applying
from creditshare.scoring.confidence import NotRated, confidence
from creditshare.scoring.feature_row import FeatureRow, FeatureValue, read_row
from creditshare.scoring.master_scale import IN_DEFAULT
from creditshare.scoring.model import ScoringModel
from creditshare.scoring.reasons import Direction
from creditshare.scoring.scorecard import Characteristic

Body = dict[str, Any]
ORDER = (
    "status",
    "reasons",
    "score",
    "grade",
    "uncapped_grade",
    "pd",
    "confidence",
    "coverage",
    "groups_used",
    "base_points",
    "subtotals",
    "factors",
    "caps",
    "model",
    "input_sha256",
)


@dataclass(frozen=True, slots=True)
class Score:
    """A score as computed: its body without ids and moments, and the canonical inputs from which it follows."""

    body: Body
    inputs: bytes

    @property
    def is_rated(self) -> bool:
        """Say whether there is a grade."""
        return bool(self.body["status"] == "rated")

    @property
    def input_sha256(self) -> str:
        """Return the hash of the inputs."""
        return str(self.body["input_sha256"])


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a score is computed from: only what the model reads and the reader may use."""

    row: FeatureRow
    coverage: Mapping[ResourceGroup, int]
    groups_used: tuple[ResourceGroup, ...]
    conflict: bool

    def written(self) -> bytes:
        """Write the inputs as canonical bytes."""
        return canonical(
            {
                "conflict": self.conflict,
                "coverage": {group.value: share for group, share in self.coverage.items()},
                "features": {code: [found.value, *found.evidence] for code, found in self.row.items()},
                "groups_used": [group.value for group in self.groups_used],
            }
        )


def score_firm(
    model: ScoringModel,
    row: FeatureRow,
    *,
    access: Access,
    coverage: Mapping[ResourceGroup, int],
    conflict: bool = False,
) -> Score:
    """Score a firm for a reader.

    `row`: all its features; `coverage`: millionths by group, of everything there is; `conflict`: two sources give its
    code to different names. What `access` does not cover counts as missing.
    """
    used = {code: row[code] for code in sorted(model.features & access.features & row.keys())}
    shown = {group: coverage.get(group, 0) if group in access.whole_groups else 0 for group in SEVEN_GROUPS}
    others = {group: coverage.get(group, 0) for group in access.groups if group not in shown}
    groups_used = tuple(group for group in ResourceGroup if group in access.groups)
    return _score(model, Inputs(used, shown | others, groups_used, conflict))


def replay(model: ScoringModel, inputs: bytes) -> Score:
    """Compute a stored score again from its stored inputs."""
    stored = orjson.loads(inputs)
    return _score(
        model,
        Inputs(
            row=read_row(canonical(stored["features"])),
            coverage={ResourceGroup(group): share for group, share in stored["coverage"].items()},
            groups_used=tuple(ResourceGroup(group) for group in stored["groups_used"]),
            conflict=stored["conflict"],
        ),
    )


def pending(model: ScoringModel, groups: frozenset[ResourceGroup]) -> Body:
    """Return the body for a known firm that was not scored yet."""
    nothing = Inputs(
        {}, dict.fromkeys(SEVEN_GROUPS, 0), tuple(g for g in ResourceGroup if g in groups), False
    )
    return _ordered(_frame(model, nothing, nothing.written()) | _not_rated((NotRated.PENDING,)))


def _score(model: ScoringModel, inputs: Inputs) -> Score:
    written = inputs.written()
    frame = _frame(model, inputs, written)
    reasons = model.not_rated.reasons(inputs.row, conflict=inputs.conflict)
    found = _not_rated(reasons) if reasons else _rated(model, inputs)
    return Score(_ordered(frame | found), written)


def _ordered(body: Body) -> Body:
    """Put the answer first and what it rests on last, for people who read it."""
    return {name: body[name] for name in ORDER if name in body}


def _frame(model: ScoringModel, inputs: Inputs, written: bytes) -> Body:
    return {
        "coverage": {
            group.value: two_places(inputs.coverage[group])
            for group in ResourceGroup
            if group in inputs.coverage
        },
        "groups_used": [group.value for group in inputs.groups_used],
        "model": {"id": model.id, "version": model.version, "sha256": model.sha256},
        "input_sha256": sha256(written),
    }


def _not_rated(reasons: tuple[NotRated, ...]) -> Body:
    return {"status": "not-rated", "reasons": [reason.value for reason in reasons]}


def _rated(model: ScoringModel, inputs: Inputs) -> Body:
    row, card, scale = inputs.row, model.card, model.scale
    earned = [(each, row.get(each.feature)) for each in card.characteristics]
    factors = [_factor(model, each, found) for each, found in earned]
    points = card.base_points + sum(factor["points"] for factor in factors)
    score = max(points, scale.lowest)
    caps = applying(model.caps, row, scale)
    uncapped = scale.grade_by_score[score]
    grade = scale.worse(uncapped, caps[0].grade) if caps else uncapped
    return {
        "status": "rated",
        "score": score,
        "grade": grade,
        "uncapped_grade": uncapped,
        "pd": IN_DEFAULT if grade == scale.default_grade else scale.pd_by_score[score],
        "confidence": two_places(confidence(card, row, inputs.coverage)),
        "base_points": card.base_points,
        "subtotals": _subtotals(card.characteristics, factors),
        "factors": [
            factor for _, factor in sorted(zip(card.characteristics, factors, strict=True), key=_weightiest)
        ],
        "caps": [
            {
                "code": cap.code,
                "grade": cap.grade,
                "text": model.reasons.caps[cap.code].zh,
                "evidence": list(row[cap.feature].evidence),
            }
            for cap in caps
        ],
    }


def _factor(model: ScoringModel, characteristic: Characteristic, found: FeatureValue | None) -> Body:
    points = characteristic.points_for(None if found is None else found.value)
    direction = _direction(characteristic, points, known=found is not None)
    return {
        "code": characteristic.code,
        "text": model.reasons.factors[characteristic.code].by_direction(direction).zh,
        "points": points,
        "max_points": characteristic.most,
        "direction": direction.value,
        "evidence": [] if found is None else list(found.evidence),
    }


def _direction(characteristic: Characteristic, points: int, *, known: bool) -> Direction:
    """Compare with the average; where rounding hides the difference, the best bin is still good, the worst bad."""
    if not known:
        return Direction.MISSING
    if points > characteristic.missing or points == characteristic.most:
        return Direction.POSITIVE
    if points < characteristic.missing or points == characteristic.least:
        return Direction.NEGATIVE
    return Direction.NEUTRAL


def _weightiest(judged: tuple[Characteristic, Body]) -> tuple[bool, int, int, str]:
    """Put what moved the score furthest from the average first, losses before gains, what is missing last."""
    characteristic, factor = judged
    gain = factor["points"] - characteristic.missing
    return (factor["direction"] == Direction.MISSING, -abs(gain), gain, characteristic.code)


def _subtotals(characteristics: tuple[Characteristic, ...], factors: list[Body]) -> Body:
    """Add up points by group, so that each group's share in the score can be seen."""
    totals: dict[str, dict[str, int]] = {}
    for characteristic, factor in zip(characteristics, factors, strict=True):
        total = totals.setdefault(characteristic.group.value, {"points": 0, "max_points": 0})
        total["points"] += factor["points"]
        total["max_points"] += factor["max_points"]
    return totals
