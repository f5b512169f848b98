"""References to records read back, and nothing else does."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creditshare.core.ids import record_reference, referred_record

REFERENCE = record_reference(bytes(range(32)))


@given(st.binary(min_size=32, max_size=32))
def test_a_reference_reads_back(record):
    text = record_reference(record)

    assert referred_record(text) == record
    assert len(text) == 56


@pytest.mark.parametrize(
    "text",
    [
        "",
        REFERENCE[:-1],
        REFERENCE.upper(),
        "f" + REFERENCE[3:],
        REFERENCE[:-1] + "1",
        REFERENCE[:-1] + "b",
        REFERENCE[:-1] + "é",
    ],
)
def test_anything_else_does_not(text):
    assert referred_record(text) is None
