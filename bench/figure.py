"""One figure of the benchmark: a value, the limit it is compared with in the same run, and their ratio."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

HEADINGS = ("figure", "value", "limit", "ratio", "unit", "firms", "seconds", "measured on")


@dataclass(frozen=True, slots=True)
class Figure:
    """A measured value beside its limit; `seconds` is what measuring the value took, `note` on what it was measured.

    The ratio says how near the value comes to the limit, 1 being as good: value by limit for speeds, limit by value
    for times.
    """

    name: str
    value: float
    limit: float
    unit: str
    firms: int
    seconds: float
    note: str
    is_time: bool = False

    @property
    def ratio(self) -> float:
        """Return how near the value comes to the limit."""
        top, bottom = (self.limit, self.value) if self.is_time else (self.value, self.limit)
        return top / bottom if bottom else 0.0

    def entry(self) -> dict[str, object]:
        """Return the figure as `bench.json` has it."""
        return {
            "value": _short(self.value),
            "limit": _short(self.limit),
            "ratio": _short(self.ratio),
            "unit": self.unit,
            "firms": self.firms,
            "seconds": round(self.seconds, 2),
        }


def table(figures: Iterable[Figure], others: Iterable[tuple[str, str]]) -> str:
    """Return the figures as a table; `others` are names with what is to be said instead of a figure."""
    rows: list[tuple[str, ...]] = [HEADINGS]
    for figure in figures:
        entry = figure.entry()
        cells = (str(entry[name]) for name in HEADINGS[1:7])
        rows.append((figure.name, *cells, figure.note))
    rows.extend((name, *("–",) * 6, said) for name, said in others)
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS) - 1)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, [*widths, 0], strict=True)).rstrip()
        for row in rows
    )


def write(figures: Iterable[Figure], path: Path) -> None:
    """Write `bench.json`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    entries = {figure.name: figure.entry() for figure in figures}
    path.write_text(json.dumps(entries, indent=1) + "\n", encoding="utf-8")


def _short(number: float) -> float:
    """Keep four figures: more would be noise."""
    return float(f"{number:.4g}")
