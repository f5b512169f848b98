"""The records of a set of firms as columns: what statements and features are computed from.

One frame per kind, made by `profiles/frames.py` for one firm online, a chunk of firms in a worker, or a province in
batch; whoever computes from frames never knows which.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import polars as pl

GIVEN = "given_"  # leads the column that says whether a personal field has a value


@dataclass(frozen=True, slots=True)
class Frames:
    """Frames by kind, for the firms in `firms`, as true on the day `as_of` (Asia/Shanghai).

    `firms`: one column `firm` (Int32, 0…n-1, the place of the firm in the set).
    Each kind's frame (present even when empty) has `firm` (Int32), `participant` (code, String), `record` (Binary:
    16 bytes of record id + 16 bytes of content hash), `revised_at` (Datetime UTC, confirmations counted), `stands`
    (Boolean: False for a value that another source outranks; such rows are for showing only), and the kind's own
    fields: amounts and quantities Int64, days and months Date (a partial day is its first possible day), flags
    Boolean, text String; personal fields are left out. Rows that do not hold yet on `as_of`, or no longer, are not
    there, and fields that are not true yet are null.
    """

    as_of: date
    firms: pl.DataFrame
    by_kind: Mapping[str, pl.DataFrame]

    def __getitem__(self, kind: str) -> pl.DataFrame:
        """Return all rows of a kind."""
        return self.by_kind[kind]

    def standing(self, kind: str) -> pl.DataFrame:
        """Return the rows of a kind that count: without those that another source outranks."""
        return self.by_kind[kind].filter(pl.col("stands"))

    @property
    def month(self) -> date:
        """Return the first day of the month of `as_of`: features step by months."""
        return self.as_of.replace(day=1)
