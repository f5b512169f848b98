"""A quality figure: how many of how many, with the 95 % interval of that share."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from math import sqrt

from bench.figures.folder import SetAbsent

Z = 1.959964  # 95 %, two-sided


@dataclass(frozen=True, slots=True)
class Share:
    """`hits` of `cases`; `expected` says what a hit is, `more` holds further counts."""

    name: str
    hits: int
    cases: int
    expected: str
    more: dict[str, object] = field(default_factory=dict)

    @property
    def interval(self) -> tuple[float, float]:
        """Return the 95 % interval of the share."""
        return wilson(self.hits, self.cases)

    def entry(self) -> dict[str, object]:
        """Return the figure as `figures.json` has it."""
        low, high = self.interval
        share = self.hits / self.cases if self.cases else 0.0
        return {
            "hits": self.hits,
            "cases": self.cases,
            "share": round(share, 4),
            "interval": [round(low, 4), round(high, 4)],
            "expected": self.expected,
            **self.more,
        }


@dataclass(frozen=True, slots=True)
class Measured:
    """The figures of one part of the page, and what was left out because its set is absent."""

    figures: list[Share]
    absent: list[str]

    def entry(self) -> dict[str, object]:
        """Return the part as `figures.json` has it."""
        found: dict[str, object] = {figure.name: figure.entry() for figure in self.figures}
        return found | {"absent": self.absent} if self.absent else found

    def lines(self) -> list[str]:
        """Return one line a figure and one for whatever was left out."""
        return [*lines(self.figures), *(f"  left out: {reason}" for reason in self.absent)]


def measure(parts: Iterable[Callable[[], list[Share]]]) -> Measured:
    """Measure part by part; one whose set is absent is named and left out."""
    measured = Measured([], [])
    for part in parts:
        try:
            measured.figures.extend(part())
        except SetAbsent as error:
            measured.absent.append(str(error))
    return measured


def wilson(hits: int, cases: int) -> tuple[float, float]:
    """Return Wilson's interval of a share; nothing known is anything between 0 and 1."""
    if not cases:
        return 0.0, 1.0
    share, squared = hits / cases, Z * Z
    middle = (share + squared / (2 * cases)) / (1 + squared / cases)
    reach = Z * sqrt(share * (1 - share) / cases + squared / (4 * cases * cases)) / (1 + squared / cases)
    return max(0.0, middle - reach), min(1.0, middle + reach)


def lines(figures: Iterable[Share]) -> list[str]:
    """Return one line a figure."""
    told = []
    for figure in figures:
        low, high = figure.interval
        share = figure.hits / figure.cases if figure.cases else 0.0
        told.append(
            f"  {figure.name:<44} {figure.hits:>6} of {figure.cases:<6} {share:7.2%}  [{low:.2%}, {high:.2%}]  "
            f"{figure.expected}"
        )
    return told
