"""Marshmallow's nested messages as flat faults: pointer, stable code, words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from creditshare.errors import Fault

LONGEST_POINTER = 200
MOST_FAULTS = 100
BODY_LOCATIONS = frozenset({"json", "json_or_form", "form"})

# Messages of marshmallow itself carry no code; own fields' messages bring theirs as an attribute.
CODES = {
    "Missing data for required field.": "required",
    "Field may not be null.": "required",
    "Unknown field.": "unknown-field",
}


def faults_of(messages: Any) -> list[Fault]:
    """Flatten `{"json": {"field": ["message"]}}`; the body's pointers start at its root, others name their location."""
    return [fault for _, fault in zip(range(MOST_FAULTS), _walk("", messages), strict=False)]


def _walk(pointer: str, messages: Any) -> Iterator[Fault]:
    if isinstance(messages, dict):
        for name, inner in messages.items():
            if pointer == "" and name in BODY_LOCATIONS:
                yield from _walk("", inner)
            elif name == "_schema":
                yield from _walk(pointer, inner)
            else:
                step = str(name).replace("~", "~0").replace("/", "~1")
                yield from _walk(f"{pointer}/{step}"[:LONGEST_POINTER], inner)
    elif isinstance(messages, (list, tuple)):
        for inner in messages:
            yield from _walk(pointer, inner)
    else:
        code = getattr(messages, "code", None) or CODES.get(str(messages), "invalid")
        yield Fault(pointer, code, str(messages))
