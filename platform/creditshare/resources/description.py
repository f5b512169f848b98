"""What the outside is told about a kind: its declaration and its catalogue entry in one value."""

from __future__ import annotations

from typing import Any

from creditshare.resources.base import RecordKind
from creditshare.resources.catalogue import CatalogueEntry, Words
from creditshare.resources.fields import Quantity, RecordField
from creditshare.resources.rulebook import rulebook
from creditshare.resources.template import csv_template


def describe(kind: RecordKind, entry: CatalogueEntry) -> dict[str, Any]:
    """Return everything a provider or a reader needs to know about a kind, as JSON values."""
    return {
        "kind": kind.name,
        "group": kind.group.value,
        "title": _both(entry.title),
        "owner": _both(entry.owner),
        "natural_key": list(kind.key_fields),
        "alternative_keys": [list(names) for names in kind.alternative_keys],
        "period": entry.period.value,
        "grace_days": entry.grace_days,
        "sharing_mode": entry.sharing_mode.value,
        "public": entry.public,
        "consent_required": entry.consent_required,
        "retention": {"months": entry.retention.months, "zh": entry.retention.zh, "en": entry.retention.en},
        "expected": entry.expected,
        "across_providers": kind.across,
        "source_ranking": list(entry.source_ranking),
        "roles": list(kind.roles),
        "writers": sorted(kind.writers),
        "fields": [_field(name, field, entry.labels[name]) for name, field in kind.own_fields.items()],
        "json_schema": kind.json_schema(),
        "rules": [
            {
                "id": rule.id,
                "pointer": rule.pointer,
                "severity": rule.severity,
                "description": rule.description,
            }
            for rule in rulebook(kind)
        ],
        "basis": list(entry.basis),
        "notes": list(entry.notes),
        "csv_template": csv_template(kind),
    }


def _field(name: str, field: RecordField, label: Words) -> dict[str, Any]:
    found: dict[str, Any] = {
        "name": name,
        "title": _both(label),
        "required": field.required,
        "key": field.key,
        "personal": field.personal,
    }
    if isinstance(field, Quantity):
        found["unit"] = field.unit
    return found


def _both(words: Words) -> dict[str, str]:
    return {"zh": words.zh, "en": words.en}
