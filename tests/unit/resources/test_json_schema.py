"""The JSON Schema of each kind: well-formed, and of one mind with the declaration."""

from __future__ import annotations

import re

import pytest

from creditshare.resources.catalogue import ALL_KINDS, kind_named

TYPES = {"string", "number", "integer", "boolean", "array", "object", "null"}
KEYWORDS = {
    "type",
    "enum",
    "pattern",
    "examples",
    "minimum",
    "maximum",
    "maxLength",
    "items",
    "format",
    "default",
    "x-unit",
    "x-decimal-places",
    "x-personal",
}


@pytest.mark.parametrize("kind", ALL_KINDS, ids=lambda kind: kind.name)
def test_each_schema_is_well_formed(kind):
    schema = kind.json_schema()

    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert (schema["title"], schema["type"], schema["additionalProperties"]) == (kind.name, "object", False)
    assert list(schema["properties"]) == list(kind.columns)
    for value in schema["properties"].values():
        types = value["type"] if isinstance(value["type"], list) else [value["type"]]
        assert set(value) <= KEYWORDS
        assert set(types) <= TYPES
        re.compile(value.get("pattern", ""))
    assert schema["x-natural-key"] == list(kind.key_fields)
    assert schema["else"]["required"] == [name for name, field in kind.own_fields.items() if field.required]


def test_a_record_says_something_besides_its_key_unless_the_key_is_the_fact():
    report = kind_named("annual-report").json_schema()["else"]
    permit = kind_named("discharge-permit").json_schema()["else"]

    assert {"required": ["revenue"]} in report["anyOf"]
    assert {"required": ["year"]} not in report["anyOf"]
    assert "anyOf" not in permit


def test_units_and_personal_fields_are_marked():
    bill = kind_named("utility-bill").json_schema()["properties"]
    share = kind_named("shareholder").json_schema()["properties"]

    assert (bill["quantity"]["x-decimal-places"], bill["amount"]["x-unit"]) == (3, "yuan")
    assert share["holder_name"]["x-personal"]
    assert "x-personal" not in share["holder_no"]
