"""How a kind shows in a profile: as facts, as a series over months or years, or as a list of events.

A kind declares one of these; `profiles/` renders all kinds with the same code.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Facts:
    """Current values: of the one record that stands, or of the newest by `latest_by`."""

    fields: tuple[str, ...]
    latest_by: str | None = None


@dataclass(frozen=True, slots=True)
class Series:
    """Sums per month (36) or year (5) of `by`; one series per value of `split`."""

    by: str
    step: Literal["month", "year"]
    sums: tuple[str, ...]
    split: str | None = None


@dataclass(frozen=True, slots=True)
class Events:
    """Single records, newest first by `on`."""

    on: str
    fields: tuple[str, ...]


Statement = Facts | Series | Events
