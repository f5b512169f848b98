"""Public identifiers: a prefix that says what it names, then 26 lower-case base32 characters of a UUID."""

from __future__ import annotations

import base64
import binascii
from uuid import UUID

TEXT_LENGTH = 26
RECORD_LENGTH = 52  # 32 bytes


def public(prefix: str, value: UUID) -> str:
    """Write a UUID for the outside: `public("f", …) == "f_4kq…"`."""
    return f"{prefix}_{base64.b32encode(value.bytes).decode().rstrip('=').lower()}"


def parse(prefix: str, text: str) -> UUID | None:
    """Read a public identifier back; None when it is not one of this prefix."""
    head, _, tail = text.partition("_")
    if head != prefix or len(tail) != TEXT_LENGTH or tail != tail.lower():
        return None
    try:
        value = UUID(bytes=base64.b32decode(tail.upper() + "======"))
    except (binascii.Error, ValueError):
        return None
    return value if public(prefix, value) == text else None


def record_reference(record: bytes) -> str:
    """Write a record as evidence: `rec_` and 52 characters for its id and content hash, 16 bytes each."""
    return "rec_" + base64.b32encode(record).decode().rstrip("=").lower()


def referred_record(text: str) -> bytes | None:
    """Read a record reference back; None when it is not one."""
    head, _, tail = text.partition("_")
    if head != "rec" or len(tail) != RECORD_LENGTH or tail != tail.lower():
        return None
    try:
        record = base64.b32decode(tail.upper() + "====")
    except (binascii.Error, ValueError):
        return None
    return record if record_reference(record) == text else None
