"""Caps and vetoes: what holds a grade down however many points a firm has (一票否决、限级)."""

from __future__ import annotations

import msgspec

from creditshare.scoring.feature_row import FeatureRow
from creditshare.scoring.master_scale import MasterScale


class Cap(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A condition on one feature, and the best grade it leaves: `at_least`, or one of `any_of`."""

    code: str
    feature: str
    grade: str
    at_least: int | None = None
    any_of: tuple[int, ...] = ()

    def applies(self, row: FeatureRow) -> bool:
        """Say whether the condition holds; what is not known holds nothing down."""
        found = row.get(self.feature)
        if found is None:
            return False
        return found.value in self.any_of or (self.at_least is not None and found.value >= self.at_least)


def applying(caps: tuple[Cap, ...], row: FeatureRow, scale: MasterScale) -> list[Cap]:
    """Return the caps that hold, worst grade first, then by code."""
    found = [cap for cap in caps if cap.applies(row)]
    return sorted(found, key=lambda cap: (-scale.grades.index(cap.grade), cap.code))


def faults(caps: tuple[Cap, ...], scale: MasterScale) -> list[str]:
    """Return everything that is wrong with the caps in themselves."""
    codes = [cap.code for cap in caps]
    found = [f"{code}: stands twice" for code in sorted({code for code in codes if codes.count(code) > 1})]
    for cap in caps:
        if cap.grade not in scale.grades:
            found.append(f"{cap.code}: {cap.grade!r} is not a grade")
        if (cap.at_least is None) == (not cap.any_of):
            found.append(f"{cap.code}: needs either at_least or any_of")
    return found
