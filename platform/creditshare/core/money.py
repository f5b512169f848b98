"""Amounts and quantities without floats: integers inside, exact decimal text outside."""

from __future__ import annotations

from decimal import Decimal

MILLION = 1_000_000


def scaled(value: Decimal, places: int) -> int:
    """Return `value` in units of 10**-places, e.g. yuan with 2 places as fen. Raises ValueError if it does not fit."""
    shifted = value.scaleb(places)
    whole = int(shifted)
    if whole != shifted:
        raise ValueError(f"more than {places} decimal places")
    return whole


def unscaled(value: int, places: int) -> str:
    """Write an integer in units of 10**-places as decimal text: `unscaled(1250, 2) == "12.50"`."""
    if places == 0:
        return str(value)
    sign, digits = ("-", str(-value)) if value < 0 else ("", str(value))
    digits = digits.rjust(places + 1, "0")
    return f"{sign}{digits[:-places]}.{digits[-places:]}"


def ratio(part: int, whole: int) -> int | None:
    """Return part/whole in millionths, rounded half to even; None where the whole is zero or less."""
    if whole <= 0:
        return None
    quotient, rest = divmod(part * MILLION, whole)
    twice = 2 * rest
    if twice > whole or (twice == whole and quotient % 2):
        quotient += 1
    return quotient


def two_places(millionths: int) -> str:
    """Write millionths as text with two decimals, half to even: 825000 → "0.82"."""
    quotient, rest = divmod(millionths, 10_000)
    if rest > 5_000 or (rest == 5_000 and quotient % 2):
        quotient += 1
    return unscaled(quotient, 2)
