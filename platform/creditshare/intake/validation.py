"""One row against its kind: values or reasons, with pointer, code and rule id for each.

Order: envelope, subject, fields, natural key, rules across fields. All reasons of a row are found, not the first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from marshmallow import ValidationError

from creditshare.core.clock import day_of
from creditshare.errors import Fault
from creditshare.firms.models import SubjectForm
from creditshare.firms.subjects import Named, SubjectKey, name_subject
from creditshare.resources import lexical
from creditshare.resources.base import ENVELOPE, LONGEST_SOURCE_KEY, SUBJECT_FIELDS, RecordKind
from creditshare.resources.lexical import PartialDay, Reason

ABSENT = ("", None)
MOST_REMEMBERED = 50_000
LONGEST_STEP = 64  # characters of an unknown field's name that are shown


@dataclass(frozen=True, slots=True)
class Accepted:
    """A row in order: its subject, own values, envelope and remarks (rule ids)."""

    named: Named
    values: Mapping[str, Any]
    natural_key: tuple[tuple[str, Any], ...]
    source_key: str | None
    revised_at: datetime
    withdrawn: bool
    remarks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Refused:
    """A row with faults; `doubtful` where only its identity is in doubt, so that it waits for review."""

    faults: tuple[Fault, ...]
    doubtful: bool


class RowValidator:
    """Validates rows of one kind of one participant.

    `speaks_for`: the USCC of the firm that sends, where a firm does: its rows may speak of nobody else.
    """

    def __init__(
        self,
        kind: RecordKind,
        *,
        participant_id: UUID,
        revised_at: datetime,
        received_on: date,
        speaks_for: str | None = None,
    ) -> None:
        self.kind = kind
        self.participant_id = participant_id
        self.revised_at = revised_at
        self.received_on = received_on
        self.names = frozenset(kind.columns)
        self.speaks_for = None if speaks_for is None else SubjectKey(SubjectForm.USCC, speaks_for)
        self._named: dict[Any, Named] = {}  # a file speaks of the same firm many times

    def validate(self, row: Mapping[str, Any], number: int) -> Accepted | Refused:
        """Check one row as it was sent."""
        faults = [
            self._fault(name, "unknown-field", "is no field of this kind", number)
            for name in row
            if name not in self.names
        ]
        envelope = self._envelope(row, number, faults)
        withdrawn = envelope["operation"] == "withdraw"
        values: dict[str, Any] = {}
        for name, field in self.kind.fields.items():
            given = row.get(name)
            if given is None or (isinstance(given, str) and not given.strip()):
                if (
                    field.required
                    and (field.key or not withdrawn)
                    and not (withdrawn and envelope["source_key"])
                ):
                    faults.append(self._fault(name, "required", "must be given", number))
                continue
            try:
                value = field.read(given)
            except ValidationError as error:
                faults.extend(self._fault(name, _code(m), str(m), number) for m in error.messages)
                continue
            if value not in ABSENT and value != ():
                values[name] = value
        named = self._subject(values)
        own = {name: values[name] for name in self.kind.own_fields if name in values}
        natural_key = self.kind.natural_key(own)
        if not (withdrawn and envelope["source_key"]):
            self._check_identity(named, natural_key, number, faults)
        if (
            not withdrawn
            and not faults
            and not self.kind.key_is_fact
            and not set(own) - set(self.kind.key_fields)
        ):
            faults.append(self._fault("", "own-field-missing", "says nothing besides its key", number))
        remarks = [] if withdrawn else self._rules(own, number, faults)
        if faults:
            return Refused(tuple(faults), doubtful=False)
        if named.doubts:
            return Refused(
                tuple(
                    Fault(p, code, words, f"{self.kind.name}:{code}", number)
                    for p, code, words in named.doubts
                ),
                doubtful=True,
            )
        return Accepted(
            named=named,
            values={n: v for n, v in own.items() if n in self.kind.key_fields} if withdrawn else own,
            natural_key=natural_key or (),
            source_key=envelope["source_key"],
            revised_at=envelope["revised_at"],
            withdrawn=withdrawn,
            remarks=tuple(remarks),
        )

    def _fault(self, name: str, code: str, words: str, number: int) -> Fault:
        rule = f"{self.kind.name}:{name}.{code}" if name in self.names else f"{self.kind.name}:{code}"
        return Fault(f"/{_step(name)}" if name else "", code, words, rule, number)

    def _envelope(self, row: Mapping[str, Any], number: int, faults: list[Fault]) -> dict[str, Any]:
        found: dict[str, Any] = {"source_key": None, "revised_at": self.revised_at, "operation": "upsert"}
        for name in ENVELOPE:
            given = row.get(name)
            if given is None or given == "":
                continue
            try:
                found[name] = _ENVELOPE[name](given)
            except ValidationError as error:
                faults.extend(self._fault(name, _code(m), str(m), number) for m in error.messages)
        return found

    def _subject(self, values: Mapping[str, Any]) -> Named:
        account = None
        if self.kind.subject_is_account and "service" in values and "account_no" in values:
            account = (values["service"], values["account_no"])
        given = tuple(values.get(name) for name in SUBJECT_FIELDS)
        named = self._named.get((given, account))
        if named is None:
            if len(self._named) >= MOST_REMEMBERED:
                self._named.clear()
            named = name_subject(values, participant_id=self.participant_id, account=account)
            self._named[given, account] = named
        return named

    def _check_identity(
        self, named: Named, natural_key: tuple[tuple[str, Any], ...] | None, number: int, faults: list[Fault]
    ) -> None:
        if named.subject is None and not named.doubts:
            faults.append(self._fault("", "subject-missing", "names no firm", number))
        if self.speaks_for is not None and named.subject not in (None, self.speaks_for):
            faults.append(self._fault("uscc", "subject-not-own", "must be the sender's own code", number))
        if natural_key is None:
            choices = " or ".join("+".join(names) for names in self.kind.alternative_keys)
            faults.append(self._fault("", "required", f"needs {choices}", number))

    def _rules(self, own: Mapping[str, Any], number: int, faults: list[Fault]) -> list[str]:
        remarks = [f"{name}-in-future" for name in self.kind.past_days if self._ahead(own.get(name))]
        for rule in self.kind.rules:
            if rule.holds(own):
                continue
            if rule.severity == "remark":
                remarks.append(rule.name)
            else:
                faults.append(
                    Fault(rule.pointer, "rule", rule.words, f"{self.kind.name}:{rule.name}", number)
                )
        return remarks

    def _ahead(self, value: PartialDay | None) -> bool:
        return value is not None and value.first > self.received_on


def _step(name: str) -> str:
    """Write a member's name as a step of a JSON pointer; what cannot be printed (NUL) cannot be stored either."""
    printable = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in name[:LONGEST_STEP])
    return printable.replace("~", "~0").replace("/", "~1")


