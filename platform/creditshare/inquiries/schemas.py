"""The parameters of a read, and the shapes of answers for the OpenAPI document."""

from __future__ import annotations

from datetime import date
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, post_load, validate

from creditshare.audit.models import Inquiry
from creditshare.consents.purposes import Purpose
from creditshare.core.clock import rfc3339
from creditshare.core.ids import public
from creditshare.inquiries.ask import Terms
from creditshare.intake.validation import read_moment
from creditshare.participants.models import Participant
from creditshare.resources.groups import ResourceGroup
from creditshare.resources.lexical import read_day, refuse

LONGEST_REFERENCE = 64
FIRST_YEAR = 1900  # as of moments: no record speaks of a time before it


class DayField(fields.Field[date]):
    """A day in Asia/Shanghai."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> date:
        day = read_day(str(value))
        if day.precision != "day":
            raise refuse("date", "must be a full day like 2026-02-28")
        if day.first.year < FIRST_YEAR:
            raise refuse("range", f"must not lie before {FIRST_YEAR}")
        return day.first


class MomentField(fields.Field[Any]):
    """A moment with its zone. A `+` that came as a space is meant as a plus: an easy slip in a query."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> Any:
        return read_moment(str(value).replace(" ", "+"))


class GroupsField(fields.Field[frozenset[ResourceGroup]]):
    """Resource groups with commas between."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> frozenset[ResourceGroup]:
        names = [name.strip() for name in str(value).split(",")]
        unknown = [name for name in names if name not in set(ResourceGroup)]
        if unknown:
            raise ValidationError(f"must be among {', '.join(ResourceGroup)}")
        return frozenset(ResourceGroup(name) for name in names)


class PurposeSchema(Schema):
    """What every read of a firm states: the purpose, and a reference of the caller's own."""

    class Meta:
        """A parameter that is not understood must not be ignored."""

        unknown = RAISE

    purpose = fields.Enum(Purpose, by_value=True, required=True)
    reference = fields.String(load_default=None, validate=validate.Length(1, LONGEST_REFERENCE))

    @post_load
    def to_terms(self, data: dict[str, Any], **_: Any) -> Terms:
        """Hand the view one value."""
        provenance = data.pop("include", None) == "provenance"
        return Terms(**data, provenance=provenance)


class ScoreQuerySchema(PurposeSchema):
    """A score as things stand, or on a day, as known at a moment."""

    as_of = DayField(load_default=None, metadata={"type": "string", "format": "date"})
    known_at = MomentField(load_default=None, metadata={"type": "string", "format": "date-time"})


class ProfileQuerySchema(ScoreQuerySchema):
    """Which groups of a profile, and whether with where each value comes from."""

    groups = GroupsField(
        load_default=None, metadata={"type": "string", "description": "comma-separated; all when absent"}
    )
    include = fields.String(validate=validate.OneOf(["provenance"]))


class ScoresQuerySchema(Schema):
    """The purpose, beside `limit` and `cursor`."""

    purpose = fields.Enum(Purpose, by_value=True, required=True)
    reference = fields.String(load_default=None, validate=validate.Length(1, LONGEST_REFERENCE))

    @post_load
    def to_terms(self, data: dict[str, Any], **_: Any) -> Terms:
        """Hand the view one value."""
        return Terms(**data)


class SectionSchema(Schema):
    """What is said of one group; with provenance each value also has `provenance` and `differing`."""

    status = fields.String(
        metadata={"enum": ["available", "no-record", "stale", "suspended", "not-permitted"]}
    )
    coverage = fields.String(allow_none=True)
    fresh_until = fields.String(allow_none=True)
    facts = fields.Dict()
    series = fields.List(fields.Dict())
    events = fields.List(fields.Dict())
    disputes = fields.List(fields.Dict())


class ProfileSchema(Schema):
    """A firm's profile by resource group."""

    firm_id = fields.String()
    uscc = fields.String(allow_none=True)
    as_of = fields.String()
    known_at = fields.String()
    groups = fields.Dict(keys=fields.String(), values=fields.Nested(SectionSchema))


class ScoreSchema(Schema):
    """A firm's score, or why it is not rated."""

    score_id = fields.String(allow_none=True)
    firm_id = fields.String()
    uscc = fields.String(allow_none=True)
    status = fields.String(metadata={"enum": ["rated", "not-rated"]})
    reasons = fields.List(fields.String())
    score = fields.Integer()
    grade = fields.String()
    uncapped_grade = fields.String()
    pd = fields.String()
    confidence = fields.String()
    coverage = fields.Dict(keys=fields.String(), values=fields.String())
    groups_used = fields.List(fields.String())
    factors = fields.List(fields.Dict())
    caps = fields.List(fields.Dict())
    model = fields.Dict()
    data_as_of = fields.String(allow_none=True)
    known_at = fields.String(allow_none=True)
    computed_at = fields.String()
    input_sha256 = fields.String()


class ScoresSchema(Schema):
    """A page of scores told before, newest first."""

    items = fields.List(fields.Nested(ScoreSchema))
    next_cursor = fields.String(allow_none=True)


class ReportSchema(Schema):
    """Score and profile together, under the id of the query-log entry."""

    query_id = fields.String()
    firm_id = fields.String()
    uscc = fields.String(allow_none=True)
    purpose = fields.String()
    made_at = fields.String()
    score = fields.Nested(ScoreSchema)
    profile = fields.Nested(ProfileSchema)
    audit_root = fields.String(allow_none=True)


class QuerySchema(Schema):
    """One entry of the query log."""

    query_id = fields.String()
    at = fields.String()
    participant = fields.String()
    action = fields.String()
    firm_id = fields.String()
    purpose = fields.String()
    reference = fields.String(allow_none=True)
    end_user = fields.String(allow_none=True)
    consents = fields.List(fields.String())
    groups = fields.List(fields.String())
    as_of = fields.String(allow_none=True)
    known_at = fields.String(allow_none=True)
    score_id = fields.String(allow_none=True)
    status = fields.Integer()
    code = fields.String(allow_none=True)
    answer_sha256 = fields.String(allow_none=True)
    repeat_of = fields.String(allow_none=True)


class QueriesSchema(Schema):
    """A page of the query log, newest first."""

    items = fields.List(fields.Nested(QuerySchema))
    next_cursor = fields.String(allow_none=True)


def query_body(inquiry: Inquiry, asker: Participant, *, own: bool) -> dict[str, Any]:
    """Write a log entry; the asker's own reference and staff are for the asker only."""
    return {
        "query_id": public("q", inquiry.id),
        "at": rfc3339(inquiry.at),
        "participant": asker.code,
        "action": inquiry.action,
        "firm_id": public("f", inquiry.firm_id),
        "purpose": inquiry.purpose,
        "reference": inquiry.reference if own else None,
        "end_user": inquiry.end_user if own else None,
        "consents": [public("con", each) for each in inquiry.consent_ids],
        "groups": inquiry.groups,
        "as_of": None if inquiry.as_of is None else inquiry.as_of.isoformat(),
        "known_at": None if inquiry.known_at is None else rfc3339(inquiry.known_at),
        "score_id": None if inquiry.score_id is None else public("scr", inquiry.score_id),
        "status": inquiry.status,
        "code": inquiry.code,
        "answer_sha256": None if inquiry.answer_sha256 is None else inquiry.answer_sha256.hex(),
        "repeat_of": None if inquiry.repeat_of is None else public("q", inquiry.repeat_of),
    }
