"""Rows on their way from validation to publication, with all that the table needs worked out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from creditshare.core.encryption import Keyring
from creditshare.errors import Fault
from creditshare.firms.models import How
from creditshare.firms.subjects import SubjectKey, aliases_of
from creditshare.intake.formats import SourceRow
from creditshare.intake.identity import Identifier
from creditshare.intake.validation import MOST_REMEMBERED, Accepted, RowValidator
from creditshare.resources.base import RecordKind

NOBODY = UUID(int=0)  # the subject of a withdrawal by source key alone


@dataclass(slots=True)
class ReadyRow:
    """A row that can be published: record, version, subject, and one value per column of the kind's own fields."""

    number: int
    record_id: UUID
    lines_id: UUID | None  # the record as which a withdrawal of all lines of its key stands
    revised_at: datetime
    content_hash: bytes
    subject: SubjectKey | None
    subject_id: UUID
    aliases: list[tuple[SubjectKey, SubjectKey, How]]
    source_key: str | None
    withdrawn: bool
    remarks: list[str] | None
    own: tuple[Any, ...]
    raw: bytes  # as it came, for quarantine should it turn out to conflict

    @property
    def takes_lines(self) -> bool:
        """Say whether it withdraws all lines of its key."""
        return self.withdrawn and self.record_id == self.lines_id


@dataclass(slots=True)
class RefusedRow:
    """A row that goes to the rejects or to quarantine."""

    number: int
    faults: tuple[Fault, ...]
    quarantined: bool
    raw: bytes


class RowMaker:
    """Turns source rows into ready or refused ones, for one submission."""

    def __init__(
        self, kind: RecordKind, validator: RowValidator, *, participant_id: UUID, keyring: Keyring
    ) -> None:
        self.kind = kind
        self.validator = validator
        self.identifier = Identifier(kind, participant_id=participant_id, keyring=keyring)
        self.keyring = keyring
        self._ids: dict[bytes, UUID] = {}

    def make(self, source: Iterable[SourceRow]) -> Iterator[ReadyRow | RefusedRow]:
        """Validate and work out every row, in order."""
        for row in source:
            raw = orjson.dumps(row.values, default=list)
            if row.fault is not None:
                yield RefusedRow(row.number, (row.fault,), False, raw)
                continue
            checked = self.validator.validate(row.values, row.number)
            if isinstance(checked, Accepted):
                yield self._ready(row.number, checked, raw)
            else:
                yield RefusedRow(row.number, checked.faults, checked.doubtful, raw)

    def _ready(self, number: int, row: Accepted, raw: bytes) -> ReadyRow:
        record_id = self.identifier.record_id(row)
        return ReadyRow(
            number=number,
            record_id=record_id,
            lines_id=self.identifier.lines_id(row),
            revised_at=row.revised_at,
            content_hash=self.identifier.content_hash(row),
            subject=row.named.subject,
            subject_id=self._subject_id(row.named.subject),
            aliases=aliases_of(row.named, births_firm=self.kind.births_firm),
            source_key=row.source_key,
            withdrawn=row.withdrawn,
            remarks=list(row.remarks) or None,
            own=self._own(record_id, row),
            raw=raw,
        )

    def _subject_id(self, subject: SubjectKey | None) -> UUID:
        if subject is None:
            return NOBODY
        found = self._ids.get(subject.content)
        if found is None:
            if len(self._ids) >= MOST_REMEMBERED:
                self._ids.clear()
            found = self._ids[subject.content] = subject.id(self.keyring)
        return found

    def _own(self, record_id: UUID, row: Accepted) -> tuple[Any, ...]:
        """Return one value per column; personal text encrypted for its place."""
        stored: list[Any] = []
        for name, field in self.kind.own_fields.items():
            value = row.values.get(name)
            if field.personal and value is not None:
                place = f"{self.kind.table_name}/{record_id}/{name}"
                value = self.keyring.encrypt(str(value).encode(), place=place)
            stored.extend(field.stored(value))
        return tuple(stored)
