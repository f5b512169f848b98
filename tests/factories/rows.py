"""Rows of any kind by its declaration alone, for laws that hold whatever the records say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from creditshare.resources.base import RecordKind
from creditshare.resources.catalogue import ALL_KINDS
from creditshare.resources.fields import Code, Count, Day, Flag, Month, Quantity, RecordField, TextList, Year
from tests.factories.frames import AS_OF, Row, month_start

TEXTS = ("增值税", "企业所得税", "法定代表人变更", "名称变更", "有效", "失效", "CNY")
DAYS = st.integers(0, 1200).map(lambda back: AS_OF - timedelta(days=back))
MONTHS = st.integers(0, 30).map(lambda back: month_start(back))
AMOUNTS = st.sampled_from([0, 1, 50, 99_999, 100_000, 12_345_678, 10**17, -500])
REVISED = st.integers(0, 500).map(lambda back: datetime(2026, 11, 20, tzinfo=UTC) - timedelta(days=back))


def rows_of(kind: RecordKind, *, firms: int) -> st.SearchStrategy[Row]:
    """Return rows of one kind: required fields there, others now and then."""
    required = {
        name: _values(field)
        for name, field in kind.own_fields.items()
        if field.required and not field.personal
    }
    optional = {
        name: _values(field)
        for name, field in kind.own_fields.items()
        if name not in required and not field.personal
    }
    envelope = {
        "firm": st.integers(0, firms - 1),
        "participant": st.sampled_from(["north", "south"]),
        "revised_at": REVISED,
    }
    return st.fixed_dictionaries(envelope | required, optional=optional)


def provinces(*, firms: int) -> st.SearchStrategy[dict[str, list[dict[str, Any]]]]:
    """Return a few rows of every kind."""
    return st.fixed_dictionaries(
        {
            kind.name: st.lists(
                rows_of(kind, firms=firms), max_size=4, unique_by=lambda row: repr(sorted(row.items()))
            )
            for kind in ALL_KINDS
        }
    )


def _values(field: RecordField) -> st.SearchStrategy[Any]:
    if isinstance(field, Code):
        return st.sampled_from(field.codes)
    if isinstance(field, Day):
        return DAYS
    if isinstance(field, Month):
        return MONTHS
    if isinstance(field, Year):
        return st.integers(2022, 2026)
    if isinstance(field, Count):
        return st.integers(field.lowest, min(field.highest, 120))
    if isinstance(field, Flag):
        return st.booleans()
    if isinstance(field, Quantity):
        return AMOUNTS
    if isinstance(field, TextList):
        return st.just(["x"])
    return st.sampled_from(TEXTS)
