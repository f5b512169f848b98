"""The lexical forms of the contract (§3 Values), once: text in, exact value or a reason out.

Values arrive as text whatever the format: a CSV cell, the characters of a JSON string, or of a bare JSON literal
(`Bare`), so that a number is never a float on its way in.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date

from marshmallow import ValidationError

DAY = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?")
MONTH = re.compile(r"([0-9]{4})-([0-9]{2})")
INTEGER = re.compile(r"-?[0-9]{1,15}")
DECIMAL = re.compile(r"(-?)([0-9]{1,15})(?:\.([0-9]{1,9}))?")
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
CITIZEN_ID = re.compile(
    r"(?<![0-9A-Za-z])[1-9][0-9]{5}(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])[0-9]{3}[0-9Xx]"
    r"(?![0-9A-Za-z])"
)
CITIZEN_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


class Bare(str):
    """The characters of a JSON literal outside quotes (12.50, true): a number or boolean, not text."""

    __slots__ = ()


class Reason(str):
    """Why a value is refused: the words, with the stable code beside them."""

    __slots__ = ("code",)

    code: str

    def __new__(cls, code: str, words: str) -> Reason:
        """Join code and words."""
        reason = super().__new__(cls, words)
        reason.code = code
        return reason


def refuse(code: str, words: str) -> ValidationError:
    """Make the error a field raises; its message is a Reason."""
    return ValidationError([Reason(code, words)])


@dataclass(frozen=True, slots=True)
class PartialDay:
    """A day as far as it is known: `first` is the first possible day; precision is `day`, `month` or `year`."""

    first: date
    precision: str

    def __str__(self) -> str:
        """Write it as it was known: 2014, 2014-08 or 2014-08-05."""
        return self.first.isoformat()[: {"year": 4, "month": 7, "day": 10}[self.precision]]


def tidy(text: str) -> str:
    """NFKC-normalise and trim."""
    if text.isascii():
        return text.strip()
    return unicodedata.normalize("NFKC", text).strip("\u200b\ufeff\u00a0 \t\r\n")


def read_text(text: str, *, longest: int) -> str:
    """Read free text: no control characters, no citizen's ID number (personal data has its own fields)."""
    if CONTROL.search(text):
        raise refuse("text-invalid", "holds control characters or broken Unicode")
    if len(text) > longest:
        raise refuse("too-long", f"is longer than {longest} characters")
    if any(_is_citizen_id(match.group()) for match in CITIZEN_ID.finditer(text)):
        raise refuse("id-number", "looks like a citizen's ID number, which may not stand in free text")
    return text


def _is_citizen_id(text: str) -> bool:
    """Check the last character by GB 11643 (ISO 7064 MOD 11-2), so that long document numbers pass."""
    total = sum(int(digit) * weight for digit, weight in zip(text[:17], CITIZEN_WEIGHTS, strict=True))
    return "10X98765432"[total % 11] == text[17].upper()


def read_day(text: str) -> PartialDay:
    """Read YYYY-MM-DD, YYYY-MM or YYYY."""
    match = DAY.fullmatch(text)
    if match is None or not text.isascii():
        raise refuse("date", "must be a date like 2026-02-28 (a month or a year is accepted)")
    year, month, day = match.groups()
    try:
        first = date(int(year), int(month or 1), int(day or 1))
    except ValueError:
        raise refuse("date", "is not a day of the calendar") from None
    return PartialDay(first, "day" if day else "month" if month else "year")


def read_month(text: str) -> date:
    """Read YYYY-MM as the first day of the month."""
    match = MONTH.fullmatch(text)
    if match is None or not text.isascii():
        raise refuse("month", "must be a month like 2026-02")
    try:
        return date(int(match[1]), int(match[2]), 1)
    except ValueError:
        raise refuse("month", "is not a month of the calendar") from None


def read_integer(text: str) -> int:
    """Read a whole number of at most 15 digits."""
    if not INTEGER.fullmatch(text):
        raise refuse("integer", "must be a whole number of at most 15 digits")
    return int(text)


def read_scaled(text: str, *, places: int) -> int:
    """Read a decimal exactly as an integer of 10**-places; nothing is rounded."""
    match = DECIMAL.fullmatch(text)
    if match is None:
        raise refuse(
            "decimal", "must be a decimal like 1234.50, at most 15 digits before the point and 9 after it"
        )
    sign, whole, fraction = match[1], match[2], (match[3] or "").rstrip("0")
    if len(fraction) > places:
        raise refuse("scale", f"has more than {places} decimal places")
    value = int(whole + fraction.ljust(places, "0"))
    return -value if sign else value


def read_flag(text: str) -> bool:
    """Read true or false."""
    if text not in {"true", "false"}:
        raise refuse("boolean", "must be true or false")
    return text == "true"
