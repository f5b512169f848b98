"""Identifiers: how often the rules say of a real code what its class says."""

from __future__ import annotations

import re
from collections import Counter

from bench.figures.folder import content, table
from bench.figures.quality import Measured, Share, measure
from creditshare.firms.identifiers import (
    clean,
    is_placeholder,
    organisation_code_fault,
    registration_no_fault,
    uscc_fault,
)

VALID = "valid"
PLACEHOLDER = "placeholder"
FAULT_BY_LENGTH = {15: registration_no_fault, 9: organisation_code_fault}
EXPECTED = {
    "18_bad_checksum": {"check-digit"},
    "18_illegal_char": {VALID},  # small letters were all that was wrong
    "regno15": {VALID},
    "orgcode9": {VALID},
    "regno13": {"malformed"},
    "other_len15": {"malformed"},
    "other_len16": {"malformed"},
    "other_len17": {"malformed"},
    "text": {PLACEHOLDER, "malformed"},
}


def measure_identifiers() -> Measured:
    """Check published vectors, real codes and the registry's anomalies, class by class."""
    return measure([lambda: [_real_codes()], lambda: [_vectors()], _anomalies])


def verdict(code: str) -> str:
    """Say of a code as it stands in a source: valid, placeholder, or its fault."""
    if is_placeholder(code):
        return PLACEHOLDER
    cleaned = clean(code)
    return FAULT_BY_LENGTH.get(len(cleaned), uscc_fault)(cleaned) or VALID


def _real_codes() -> Share:
    text = content("uscc_vectors/stdnum_test_cn_uscc.doctest").decode()
    codes = re.findall(r"^\.\.\. ([0-9A-Z]{18})$", text, flags=re.MULTILINE)
    return Share("real USCCs", sum(uscc_fault(code) is None for code in codes), len(codes), "valid")


def _vectors() -> Share:
    judged = [
        row
        for row in table("uscc_vectors/other_vectors.csv")
        if row["expected_strict"] in ("valid", "invalid")
    ]
    hits = sum((verdict(row["uscc"]) == VALID) == (row["expected_strict"] == "valid") for row in judged)
    return Share("published vectors", hits, len(judged), "as published")


def _anomalies() -> list[Share]:
    found: dict[str, Counter[str]] = {}
    for row in table("cn_registry/identifier_anomalies.csv"):
        found.setdefault(row["class"], Counter())[verdict(row["id"])] += 1
    return [
        Share(
            f"anomalies: {name}",
            sum(verdicts[each] for each in EXPECTED[name]),
            verdicts.total(),
            " or ".join(sorted(EXPECTED[name])),
            {"verdicts": dict(verdicts)},
        )
        for name, verdicts in sorted(found.items())
        if name in EXPECTED
    ]
