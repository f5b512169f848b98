"""How sure a score is, and when there is none: missing data lower confidence, never points."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

import msgspec

from creditshare.core.money import MILLION, ratio
from creditshare.resources.groups import ResourceGroup
from creditshare.scoring.feature_row import FeatureRow
from creditshare.scoring.scorecard import Scorecard


class NotRated(StrEnum):
    """Why a firm has no score, in the order in which reasons are named."""

    PENDING = "pending"
    TERMINAL_STATUS = "terminal-status"
    DORMANT = "dormant"
    IDENTITY_CONFLICT = "identity-conflict"
    TOO_YOUNG = "too-young"
    COVERAGE_BELOW_FLOOR = "coverage-below-floor"


class Floor(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The least that must be known: so many of the features at so many months."""

    features: tuple[str, ...]
    months: int
    at_least: int


class NotRatedRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When a firm is not rated: by its age in months, its status, and what is known of it."""

    age_feature: str
    youngest_months: int
    status_feature: str
    terminal: tuple[int, ...]
    dormant: tuple[int, ...]
    floor: Floor

    @property
    def features(self) -> frozenset[str]:
        """Return the features that the rules read."""
        return frozenset({self.age_feature, self.status_feature, *self.floor.features})

    def reasons(self, row: FeatureRow, *, conflict: bool) -> tuple[NotRated, ...]:
        """Return every reason why the firm is not rated; none where it is."""
        age, status = row.get(self.age_feature), row.get(self.status_feature)
        known = [name for name in self.floor.features if name in row and row[name].value >= self.floor.months]
        holds = {
            NotRated.TERMINAL_STATUS: status is not None and status.value in self.terminal,
            NotRated.DORMANT: status is not None and status.value in self.dormant,
            NotRated.IDENTITY_CONFLICT: conflict,
            NotRated.TOO_YOUNG: age is not None and age.value < self.youngest_months,
            NotRated.COVERAGE_BELOW_FLOOR: status is None or len(known) < self.floor.at_least,
        }
        return tuple(reason for reason in NotRated if holds.get(reason, False))


def confidence(card: Scorecard, row: FeatureRow, coverage: Mapping[ResourceGroup, int]) -> int:
    """Return, in millionths, how much of the card's weight rests on what is known.

    A known characteristic counts as far as its group is covered; a group of which nothing stands has no coverage of its
    own, and what is known of it (that nothing was reported) counts in full. A group of which nothing regular is
    expected is covered in full or not at all, so that its coverage weighs nothing here.
    """
    known = sum(
        each.weight * (coverage.get(each.group, 0) or MILLION)
        for each in card.characteristics
        if each.feature in row
    )
    return ratio(known, card.weight * MILLION) or 0
