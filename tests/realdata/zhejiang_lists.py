"""The lists of Zhejiang's inspection system as registrations: names, codes old and new, and the authority in charge."""

from __future__ import annotations

from dataclasses import dataclass

from creditshare.firms.identifiers import clean
from tests.realdata.folder import Row, given, table
from tests.realdata.registry_extract import coded

FILE = "zhejiang_inspection_lists/zhejiang_firms.csv.gz"
CROSSWALK = "zhejiang_inspection_lists/crosswalk_to_registry.csv"


@dataclass(frozen=True)
class Pair:
    """A firm of the lists, and which firm of the registry extract it is."""

    list_code: str
    registry_code: str
    name: str
    same_name: bool

    @property
    def same_code(self) -> bool:
        return self.list_code == self.registry_code


def registrations() -> list[Row]:
    """Return every row of the lists."""
    return [
        given({**coded(row["id"]), "firm_name": row["name"], "authority": row["authority"]})
        for row in table(FILE)
    ]


def pairs() -> list[Pair]:
    """Return the truth about firms that stand in lists and extract; codes as meant."""
    return [
        Pair(clean(row["list_id"]), clean(row["registry_id"]), row["registry_name"], row["name_equal"] == "1")
        for row in table(CROSSWALK)
    ]
