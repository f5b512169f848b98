"""Registering consents, looking at them, pausing, resuming and revoking them: for banks and for firms."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Response, jsonify
from sqlalchemy import select
from sqlalchemy.orm import Session

from creditshare.consents import services
from creditshare.consents.models import Action
from creditshare.consents.schemas import (
    ConsentSchema,
    ConsentsSchema,
    ConsentTermsSchema,
    consent_body,
    firm_in,
    terms_from,
)
from creditshare.consents.services import ConsentView, Party
from creditshare.core.clock import utcnow
from creditshare.core.ids import parse, public
from creditshare.errors import Fault, NotFound, Refused
from creditshare.firms.subjects import CODES, SubjectKey
from creditshare.participants.models import Participant
from creditshare.participants.queries import find_participant
from creditshare.participants.roles import Role
from creditshare.web.auth import current, requires_scope
from creditshare.web.blueprint import Blueprint, ParametersInvalid
from creditshare.web.etags import conditional
from creditshare.web.pagination import Page, PageSchema, page_of
from creditshare.web.runtime import runtime
from creditshare.web.transaction import transaction

blp = Blueprint("consents", __name__, url_prefix="/v1/consents", description="Consents of firms")
LIST = "consents"


class FirmNotOwn(NotFound):
    """A firm's client deals with its own firm only; others look as if they were not there."""

    code = "firm-not-found"


class NoConsentsForRole(Refused):
    """Only banks are given consents, and only firms give them."""

    code = "role-not-allowed"


@blp.route("", methods=["POST"])
@requires_scope("consents:write")
@blp.arguments(ConsentTermsSchema)
@blp.response(201, ConsentSchema)
def register(body: dict[str, Any]) -> Response:
    """Register a consent that a firm has given; it counts at once."""
    now = utcnow()
    _check_end(body, now=now)
    with transaction() as session:
        party = _party(session)
        grantee = _grantee(session, body, party)
        consent = services.register_consent(
            session,
            terms=terms_from(body, firm=_firm(session, body, party), now=now),
            grantee_id=grantee.id,
            registered_by=party.participant_id,
            keyring=runtime().keyring,
            now=now,
        )
        view = services.get_consent(session, consent_id=consent.id, party=party)
        shown = consent_body(view, grantee=grantee.code, now=now)
    response = jsonify(shown)
    response.status_code = 201
    response.headers["Location"] = f"/v1/consents/{public('con', consent.id)}"
    return response


@blp.route("", methods=["GET"])
@requires_scope("consents:write")
@blp.arguments(PageSchema, location="query")
@blp.response(200, ConsentsSchema)
def index(page: Page) -> Response:
    """List own consents, newest first: those given to a bank, or given by a firm."""
    position = page.after(LIST)
    after = None if position is None else (datetime.fromisoformat(position[0]), UUID(position[1]))
    with transaction() as session:
        views = services.list_consents(session, party=_party(session), after=after, limit=page.limit + 1)
        codes = _codes(session, views)
    body = page_of(
        views,
        page,
        list_name=LIST,
        dump=lambda view: consent_body(view, grantee=codes[view.consent.grantee_id], now=utcnow()),
        position=lambda view: [view.consent.created_at.isoformat(), str(view.consent.id)],
    )
    return conditional(jsonify(body))


@blp.route("/<consent_id>", methods=["GET"])
@requires_scope("consents:write")
@blp.response(200, ConsentSchema)
def show(consent_id: str) -> Response:
    """Show one consent."""
    with transaction() as session:
        view = services.get_consent(session, consent_id=parse("con", consent_id), party=_party(session))
        body = _body(session, view)
    return conditional(jsonify(body))


@blp.route("/<consent_id>/pause", methods=["POST"])
@requires_scope("consents:write")
@blp.response(200, ConsentSchema)
def pause(consent_id: str) -> Response:
    """Stop reads under this consent until it is resumed."""
    return _change(consent_id, Action.PAUSE)


@blp.route("/<consent_id>/resume", methods=["POST"])
@requires_scope("consents:write")
@blp.response(200, ConsentSchema)
def resume(consent_id: str) -> Response:
    """Let a paused consent count again; what the firm has paused only the firm resumes."""
    return _change(consent_id, Action.RESUME)


@blp.route("/<consent_id>/revoke", methods=["POST"])
@requires_scope("consents:write")
@blp.response(200, ConsentSchema)
def revoke(consent_id: str) -> Response:
    """End a consent for good; what was read before stays read."""
    return _change(consent_id, Action.REVOKE)


def _change(consent_id: str, action: Action) -> Response:
    with transaction() as session:
        view = services.change_consent(
            session,
            consent_id=parse("con", consent_id),
            action=action,
            party=_party(session),
            now=utcnow(),
        )
        body = _body(session, view)
    return jsonify(body)


def _party(session: Session) -> Party:
    caller = current()
    if caller.role not in {Role.BANK, Role.FIRM}:
        raise NoConsentsForRole("consents are given by firms to banks")
    return services.party_of(
        session,
        participant_id=caller.participant_id,
        client_id=caller.client_id,
        is_firm=caller.role == Role.FIRM,
        keyring=runtime().keyring,
    )


def _check_end(body: dict[str, Any], *, now: datetime) -> None:
    """Refuse a term without a start, which begins now, that is over already; the schema knows no now."""
    if "valid_from" not in body and body["valid_until"].moment <= now:
        fault = Fault("/valid_until", "invalid", "must lie after now, where there is no valid_from")
        raise ParametersInvalid("1 thing(s) to correct", faults=[fault])


def _grantee(session: Session, body: dict[str, Any], party: Party) -> Participant:
    """Return who is given the consent: the bank itself, or whom the firm names."""
    code = body.get("grantee", None if party.is_firm else current().participant_code)
    found = None if code is None else find_participant(session, code=code)
    if code is None:
        fault = Fault("/grantee", "required", "a firm names the bank it gives the consent to")
    elif found is None or found.role != Role.BANK:
        fault = Fault("/grantee", "grantee-unknown", "is not the code of a bank")
    elif not party.is_firm and found.id != party.participant_id:
        fault = Fault("/grantee", "grantee-not-own", "a bank registers consents given to itself")
    else:
        return found
    raise ParametersInvalid("1 thing(s) to correct", faults=[fault])


def _firm(session: Session, body: dict[str, Any], party: Party) -> SubjectKey:
    named = firm_in(body)
    if not party.is_firm:
        if named is None:
            words = "name the firm by one of uscc, registration_no and organisation_code"
            raise ParametersInvalid("1 thing(s) to correct", faults=[Fault("/uscc", "required", words)])
        if "evidence" not in body:
            fault = Fault("/evidence", "required", "a bank says what proves the consent")
            raise ParametersInvalid("1 thing(s) to correct", faults=[fault])
        return named
    if named is None:
        participant = session.get_one(Participant, party.participant_id)
        named = SubjectKey(CODES["uscc"][0], participant.uscc or "")
    if named.id(runtime().keyring) not in (party.firm_subjects or ()):
        raise FirmNotOwn("there is no such firm")
    return named


def _codes(session: Session, views: list[ConsentView]) -> dict[UUID, str]:
    ids = {view.consent.grantee_id for view in views}
    found = session.execute(select(Participant.id, Participant.code).where(Participant.id.in_(ids)))
    return {row.id: row.code for row in found}


def _body(session: Session, view: ConsentView) -> dict[str, Any]:
    grantee = session.get_one(Participant, view.consent.grantee_id)
    return consent_body(view, grantee=grantee.code, now=utcnow())
