"""Which record a row is about, and what its content is: keyed digests, the same for ever in one installation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import orjson

from creditshare.core.encryption import Keyring
from creditshare.intake.validation import Accepted
from creditshare.resources.base import RecordKind


class Identifier:
    """Derives record ids and content hashes for rows of one kind of one participant."""

    def __init__(self, kind: RecordKind, *, participant_id: UUID, keyring: Keyring) -> None:
        self.kind = kind
        self.keyring = keyring
        self.prefix = ["record", str(participant_id), kind.name]

    def record_id(self, row: Accepted) -> UUID:
        """Return the record's id: of its source key, else of subject and natural key (and line, in lines kinds)."""
        if row.source_key is not None:
            return self._identity("source", row.source_key)
        subject = row.named.subject
        parts: list[Any] = [subject.content.hex() if subject else "", row.natural_key]
        if self.kind.lines and (self.kind.line_field is None or row.values.get(self.kind.line_field) is None):
            parts.append(self._own(row.values))
        return self._identity("natural", parts)

    def lines_id(self, row: Accepted) -> UUID | None:
        """Return the record as which a withdrawal of all lines of the row's key stands; None where there are none."""
        subject = row.named.subject
        if not self.kind.lines or subject is None:
            return None
        shared = self.kind.key_fields
        key = {name: v for name, v in row.values.items() if name in shared and name != self.kind.line_field}
        return self._identity("natural", [subject.content.hex(), self.kind.natural_key(key), self._own(key)])

    def content_hash(self, row: Accepted) -> bytes:
        """Return the hash of subject, own fields and operation; a withdrawal is the same whatever it repeats."""
        if row.withdrawn:
            return self.keyring.digest(b"withdrawn")
        subject = row.named.subject
        return self.keyring.digest(
            orjson.dumps([subject.content.hex() if subject else "", self._own(row.values)])
        )

    def _own(self, values: Mapping[str, Any]) -> list[Any]:
        return [
            None if values.get(name) is None else field.canonical(values[name])
            for name, field in self.kind.own_fields.items()
        ]

    def _identity(self, how: str, what: Any) -> UUID:
        return self.keyring.identity(orjson.dumps([*self.prefix, how, what]))
