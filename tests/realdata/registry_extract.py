"""The registry extract as registrations: columns, units of capital and places, mapped to the record's fields."""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal

from tests.realdata.folder import Row, given, table

FILE = "cn_registry/registry_sample.csv.gz"
CONFLICTS = "cn_registry/identity_conflicts.csv"
OLD_NUMBER = 15
CAPITAL = re.compile(r"([0-9][0-9,]*(?:\.[0-9]+)?) *\(*([^()]*)(?:\([^()]*\))?\)*")
CURRENCIES = {"美": "USD", "港": "HKD", "日元": "JPY", "欧": "EUR"}


def registrations() -> list[Row]:
    """Return every row of the extract as the market regulator would push it."""
    return [_registration(row) for row in table(FILE)]


def conflicts() -> tuple[list[Row], dict[str, list[str]]]:
    """Return rows in which one code has two names, and names that stand for several codes."""
    rows = table(CONFLICTS)
    one_code = [row for row in rows if row["kind"] == "same_id_two_names"]
    return one_code, {
        row["name1"]: row["id"].split("|") for row in rows if row["kind"] == "same_name_two_ids"
    }


def coded(code: str) -> Row:
    """Name a firm by its code: 15 characters are an old registration number."""
    return {"registration_no" if len(code) == OLD_NUMBER else "uscc": code}


def folded(text: str) -> str:
    """Write text as it is kept: full-width signs folded, trimmed."""
    return unicodedata.normalize("NFKC", text).strip()


def _registration(row: Row) -> Row:
    return given(
        {
            **coded(row["统一社会信用代码"]),
            "firm_name": row["企业名称"],
            "firm_type": row["企业类型"],
            "established_on": row["注册日期"],
            "region_name": row["所在省份"] + row["地区"],
            "address": row["注册地址"],
            "business_scope": row["经营范围"],
            **capital(row["注册资金"]),
        }
    )


def capital(text: str) -> Row:
    """Read 39,076.87(万元人民币) as yuan and currency; nothing where the unit is not told."""
    found = CAPITAL.fullmatch(folded(text))
    if found is None or not found[2].strip():
        return {}
    amount = Decimal(found[1].replace(",", "")) * (10_000 if "万" in found[2] else 1)
    words = text[len(found[1]) :]
    currency = next((code for sign, code in CURRENCIES.items() if sign in words), "CNY")
    return {"registered_capital": f"{amount:f}", "capital_currency": currency}
