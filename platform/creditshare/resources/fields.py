"""The fields a record kind may have. Each holds one lexical form, its column, its JSON Schema and its way out.

Inside: text; `PartialDay`; month as `date`; amounts in fen and quantities in 10**-places of the unit as integers;
flags; tuples of text. `parse` takes tidy text; `columns`, `stored`, `loaded` say how it lies in PostgreSQL.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, ClassVar

from marshmallow import fields
from sqlalchemy import ARRAY, BigInteger, Boolean, Column, Date, LargeBinary, String
from sqlalchemy import Text as TextType
from sqlalchemy.types import TypeEngine

from creditshare.core.money import unscaled
from creditshare.resources import lexical
from creditshare.resources.lexical import Bare, PartialDay, refuse

PRECISION = "_precision"
LONGEST_TEXT = 4000
LARGEST = 2**63 - 1  # what a bigint column holds


class RecordField(fields.Field[Any]):
    """What every field of a record kind is: a marshmallow field that also knows its column and its schema.

    `key`: part of the natural key. `personal`: about a natural person, so encrypted at rest.
    """

    column_type: ClassVar[TypeEngine[Any]] = TextType()
    takes_bare = True
    faults: ClassVar[tuple[str, ...]] = ("type",)  # stable codes of the reasons to refuse a value

    def __init__(self, *, required: bool = False, key: bool = False, personal: bool = False) -> None:
        super().__init__(required=required, allow_none=not required)
        self.key = key
        self.personal = personal

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> Any:
        return self.read(value)

    def read(self, value: Any) -> Any:
        """Read a value as it was submitted: text, bare literal, or list. Raises ValidationError with a Reason."""
        if not isinstance(value, str):
            raise refuse("type", "must be a single value")
        if isinstance(value, Bare) and not self.takes_bare:
            raise refuse("type", "must be text in quotes")
        return self.parse(lexical.tidy(value))

    def parse(self, text: str) -> Any:
        """Turn tidy, non-empty text into the value; raises ValidationError with a Reason."""
        raise NotImplementedError

    def columns(self, name: str) -> list[Column[Any]]:
        """Return the field's columns in the kind's table."""
        return [Column(name, LargeBinary() if self.personal else self.column_type)]

    def stored(self, value: Any) -> tuple[Any, ...]:
        """Return one value per column."""
        return (value,)

    def canonical(self, value: Any) -> Any:
        """Return the JSON value that stands for it in hashes and in answers."""
        return value

    def outside(self, value: Any, precision: str | None = None) -> Any:
        """Return the JSON value for a stored value (first column, precision of a day)."""
        return self.canonical(value)

    def json_schema(self) -> dict[str, Any]:
        """Return the JSON Schema of one value."""
        raise NotImplementedError


class Text(RecordField):
    """Free text, up to `longest` characters."""

    faults = ("type", "text-invalid", "too-long", "id-number")
    takes_bare = False

    def __init__(
        self,
        *,
        required: bool = False,
        key: bool = False,
        personal: bool = False,
        longest: int = LONGEST_TEXT,
    ) -> None:
        super().__init__(required=required, key=key, personal=personal)
        self.longest = longest

    def parse(self, text: str) -> str:
        return lexical.read_text(text, longest=self.longest)

    def json_schema(self) -> dict[str, Any]:
        return {"type": "string", "maxLength": self.longest}


class Code(RecordField):
    """One of a closed list of codes."""

    faults = ("type", "code-list")
    takes_bare = False

    def __init__(self, *codes: str, required: bool = False, key: bool = False) -> None:
        super().__init__(required=required, key=key)
        self.codes = codes

    def parse(self, text: str) -> str:
        if text not in self.codes:
            raise refuse("code-list", f"must be one of {', '.join(self.codes)}")
        return text

    def json_schema(self) -> dict[str, Any]:
        return {"type": "string", "enum": list(self.codes)}


class Region(RecordField):
    """A GB/T 2260 division code: two, four or six digits, kept as six."""

    faults = ("type", "region")
    takes_bare = True
    column_type = String(6)

    def parse(self, text: str) -> str:
        if not (text.isascii() and text.isdigit() and len(text) in {2, 4, 6}):
            raise refuse("region", "must be a GB/T 2260 code of six digits")
        return text.ljust(6, "0")

    def json_schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": "^[0-9]{2}([0-9]{2}){0,2}$"}


class Day(RecordField):
    """A day; a month or a year is accepted and kept with its precision (second column, null for a full day)."""

    faults = ("type", "date")
    takes_bare = False
    column_type = Date()

    def parse(self, text: str) -> PartialDay:
        return lexical.read_day(text)

    def columns(self, name: str) -> list[Column[Any]]:
        return [Column(name, Date()), Column(name + PRECISION, String(5))]

    def stored(self, value: PartialDay | None) -> tuple[Any, ...]:
        if value is None:
            return (None, None)
        return (value.first, None if value.precision == "day" else value.precision)

    def canonical(self, value: PartialDay) -> str:
        return str(value)

    def outside(self, value: date, precision: str | None = None) -> str:
        return str(PartialDay(value, precision or "day"))

    def json_schema(self) -> dict[str, Any]:
        return {
            "type": "string",
            "pattern": "^[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?$",
            "examples": ["2026-02-28"],
        }


class Month(RecordField):
    """A calendar month."""

    faults = ("type", "month")
    takes_bare = False
    column_type = Date()

    def parse(self, text: str) -> date:
        return lexical.read_month(text)

    def canonical(self, value: date) -> str:
        return value.isoformat()[:7]

    def json_schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}$"}


class Count(RecordField):
    """A whole number that is not negative: people, points, pieces."""

    faults = ("type", "integer", "range")
    column_type = BigInteger()

    def __init__(
        self, *, required: bool = False, key: bool = False, lowest: int = 0, highest: int = 10**15 - 1
    ) -> None:
        super().__init__(required=required, key=key)
        self.lowest, self.highest = lowest, highest

    def parse(self, text: str) -> int:
        value = lexical.read_integer(text)
        if not self.lowest <= value <= self.highest:
            raise refuse("range", f"must lie between {self.lowest} and {self.highest}")
        return value

    def json_schema(self) -> dict[str, Any]:
        return {
            "type": ["integer", "string"],
            "pattern": "^-?[0-9]{1,15}$",
            "minimum": self.lowest,
            "maximum": self.highest,
        }


class Year(Count):
    """A calendar year."""

    def __init__(self, *, required: bool = False, key: bool = False) -> None:
        super().__init__(required=required, key=key, lowest=1900, highest=2200)


class Quantity(RecordField):
    """A decimal in the schema's unit (kWh, tce, ratio), kept exactly as an integer of 10**-places."""

    faults = ("type", "decimal", "scale", "range")
    column_type = BigInteger()

    def __init__(self, *, places: int, unit: str, required: bool = False, key: bool = False) -> None:
        super().__init__(required=required, key=key)
        self.places, self.unit = places, unit

    def parse(self, text: str) -> int:
        value = lexical.read_scaled(text, places=self.places)
        if not -LARGEST <= value <= LARGEST:
            raise refuse("range", f"is too large for {self.places} decimal places")
        return value

    def canonical(self, value: int) -> str:
        return unscaled(value, self.places)

    def json_schema(self) -> dict[str, Any]:
        return {
            "type": ["string", "number"],
            "pattern": r"^-?[0-9]{1,15}(\.[0-9]{1,9})?$",
            "x-unit": self.unit,
            "x-decimal-places": self.places,
        }


