"""What a bank or a firm sends to register a consent, and what everyone gets back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, post_load, validate, validates_schema

from creditshare.consents.purposes import BANK_PURPOSES, Purpose
from creditshare.consents.services import ConsentTerms, ConsentView, Evidence
from creditshare.core.clock import SHANGHAI, rfc3339
from creditshare.core.ids import public
from creditshare.firms.identifiers import clean
from creditshare.firms.subjects import CODES, SubjectKey
from creditshare.intake.validation import read_moment
from creditshare.resources.groups import ResourceGroup
from creditshare.resources.lexical import Reason, read_day, refuse

DAY_LENGTH = len("2026-02-28")
FIRST_YEAR, LAST_YEAR = 1900, 9998  # as of moments: what lies outside is a slip, and is hard to reckon with
PLATFORM = "platform"
BOUND = {"type": "string", "description": "a day (Asia/Shanghai) or a moment with its zone"}


@dataclass(frozen=True, slots=True)
class Bound:
    """One end of a consent's term, as written and as the moment it means."""

    stated: str
    moment: datetime


class BoundField(fields.Field[Bound]):
    """The first or last of a consent: a day, which counts in full, or a moment."""

    def __init__(self, *, last: bool, **options: Any) -> None:
        super().__init__(metadata=BOUND, **options)
        self.last = last

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> Bound:
        if not isinstance(value, str) or len(value) != DAY_LENGTH:
            return Bound(str(value), read_moment(value))
        day = read_day(value).first
        if not FIRST_YEAR <= day.year <= LAST_YEAR:
            raise refuse("range", f"must lie in the years {FIRST_YEAR} to {LAST_YEAR}")
        after = day + timedelta(days=1 if self.last else 0)
        return Bound(value, datetime.combine(after, time(), SHANGHAI))


class Identifier(fields.Field[SubjectKey]):
    """A firm's code, checked as in a record."""

    def __init__(self, form: str, **options: Any) -> None:
        super().__init__(metadata={"type": "string"}, **options)
        self.form = form

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> SubjectKey:
        if not isinstance(value, str):
            raise refuse("type", "must be text")
        code, (form, fault_of) = clean(value), CODES[self.form]
        if fault := fault_of(code):
            raise refuse(f"{self.form.replace('_', '-')}-{fault}", f"is not a valid code ({fault})")
        return SubjectKey(form, code)


class EvidenceSchema(Schema):
    """What proves the firm's agreement: a paper or a signed file by its `reference` and `sha256`."""

    method = fields.String(
        required=True, validate=validate.OneOf(["paper", "electronic-signature", PLATFORM])
    )
    reference = fields.String(load_default=None, validate=validate.Length(1, 200))
    sha256 = fields.String(load_default=None, validate=validate.Regexp(r"[0-9a-fA-F]{64}\Z"))

    @validates_schema
    def check_proof(self, data: dict[str, Any], **_: Any) -> None:
        """Ask for both, unless the firm has agreed on this platform, where there is no paper."""
        absent = [name for name in ("reference", "sha256") if data.get(name) is None]
        if absent and data["method"] != PLATFORM:
            words = f"must be given with the method {data['method']}"
            raise ValidationError({name: [Reason("required", words)] for name in absent})

    @post_load
    def to_evidence(self, data: dict[str, Any], **_: Any) -> Evidence:
        """Hand on one value."""
        return Evidence(**data)


class ConsentTermsSchema(Schema):
    """A consent as its firm has given it: the firm by one code, and the terms.

    A bank registers what it was given; a firm names the `grantee` (a participant's code) and may leave out itself.
    """

    class Meta:
        """Terms that are not understood must not be agreed to."""

        unknown = RAISE

    uscc = Identifier("uscc")
    registration_no = Identifier("registration_no")
    organisation_code = Identifier("organisation_code")
    grantee = fields.String(validate=validate.Length(1, 100))
    purposes = fields.List(
        fields.Enum(Purpose, by_value=True, validate=validate.OneOf(BANK_PURPOSES)),
        required=True,
        validate=validate.Length(1, len(BANK_PURPOSES)),
    )
    groups = fields.List(
        fields.Enum(ResourceGroup, by_value=True),
        required=True,
        validate=validate.Length(1, len(ResourceGroup)),
    )
    valid_from = BoundField(last=False)
    valid_until = BoundField(last=True, required=True)
    evidence = fields.Nested(EvidenceSchema)

    @validates_schema
    def check_firm(self, data: dict[str, Any], **_: Any) -> None:
        """Refuse two codes: a consent names its firm once."""
        if sum(name in data for name in CODES) > 1:
            raise ValidationError(
                "name the firm by one of uscc, registration_no and organisation_code", "uscc"
            )
        if "valid_from" in data and data["valid_from"].moment >= data["valid_until"].moment:
            raise ValidationError("must lie after valid_from", "valid_until")


def firm_in(body: dict[str, Any]) -> SubjectKey | None:
    """Return the firm that a loaded body names, if it does."""
    return next((body[name] for name in CODES if name in body), None)


def terms_from(body: dict[str, Any], *, firm: SubjectKey, now: datetime) -> ConsentTerms:
    """Make terms from a loaded body; without `valid_from` they hold from now."""
    start = body.get("valid_from") or Bound(rfc3339(now), now)
    end: Bound = body["valid_until"]
    return ConsentTerms(
        firm=firm,
        purposes=frozenset(body["purposes"]),
        groups=frozenset(body["groups"]),
        valid_from=start.moment,
        valid_until=end.moment,
        stated_from=start.stated,
        stated_until=end.stated,
        evidence=body.get("evidence") or Evidence(PLATFORM, None, None),
    )


class ConsentSchema(Schema):
    """A consent as both sides see it."""

    id = fields.String()
    firm_id = fields.String(allow_none=True)
    uscc = fields.String()
    registration_no = fields.String()
    organisation_code = fields.String()
    grantee = fields.String()
    purposes = fields.List(fields.String())
    groups = fields.List(fields.String())
    valid_from = fields.String()
    valid_until = fields.String()
    evidence = fields.Nested(EvidenceSchema)
    state = fields.String(metadata={"enum": ["active", "paused", "revoked", "expired", "not-yet-valid"]})
    created_at = fields.String()
    paused_at = fields.String(allow_none=True)
    revoked_at = fields.String(allow_none=True)


class ConsentsSchema(Schema):
    """A page of consents."""

    items = fields.List(fields.Nested(ConsentSchema))
    next_cursor = fields.String(allow_none=True)


def consent_body(view: ConsentView, *, grantee: str, now: datetime) -> dict[str, Any]:
    """Write a consent for the outside."""
    consent, pause, revocation = view.consent, view.last_pause, view.revocation
    return {
        "id": public("con", consent.id),
        "firm_id": None if view.firm_id is None else public("f", view.firm_id),
        consent.identifier_form: consent.identifier,
        "grantee": grantee,
        "purposes": consent.purposes,
        "groups": consent.groups,
        "valid_from": consent.stated_from,
        "valid_until": consent.stated_until,
        "evidence": {
            "method": consent.evidence_method,
            "reference": consent.evidence_reference,
            "sha256": consent.evidence_sha256,
        },
        "state": view.held.state(now),
        "created_at": rfc3339(consent.created_at),
        "paused_at": None if pause is None or revocation is not None else rfc3339(pause.at),
        "revoked_at": None if revocation is None else rfc3339(revocation.at),
    }
