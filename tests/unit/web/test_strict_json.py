"""JSON as the contract means it."""

import json
from contextlib import suppress
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creditshare.web import strict_json

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**30), 10**30) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=20,
)


@given(VALUES, st.booleans())
def test_what_is_written_is_read(value, escaped):
    assert strict_json.loads(json.dumps(value, ensure_ascii=escaped).encode()) == value


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(body):
    with suppress(strict_json.JsonInvalid):
        strict_json.loads(body)


@given(st.decimals(allow_nan=False, allow_infinity=False, places=9, min_value=-(10**15), max_value=10**15))
def test_a_fraction_is_never_a_float(value):
    read = strict_json.loads(f"{value:f}".encode())

    assert isinstance(read, Decimal)
    assert read == value


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b'{"a": 1, "a": 2}', {"a": 2}),
        (b'\xef\xbb\xbf{"a": 1}', {"a": 1}),
        (rb'"\\u0000"', r"\u0000"),
        (rb'"\ud83d\ude00"', "😀"),
        (b"12345678901234567.89", Decimal("12345678901234567.89")),
        (b"1e400", Decimal("1E+400")),
        (b"18446744073709551616", 18446744073709551616),
    ],
)
def test_corners(body, value):
    assert strict_json.loads(body) == value


@pytest.mark.parametrize(
    "body", [b'{"a": "\\u0000"}', b'{"\\u0000": 1}', b'[["\\u0000"]]', b'"\\ud800"', b"[" * 100_000]
)
def test_what_postgresql_could_not_hold_is_refused(body):
    with pytest.raises(strict_json.JsonInvalid):
        strict_json.loads(body)
