"""Chance as arithmetic: every draw is an integer function of seed, purpose and keys, over whole columns at once.

A draw does not depend on what was drawn before it, so blocks may be made in any order and size, and a new purpose
changes no other column. Integers only: floats differ between processors.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b

import polars as pl

# splitmix64 (Steele, Lea, Flood 2014): its increment, its two multipliers, and one odd constant per further key.
_KEY_FACTORS = (0x9E3779B97F4A7C15, 0xD1B54A32D192ED03, 0x8CB92BA72F3D8DD7)
_FIRST, _SECOND = 0xBF58476D1CE4E5B9, 0x94D049BB133111EB


class Draw:
    """Draws of one seed."""

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def constant(self, purpose: str) -> int:
        """Return 64 bits that belong to the purpose alone."""
        return int.from_bytes(blake2b(f"{self._seed}/{purpose}".encode(), digest_size=8).digest(), "big")

    def bits(self, purpose: str, *keys: str) -> pl.Expr:
        """Return 64 random bits for each row, from the columns named by `keys`. Integers wrap around in Polars."""
        state = _unsigned(self.constant(purpose))
        for key, factor in zip(keys, _KEY_FACTORS[: len(keys)], strict=True):
            state = state + pl.col(key).cast(pl.UInt64) * _unsigned(factor)
        state = (state ^ (state // _unsigned(1 << 30))) * _unsigned(_FIRST)
        state = (state ^ (state // _unsigned(1 << 27))) * _unsigned(_SECOND)
        return state ^ (state // _unsigned(1 << 31))

    def below(self, limit: int, purpose: str, *keys: str) -> pl.Expr:
        """Return a number from 0 to limit - 1 for each row."""
        return part(self.bits(purpose, *keys), 0, limit)

    def shuffled(self, index: pl.Expr, *, width: int, purpose: str) -> pl.Expr:
        """Return a permutation of the numbers below 2**width (width even): no two indexes share an answer."""
        size, half = 1 << width, 1 << width // 2
        state = index.cast(pl.UInt64)
        for step in ("one", "two"):
            odd = self.constant(f"{purpose}/{step}") | 1
            state = (state * _unsigned(odd % size) + _unsigned(self.constant(step) % size)) % _unsigned(size)
            state = state ^ (state // _unsigned(half))
        return state


def part(bits: pl.Expr, offset: int, limit: int | pl.Expr) -> pl.Expr:
    """Return a number below `limit` from the bits above `offset`; parts 20 bits apart are independent."""
    above = bits // _unsigned(1 << offset) if offset else bits
    bound = limit.cast(pl.UInt64) if isinstance(limit, pl.Expr) else _unsigned(limit)
    return (above % bound).cast(pl.Int64)


def pick(words: Sequence[object] | pl.Series, index: pl.Expr) -> pl.Expr:
    """Return the word at the index, row by row."""
    series = words if isinstance(words, pl.Series) else pl.Series(words)
    return pl.lit(series).gather(index)


def banded(rank: pl.Expr, bands: Sequence[tuple[str, int]]) -> pl.Expr:
    """Return the name of the first band whose upper limit lies above the rank; the last band takes the rest."""
    *limited, (last, _) = bands
    return pl.coalesce(*(pl.when(rank < upper).then(pl.lit(name)) for name, upper in limited), pl.lit(last))


def _unsigned(value: int) -> pl.Expr:
    return pl.lit(value, dtype=pl.UInt64)
