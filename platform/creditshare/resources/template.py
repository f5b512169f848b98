"""The CSV template of a kind: its columns and one row that would be accepted."""

from __future__ import annotations

import csv
import io

from creditshare.resources.base import RecordKind
from creditshare.resources.fields import (
    Code,
    Count,
    Day,
    Flag,
    Money,
    Month,
    Quantity,
    RecordField,
    Region,
    TextList,
    Year,
)

BY_FORM: tuple[tuple[type[RecordField], str], ...] = (
    (Year, "2024"),
    (Count, "3"),
    (Money, "1000.00"),
    (Quantity, "0.5"),
    (Day, "2025-11-30"),
    (Month, "2025-11"),
    (Flag, "false"),
    (Region, "331000"),
    (TextList, "甲|乙"),
)
BY_NAME = {
    "uscc": "91331000PDY00001X5",  # from the range of organisation codes kept for private use: no real firm's
    "firm_name": "示例机械有限公司",
    "holder_uscc": "92331002PDY000028Y",
    "holder_name": "示例投资有限公司",
    "industry": "C3484",
    "capital_currency": "人民币",
    "total_assets": "1000000.00",
    "total_liabilities": "400000.00",
    "equity": "600000.00",
    "tax_type": "增值税",
    "item": "一般项目",
    "period_start": "2025-11-01",
    "scheme_version": "2025-12",
    "site": "一号厂区",
    "account_no": "3310000000001",
    "region_name": "浙江省台州市",
}
SCHEMES = {"environment-rating": {"scheme": "national-2013"}}


def example_row(kind: RecordKind) -> dict[str, str]:
    """Return one row with every own field filled, its firm named by a code that is no real firm's."""
    row = dict.fromkeys(kind.columns, "")
    row["uscc"] = BY_NAME["uscc"]
    for name, field in kind.own_fields.items():
        row[name] = _example(name, field)
    return row | SCHEMES.get(kind.name, {})


def csv_template(kind: RecordKind) -> str:
    """Return the header line and one example row."""
    text = io.StringIO()
    writer = csv.DictWriter(text, kind.columns, lineterminator="\n")
    writer.writeheader()
    writer.writerow(example_row(kind))
    return text.getvalue()


def _example(name: str, field: RecordField) -> str:
    if name in BY_NAME:
        return BY_NAME[name]
    if isinstance(field, Code):
        return field.codes[0]
    found = next((text for form, text in BY_FORM if isinstance(field, form)), None)
    return found if found is not None else f"示例-{name}" if field.key else "示例"
