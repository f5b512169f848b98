"""Every rule a row of a kind is held to, with its stable id, as people and the quality statistics know it.

Ids: `<kind>:<field>.<code>` for one value, `<kind>:<name>` for the row as a whole and across fields.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from creditshare.resources.base import RecordKind
from creditshare.resources.fields import Code, Count, Quantity, RecordField, Text

Consequence = Literal["error", "remark", "quarantine"]

FAULT_WORDS = {
    "type": "is not of the right type",
    "text-invalid": "holds control characters or broken Unicode",
    "too-long": "is too long",
    "id-number": "looks like a citizen's ID number, which may not stand in free text",
    "code-list": "is not in the list of codes",
    "region": "is not a GB/T 2260 code",
    "date": "is not a date (YYYY-MM-DD; a month or a year is accepted)",
    "month": "is not a month (YYYY-MM)",
    "integer": "is not a whole number of at most 15 digits",
    "range": "lies outside the range",
    "decimal": "is not a decimal",
    "scale": "has too many decimal places",
    "boolean": "is neither true nor false",
    "moment": "is not a moment with its zone (RFC 3339)",
}
ENVELOPE_FAULTS = {
    "source_key": ("type", "text-invalid", "too-long", "id-number"),
    "revised_at": ("moment",),
    "operation": ("code-list",),
}
IDENTIFIERS = ("uscc", "registration_no", "organisation_code")
DOUBTS = {
    "malformed": "has a wrong length or alphabet",
    "masked": "is masked",
    "check-digit": "has a wrong check digit",
}


@dataclass(frozen=True, slots=True)
class StatedRule:
    """One rule in words. `error` rejects the row, `quarantine` keeps it for review, `remark` keeps it."""

    id: str
    pointer: str
    severity: Consequence
    description: str


def rulebook(kind: RecordKind) -> tuple[StatedRule, ...]:
    """Return all rules of a kind: the row, its subject, its values, across fields, plausibility."""
    return (
        *_of_row(kind),
        *_of_envelope(kind),
        *_of_subject(kind),
        *_of_values(kind),
        *_across_fields(kind),
    )


def _of_row(kind: RecordKind) -> Iterator[StatedRule]:
    yield StatedRule(f"{kind.name}:unknown-field", "", "error", "a field that the kind does not have")
    yield StatedRule(f"{kind.name}:subject-missing", "", "error", "names no firm")
    if kind.alternative_keys:
        choices = " or ".join("+".join(names) for names in kind.alternative_keys)
        yield StatedRule(f"{kind.name}:required", "", "error", f"needs {choices}")
    if not kind.key_is_fact:
        yield StatedRule(f"{kind.name}:own-field-missing", "", "error", "says nothing besides its key")


def _of_envelope(kind: RecordKind) -> Iterator[StatedRule]:
    for name, faults in ENVELOPE_FAULTS.items():
        for code in faults:
            yield StatedRule(f"{kind.name}:{name}.{code}", f"/{name}", "error", FAULT_WORDS[code])


def _of_subject(kind: RecordKind) -> Iterator[StatedRule]:
    for name in IDENTIFIERS:
        for code, words in DOUBTS.items():
            rule = f"{kind.name}:{name.replace('_', '-')}-{code}"
            yield StatedRule(rule, f"/{name}", "quarantine", words)
    words = "is not the one inside the USCC"
    yield StatedRule(f"{kind.name}:codes-differ", "/organisation_code", "quarantine", words)


def _of_values(kind: RecordKind) -> Iterator[StatedRule]:
    for name, field in kind.fields.items():
        if field.required:
            yield StatedRule(f"{kind.name}:{name}.required", f"/{name}", "error", "must be given")
        for code in field.faults:
            yield StatedRule(f"{kind.name}:{name}.{code}", f"/{name}", "error", _words(code, field))


def _across_fields(kind: RecordKind) -> Iterator[StatedRule]:
    for rule in kind.rules:
        yield StatedRule(f"{kind.name}:{rule.name}", rule.pointer, rule.severity, rule.words)
    for name in kind.past_days:
        yield StatedRule(f"{kind.name}:{name}-in-future", f"/{name}", "remark", "lies in the future")


def _words(code: str, field: RecordField) -> str:
    if code == "code-list" and isinstance(field, Code):
        return f"is none of {', '.join(field.codes)}"
    if code == "range" and isinstance(field, Count):
        return f"lies outside {field.lowest} to {field.highest}"
    if code == "scale" and isinstance(field, Quantity):
        return f"has more than {field.places} decimal places"
    if code == "too-long" and isinstance(field, Text):
        return f"is longer than {field.longest} characters"
    return FAULT_WORDS[code]
