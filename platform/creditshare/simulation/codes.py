"""Codes that cannot belong to a real firm, with right check characters.

* Organisation codes: the private range PDY00001–PDY99999 of GB 11714; beyond it PDY followed by a letter and four
  characters, which GB 11714 does not issue, inside a USCC whose office begins with 99, a province that GB/T 2260
  does not have. The same 99 marks every registration number: those have no private range of their own.
* A firm's number (1, 2, 3 …) alone gives its organisation code, so no two firms share one.
"""

from __future__ import annotations

from creditshare.firms.identifiers import (
    USCC_ALPHABET,
    organisation_code_check_char,
    registration_no_check_digit,
    uscc_check_char,
)

MOST_FIRMS = 9_999_999  # seven digits of a registration number
LAST_OF_PRIVATE_RANGE = 99_999

_NOWHERE = "99"
_LETTERS = USCC_ALPHABET[10:]
# GS 15-2006: the first digit of the sequence tells enterprises and cooperatives (0) from individuals (6).
_SEQUENCE_DIGIT = {"91": "0", "92": "6", "93": "0"}


def organisation_code(number: int) -> str:
    """Return the organisation code of the firm with this number."""
    if number <= LAST_OF_PRIVATE_RANGE:
        body = f"PDY{number:05d}"
    else:
        rest, tail = number - LAST_OF_PRIVATE_RANGE - 1, ""
        for _ in range(4):
            rest, digit = divmod(rest, len(USCC_ALPHABET))
            tail = USCC_ALPHABET[digit] + tail
        body = f"PDY{_LETTERS[rest]}{tail}"
    return body + organisation_code_check_char(body)


def uscc(number: int, kind: str, region: str) -> str:
    """Return the unified social credit code: kind is 91, 92 or 93, region the county of first registration."""
    office = region if number <= LAST_OF_PRIVATE_RANGE else _NOWHERE + region[2:]
    body = kind + office + organisation_code(number)
    return body + uscc_check_char(body)


def registration_no(number: int, kind: str, region: str) -> str:
    """Return the 15-digit number that a firm founded before October 2015 had first."""
    body = f"{_NOWHERE}{region[2:]}{_SEQUENCE_DIGIT[kind]}{number:07d}"
    return body + registration_no_check_digit(body)
