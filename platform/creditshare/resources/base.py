"""What a record kind is: one declaration from which API, loading, JSON Schema, template, table and docs derive."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, Literal

from marshmallow import Schema
from sqlalchemy import Boolean, Column, DateTime, Index, Integer, LargeBinary, Table, Uuid, text
from sqlalchemy import Text as TextType
from sqlalchemy.dialects.postgresql import ARRAY

from creditshare.core.database import Base
from creditshare.resources.fields import Code, Day, RecordField, Region, Text
from creditshare.resources.groups import ResourceGroup
from creditshare.resources.statements import Statement

Values = Mapping[str, Any]
Across = Literal["one", "sum"]
Severity = Literal["error", "remark"]

ENVELOPE = ("source_key", "revised_at", "operation")
SUBJECT_FIELDS: dict[str, RecordField] = {
    "uscc": Text(longest=64),
    "registration_no": Text(longest=64),
    "organisation_code": Text(longest=64),
    "subject_no": Text(longest=64),
    "firm_name": Text(longest=200),
    "region": Region(),
}
ADVERSE_DAYS = ("occurred_on", "recognised_on", "published_on", "ended_on", "notified_on")
ADVERSE_LATER = {name: (name,) for name in ("published_on", "ended_on", "notified_on")}
ROLES = (
    "births_firm",
    "names_account",
    "subject_is_account",
    "adverse",
    "lines",
    "key_is_fact",
    "outcome",
)
MAY_LIE_AHEAD = frozenset({"ended_on"})
LONGEST_SOURCE_KEY = 200


class RecordSchema(Schema):
    """A kind's own fields, in the order of its CSV template. The only truth about them and their rules."""

    rules: ClassVar[tuple[Rule, ...]] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """A check across fields of one row. `holds` gets the parsed values (absent ones missing) and says if all is well.

    severity `error` rejects the row; `remark` keeps it, counts it in quality and shows it in provenance.
    """

    name: str
    pointer: str
    severity: Severity
    holds: Callable[[Values], bool]
    words: str


