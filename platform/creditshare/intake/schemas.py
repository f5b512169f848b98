"""What providers send beside rows, and what they get back."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate

from creditshare.core.clock import rfc3339
from creditshare.core.ids import public
from creditshare.intake.models import Submission
from creditshare.intake.validation import read_moment

LONGEST_WAIT = 30
COUNTS = ("received", "accepted", "rejected", "duplicate", "stale", "quarantined")


class Moment(fields.Field[Any]):
    """An RFC 3339 moment with its zone."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> Any:
        return read_moment(value)


class PushSchema(Schema):
    """The query of a push."""

    on_error = fields.String(load_default="skip", validate=validate.OneOf(["skip", "fail"]))
    dry_run = fields.Boolean(load_default=False, truthy={"true"}, falsy={"false"})
    wait = fields.Float(load_default=0.0, validate=validate.Range(0, LONGEST_WAIT))
    revised_at = Moment(load_default=None, metadata={"type": "string", "format": "date-time"})


class WithdrawalSchema(Schema):
    """Records to withdraw: each by its source key, or by subject and natural key."""

    items = fields.List(fields.Dict(), required=True, validate=validate.Length(1, 1000))
    revised_at = Moment(load_default=None, metadata={"type": "string", "format": "date-time"})
    reason = fields.String(required=True, validate=validate.Length(1, 1000))


class CountsSchema(Schema):
    """How many rows became what; received = accepted + rejected + duplicate + stale + quarantined."""

    received = fields.Integer()
    accepted = fields.Integer()
    rejected = fields.Integer()
    duplicate = fields.Integer()
    stale = fields.Integer()
    quarantined = fields.Integer()
    linked = fields.Integer()
    unlinked = fields.Integer()


class SubmissionSchema(Schema):
    """A submission as its provider sees it."""

    id = fields.String()
    kind = fields.String()
    state = fields.String(metadata={"enum": ["queued", "running", "succeeded", "failed", "cancelled"]})
    counts = fields.Nested(CountsSchema)
    sha256 = fields.String()
    created_at = fields.String()
    updated_at = fields.String()
    finished_at = fields.String(allow_none=True)
    problem = fields.Dict(allow_none=True)
    links = fields.Dict()


class RejectSchema(Schema):
    """A refused row: its number, its values as they came, every reason."""

    row = fields.Integer()
    disposition = fields.String(metadata={"enum": ["rejected", "quarantined"]})
    reasons = fields.List(fields.Dict())
    values = fields.Raw()


class RejectsSchema(Schema):
    """A page of refused rows."""

    items = fields.List(fields.Nested(RejectSchema))
    next_cursor = fields.String(allow_none=True)


def submission_body(submission: Submission, *, unlinked: int) -> dict[str, Any]:
    """Write a submission for its provider."""
    name = public("sub", submission.id)
    if submission.dry_run:
        unlinked = submission.accepted  # nothing was published, so nothing was looked up
    counts = {count: getattr(submission, count) for count in COUNTS}
    body: dict[str, Any] = {
        "id": name,
        "kind": submission.kind,
        "state": submission.state.value,
        "counts": counts | {"linked": submission.accepted - unlinked, "unlinked": unlinked},
        "sha256": submission.sha256,
        "created_at": rfc3339(submission.created_at),
        "updated_at": rfc3339(submission.updated_at),
        "finished_at": None if submission.finished_at is None else rfc3339(submission.finished_at),
        "links": {"self": f"/v1/submissions/{name}", "rejects": f"/v1/submissions/{name}/rejects"},
    }
    if submission.problem is not None:
        body["problem"] = submission.problem
    return body
