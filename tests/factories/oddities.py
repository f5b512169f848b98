"""Rows as nobody should send them: any field of a kind missing, spoilt, absurd or unknown."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

from hypothesis import strategies as st

from creditshare.intake.formats import CSV, JSON, NDJSON
from creditshare.resources.base import RecordKind
from creditshare.resources.template import example_row

ODD = st.sampled_from(
    [
        "", " ", "\0", "a\0b", "\ud800", "\ufffe", "\u202e", "无", "-", "0", "-0", "00", "1e400", "1E5", "NaN",
        "Infinity", "0.000000001", "999999999999999", "-999999999999999.999999999", "9" * 16, "1,000", "１２",
        "2026-02-30", "0001-01-01", "9999-12-31", "0000-00-00", "2026-13", "9999-12", "0001-01", "9999", "2200",
        "2026-W09-6", "true", "True", "y", "|", "a|b", "91331000PDY00001X6", "9133****PDY00001X5",
        "９１３３１０００ＰＤＹ００００１Ｘ５", "92331002PDY000028Y", "110108000000016", "PDY00001X",
        "330102199001011234", "x" * 5000, "withdraw", "2026-01-01T00:00:00Z", "9999-12-31T23:59:59-14:00",
        "'; DROP TABLE firms; --",
    ]
)  # fmt: skip
NUMBERS = st.one_of(
    st.integers(), st.floats(), st.sampled_from([10**400, -(10**30), 2**63, 0.1 + 0.2, 1e308, -0.0])
)
TEXTS = st.text(max_size=8)
SCALARS = st.one_of(ODD, ODD, TEXTS, NUMBERS, st.none(), st.booleans())
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=2),
    max_leaves=4,
)


@st.composite
def odd_rows(draw: st.DrawFn, kind: RecordKind) -> dict[str, Any]:
    """Return a row of the kind's template with a few fields spoilt, dropped or added."""
    row: dict[str, Any] = {name: value for name, value in example_row(kind).items() if value}
    row |= draw(st.dictionaries(st.sampled_from(kind.columns), VALUES, max_size=3))
    for name in draw(st.lists(st.sampled_from(sorted(row)), max_size=2, unique=True)):
        del row[name]
    if draw(st.integers(0, 9)) == 0:
        row |= draw(st.dictionaries(TEXTS | ODD, VALUES, max_size=1))
    return row


@st.composite
def odd_bodies(draw: st.DrawFn, kind: RecordKind, *, most: int = 6) -> tuple[str, bytes, int]:
    """Return rows as a body of one of the media types, and how many they are."""
    rows = draw(st.lists(odd_rows(kind), min_size=1, max_size=most))
    media_type = draw(st.sampled_from([NDJSON, NDJSON, CSV, JSON]))
    if media_type == CSV:
        return CSV, _csv(kind, rows), len(rows)
    texts = [json.dumps(row, ensure_ascii=draw(st.booleans())) for row in rows]
    body = "\n".join(texts) if media_type == NDJSON else f"[{','.join(texts)}]"
    return media_type, body.encode("utf-8", "surrogatepass"), len(rows)


def _csv(kind: RecordKind, rows: list[dict[str, Any]]) -> bytes:
    """Write what a cell can hold; unknown columns would fail the whole file, so they are left out."""
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, kind.columns, extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode("utf-8", "surrogatepass")
