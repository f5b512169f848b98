"""A block of firms with their months, years and events: what the sources turn into their files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import polars as pl

from creditshare.simulation.dirt import Dirt
from creditshare.simulation.draw import Draw, part
from creditshare.simulation.firms import firms_block
from creditshare.simulation.identities import Identities
from creditshare.simulation.window import Window, day_number

_IN_TOTAL = 10_000  # rates of events and of late payment are in ten-thousandths


@dataclass(frozen=True, slots=True)
class Spoilable:
    """Which columns of a sheet can be hit by dirt: a date, an amount, a code, and the value a correction changes."""

    date: str | None = None
    amount: str | None = None
    code: str | None = None
    corrected: str | None = None


@dataclass(frozen=True, slots=True)
class Sheet:
    """Clean rows of one kind from one provider; `revised_on` (a day) becomes `revised_at` when they are written."""

    provider: str
    kind: str
    rows: pl.DataFrame
    spoilable: Spoilable


class Block:
    """Firms numbered `first` to `first + count - 1` and all that happens to them."""

    def __init__(self, draw: Draw, window: Window, dirt: Dirt, *, first: int, count: int) -> None:
        self.draw = draw
        self.window = window
        self.until = day_number(window.until)
        self.start = day_number(window.start)
        self.firms = firms_block(draw, window, first=first, count=count)
        self.identities = Identities(draw, dirt, self.firms)

    def of_firm(self, column: str) -> pl.Expr:
        """Return a firm's value for each row of a frame that has the firm's place `i`."""
        return pl.lit(self.firms[column]).gather(pl.col("i"))

    def subject(self, provider: str, *columns: str) -> Mapping[str, pl.Expr]:
        """Return how the provider writes the firm, for each row of a frame that has the firm's place `i`."""
        written = self.identities.of(provider)
        return {column: pl.lit(written[column]).gather(pl.col("i")) for column in columns}

    @cached_property
    def months(self) -> pl.DataFrame:
        """Return one row per firm and month in which it lives: level, heads, revenue (fen), stress, hazard.

        Level is in thousandths of the firm's usual size, stress in thousandths, hazard the chance of paying late.
        """
        firms = self.firms.select(
            *("i", "n", "established", "closed", "slope", "depth", "falls_from", "quality"),
            *("productivity", "turnover"),
            usual_heads="heads",
        )
        length = self.window.months
        fall = pl.max_horizontal(pl.lit(0), pl.col("k") + 1 - pl.col("falls_from"))
        weakness = 1000 - pl.col("quality")
        frame = (
            firms.join(self.window.frame(), how="cross", maintain_order="left_right")
            .filter(
                (pl.col("last") >= pl.col("established"))
                & (pl.col("first") <= pl.col("closed").fill_null(self.until))
            )
            .with_columns(
                stress=pl.col("depth") * fall // pl.max_horizontal(length - pl.col("falls_from"), pl.lit(1))
            )
            .with_columns(
                level=(1000 + pl.col("slope") * (pl.col("k") - length // 2) - pl.col("stress")).clip(
                    80, None
                ),
                hazard=40 + weakness * weakness // 500 + 3 * pl.col("stress"),
                noise=850 + self.draw.below(301, "noise", "n", "k"),
            )
            .with_columns(heads=(pl.col("usual_heads") * pl.col("level") // 1000).clip(1, None))
        )
        usual_turnover = pl.col("usual_heads") * pl.col("turnover") * pl.col("productivity") // 1000
        activity = pl.col("level") * pl.col("business") // 1000 * pl.col("noise") // 1000
        return frame.with_columns(activity=activity, revenue=usual_turnover * activity // 10).select(
            *("i", "n", "k", "month", "stamp", "first", "last", "quarter_first", "ends_quarter"),
            *("power", "level", "heads", "activity", "revenue", "stress", "hazard", "quality"),
        )

    def years(self, *, reported_month: int) -> pl.DataFrame:
        """Return one row per firm and past year it lived through, reported in that month of the following year."""
        years = [
            year
            for year in self.window.years
            if (year + 1, reported_month) < (self.window.until.year, self.window.until.month)
        ]
        ends = [day_number(self.window.until.replace(year=year, month=12, day=31)) for year in years]
        reported = [
            day_number(self.window.until.replace(year=year + 1, month=reported_month, day=20))
            for year in years
        ]
        frame = pl.DataFrame(
            {"year": years, "year_end": ends, "reported": reported},
            schema={"year": pl.Int64, "year_end": pl.Int64, "reported": pl.Int64},
        )
        return self.firms.join(frame, how="cross", maintain_order="left_right").filter(
            (pl.col("established") <= pl.col("year_end") - 90)
            & (pl.col("reported") <= pl.col("closed").fill_null(self.until))
        )

    def events(self, purpose: str, *, slots: int, rate: pl.Expr) -> pl.DataFrame:
        """Return what befalls firms: up to `slots` events each, at `rate` (ten-thousandths of the window) a slot.

        Adds `slot`, `bits` (for whatever the event needs) and `day`, which lies in the firm's life and the window.
        """
        begin = pl.max_horizontal(pl.col("established"), pl.lit(self.start))
        end = pl.min_horizontal(pl.col("closed"), pl.lit(self.until - 10))
        scattered = self.firms.join(
            pl.DataFrame({"slot": pl.Series(range(slots), dtype=pl.Int64)}),
            how="cross",
            maintain_order="left_right",
        ).with_columns(bits=self.draw.bits(purpose, "n", "slot"))
        return scattered.filter((part(pl.col("bits"), 0, _IN_TOTAL) < rate) & (end > begin)).with_columns(
            day=begin + part(self.draw.bits(purpose + "/day", "n", "slot"), 0, 1 << 20) % (end - begin)
        )
