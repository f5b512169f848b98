"""The three codes of a Chinese firm: what each looks like, its check character, what can be wrong with it.

* unified social credit code (USCC), GB 32100-2015: 18 characters, modulo 31; 9–17 are the organisation code
* registration number, GS 15-2006: 15 digits, ISO 7064 MOD 11,10
* organisation code, GB 11714-1997: 9 characters, modulo 11

A fault is a stable word, not an exception: real firms hold codes that fail their check; the caller decides.
All functions but `clean` and `is_placeholder` expect cleaned text.
"""

from __future__ import annotations

import re
import unicodedata

MALFORMED = "malformed"
MASKED = "masked"
CHECK_DIGIT = "check-digit"

USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"

_USCC_VALUES = {character: value for value, character in enumerate(USCC_ALPHABET)}
_USCC_WEIGHTS = tuple(pow(3, position, 31) for position in range(17))
_ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)

_USCC = re.compile(rf"[1-9ANY][{USCC_ALPHABET}][0-9]{{6}}[{USCC_ALPHABET}]{{10}}")
_REGISTRATION_NO = re.compile(r"[0-9]{15}")
_ORGANISATION_CODE = re.compile(r"[0-9A-Z]{8}[0-9X]")

# X is a letter of the alphabet and of check characters, so only a run of it can be a mask.
_MASK = re.compile(r"[*#?×●•■□█○〇某]|X{4,}")
# Spaces, line ends, invisible marks (U+200B, BOM, soft hyphen), dashes; Unicode counts minus apart.
_DROPPED_CATEGORIES = frozenset({"Zs", "Zl", "Zp", "Cc", "Cf", "Pd"})
_MINUS = "\N{MINUS SIGN}"
# Lists of sites and of licence copies number them behind the code: "…6821(01)", "…6821(1-1)", "…6821()".
_COPY_NUMBER = re.compile(r"(?<=[0-9A-Z])\([0-9]{0,4}\)$")

_CHINESE_BLANKS = (
    "无",
    "暂无",
    "没有",
    "空",
    "无数据",
    "未知",
    "不详",
    "不明",
    "未填",
    "未填写",
    "未登记",
    "未办理",
)
_LATIN_BLANKS = ("N/A", "#N/A", "NA", "N.A.", "NULL", "(NULL)", "NONE", "NIL", "NAN", "UNKNOWN", "\\N")
_NO_IDENTIFIER = frozenset({"", *_CHINESE_BLANKS, *_LATIN_BLANKS})
_ONLY_ZEROS_OR_MARKS = re.compile(r"[0./\\,;:_~、。]+")


def clean(text: str) -> str:
    """Return the code as meant: NFKC, upper case, no spaces, invisible marks, hyphens or copy number."""
    if text.isascii() and text.isalnum():
        return text.upper()
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).upper())
    kept = "".join(
        character
        for character in folded
        if character != _MINUS and unicodedata.category(character) not in _DROPPED_CATEGORIES
    )
    return _COPY_NUMBER.sub("", kept)


def is_placeholder(text: str) -> bool:
    """Say whether the text only says that there is no code: 无, -, 0, N/A, null, nothing at all."""
    cleaned = clean(text)
    return cleaned in _NO_IDENTIFIER or _ONLY_ZEROS_OR_MARKS.fullmatch(cleaned) is not None


def uscc_fault(text: str) -> str | None:
    """Return what is wrong with a unified social credit code, or None."""
    if _USCC.fullmatch(text) is None:
        return _misshapen(text)
    if uscc_check_char(text[:17]) != text[17]:
        return _mistaken(text)
    return None


def registration_no_fault(text: str) -> str | None:
    """Return what is wrong with a 15-digit registration number, or None."""
    if _REGISTRATION_NO.fullmatch(text) is None:
        return _misshapen(text)
    if registration_no_check_digit(text[:14]) != text[14]:
        return CHECK_DIGIT
    return None


def organisation_code_fault(text: str) -> str | None:
    """Return what is wrong with an organisation code (nine characters, no hyphen), or None."""
    if _ORGANISATION_CODE.fullmatch(text) is None:
        return _misshapen(text)
    if organisation_code_check_char(text[:8]) != text[8]:
        return _mistaken(text)
    return None


def organisation_code_of(uscc: str) -> str:
    """Return the organisation code inside a well-formed unified social credit code."""
    return uscc[8:17]


def uscc_check_char(body: str) -> str:
    """Return the 18th character for the first 17."""
    total = sum(
        _USCC_VALUES[character] * weight for character, weight in zip(body, _USCC_WEIGHTS, strict=True)
    )
    return USCC_ALPHABET[-total % 31]


def registration_no_check_digit(body: str) -> str:
    """Return the 15th digit for the first 14."""
    product = 10
    for digit in body:
        product = ((product + int(digit)) % 10 or 10) * 2 % 11
    return str((11 - product) % 10)


def organisation_code_check_char(body: str) -> str:
    """Return the ninth character for the first eight."""
    total = sum(
        int(character, 36) * weight for character, weight in zip(body, _ORGANISATION_WEIGHTS, strict=True)
    )
    return "0123456789X"[-total % 11]


def _misshapen(text: str) -> str:
    return MASKED if _MASK.search(text) else MALFORMED


def _mistaken(text: str) -> str:
    return MASKED if _MASK.search(text) else CHECK_DIGIT
