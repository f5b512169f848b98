"""Dirt on rows: some are replaced by a broken copy of themselves, some are sent again, as they were or corrected."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
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
        dirt, rows = self._dirt, sheet.rows
        first_row = self._rows_seen[sheet.provider, sheet.kind]
        self._rows_seen[sheet.provider, sheet.kind] += rows.height
        coded = "uscc" in rows.columns
        shares = (
            dirt.bad_rows,
            *((dirt.untidy_codes, dirt.wrong_codes, dirt.masked_codes) if coded else (0, 0, 0)),
            dirt.duplicates,
            dirt.corrections,
        )
        bad, untidy, wrong, masked, again, corrected = accumulate(
            round(share * _IN_TOTAL) for share in shares
        )
        if corrected == 0 or rows.is_empty():
            return [rows]
        lot = pl.DataFrame({"row": pl.int_range(first_row, first_row + rows.height, eager=True)}).select(
            bits=self._draw.bits(f"dirt/{sheet.provider}/{sheet.kind}", "row")
        )["bits"]
        number = lot.to_frame().select(part(pl.col("bits"), 0, _IN_TOTAL)).to_series()
        hit = number < corrected
        few, lots, numbers = rows.filter(hit), lot.filter(hit), number.filter(hit)
        text = _as_text(few)
        return [
            rows.filter(number >= masked),
            _with_bad_values(text.filter(numbers < bad), lots.filter(numbers < bad), sheet.spoilable),
            _with_untidy_codes(
                text.filter(_between(numbers, bad, untidy)), lots.filter(_between(numbers, bad, untidy))
            ),
            _with_codes(text.filter(_between(numbers, untidy, wrong)), wrong_code),
            _with_codes(text.filter(_between(numbers, wrong, masked)), masked_code),
            text.filter(_between(numbers, masked, again)),
            self._corrected(few.filter(_between(numbers, again, corrected)), sheet.spoilable),
        ]

    def _corrected(self, rows: pl.DataFrame, spoilable: Spoilable) -> pl.DataFrame:
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


def _between(numbers: pl.Series, lower: int, upper: int) -> pl.Series:
    return (numbers >= lower) & (numbers < upper)


def _as_text(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.with_columns(pl.exclude("revised_on").cast(pl.String))


def _with_bad_values(rows: pl.DataFrame, lots: pl.Series, spoilable: Spoilable) -> pl.DataFrame:
    broken = [
        (column, value)
        for column, value in (
            (spoilable.date, _NO_SUCH_DAY),
            (spoilable.amount, _NO_AMOUNT),
            (spoilable.code, _NO_CODE),
        )
        if column is not None
    ]
    if not broken:
        return rows
    which = lots.to_frame("bits").select(part(pl.col("bits"), 24, len(broken))).to_series()
    return rows.with_columns(
        pl.when(pl.lit(which) == index).then(pl.lit(value)).otherwise(column).alias(column)
        for index, (column, value) in enumerate(broken)
    )


def _with_untidy_codes(rows: pl.DataFrame, lots: pl.Series) -> pl.DataFrame:
    styles = lots.to_frame("bits").select(part(pl.col("bits"), 24, 3)).to_series().to_list()
    return rows.with_columns(
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


def _with_codes(rows: pl.DataFrame, change: Callable[[str], str]) -> pl.DataFrame:
    if "uscc" not in rows.columns:
        return rows
    codes = [None if code is None else change(code) for code in rows["uscc"]]
    return rows.with_columns(pl.Series("uscc", codes, dtype=pl.String))
