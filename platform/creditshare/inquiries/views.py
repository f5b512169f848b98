"""Reading a firm: profile, score, scores, report; and the log of who read what.

Every read runs the same course (`_serve`): firm, permission, answer, log entry, in one transaction.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from flask import Response, jsonify, redirect, request
from sqlalchemy.orm import Session

from creditshare.audit.services import (
    first_with_key,
    inquiries_about,
    inquiries_by,
    record_inquiry,
)
from creditshare.consents.purposes import PURPOSES_OF
from creditshare.core.clock import day_of, utcnow
from creditshare.core.ids import parse, public
from creditshare.errors import Fault
from creditshare.firms.queries import FoundFirm, find_firm
from creditshare.inquiries import services
from creditshare.inquiries.ask import Answer, Ask, Read, Refusal, Terms
from creditshare.inquiries.entry import REFUSED, entry
from creditshare.inquiries.errors import FirmNotFound, ReadRefused, ScoreNotFound
from creditshare.inquiries.history import get_stored_score, living_firm
from creditshare.inquiries.queries import FirmFile, file_of, open_file
from creditshare.inquiries.schemas import (
    ProfileQuerySchema,
    ProfileSchema,
    PurposeSchema,
    QueriesSchema,
    ReportSchema,
    ScoreQuerySchema,
    ScoreSchema,
    ScoresQuerySchema,
    ScoresSchema,
    query_body,
)
from creditshare.inquiries.services import Desk, ScorePage
from creditshare.participants.models import Participant
from creditshare.participants.roles import Role
from creditshare.scoring.models import StoredScore
from creditshare.scoring.rulebook import Rulebook, rulebook_for
from creditshare.web.auth import current, requires_scope
from creditshare.web.blueprint import Blueprint, ParametersInvalid
from creditshare.web.etags import conditional
from creditshare.web.idempotency import IdempotencyKeyReused, idempotency_key
from creditshare.web.pagination import Page, PageSchema, page_of
from creditshare.web.runtime import runtime
from creditshare.web.transaction import transaction

blp = Blueprint("inquiries", __name__, url_prefix="/v1", description="Read firms, and see who read them")

Outcome = Answer | Refusal
Answering = Callable[[Desk, Ask, FirmFile], Outcome]
SCORES, QUERIES = "scores", "queries"


@blp.route("/firms/<firm>/profile")
@requires_scope("reports:read")
@blp.arguments(ProfileQuerySchema, location="query")
@blp.response(200, ProfileSchema)
def profile(terms: Terms, firm: str) -> Response:
    """Read a firm's profile, by resource group; groups outside live consents show public kinds only."""
    return _read_firm(Read.PROFILE, terms, firm, services.profile)


@blp.route("/firms/<firm>/score")
@requires_scope("reports:read")
@blp.arguments(ScoreQuerySchema, location="query")
@blp.response(200, ScoreSchema)
def score(terms: Terms, firm: str) -> Response:
    """Read a firm's score over exactly the groups that live consents cover."""
    return _read_firm(Read.SCORE, terms, firm, services.score)


@blp.route("/firms/<firm>/report")
@requires_scope("reports:read")
@blp.arguments(ProfileQuerySchema, location="query")
@blp.response(200, ReportSchema)
def report(terms: Terms, firm: str) -> Response:
    """Read score and profile together, under a query id."""
    return _read_firm(Read.REPORT, terms, firm, services.report)


@blp.route("/firms/<firm>/scores")
@requires_scope("reports:read")
@blp.arguments(ScoresQuerySchema, location="query")
@blp.arguments(PageSchema, location="query")
@blp.response(200, ScoresSchema)
def scores(terms: Terms, page: Page, firm: str) -> Response:
    """List the scores told of a firm, newest first, of those that used none but covered groups."""
    asked = ScorePage(after=_position(page, SCORES), limit=page.limit, write=_write_scores(page))
    return _read_firm(
        Read.SCORES, terms, firm, lambda desk, ask, found: services.scores(desk, ask, found, asked)
    )


@blp.route("/scores/<score_id>")
@requires_scope("reports:read")
@blp.arguments(PurposeSchema, location="query")
@blp.response(200, ScoreSchema)
def stored_score(terms: Terms, score_id: str) -> Response:
    """Read a score once told, byte for byte; consents must cover the groups it used."""
    rulebook = _rulebook()
    with transaction() as session:
        ask = _ask(session, Read.STORED_SCORE, _checked(terms))
        stored = get_stored_score(session, score_id=parse("scr", score_id))
        firm_id = living_firm(session, firm_id=stored.firm_id)
        file = file_of(session, firm_id, ask=ask, model_sha256=rulebook.model.sha256)
        if file is None or _is_stranger(session, file.firm):
            raise ScoreNotFound("there is no such score")
        desk = Desk(session, rulebook, runtime().keyring)
        response, outcome = _serve(
            desk, ask, file, lambda desk, ask, found: services.stored_score(desk, ask, found, stored)
        )
    return _finished(response, outcome)