class Money(Quantity):
    """An amount in yuan, kept in fen."""

    def __init__(self, *, required: bool = False) -> None:
        super().__init__(places=2, unit="yuan", required=required)


class Flag(RecordField):
    """True or false."""

    faults = ("type", "boolean")
    column_type = Boolean()

    def parse(self, text: str) -> bool:
        return lexical.read_flag(text)

    def json_schema(self) -> dict[str, Any]:
        return {"type": ["boolean", "string"], "enum": [True, False, "true", "false"]}


class TextList(RecordField):
    """Several texts: a JSON array, or one text with `|` between the members."""

    faults = ("type", "text-invalid", "too-long", "id-number")
    takes_bare = False
    column_type = ARRAY(TextType())

    def read(self, value: Any) -> tuple[str, ...]:
        if isinstance(value, str) and not isinstance(value, Bare):
            members: Sequence[Any] = lexical.tidy(value).split("|")
        elif isinstance(value, (list, tuple)):
            members = value
        else:
            raise refuse("type", "must be a list of texts")
        if any(not isinstance(member, str) or isinstance(member, Bare) for member in members):
            raise refuse("type", "must be a list of texts")
        tidied = (lexical.tidy(member) for member in members)
        return tuple(lexical.read_text(text, longest=LONGEST_TEXT) for text in tidied if text)

    def stored(self, value: tuple[str, ...] | None) -> tuple[Any, ...]:
        return (None if value is None else list(value),)

    def canonical(self, value: Sequence[str]) -> list[str]:
        return list(value)

    def json_schema(self) -> dict[str, Any]:
        return {"type": ["array", "string"], "items": {"type": "string"}}
