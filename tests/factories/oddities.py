"""Rows as nobody should send them: for every field of a kind, values good, bad and absurd."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

from creditshare.intake.formats import CSV, JSON, NDJSON
from creditshare.resources.base import RecordKind
from creditshare.resources.template import csv_template

Body = tuple[str, bytes]

CODES = ("91331000PDY00001X5", "92331002PDY000028Y")
TEXTS = st.text(st.characters(codec=None, categories=None, exclude_categories=()), max_size=12)
ODD = st.sampled_from(
    [
        "", " ", "\0", "a\0b", "\ud800", "\ufffe", "\u202e", "无", "-", "0", "-0", "00", "1e400", "1E5", "NaN", "Infinity",
        "0.000000001", "999999999999999", "-999999999999999.999999999", "9" * 16, "1,000", "１２", "2026-02-30", "0001-01-01",
        "9999-12-31", "0000-00-00", "2026-13", "9999-12", "0001-01", "9999", "2026-W09-6", "true", "True", "y", "|", "a|b",
        "91331000PDY00001X6", "9133****PDY00001X5", "９１３３１０００ＰＤＹ００００１Ｘ５", "110108000000016", "PDY00001X",
        "330102199001011234", "x" * 5000, "withdraw", "2026-01-01T00:00:00Z", "9999-12-31T23:59:59-14:00", "'; DROP TABLE firms",
    ]
)  # fmt: skip
NUMBERS = st.one_of(
    st.integers(), st.floats(), st.sampled_from([10**400, -(10**30), 2**63, 0.1 + 0.2, 1e308, -0.0])
)
SCALARS = st.one_of(st.none(), st.booleans(), NUMBERS, ODD, TEXTS)
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=2), max_leaves=4)
GOOD_ROWS_IN = 3  # about one field in so many is spoilt


def odd_rows(kind: RecordKind) -> st.SearchStrategy[dict[str, Any]]:
    """Return rows of a kind in which some fields are missing, spoilt or unknown."""
    good = example(kind)
    spoilt = {name: st.one_of(st.just(good.get(name, "")), st.just(good.get(name, "")), VALUES) for name in kind.columns}
    known = st.fixed_dictionaries({"uscc": st.sampled_from([*CODES, *CODES, "", "无"])}, optional=spoilt)
    whole = st.builds(lambda row, change: {**good, **row, **change}, known, st.dictionaries(TEXTS, VALUES, max_size=1))
    return st.one_of(whole, whole, known)
