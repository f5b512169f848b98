"""The window of months that a province is simulated for, and how the year breathes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

# Years in which the Spring Festival falls in January; in all others it falls in February.
_FESTIVAL_IN_JANUARY = frozenset(
    {2001, 2004, 2006, 2009, 2012, 2014, 2017, 2020, 2023, 2025, 2028, 2031, 2033}
)
# Business in thousandths of a mean month, January to December, without the festival.
_BUSINESS = (960, 950, 1020, 1010, 1000, 1010, 980, 970, 1030, 1010, 1040, 1080)
_FESTIVAL, _BESIDE_FESTIVAL = 640, 880
# What cooling and heating add to electricity.
_POWER = (1040, 1000, 940, 920, 960, 1060, 1180, 1200, 1060, 940, 940, 1020)
_EPOCH = date(1970, 1, 1)


def day_number(day: date) -> int:
    """Return the day as Polars holds it: days since 1970."""
    return (day - _EPOCH).days


@dataclass(frozen=True, slots=True)
class Window:
    """`months` whole months, the last one ending before the month of `until`; nothing is known after `until`."""

    until: date
    months: int

    @property
    def firsts(self) -> list[date]:
        """Return the first day of every month of the window."""
        end = self.until.year * 12 + self.until.month - 1
        return [date(index // 12, index % 12 + 1, 1) for index in range(end - self.months, end)]

    @property
    def start(self) -> date:
        """Return the first day of the window."""
        return self.firsts[0]

    @property
    def years(self) -> list[int]:
        """Return the years that were over and reported on by `until`, one per twelve months of the window."""
        return [self.until.year - back for back in range(max(1, self.months // 12), 0, -1)]

    def frame(self) -> pl.DataFrame:
        """Return one row per month: number, text, first and last day, season of business and of power."""
        firsts = self.firsts
        lasts = [_next_month(first) - timedelta(days=1) for first in firsts]
        return pl.DataFrame(
            {
                "k": pl.Series(range(len(firsts)), dtype=pl.Int64),
                "month": [f"{first:%Y-%m}" for first in firsts],
                "stamp": [f"{first:%Y%m}" for first in firsts],
                "first": pl.Series([day_number(first) for first in firsts], dtype=pl.Int64),
                "last": pl.Series([day_number(last) for last in lasts], dtype=pl.Int64),
                "quarter_first": pl.Series(
                    [day_number(date(first.year, max(1, first.month - 2), 1)) for first in firsts],
                    dtype=pl.Int64,
                ),
                "ends_quarter": [first.month % 3 == 0 for first in firsts],
                "business": pl.Series([_business(first) for first in firsts], dtype=pl.Int64),
                "power": pl.Series([_POWER[first.month - 1] for first in firsts], dtype=pl.Int64),
            }
        )


def _next_month(first: date) -> date:
    return (first + timedelta(days=32)).replace(day=1)


def _business(first: date) -> int:
    if first.month > 2:
        return _BUSINESS[first.month - 1]
    return _FESTIVAL if (first.month == 1) == (first.year in _FESTIVAL_IN_JANUARY) else _BESIDE_FESTIVAL
