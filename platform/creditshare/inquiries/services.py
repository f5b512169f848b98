"""Answers about one firm: profile, score, report; as things stand, or as they were on a day and known at a moment."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import orjson
from sqlalchemy.orm import Session

from creditshare.consents.standing import Lacking, Permission
from creditshare.core.clock import day_of, rfc3339
from creditshare.core.database import read_knowledge_clock
from creditshare.core.encryption import Keyring
from creditshare.core.ids import public
from creditshare.firms.queries import FoundFirm
from creditshare.inquiries.ask import Answer, Ask, Refusal
from creditshare.inquiries.history import told_scores
from creditshare.inquiries.permission import permit, refuse
from creditshare.profiles.services import Profile, get_snapshot, make_profiles
from creditshare.profiles.versions import Reading
from creditshare.resources.groups import ResourceGroup
from creditshare.scoring.models import StoredScore
from creditshare.scoring.refresh import refresh_firms
from creditshare.scoring.rulebook import Rulebook
from creditshare.scoring.services import ScoreBytes, current_score, make_score, measure_firms, tell_score


@dataclass(frozen=True, slots=True)
class Desk:
    """What every answer is made with."""

    session: Session
    rulebook: Rulebook
    keyring: Keyring


@dataclass(frozen=True, slots=True)
class ScorePage:
    """Which page of a firm's scores is asked for, and how a page is written."""

    after: tuple[datetime, UUID] | None
    limit: int
    write: Callable[[Sequence[StoredScore]], bytes]


@dataclass(frozen=True, slots=True)
class Moment:
    """What an answer holds for; `is_current`: as things stand, so that the snapshot answers."""

    as_of: date
    known_at: datetime
    is_current: bool


def profile(desk: Desk, ask: Ask, firm: FoundFirm) -> Answer | Refusal:
    """Answer with the profile."""
    permission = permit(desk.session, ask, firm_id=firm.id)
    if isinstance(permission, Refusal):
        return permission
    body, known_at = _profile_body(desk, ask, firm, permission)
    return Answer(body, permission, _moment(desk, ask).as_of, known_at)


def score(desk: Desk, ask: Ask, firm: FoundFirm) -> Answer | Refusal:
    """Answer with the score over exactly the groups that live consents cover."""
    permission = permit(desk.session, ask, firm_id=firm.id)
    if isinstance(permission, Refusal):
        return permission
    told, moment = _score(desk, ask, firm, permission)
    return Answer(told.body, permission, moment.as_of, moment.known_at, told.id)


def report(desk: Desk, ask: Ask, firm: FoundFirm) -> Answer | Refusal:
    """Answer with score and profile together, under the id of the log entry."""
    permission = permit(desk.session, ask, firm_id=firm.id)
    if isinstance(permission, Refusal):
        return permission
    told, moment = _score(desk, ask, firm, permission)
    sections, known_at = _profile_body(desk, ask, firm, permission)
    head = orjson.dumps(
        {
            "query_id": public("q", ask.id),
            "firm_id": public("f", firm.id),
            "uscc": firm.uscc,
            "purpose": ask.terms.purpose,
            "made_at": rfc3339(ask.now),
        }
    )
    body = head[:-1] + b',"score":' + told.body + b',"profile":' + sections + b',"audit_root":null}'
    return Answer(body, permission, moment.as_of, known_at, told.id)


def stored_score(desk: Desk, ask: Ask, firm: FoundFirm, stored: StoredScore) -> Answer | Refusal:
    """Answer with a score once told, byte for byte, where the consents cover the groups it used."""
    permission = permit(desk.session, ask, firm_id=firm.id)
    if isinstance(permission, Refusal):
        return permission
    if not permission.groups.issuperset(ResourceGroup(group) for group in stored.groups_used):
        return refuse(Lacking.GROUP_NOT_COVERED)
    return Answer(stored.body, permission, stored.data_as_of, stored.known_at, stored.id)


def scores(desk: Desk, ask: Ask, firm: FoundFirm, page: ScorePage) -> Answer | Refusal:
    """Answer with a page of the scores told before, of those that used none but the covered groups."""
    permission = permit(desk.session, ask, firm_id=firm.id)
    if isinstance(permission, Refusal):
        return permission
    told = told_scores(
        desk.session, firm_id=firm.id, groups=permission.groups, after=page.after, limit=page.limit + 1
    )
    return Answer(page.write(told), permission)


def _moment(desk: Desk, ask: Ask) -> Moment:
    today, terms = day_of(ask.now), ask.terms
    if terms.known_at is None and terms.as_of in (None, today):
        return Moment(today, read_knowledge_clock(desk.session), is_current=True)
    known_at = terms.known_at or read_knowledge_clock(desk.session)
    return Moment(terms.as_of or today, known_at, is_current=False)


def _profile_body(desk: Desk, ask: Ask, firm: FoundFirm, permission: Permission) -> tuple[bytes, datetime]:
    """Join the sections that may be shown; returns the body and the moment of knowledge it holds for."""
    moment = _moment(desk, ask)
    found = _snapshot(desk, ask, firm) if moment.is_current else None
    if found is None or ask.terms.provenance:
        known_at = moment.known_at if found is None else found.known_at
        reading = Reading([firm.id], moment.as_of, known_at, ask.terms.provenance)
        found = make_profiles(desk.session, reading, loader=desk.rulebook.loader)[0][0]
    head = orjson.dumps(
        {
            "firm_id": public("f", firm.id),
            "uscc": firm.uscc,
            "as_of": moment.as_of.isoformat(),
            "known_at": rfc3339(found.known_at),
        }
    )
    asked = ask.terms.groups or frozenset(ResourceGroup)
    sections = b",".join(
        orjson.dumps(group) + b":" + _section(found, group, permission)
        for group in ResourceGroup
        if group in asked
    )
    return head[:-1] + b',"groups":{' + sections + b"}}", found.known_at


def _section(found: Profile, group: ResourceGroup, permission: Permission) -> bytes:
    shown: Mapping[ResourceGroup, bytes] = (
        found.sections if group in permission.groups else found.public_sections
    )
    return shown[group]


def _snapshot(desk: Desk, ask: Ask, firm: FoundFirm) -> Profile | None:
    """Return the firm's snapshot, made anew first where a day has changed it; None before its first refresh."""
    found = get_snapshot(desk.session, firm_id=firm.id)
    if found is not None and found.changes_on <= day_of(ask.now):
        refresh_firms(desk.session, [firm.id], rulebook=desk.rulebook, keyring=desk.keyring, now=ask.now)
        desk.session.expire_all()
        found = get_snapshot(desk.session, firm_id=firm.id)
    return found


def _score(desk: Desk, ask: Ask, firm: FoundFirm, permission: Permission) -> tuple[ScoreBytes, Moment]:
    moment = _moment(desk, ask)
    if moment.is_current:
        _snapshot(desk, ask, firm)
        told = current_score(
            desk.session,
            firm_id=firm.id,
            uscc=firm.uscc,
            groups=permission.groups,
            rulebook=desk.rulebook,
            keyring=desk.keyring,
            now=ask.now,
        )
        return told, moment
    reading = Reading([firm.id], moment.as_of, moment.known_at)
    usccs = {firm.id: firm.uscc}
    _, (scored,) = measure_firms(desk.session, reading, usccs=usccs, rulebook=desk.rulebook)
    made = make_score(scored, permission.groups, rulebook=desk.rulebook, keyring=desk.keyring, now=ask.now)
    return tell_score(desk.session, made), moment
