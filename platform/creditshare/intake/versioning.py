"""What a row becomes: accepted, duplicate or stale, by what is held of its record (contract §3).

Everything ever said of a record is an *observation* (revised_at, content hash): a version or a confirmation. What is
in force is the content of the greatest observation, so it depends on the set of observations, never on their order.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Outcome(StrEnum):
    """What became of a row that can be read."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    STALE = "stale"


HIGHEST_HASH = b"\xff" * 17  # above every 16-byte hash


@dataclass(frozen=True, slots=True, order=True)
class Observation:
    """Content seen at a moment of its provider's clock."""

    revised_at: datetime
    content_hash: bytes


@dataclass(slots=True)
class Timeline:
    """All observations of one record, and which of them are versions."""

    observed: list[Observation] = field(default_factory=list)
    version_of: dict[Observation, datetime] = field(default_factory=dict)  # the version's own revised_at

    def hold(self, observation: Observation, version: datetime) -> None:
        """Add what is held: a version (its own revised_at) or a confirmation of the version made then."""
        insort(self.observed, observation)
        self.version_of[observation] = version

    @property
    def current(self) -> Observation | None:
        """Return the version in force, by its own revised_at."""
        if not self.observed:
            return None
        latest = self.observed[-1]
        return Observation(self.version_of[latest], latest.content_hash)

    def place(self, row: Observation) -> tuple[Outcome, Observation | None]:
        """Decide about a row and remember it.

        Returns the outcome and, for a duplicate seen at a later moment, the version that it confirms.
        """
        position = bisect_right(self.observed, Observation(row.revised_at, HIGHEST_HASH))
        before = self.observed[position - 1] if position else None
        if before is not None and before.content_hash == row.content_hash:
            version = Observation(self.version_of[before], row.content_hash)
            if before.revised_at == row.revised_at:
                return Outcome.DUPLICATE, None
            self.hold(row, version.revised_at)
            return Outcome.DUPLICATE, version
        if row in self.version_of:
            return Outcome.DUPLICATE, None
        stale = bool(self.observed) and row < self.observed[-1]
        self.hold(row, row.revised_at)
        return (Outcome.STALE if stale else Outcome.ACCEPTED), None
