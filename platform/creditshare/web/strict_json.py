"""JSON as the contract means it: no NaN, no broken Unicode, no NUL, no float inside, no endless nesting."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec

BYTE_ORDER_MARK = b"\xef\xbb\xbf"

_decoder = msgspec.json.Decoder(float_hook=Decimal)


class JsonInvalid(ValueError):
    """The bytes are not JSON as the contract means it; `detail` goes on after "the body"."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


def loads(body: bytes) -> Any:
    """Parse; fractions become Decimal, of equal members in one object the last counts. Raises JsonInvalid."""
    try:
        value = _decoder.decode(body.removeprefix(BYTE_ORDER_MARK))
    except (msgspec.DecodeError, UnicodeError):
        raise JsonInvalid("is not valid JSON") from None
    except RecursionError:
        raise JsonInvalid("is nested too deeply") from None
    if b"\\u0000" in body:  # only an escape can smuggle one in
        _refuse_nul(value)
    return value


def _refuse_nul(value: Any) -> None:
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, str):
            if "\0" in item:
                raise JsonInvalid("holds a NUL character")
        elif isinstance(item, dict):
            waiting.extend(item)
            waiting.extend(item.values())
        elif isinstance(item, list):
            waiting.extend(item)
