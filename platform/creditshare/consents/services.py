"""Registering consents, pausing, resuming and revoking them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, select, text, tuple_
from sqlalchemy.orm import Session

from creditshare.consents.errors import ConsentNotFound, ConsentRevoked, PausedByFirm
from creditshare.consents.models import Action, Consent, ConsentEvent
from creditshare.consents.purposes import Purpose
from creditshare.consents.standing import Held
from creditshare.core.encryption import Keyring
from creditshare.firms.models import SubjectForm
from creditshare.firms.subjects import SubjectKey
from creditshare.participants.models import Participant
from creditshare.resources.groups import ResourceGroup


@dataclass(frozen=True, slots=True)
class Evidence:
    """What proves that the firm has agreed."""

    method: str
    reference: str | None
    sha256: str | None


@dataclass(frozen=True, slots=True)
class ConsentTerms:
    """What a firm agrees to; `stated_*` are the ends as written."""

    firm: SubjectKey
    purposes: frozenset[Purpose]
    groups: frozenset[ResourceGroup]
    valid_from: datetime
    valid_until: datetime
    stated_from: str
    stated_until: str
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Party:
    """Who deals with a consent: the participant it was given to, or the firm that gave it (its subjects)."""

    participant_id: UUID
    client_id: str
    firm_subjects: tuple[UUID, ...] | None = None

    @property
    def is_firm(self) -> bool:
        """Say whether this is the firm's side."""
        return self.firm_subjects is not None


@dataclass(frozen=True, slots=True)
class ConsentView:
    """A consent with what was done with it, and the firm it means today, if one is known."""

    consent: Consent
    events: tuple[ConsentEvent, ...]
    firm_id: UUID | None

    @property
    def last_pause(self) -> ConsentEvent | None:
        """Return the pause that is in force; a revocation ends it."""
        last = next((e for e in reversed(self.events) if e.action is not Action.REVOKE), None)
        return last if last is not None and last.action is Action.PAUSE else None

    @property
    def revocation(self) -> ConsentEvent | None:
        """Return the revocation, if there is one."""
        return next((event for event in self.events if event.action is Action.REVOKE), None)

    @property
    def held(self) -> Held:
        """Return it as `standing` judges it."""
        return Held(
            id=self.consent.id,
            purposes=frozenset(Purpose(purpose) for purpose in self.consent.purposes),
            groups=frozenset(ResourceGroup(group) for group in self.consent.groups),
            valid_from=self.consent.valid_from,
            valid_until=self.consent.valid_until,
            paused=self.last_pause is not None,
            revoked=self.revocation is not None,
        )


def party_of(
    session: Session, *, participant_id: UUID, client_id: str, is_firm: bool, keyring: Keyring
) -> Party:
    """Say who deals with consents: a firm's participant stands for every identifier that means its firm."""
    if not is_firm:
        return Party(participant_id, client_id)
    participant = session.get(Participant, participant_id)
    uscc = participant.uscc if participant is not None else None
    if uscc is None:
        return Party(participant_id, client_id, ())
    own = SubjectKey(SubjectForm.USCC, uscc).id(keyring)
    same = session.execute(
        text(
            """
            SELECT other.subject_id FROM subject_firm l JOIN subject_firm other USING (firm_id)
            WHERE l.subject_id = :own AND l.known_until IS NULL AND other.known_until IS NULL
            """
        ),
        {"own": own},
    )
    return Party(participant_id, client_id, tuple(sorted({own, *same.scalars()})))


def register_consent(
    session: Session,
    *,
    terms: ConsentTerms,
    grantee_id: UUID,
    registered_by: UUID,
    keyring: Keyring,
    now: datetime,
) -> Consent:
    """Record the consent that a firm has given; it counts at once."""
    consent = Consent(
        subject_id=terms.firm.id(keyring),
        identifier_form=terms.firm.form.value,
        identifier=terms.firm.value,
        grantee_id=grantee_id,
        purposes=[purpose.value for purpose in Purpose if purpose in terms.purposes],
        groups=[group.value for group in ResourceGroup if group in terms.groups],
        valid_from=terms.valid_from,
        valid_until=terms.valid_until,
        stated_from=terms.stated_from,
        stated_until=terms.stated_until,
        evidence_method=terms.evidence.method,
        evidence_reference=terms.evidence.reference,
        evidence_sha256=terms.evidence.sha256,
        registered_by=registered_by,
        created_at=now,
    )
    session.add(consent)
    session.flush()
    return consent


def change_consent(
    session: Session, *, consent_id: UUID | None, action: Action, party: Party, now: datetime
) -> ConsentView:
    """Pause, resume or revoke; doing what is done already changes nothing."""
    view = get_consent(session, consent_id=consent_id, party=party, lock=True)
    if view.revocation is not None:
        if action is Action.REVOKE:
            return view
        raise ConsentRevoked("the consent was revoked")
    pause = view.last_pause
    if (action is Action.PAUSE and pause) or (action is Action.RESUME and pause is None):
        return view
    if (
        action is Action.RESUME
        and pause
        and not party.is_firm
        and pause.participant_id != party.participant_id
    ):
        raise PausedByFirm("the firm has paused this consent; only the firm can resume it")
    event = ConsentEvent(
        consent_id=view.consent.id,
        action=action,
        participant_id=party.participant_id,
        client_id=party.client_id,
        at=now,
    )
    session.add(event)
    session.flush()
    return ConsentView(view.consent, (*view.events, event), view.firm_id)


def get_consent(
    session: Session, *, consent_id: UUID | None, party: Party, lock: bool = False
) -> ConsentView:
    """Return one of the party's consents."""
    statement = select(Consent).where(Consent.id == consent_id, _of(party))
    found = session.scalars(statement.with_for_update() if lock else statement).one_or_none()
    if found is None:
        raise ConsentNotFound("there is no such consent")
    return _viewed(session, [found])[0]


def list_consents(
    session: Session, *, party: Party, after: tuple[datetime, UUID] | None, limit: int
) -> list[ConsentView]:
    """Return the party's consents, newest first."""
    statement = (
        select(Consent).where(_of(party)).order_by(Consent.created_at.desc(), Consent.id.desc()).limit(limit)
    )
    if after is not None:
        statement = statement.where(tuple_(Consent.created_at, Consent.id) < after)
    return _viewed(session, session.scalars(statement).all())


def _of(party: Party) -> ColumnElement[bool]:
    if party.firm_subjects is not None:
        return Consent.subject_id.in_(party.firm_subjects)
    return Consent.grantee_id == party.participant_id


def _viewed(session: Session, consents: Sequence[Consent]) -> list[ConsentView]:
    """Put events and firms beside consents, in two queries however many there are."""
    events: dict[UUID, list[ConsentEvent]] = {consent.id: [] for consent in consents}
    statement = select(ConsentEvent).where(ConsentEvent.consent_id.in_(events))
    for event in session.scalars(statement.order_by(ConsentEvent.at, ConsentEvent.id)):
        events[event.consent_id].append(event)
    firms = session.execute(
        text(
            "SELECT subject_id, firm_id FROM subject_firm WHERE subject_id = ANY(:ids) AND known_until IS NULL"
        ),
        {"ids": [consent.subject_id for consent in consents]},
    )
    firm_of = {row.subject_id: row.firm_id for row in firms}
    return [
        ConsentView(consent, tuple(events[consent.id]), firm_of.get(consent.subject_id))
        for consent in consents
    ]
