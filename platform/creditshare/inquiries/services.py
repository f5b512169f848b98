"""Answers about one firm: profile, score, report; as things stand, or as they were on a day and known at a moment."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

import orjson
from sqlalchemy.orm import Session

from creditshare.consents.standing import Lacking, Permission
from creditshare.core.clock import day_of, rfc3339
from creditshare.core.database import read_knowledge_clock
from creditshare.core.encryption import Keyring
from creditshare.core.ids import public
from creditshare.inquiries.ask import Answer, Ask, Refusal
from creditshare.inquiries.history import told_scores
from creditshare.inquiries.permission import permit, refuse
from creditshare.inquiries.queries import FirmFile
from creditshare.profiles.services import Profile, get_snapshot, make_profiles
from creditshare.profiles.versions import Reading
from creditshare.resources.groups import ResourceGroup
from creditshare.scoring.models import StoredScore
from creditshare.scoring.refresh import refresh_firms
from creditshare.scoring.rulebook import Rulebook
from creditshare.scoring.services import Scored, current_score, make_score, measure_firms, tell_score


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
class Told:
    """A profile or a score as it goes out, and what it holds for."""

    body: bytes
    as_of: date
    known_at: datetime | None
    score_id: UUID | None = None


def profile(desk: Desk, ask: Ask, file: FirmFile) -> Answer | Refusal:
    """Answer with the profile."""
    permission = permit(ask, file.held)
    if isinstance(permission, Refusal):
        return permission
    told = _profile(desk, ask, file, permission)
    return Answer(told.body, permission, told.as_of, told.known_at)


def score(desk: Desk, ask: Ask, file: FirmFile) -> Answer | Refusal:
    """Answer with the score over exactly the groups that live consents cover."""
    permission = permit(ask, file.held)
    if isinstance(permission, Refusal):
        return permission
    told = _score(desk, ask, file, permission)
    return Answer(told.body, permission, told.as_of, told.known_at, told.score_id)


def report(desk: Desk, ask: Ask, file: FirmFile) -> Answer | Refusal:
    """Answer with score and profile together, under the id of the log entry."""
    permission = permit(ask, file.held)
    if isinstance(permission, Refusal):
        return permission
    if _is_current(ask):
        file = _fresh(desk, ask, file)
        scored = _current_score(desk, ask, file, permission)
        told = _current_profile(desk, ask, file, permission)
    else:
        (found,), measured = _measured(desk, ask, file)
        scored = _past_score(desk, ask, measured[0], permission)
        told = _shown(ask, file, found, permission)
    head = orjson.dumps(
        {
            "query_id": public("q", ask.id),
            "firm_id": public("f", file.firm.id),
            "uscc": file.firm.uscc,
            "purpose": ask.terms.purpose,
            "made_at": rfc3339(ask.now),
        }
    )
    body = head[:-1] + b',"score":' + scored.body + b',"profile":' + told.body + b',"audit_root":null}'
    return Answer(body, permission, told.as_of, told.known_at, scored.score_id)


def stored_score(desk: Desk, ask: Ask, file: FirmFile, stored: StoredScore) -> Answer | Refusal:
    """Answer with a score once told, byte for byte, where the consents cover the groups it used."""
    permission = permit(ask, file.held)
    if isinstance(permission, Refusal):
        return permission
    if not permission.groups.issuperset(ResourceGroup(group) for group in stored.groups_used):
        return refuse(Lacking.GROUP_NOT_COVERED)
    return Answer(stored.body, permission, stored.data_as_of, stored.known_at, stored.id)


def scores(desk: Desk, ask: Ask, file: FirmFile, page: ScorePage) -> Answer | Refusal:
    """Answer with a page of the scores told before, of those that used none but the covered groups."""
    permission = permit(ask, file.held)
    if isinstance(permission, Refusal):
        return permission
    told = told_scores(
        desk.session, firm_id=file.firm.id, groups=permission.groups, after=page.after, limit=page.limit + 1
    )
    return Answer(page.write(told), permission)


def _is_current(ask: Ask) -> bool:
    """Say whether things as they stand are asked for, so that the snapshot answers."""
    return ask.terms.known_at is None and ask.terms.as_of in (None, day_of(ask.now))


def _reading(desk: Desk, ask: Ask, file: FirmFile, *, known_at: datetime | None) -> Reading:
    """Say what to read from versions where the snapshot does not answer.

    A moment after the clock is answered, and named, as the clock's: what a publisher at work has stamped with a moment
    in between is not visible yet, and would make the same question have another answer soon.
    """
    if known_at is None:
        clock = read_knowledge_clock(desk.session)
        known_at = min(ask.terms.known_at or clock, clock)
    return Reading([file.firm.id], ask.terms.as_of or day_of(ask.now), known_at, ask.terms.provenance)


def _profile(desk: Desk, ask: Ask, file: FirmFile, permission: Permission) -> Told:
    if _is_current(ask):
        return _current_profile(desk, ask, _fresh(desk, ask, file), permission)
    return _read_profile(desk, ask, file, permission, known_at=None)


def _current_profile(desk: Desk, ask: Ask, file: FirmFile, permission: Permission) -> Told:
    """Show the snapshot. Provenance is not in it: with that, the same is read from versions as known then."""
    if file.snapshot is None:
        return _read_profile(desk, ask, file, permission, known_at=None)
    if ask.terms.provenance:
        return _read_profile(desk, ask, file, permission, known_at=file.snapshot.known_at)
    return _shown(ask, file, file.snapshot, permission)


def _read_profile(
    desk: Desk, ask: Ask, file: FirmFile, permission: Permission, *, known_at: datetime | None
) -> Told:
    """Make the profile from the versions of the firm's records."""
    reading = _reading(desk, ask, file, known_at=known_at)
    (found,), _ = make_profiles(desk.session, reading, loader=desk.rulebook.loader)
    return _shown(ask, file, found, permission)