@blp.route("/queries")
@requires_scope("reports:read")
@blp.arguments(PageSchema, location="query")
@blp.response(200, QueriesSchema)
def queries(page: Page) -> Response:
    """List own reads, newest first; a firm sees everyone's reads of it."""
    caller, after = current(), _position(page, QUERIES)
    with transaction() as session:
        if caller.role == Role.FIRM:
            firm = _own_firm(session)
            rows = inquiries_about(
                session, firm_ids=[] if firm is None else [firm.id], after=after, limit=page.limit + 1
            )
        else:
            rows = inquiries_by(
                session, participant_id=caller.participant_id, after=after, limit=page.limit + 1
            )
    body = page_of(
        rows,
        page,
        list_name=QUERIES,
        dump=lambda row: query_body(row[0], row[1], own=row[1].id == caller.participant_id),
        position=lambda row: [row[0].at.isoformat(), str(row[0].id)],
    )
    return conditional(jsonify(body))


def _read_firm(read: Read, terms: Terms, named: str, answer: Answering) -> Response:
    """Find the firm and serve the read; a firm that lives on in another is where the redirect says."""
    terms, rulebook, keyring = _checked(terms), _rulebook(), runtime().keyring
    with transaction() as session:
        ask = _ask(session, read, terms)
        file = open_file(session, named, ask=ask, model_sha256=rulebook.model.sha256, keyring=keyring)
        if file is None or _is_stranger(session, file.firm):  # before any redirect, which names a firm
            raise FirmNotFound("there is no such firm")
        if file.firm.merged_into is not None:
            return _moved(read, public("f", file.firm.merged_into))
        response, outcome = _serve(Desk(session, rulebook, keyring), ask, file, answer)
    return _finished(response, outcome)


def _serve(desk: Desk, ask: Ask, file: FirmFile, answer: Answering) -> tuple[Response, Outcome]:
    """Answer and log, in the transaction that is open."""
    outcome = answer(desk, ask, file)
    if isinstance(outcome, Refusal):
        response = Response(status=REFUSED)
    else:
        response = conditional(Response(outcome.body, mimetype="application/json"))
    logged = entry(ask, outcome, firm_id=file.firm.id, status=response.status_code)
    record_inquiry(desk.session, logged)
    return response, outcome


def _rulebook() -> Rulebook:
    return rulebook_for(runtime().settings.config_dir, day_of(utcnow()))


def _finished(response: Response, outcome: Outcome) -> Response:
    """Return the answer, or make the problem, now that the log entry is committed."""
    if isinstance(outcome, Refusal):
        raise ReadRefused(outcome.code.value, outcome.detail)
    return response


def _checked(terms: Terms) -> Terms:
    """Refuse a purpose that is not one of the caller's role, and days and moments that have not come."""
    role, now = Role(current().role), utcnow()
    faults = []
    if terms.purpose not in PURPOSES_OF[role]:
        words = f"a {role} reads for {', '.join(PURPOSES_OF[role])}"
        faults.append(Fault("/query/purpose", "purpose-not-allowed", words))
    if terms.as_of is not None and terms.as_of > day_of(now):
        faults.append(Fault("/query/as_of", "in-future", "lies in the future"))
    if terms.known_at is not None and terms.known_at > now:
        faults.append(Fault("/query/known_at", "in-future", "lies in the future"))
    if faults:
        raise ParametersInvalid(f"{len(faults)} thing(s) to correct", faults=faults)
    return terms


def _ask(session: Session, read: Read, terms: Terms) -> Ask:
    """Put together who asks for what; a key that came before marks this read as a repeat."""
    caller, now, key = current(), utcnow(), idempotency_key()
    request_hash = repeat_of = None
    if key is not None:
        request_hash = runtime().keyring.digest(request.query_string)
        first = first_with_key(
            session, participant_id=caller.participant_id, path=request.path, key=key, now=now
        )
        if first is not None and first.request_hash != request_hash:
            raise IdempotencyKeyReused("this key came before with another request")
        repeat_of = None if first is None else first.id
    return Ask(
        id=uuid.uuid4(),
        read=read,
        path=request.path,
        participant_id=caller.participant_id,
        client_id=caller.client_id,
        end_user=caller.end_user,
        is_firm=caller.role == Role.FIRM,
        terms=terms,
        now=now,
        key=key,
        request_hash=request_hash,
        repeat_of=repeat_of,
    )


def _is_stranger(session: Session, firm: FoundFirm) -> bool:
    """Say whether the caller is a firm, and neither this one nor the one it lives on in."""
    if current().role != Role.FIRM:
        return False
    own = _own_firm(session)
    return own is None or own.id != living_firm(session, firm_id=firm.id)


def _own_firm(session: Session) -> FoundFirm | None:
    uscc = session.get_one(Participant, current().participant_id).uscc
    return None if uscc is None else find_firm(session, uscc, keyring=runtime().keyring)


def _moved(read: Read, firm_id: str) -> Response:
    query = request.query_string.decode("latin-1")
    location = f"/v1/firms/{firm_id}/{read}" + (f"?{query}" if query else "")
    moved = redirect(location, code=308)
    assert isinstance(moved, Response)
    return moved


def _position(page: Page, name: str) -> tuple[datetime, UUID] | None:
    position = page.after(name)
    return None if position is None else (datetime.fromisoformat(position[0]), UUID(position[1]))


def _write_scores(page: Page) -> Callable[[Sequence[StoredScore]], bytes]:
    def write(rows: Sequence[StoredScore]) -> bytes:
        body: dict[str, Any] = page_of(
            rows,
            page,
            list_name=SCORES,
            dump=lambda row: orjson.Fragment(row.body),
            position=lambda row: [row.computed_at.isoformat(), str(row.id)],
        )
        return orjson.dumps(body)

    return write
