"""The words of a score: what each code says, in both languages. Codes are stable, words belong to a model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum

import msgspec

from creditshare.resources.catalogue import Words


class Direction(StrEnum):
    """Which way a factor moves the score, against the average of all firms."""

    POSITIVE = "positive"
    NEGATIVE = "negative"
    NEUTRAL = "neutral"
    MISSING = "missing"


class FactorWords(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a characteristic looks at, and how a good and a bad finding read."""

    title: Words
    positive: Words
    negative: Words

    def by_direction(self, direction: Direction) -> Words:
        """Return the words for a finding."""
        if direction is Direction.POSITIVE:
            return self.positive
        if direction is Direction.NEGATIVE:
            return self.negative
        if direction is Direction.MISSING:
            return Words(zh=f"{self.title.zh}：无可用信息", en=f"{self.title.en}: nothing known")
        return Words(zh=f"{self.title.zh}：平均水平", en=f"{self.title.en}: average")


class ReasonCodes(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What stands in `config/reason_codes.json`."""

    factors: Mapping[str, FactorWords]
    caps: Mapping[str, Words]
    not_rated: Mapping[str, Words]

    def lacking(self, *, factors: Iterable[str], caps: Iterable[str], not_rated: Iterable[str]) -> list[str]:
        """Return the codes that have no words."""
        return sorted(
            {*factors} - self.factors.keys()
            | {*caps} - self.caps.keys()
            | {*not_rated} - self.not_rated.keys()
        )
