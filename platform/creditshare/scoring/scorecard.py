"""The scorecard: characteristics with bins over integers, and points for each bin."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Literal

import msgspec

from creditshare.resources.groups import ResourceGroup

THOUSAND = 1_000
Shape = Literal["rising", "falling"]


class Bin(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One bin: values below `below` (null in the last), its points, and its share of all firms in thousandths."""

    below: int | None
    points: int
    share: int


class Characteristic(msgspec.Struct, frozen=True, forbid_unknown_fields=True, dict=True):
    """A feature as the card judges it.

    `code` is the reason code; `shape` says whether more of the feature is better or worse; `missing` are the points
    for a firm of which it is not known: the average over all firms, so that no data neither helps nor harms.
    """

    code: str
    group: ResourceGroup
    feature: str
    shape: Shape
    missing: int
    bins: tuple[Bin, ...]

    @cached_property
    def edges(self) -> tuple[int, ...]:
        """Return the lower edges of all bins but the first."""
        return tuple(each.below for each in self.bins if each.below is not None)

    @cached_property
    def most(self) -> int:
        """Return the points of the best bin."""
        return max(each.points for each in self.bins)

    @cached_property
    def least(self) -> int:
        """Return the points of the worst bin."""
        return min(each.points for each in self.bins)

    @property
    def weight(self) -> int:
        """Return how many points lie between worst and best."""
        return self.most - self.least

    def points_for(self, value: int | None) -> int:
        """Return the points for a value, null for not known."""
        return self.missing if value is None else self.bins[bisect_right(self.edges, value)].points

    def average(self) -> int:
        """Return the points of the average firm, half to even."""
        total = sum(each.points * each.share for each in self.bins)
        quotient, rest = divmod(total, THOUSAND)
        return quotient + (2 * rest > THOUSAND or (2 * rest == THOUSAND and quotient % 2 == 1))


@dataclass(frozen=True)
class Scorecard:
    """Base points and the characteristics."""

    base_points: int
    characteristics: tuple[Characteristic, ...]

    @cached_property
    def weight(self) -> int:
        """Return the points between the worst and the best firm."""
        return sum(each.weight for each in self.characteristics)

    @property
    def best(self) -> int:
        """Return the points of a firm that is best in everything."""
        return self.base_points + sum(each.most for each in self.characteristics)

    def faults(self) -> Iterator[str]:
        """Yield everything that is wrong with the card in itself."""
        codes = [each.code for each in self.characteristics]
        for code in sorted({code for code in codes if codes.count(code) > 1}):
            yield f"{code}: stands twice"
        for each in self.characteristics:
            for fault in _faults(each):
                yield f"{each.code}: {fault}"


def _faults(characteristic: Characteristic) -> Iterator[str]:
    bins = characteristic.bins
    if len(bins) < 2:
        yield "fewer than two bins decide nothing"
        return
    if bins[-1].below is not None or any(each.below is None for each in bins[:-1]):
        yield "the last bin, and only the last, has no upper edge"
    elif any(later <= earlier for earlier, later in pairwise(characteristic.edges)):
        yield "edges do not rise"
    steps = [later.points - earlier.points for earlier, later in pairwise(bins)]
    if characteristic.shape == "rising" and min(steps) < 0:
        yield "points fall where the shape says rising"
    if characteristic.shape == "falling" and max(steps) > 0:
        yield "points rise where the shape says falling"
    if any(each.points < 0 for each in bins):
        yield "points may not be negative"
    if any(each.share < 0 for each in bins) or sum(each.share for each in bins) != THOUSAND:
        yield f"shares must add up to {THOUSAND}"
    elif characteristic.missing != characteristic.average():
        yield f"missing must be the average of all firms, {characteristic.average()} points"
