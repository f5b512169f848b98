"""Flask's JSON through orjson: moments as RFC 3339 in UTC, decimals as text."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import orjson
from flask import Response
from flask.json.provider import JSONProvider

OPTIONS = orjson.OPT_NON_STR_KEYS | orjson.OPT_UTC_Z


def dumps(value: Any, *, options: int = OPTIONS) -> bytes:
    """Write a value as JSON bytes."""
    return orjson.dumps(value, default=_default, option=options)


class OrjsonProvider(JSONProvider):
    """What `app.json` is."""

    def dumps(self, obj: Any, **kwargs: Any) -> str:
        """Write as text; knows `sort_keys` and `indent`, since libraries ask for them."""
        options = OPTIONS
        if kwargs.get("sort_keys"):
            options |= orjson.OPT_SORT_KEYS
        if kwargs.get("indent"):
            options |= orjson.OPT_INDENT_2
        return dumps(obj, options=options).decode()

    def loads(self, s: str | bytes, **_: Any) -> Any:
        """Read JSON of our own making; a request's body goes through `strict_json`."""
        return orjson.loads(s)

    def response(self, *args: Any, **kwargs: Any) -> Response:
        """Make a JSON answer."""
        return Response(dumps(self._prepare_response_obj(args, kwargs)), mimetype="application/json")


def _default(value: Any) -> Any:
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    raise TypeError(type(value).__name__)
