"""Dirt on rows: some are replaced by a broken copy of themselves, some are sent again, as they were or corrected."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import partial
from itertools import accumulate

import polars as pl

from creditshare.firms.identifiers import USCC_ALPHABET
from creditshare.simulation.block import Sheet, Spoilable
from creditshare.simulation.dirt import Dirt
from creditshare.simulation.draw import Draw, part

_IN_TOTAL = 1_000_000
_FULL_WIDTH = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}
_CODES = ("uscc", "registration_no")
_CORRECTED_AFTER = 20  # days
_NO_SUCH_DAY, _NO_AMOUNT, _NO_CODE = "2026-02-30", "约3万元", "不详"


_Spoil = Callable[[pl.DataFrame, pl.Series], pl.DataFrame]
_KindOfDirt = tuple[float, _Spoil]


class Spoiler:
    """Spoils the sheets of one province; `until` is the last day on which a correction can have been sent."""

    def __init__(self, draw: Draw, dirt: Dirt, *, until: pl.Expr) -> None:
        self._draw = draw
        self._dirt = dirt
        self._until = until
        self._rows_seen: Counter[tuple[str, str]] = Counter()

    def spoil(self, sheet: Sheet) -> list[pl.DataFrame]:
        """Return the rows as they are written: first those that are right, then the dirt among them as text.

        Draws go by the row's number among all rows of its kind. All frames keep `revised_on`.
        """
        replacing, adding = self._kinds_of_dirt(sheet)
        limits = list(accumulate(round(share * _IN_TOTAL) for share, _ in replacing + adding))
        rows = sheet.rows
        bits = self._bits(sheet)
        number = bits.to_frame().select(part(pl.col("bits"), 0, _IN_TOTAL)).to_series()
        frames = [rows.filter(number >= limits[len(replacing) - 1])]
        for lower, upper, (_, spoil) in zip([0, *limits], limits, replacing + adding, strict=False):
            hit = number.is_between(lower, upper, closed="left")
            if hit.any():
                frames.append(spoil(rows.filter(hit), bits.filter(hit)))
        return frames

    def _bits(self, sheet: Sheet) -> pl.Series:
        key = (sheet.provider, sheet.kind)
        first = self._rows_seen[key]
        self._rows_seen[key] += sheet.rows.height
        numbers = pl.DataFrame({"row": pl.int_range(first, first + sheet.rows.height, eager=True)})
        return numbers.select(bits=self._draw.bits(f"dirt/{sheet.provider}/{sheet.kind}", "row")).to_series()

    def _kinds_of_dirt(self, sheet: Sheet) -> tuple[list[_KindOfDirt], list[_KindOfDirt]]:
        """Return what can hit rows of the sheet: dirt in place of the right row, and dirt beside it."""
        dirt = self._dirt
        on_codes: list[_KindOfDirt] = [
            (dirt.untidy_codes, _with_untidy_codes),
            (dirt.wrong_codes, partial(_with_codes, wrong_code)),
            (dirt.masked_codes, partial(_with_codes, masked_code)),
        ]
        return (
            [
                (dirt.bad_rows, partial(_with_bad_values, sheet.spoilable)),
                *(on_codes if "uscc" in sheet.rows.columns else []),
            ],
            [(dirt.duplicates, _again), (dirt.corrections, partial(self._corrected, sheet.spoilable))],
        )

    def _corrected(self, spoilable: Spoilable, rows: pl.DataFrame, _: pl.Series) -> pl.DataFrame:
        if spoilable.corrected is None:
            return _as_text(rows.clear())
        value = pl.col(spoilable.corrected)
        sent_on = pl.col("revised_on") + pl.duration(days=_CORRECTED_AFTER)
        return _as_text(
            rows.filter(value.is_not_null() & (sent_on <= self._until)).with_columns(
                (value + value // 10 + 1).cast(rows.schema[spoilable.corrected]), revised_on=sent_on
            )
        )


def wrong_code(code: str) -> str:
    """Return the code with the next check character, which is always wrong."""
    return code[:-1] + USCC_ALPHABET[(USCC_ALPHABET.index(code[-1]) + 1) % len(USCC_ALPHABET)]


def masked_code(code: str) -> str:
    """Return the code with its middle starred."""
    return code[:8] + "******" + code[14:]


def _again(rows: pl.DataFrame, _: pl.Series) -> pl.DataFrame:
    return _as_text(rows)


def _as_text(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.with_columns(pl.exclude("revised_on").cast(pl.String))


def _with_bad_values(spoilable: Spoilable, rows: pl.DataFrame, bits: pl.Series) -> pl.DataFrame:
    broken = [
        (column, value)
        for column, value in (
            (spoilable.date, _NO_SUCH_DAY),
            (spoilable.amount, _NO_AMOUNT),
            (spoilable.code, _NO_CODE),
        )
        if column is not None
    ]
    which = bits.to_frame("bits").select(part(pl.col("bits"), 24, len(broken))).to_series()
    return _as_text(rows).with_columns(
        pl.when(pl.lit(which) == index).then(pl.lit(value)).otherwise(column).alias(column)
        for index, (column, value) in enumerate(broken)
    )


def _with_untidy_codes(rows: pl.DataFrame, bits: pl.Series) -> pl.DataFrame:
    styles = bits.to_frame("bits").select(part(pl.col("bits"), 24, 3)).to_series().to_list()
    return _as_text(rows).with_columns(
        pl.Series(
            column,
            [
                None if code is None else _untidy(code, style)
                for code, style in zip(rows[column], styles, strict=True)
            ],
            dtype=pl.String,
        )
        for column in _CODES
        if column in rows.columns
    )


def _untidy(code: str, style: int) -> str:
    match style:
        case 0:
            return code.translate(_FULL_WIDTH)
        case 1:
            return code.lower()
        case _:
            return f"\u00a0{code}\u200b"


def _with_codes(change: Callable[[str], str], rows: pl.DataFrame, _: pl.Series) -> pl.DataFrame:
    codes = [None if code is None else change(code) for code in rows["uscc"]]
    return _as_text(rows).with_columns(pl.Series("uscc", codes, dtype=pl.String))
