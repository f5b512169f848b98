"""Lists in pages: `limit`, an opaque `cursor`, `{"items": […], "next_cursor": …}`."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import orjson
from marshmallow import EXCLUDE, Schema, ValidationError, fields, post_load

from creditshare.errors import Fault
from creditshare.web.blueprint import ParametersInvalid
from creditshare.web.json_provider import dumps
from creditshare.web.runtime import runtime

DEFAULT_LIMIT = 50
MOST = 500
LONGEST_CURSOR = 1024
SEAL_BYTES = 12

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Page:
    """One page asked for: how many rows, and after which position."""

    limit: int = DEFAULT_LIMIT
    cursor: str | None = None

    def after(self, list_name: str) -> list[Any] | None:
        """Return the position after which the page starts; None at the beginning. Foreign cursors are a 422."""
        return None if self.cursor is None else open_cursor(list_name, self.cursor)


class Limit(fields.Field[int]):
    """How many rows at most: ASCII digits, 1 to 500."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> int:
        if not re.fullmatch(r"[0-9]{1,3}", str(value)) or not 1 <= int(value) <= MOST:
            raise ValidationError(f"Must be a whole number from 1 to {MOST}.")
        return int(value)


class PageSchema(Schema):
    """`limit` and `cursor`; a feature's own filters go into a subclass or a schema beside it."""

    class Meta:
        """Other parameters belong to other schemas."""

        unknown = EXCLUDE

    limit = Limit(
        load_default=DEFAULT_LIMIT,
        metadata={"type": "integer", "minimum": 1, "maximum": MOST, "description": "rows in a page"},
    )
    cursor = fields.String(load_default=None, metadata={"description": "`next_cursor` of the page before"})

    @post_load
    def to_page(self, data: dict[str, Any], **_: Any) -> Page:
        """Hand the view one value."""
        return Page(data["limit"], data["cursor"])


def page_of(
    rows: Sequence[Row],
    page: Page,
    *,
    list_name: str,
    dump: Callable[[Row], Any],
    position: Callable[[Row], Sequence[Any]],
) -> dict[str, Any]:
    """Make a page's body. Query `page.limit + 1` rows: the one too many says that there is a next page."""
    shown = rows[: page.limit]
    more = len(rows) > page.limit
    return {
        "items": [dump(row) for row in shown],
        "next_cursor": seal_cursor(list_name, position(shown[-1])) if more else None,
    }


def seal_cursor(list_name: str, position: Sequence[Any]) -> str:
    """Write a position so that only this installation, for this list, can have written it."""
    content = dumps(list(position))
    return base64.urlsafe_b64encode(_seal(list_name, content) + content).decode().rstrip("=")


def open_cursor(list_name: str, cursor: str) -> list[Any]:
    """Read a position back."""
    try:
        raw = base64.b64decode(
            cursor[:LONGEST_CURSOR] + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True
        )
    except (binascii.Error, ValueError):
        raw = b""
    seal, content = raw[:SEAL_BYTES], raw[SEAL_BYTES:]
    if not hmac.compare_digest(seal, _seal(list_name, content)):
        fault = Fault("/query/cursor", "cursor-invalid", "is not a cursor of this list")
        raise ParametersInvalid("the cursor is not one of this list", faults=[fault])
    position: list[Any] = orjson.loads(content)
    return position


def _seal(list_name: str, content: bytes) -> bytes:
    key = runtime().keyring.derive(f"cursor/{list_name}")
    return hmac.digest(key, content, hashlib.sha256)[:SEAL_BYTES]
