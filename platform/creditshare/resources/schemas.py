"""What the views about kinds answer with."""

from __future__ import annotations

from marshmallow import Schema, fields


class WordsSchema(Schema):
    """A text in both languages."""

    zh = fields.String(required=True)
    en = fields.String(required=True)


class RetentionSchema(WordsSchema):
    """How long records are kept and shown."""

    months = fields.Integer(required=True)


class KindFieldSchema(Schema):
    """One own field of a kind."""

    name = fields.String(required=True)
    title = fields.Nested(WordsSchema, required=True)
    required = fields.Boolean(required=True)
    key = fields.Boolean(required=True, metadata={"description": "part of the natural key"})
    personal = fields.Boolean(required=True, metadata={"description": "encrypted at rest, masked in answers"})
    unit = fields.String()


class KindRuleSchema(Schema):
    """One rule that rows are held to."""

    id = fields.String(required=True)
    pointer = fields.String(required=True)
    severity = fields.String(required=True, metadata={"enum": ["error", "remark", "quarantine"]})
    description = fields.String(required=True)


class KindSchema(Schema):
    """A record kind: what it is, who sends it, who may see it."""

    kind = fields.String(required=True)
    group = fields.String(required=True)
    title = fields.Nested(WordsSchema, required=True)
    owner = fields.Nested(WordsSchema, required=True)
    natural_key = fields.List(fields.String(), required=True)
    alternative_keys = fields.List(fields.List(fields.String()), required=True)
    period = fields.String(required=True, metadata={"description": "P1D, P1M, P3M, P1Y or irregular"})
    grace_days = fields.Integer(required=True)
    sharing_mode = fields.String(required=True)
    public = fields.Boolean(required=True)
    consent_required = fields.Boolean(required=True)
    retention = fields.Nested(RetentionSchema, required=True)
    expected = fields.Boolean(required=True, metadata={"description": "counts in coverage"})
    across_providers = fields.String(required=True, metadata={"enum": ["one", "sum"]})
    source_ranking = fields.List(fields.String(), required=True)
    roles = fields.List(fields.String(), required=True)
    writers = fields.List(fields.String(), required=True)
    fields_ = fields.List(
        fields.Nested(KindFieldSchema), required=True, data_key="fields", attribute="fields"
    )
    json_schema = fields.Dict(required=True)
    rules = fields.List(fields.Nested(KindRuleSchema), required=True)
    basis = fields.List(fields.String(), required=True)
    notes = fields.List(fields.String(), required=True)
    csv_template = fields.String(required=True)


class KindListSchema(Schema):
    """A page of kinds."""

    items = fields.List(fields.Nested(KindSchema), required=True)
    next_cursor = fields.String(required=True, allow_none=True)