def _shown(ask: Ask, file: FirmFile, found: Profile, permission: Permission) -> Told:
    """Join the sections that were asked for, each in full or as far as it is public."""
    as_of = ask.terms.as_of or day_of(ask.now)
    head = orjson.dumps(
        {
            "firm_id": public("f", file.firm.id),
            "uscc": file.firm.uscc,
            "as_of": as_of.isoformat(),
            "known_at": rfc3339(found.known_at),
        }
    )
    asked = ask.terms.groups or frozenset(ResourceGroup)
    sections = b",".join(
        orjson.dumps(group) + b":" + _section(found, group, permission)
        for group in ResourceGroup
        if group in asked
    )
    return Told(head[:-1] + b',"groups":{' + sections + b"}}", as_of, found.known_at)


def _section(found: Profile, group: ResourceGroup, permission: Permission) -> bytes:
    shown: Mapping[ResourceGroup, bytes] = (
        found.sections if group in permission.groups else found.public_sections
    )
    return shown[group]


def _score(desk: Desk, ask: Ask, file: FirmFile, permission: Permission) -> Told:
    if _is_current(ask):
        return _current_score(desk, ask, _fresh(desk, ask, file), permission)
    _, (measured,) = _measured(desk, ask, file)
    return _past_score(desk, ask, measured, permission)


def _current_score(desk: Desk, ask: Ask, file: FirmFile, permission: Permission) -> Told:
    told = file.score if file.score_groups == permission.groups else None
    if told is None:
        told = current_score(
            desk.session,
            firm_id=file.firm.id,
            uscc=file.firm.uscc,
            groups=permission.groups,
            rulebook=desk.rulebook,
            keyring=desk.keyring,
            now=ask.now,
        )
    known_at = None if file.snapshot is None else file.snapshot.known_at
    return Told(told.body, day_of(ask.now), known_at, told.id)


def _past_score(desk: Desk, ask: Ask, measured: Scored, permission: Permission) -> Told:
    """Compute a score from versions; it is stored if its like was never told."""
    made = make_score(measured, permission.groups, rulebook=desk.rulebook, keyring=desk.keyring, now=ask.now)
    told = tell_score(desk.session, made)
    return Told(told.body, measured.as_of, measured.known_at, told.id)


def _measured(desk: Desk, ask: Ask, file: FirmFile) -> tuple[list[Profile], list[Scored]]:
    """Read the firm from versions, for profile and score at once."""
    reading = _reading(desk, ask, file, known_at=None)
    usccs = {file.firm.id: file.firm.uscc}
    return measure_firms(desk.session, reading, usccs=usccs, rulebook=desk.rulebook)


def _fresh(desk: Desk, ask: Ask, file: FirmFile) -> FirmFile:
    """Return the file, after a refresh where a day has changed the answer since the snapshot was made."""
    if file.snapshot is None or file.snapshot.changes_on > day_of(ask.now):
        return file
    refresh_firms(desk.session, [file.firm.id], rulebook=desk.rulebook, keyring=desk.keyring, now=ask.now)
    return replace(file, snapshot=get_snapshot(desk.session, firm_id=file.firm.id), score=None)