@dataclass(frozen=True, slots=True)
class Holds:
    """From when until when a record says something true, by its own days (see `as_of`, contract §4).

    `since`: field of the first day (None: always); a period's record (month, year) holds from its end on, unless
    `from_start`: a grade or a state is known inside the period it is named after. `until`: field of the last day
    (None: open). `later`: fields that become true only on the day of another field, e.g.
    {"paid_on": ("paid_on", "tax_paid")}. A day that is absent limits nothing.
    """

    since: str | None = None
    from_start: bool = False
    until: str | None = None
    later: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class RecordKind:
    """A kind of record.

    Roles (`births_firm`, `names_account`, `adverse`, `lines`, `outcome`) are what code asks for, never a name.
    """

    name: str
    group: ResourceGroup
    schema: type[RecordSchema]
    table_name: str
    statement: Statement
    holds: Holds = field(default_factory=Holds)
    across: Across = "one"
    writers: frozenset[str] = frozenset({"provider"})  # roles that may push it
    births_firm: bool = False
    names_account: bool = False
    subject_is_account: bool = False
    adverse: bool = False
    lines: bool = False
    line_field: str | None = None
    key_is_fact: bool = False
    outcome: bool = False
    fresh_by: str | None = None  # field of the day or month a record speaks of; None: its revised_at
    alternative_keys: tuple[
        tuple[str, ...], ...
    ] = ()  # the first whose fields are all there is the natural key
    slot_fallback: str | None = None  # field for which a given source_key stands when it is absent

    @cached_property
    def own_fields(self) -> dict[str, RecordField]:
        """Return the kind's own fields, in order; adverse kinds carry their five days as well."""
        declared = {name: _as_record_field(value) for name, value in self.schema().fields.items()}
        if self.adverse:
            declared |= {name: Day() for name in ADVERSE_DAYS if name not in declared}
        return declared

    @cached_property
    def fields(self) -> dict[str, RecordField]:
        """Return every field a row may have besides the envelope: subject, then own."""
        return {
            name: value for name, value in SUBJECT_FIELDS.items() if name not in self.own_fields
        } | self.own_fields

    @cached_property
    def key_fields(self) -> tuple[str, ...]:
        """Return the names of the natural key's fields."""
        return tuple(name for name, value in self.own_fields.items() if value.key)

    @cached_property
    def required_fields(self) -> list[str]:
        """Return the names of the own fields that a record (other than a withdrawal) must have."""
        return [name for name, value in self.own_fields.items() if value.required]

    @cached_property
    def past_days(self) -> tuple[str, ...]:
        """Return the days of which a source cannot know before they have come: a later one is remarked on."""
        spoken = {self.holds.since, *self.holds.later, *ADVERSE_DAYS} - MAY_LIE_AHEAD
        return tuple(n for n, value in self.own_fields.items() if isinstance(value, Day) and n in spoken)

    @property
    def roles(self) -> tuple[str, ...]:
        """Return the roles the kind plays."""
        return tuple(role for role in ROLES if getattr(self, role))

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """Return the columns of a CSV file of this kind, in the order of the template."""
        return (*self.fields, *ENVELOPE)

    @property
    def rules(self) -> tuple[Rule, ...]:
        """Return the rules across fields."""
        return self.schema.rules

    @cached_property
    def table(self) -> Table:
        """Return the typed table of the kind's versions."""
        own = [column for name, value in self.own_fields.items() for column in value.columns(name)]
        account = Index(f"ix_{self.table_name}_account", "participant_id", "service", "account_no")
        return Table(
            self.table_name,
            Base.metadata,
            Column("record_id", Uuid(), primary_key=True),
            Column("revised_at", DateTime(timezone=True), primary_key=True),
            Column("content_hash", LargeBinary(), primary_key=True),
            Column("subject_id", Uuid(), nullable=False),
            Column("participant_id", Uuid(), nullable=False),
            Column("submission_id", Uuid(), nullable=False),
            Column("row_no", Integer(), nullable=False),
            Column("source_key", TextType()),
            Column("withdrawn", Boolean(), nullable=False),
            Column("remarks", ARRAY(TextType())),
            Column("known_from", DateTime(timezone=True), nullable=False),
            Column("superseded_at", DateTime(timezone=True)),
            *own,
            Index(f"ix_{self.table_name}_subject_id", "subject_id"),
            Index(
                f"uq_{self.table_name}_current",
                "record_id",
                unique=True,
                postgresql_where=text("superseded_at IS NULL"),
            ),
            *([account] if self.names_account else []),
        )

    def natural_key(self, values: Values) -> tuple[tuple[str, Any], ...] | None:
        """Return (field, canonical value) of the natural key; an absent optional field counts as empty.

        None where the kind has alternative keys and none of them is there.
        """
        names = self.key_fields
        if self.alternative_keys:
            found = next(
                (k for k in self.alternative_keys if all(values.get(n) is not None for n in k)), None
            )
            if found is None:
                return None
            names = found
        return tuple(
            (name, "" if values.get(name) is None else self.own_fields[name].canonical(values[name]))
            for name in names
        )

    def json_schema(self) -> dict[str, Any]:
        """Return the JSON Schema of one record.

        A withdrawal needs the natural key only; everything else needs the required fields and says something
        besides its key (unless the key is the fact).
        """
        stated: dict[str, Any] = {"required": self.required_fields}
        if not self.key_is_fact and (
            rest := [name for name in self.own_fields if name not in self.key_fields]
        ):
            stated["anyOf"] = [{"required": [name]} for name in rest]
        if self.alternative_keys:
            stated["allOf"] = [{"anyOf": [{"required": list(names)} for names in self.alternative_keys]}]
        return {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": self.name,
            "description": inspect.cleandoc(self.schema.__doc__ or ""),
            "type": "object",
            "additionalProperties": False,
            "properties": {name: _described(value) for name, value in self.fields.items()}
            | {
                "source_key": {"type": "string", "maxLength": LONGEST_SOURCE_KEY},
                "revised_at": {"type": "string", "format": "date-time"},
                "operation": Code("upsert", "withdraw").json_schema() | {"default": "upsert"},
            },
            "if": {"properties": {"operation": {"const": "withdraw"}}, "required": ["operation"]},
            "else": stated,
            "x-natural-key": list(self.key_fields),
        }


def _described(value: RecordField) -> dict[str, Any]:
    return value.json_schema() | ({"x-personal": True} if value.personal else {})


def _as_record_field(value: Any) -> RecordField:
    if not isinstance(value, RecordField):
        raise TypeError(f"{value!r} is not one of the record fields of resources/fields.py")
    return value
