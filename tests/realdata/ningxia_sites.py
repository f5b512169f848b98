"""Ningxia's polluting sites as pollution sources and discharge permits."""

from __future__ import annotations

from typing import Any

from tests.realdata.folder import Row, document, table

FILE = "ningxia_environment/profiles.json"
CROSSWALK = "ningxia_environment/crosswalk_to_registry.csv"


def sources() -> list[dict[str, Any]]:
    """Return every site as a pollution source: codes as dirty as they stand there."""
    return [
        {
            "uscc": row["代码"],
            "firm_name": row["企业名称"],
            "site": row["企业名称"],
            "pollutants": [*row["气物"].split(","), *row["水物"].split(",")],
            "exceedances": row["超标"],
            "complaints": row["投诉"],
        }
        for row in document(FILE)
    ]


def permits() -> list[dict[str, Any]]:
    """Return the permits of the sites that have one."""
    return [
        {
            "uscc": row["代码"],
            "firm_name": row["企业名称"],
            "permit_no": row["许可证"],
            "site": row["企业名称"],
        }
        for row in document(FILE)
        if row["许可证"].strip()
    ]


def pairs() -> list[Row]:
    """Return the truth: which site belongs to which firm of the registry extract, and how that is known."""
    return table(CROSSWALK)
