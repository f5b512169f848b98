"""Public ids of whole columns: the same text as `core.ids` writes, for hundreds of thousands of rows at once."""

from __future__ import annotations

import polars as pl

ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"
PAIRS = pl.Series([first + second for first in ALPHABET for second in ALPHABET], dtype=pl.String)
PIECE = 10  # hexadecimal digits: 40 bits, so eight characters of base32


def base32_column(values: pl.Series) -> pl.Series:
    """Write binary values of one length in lower-case base32 without padding."""
    if values.is_empty():
        return values.cast(pl.String)
    bits = len(values[0]) * 8
    length = -(-bits // 5)
    padded = values.bin.encode("hex") + "0" * (-(bits // 4) % PIECE)
    pairs: list[pl.Series] = []
    for start in range(0, -(-bits // 40) * PIECE, PIECE):
        number = padded.str.slice(start, PIECE).str.to_integer(base=16, dtype=pl.Int64)
        pairs += [PAIRS.gather(number // 1024**place % 1024) for place in (3, 2, 1, 0)]
    named = [pair.alias(str(place)) for place, pair in enumerate(pairs)]
    joined = pl.DataFrame(named).select(pl.concat_str(pl.all()).str.head(length)).to_series()
    return joined.alias(values.name)


def public_column(prefix: str, values: pl.Series) -> pl.Series:
    """Write a column of ids of one length for the outside: `rec_…`, `sub_…`."""
    return (prefix + "_" + base32_column(values)).alias(values.name)
