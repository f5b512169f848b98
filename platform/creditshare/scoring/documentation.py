"""Fills the tables of docs/scoring.md from model and features: `python -m creditshare.scoring.documentation FILE`."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from creditshare.resources.feature_catalogue import BY_GROUP, FEATURES
from creditshare.scoring.caps import Cap
from creditshare.scoring.model import ScoringModel, load_model
from creditshare.scoring.scorecard import Characteristic

CONFIG = Path(__file__).resolve().parents[3] / "config"
SECTION = re.compile(r"(<!-- table: ([a-z-]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def filled(text: str, model: ScoringModel) -> str:
    """Return the text with every table between its marks written anew."""
    tables = {
        "groups": _groups,
        "characteristics": _characteristics,
        "caps": _caps,
        "scale": _scale,
        "not-rated": _not_rated,
        "features": _features,
    }
    return SECTION.sub(
        lambda found: found[1] + "\n" + "\n".join(tables[found[2]](model)) + "\n\n" + found[3], text
    )


def _groups(model: ScoringModel) -> Iterator[str]:
    yield from _head("group", "characteristics", "points", "share of the card")
    for group in BY_GROUP:
        members = [each for each in model.card.characteristics if each.group == group]
        if members:
            weight = sum(each.weight for each in members)
            share = f"{100 * weight // model.card.weight} %"
            yield _line(
                f"`{group}`",
                len(members),
                f"{sum(e.least for e in members)}–{sum(e.most for e in members)}",
                share,
            )


def _characteristics(model: ScoringModel) -> Iterator[str]:
    yield from _head("code", "what it looks at", "feature", "points by bin", "not known")
    for each in model.card.characteristics:
        title = model.reasons.factors[each.code].title
        yield _line(
            f"`{each.code}`",
            f"{title.zh} {title.en}",
            f"`{each.feature}`",
            "; ".join(_bins(each)),
            each.missing,
        )


def _bins(characteristic: Characteristic) -> Iterator[str]:
    unit = FEATURES[characteristic.feature].unit
    lower = [None, *characteristic.edges]
    for edge, found in zip(lower, characteristic.bins, strict=True):
        where = f"below {_shown(found.below or 0, unit)}" if edge is None else f"from {_shown(edge, unit)}"
        yield f"{where}: {found.points}"


def _shown(value: int, unit: str) -> str:
    if unit == "millionths":
        return f"{value / 1_000_000:g}"
    return f"{value // 100:,} yuan" if unit == "fen" else str(value)


def _caps(model: ScoringModel) -> Iterator[str]:
    yield from _head("code", "what it says", "condition", "best grade left")
    for cap in model.caps:
        words = model.reasons.caps[cap.code]
        yield _line(f"`{cap.code}`", f"{words.zh} {words.en}", _condition(cap), cap.grade)


def _condition(cap: Cap) -> str:
    limit = f"≥ {cap.at_least}" if cap.at_least is not None else "= " + " or ".join(map(str, cap.any_of))
    return f"`{cap.feature}` {limit}"


def _scale(model: ScoringModel) -> Iterator[str]:
    scale = model.scale
    yield from _head("grade", "score", "PD in one year")
    highest = scale.highest
    bounds = [
        score
        for score, below in pairwise(range(scale.highest, scale.lowest - 1, -1))
        if _differ(model, score, below)
    ]
    for lowest in [*bounds, scale.lowest]:
        yield _line(
            scale.grade_by_score[lowest],
            f"{lowest}–{highest}",
            f"{scale.pd_by_score[highest]} to {scale.pd_by_score[lowest]}",
        )
        highest = lowest - 1
    yield _line(scale.default_grade, "by rule", "1.0000")


def _differ(model: ScoringModel, score: int, below: int) -> bool:
    return model.scale.grade_by_score[score] != model.scale.grade_by_score[below]


def _not_rated(model: ScoringModel) -> Iterator[str]:
    rules, floor = model.not_rated, model.not_rated.floor
    conditions = {
        "pending": "known, never scored",
        "terminal-status": f"`{rules.status_feature}` = {' or '.join(map(str, rules.terminal))}",
        "dormant": f"`{rules.status_feature}` = {' or '.join(map(str, rules.dormant))}",
        "identity-conflict": "two participants' current names on one code, until judged",
        "too-young": f"`{rules.age_feature}` below {rules.youngest_months}",
        "coverage-below-floor": f"no registration, or fewer than {floor.at_least} of "
        + ", ".join(f"`{name}`" for name in floor.features)
        + f" at {floor.months} months or more",
    }
    yield from _head("reason", "what it says", "condition")
    for reason, words in model.reasons.not_rated.items():
        yield _line(f"`{reason}`", f"{words.zh} {words.en}", conditions[reason])


def _features(model: ScoringModel) -> Iterator[str]:
    for group, features in BY_GROUP.items():
        yield f"### {group}"
        yield ""
        yield from _head("feature", "unit", "reads", "meaning", "read by the model")
        for feature in features:
            yield _line(
                f"`{feature.code}`",
                feature.unit,
                ", ".join(sorted(feature.kinds)),
                f"{feature.definition_zh}<br>{feature.definition_en}",
                "yes" if feature.code in model.features else "no",
            )
        yield ""


def _head(*columns: str) -> Iterator[str]:
    yield _line(*columns)
    yield "|" + "---|" * len(columns)


def _line(*cells: object) -> str:
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def main(arguments: list[str]) -> None:
    """Write the tables of the file given anew."""
    path = Path(arguments[0])
    path.write_text(filled(path.read_text(encoding="utf-8"), load_model(CONFIG)), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