def _code(message: Any) -> str:
    return message.code if isinstance(message, Reason) else "invalid"


def _read_source_key(given: Any) -> str:
    if not isinstance(given, str):
        raise lexical.refuse("type", "must be text")
    return lexical.read_text(lexical.tidy(given), longest=LONGEST_SOURCE_KEY)


def _read_operation(given: Any) -> str:
    if given not in ("upsert", "withdraw"):
        raise lexical.refuse("code-list", "must be upsert or withdraw")
    return str(given)


def read_moment(given: Any) -> datetime:
    """Read an RFC 3339 moment with its zone; raises ValidationError with a Reason."""
    words = "must be a moment with its zone, like 2026-02-28T08:00:00+08:00"
    if not isinstance(given, str) or "T" not in given.upper() or len(given) > 40:
        raise lexical.refuse("moment", words)
    try:
        moment = datetime.fromisoformat(lexical.tidy(given).upper().replace("Z", "+00:00"))
    except ValueError:
        raise lexical.refuse("moment", words) from None
    if moment.tzinfo is None or not 1900 <= moment.year <= 9998:
        raise lexical.refuse("moment", words)
    return moment.astimezone(UTC)


_ENVELOPE = {"source_key": _read_source_key, "revised_at": read_moment, "operation": _read_operation}


def validator_for(
    kind: RecordKind,
    *,
    participant_id: UUID,
    revised_at: datetime,
    created_at: datetime,
    speaks_for: str | None,
) -> RowValidator:
    """Make the validator of a submission."""
    return RowValidator(
        kind,
        participant_id=participant_id,
        revised_at=revised_at,
        received_on=day_of(created_at) + timedelta(days=1),  # a day's grace: clocks of providers differ
        speaks_for=speaks_for,
    )
