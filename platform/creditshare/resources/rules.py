"""Rules across fields that several kinds share."""

from __future__ import annotations

import re
from datetime import date

from creditshare.firms.identifiers import clean, uscc_fault
from creditshare.resources.base import Rule, Severity, Values
from creditshare.resources.lexical import PartialDay

INDUSTRY = re.compile(r"[A-T]|[A-T]?[0-9]{2,4}")


def in_order(earlier: str, later: str, *, severity: Severity = "error") -> Rule:
    """Say that one day may not lie after another; unknown parts of a day get the benefit of the doubt."""

    def holds(values: Values) -> bool:
        first, second = values.get(earlier), values.get(later)
        return first is None or second is None or _first(first) <= _last(second)

    return Rule(f"{earlier}-before-{later}", f"/{later}", severity, holds, f"lies before {earlier}")


def not_above(part: str, whole: str) -> Rule:
    """Remark where a part (paid) is larger than its whole (due)."""

    def holds(values: Values) -> bool:
        return values.get(part) is None or values.get(whole) is None or values[part] <= values[whole]

    return Rule(f"{part}-above-{whole}", f"/{part}", "remark", holds, f"is larger than {whole}")


def not_negative(*names: str) -> tuple[Rule, ...]:
    """Remark on negative amounts."""
    return tuple(_not_negative(name) for name in names)


def at_most(name: str, highest: int, *, words: str) -> Rule:
    """Remark on a value above its scale; `highest` as the field keeps it (10**-places of the unit)."""
    return Rule(
        f"{name}-above-scale",
        f"/{name}",
        "remark",
        lambda values: values.get(name) is None or values[name] <= highest,
        words,
    )


def industry_known(name: str) -> Rule:
    """Remark on an industry that is not written like GB/T 4754: a letter, or two to four digits."""
    return Rule(
        f"{name}-form",
        f"/{name}",
        "remark",
        lambda values: values.get(name) is None or INDUSTRY.fullmatch(values[name]) is not None,
        "is not written like GB/T 4754 (C, 30, C3011)",
    )


def code_valid(name: str) -> Rule:
    """Remark on another firm's code that fails GB 32100; only the subject's own code is quarantined."""
    return Rule(
        f"{name}-valid",
        f"/{name}",
        "remark",
        lambda values: values.get(name) is None or uscc_fault(clean(values[name])) is None,
        "is not a valid unified social credit code",
    )


def _not_negative(name: str) -> Rule:
    return Rule(
        f"{name}-negative", f"/{name}", "remark", lambda values: (values.get(name) or 0) >= 0, "is negative"
    )


def _first(value: PartialDay | date) -> str:
    return str(value)


def _last(value: PartialDay | date) -> str:
    return str(value) + "~"  # sorts behind every day inside a month or year known only as such


ADVERSE_RULES = (in_order("occurred_on", "ended_on"), in_order("occurred_on", "recognised_on"))
