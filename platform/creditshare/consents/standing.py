"""What the consents of one firm to one participant allow at a moment, or why they do not.

Live consents add up. Without a live one the answer is the first reason that fits (contract §4).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from creditshare.consents.purposes import Purpose
from creditshare.resources.groups import ResourceGroup


class State(StrEnum):
    """How a consent stands at a moment."""

    ACTIVE = "active"
    PAUSED = "paused"
    REVOKED = "revoked"
    EXPIRED = "expired"
    NOT_YET_VALID = "not-yet-valid"


class Lacking(StrEnum):
    """Why a read is refused, in the order in which the reasons are tried."""

    CONSENT_REQUIRED = "consent-required"
    PURPOSE_NOT_COVERED = "purpose-not-covered"
    CONSENT_PAUSED = "consent-paused"
    CONSENT_REVOKED = "consent-revoked"
    CONSENT_EXPIRED = "consent-expired"
    CONSENT_NOT_YET_VALID = "consent-not-yet-valid"
    GROUP_NOT_COVERED = "group-not-covered"


REASON_FOR = (
    (State.PAUSED, Lacking.CONSENT_PAUSED),
    (State.REVOKED, Lacking.CONSENT_REVOKED),
    (State.EXPIRED, Lacking.CONSENT_EXPIRED),
    (State.NOT_YET_VALID, Lacking.CONSENT_NOT_YET_VALID),
)


@dataclass(frozen=True, slots=True)
class Held:
    """One consent with what became of it."""

    id: UUID
    purposes: frozenset[Purpose]
    groups: frozenset[ResourceGroup]
    valid_from: datetime
    valid_until: datetime
    paused: bool = False
    revoked: bool = False

    def state(self, at: datetime) -> State:
        """Say how it stands at a moment; from `valid_from` on, before `valid_until`."""
        if self.revoked:
            return State.REVOKED
        if self.paused:
            return State.PAUSED
        if at >= self.valid_until:
            return State.EXPIRED
        return State.NOT_YET_VALID if at < self.valid_from else State.ACTIVE


@dataclass(frozen=True, slots=True)
class Permission:
    """What may be read, and which consents allow it (none for a firm reading itself)."""

    groups: frozenset[ResourceGroup]
    consent_ids: tuple[UUID, ...] = ()


def permission(consents: Iterable[Held], *, purpose: Purpose, at: datetime) -> Permission | Lacking:
    """Decide about a read for a purpose at a moment."""
    held = list(consents)
    if not held:
        return Lacking.CONSENT_REQUIRED
    fitting = [consent for consent in held if purpose in consent.purposes]
    if not fitting:
        return Lacking.PURPOSE_NOT_COVERED
    states = {consent.id: consent.state(at) for consent in fitting}
    live = sorted((c for c in fitting if states[c.id] is State.ACTIVE), key=lambda consent: consent.id)
    if live:
        groups = frozenset[ResourceGroup]().union(*(consent.groups for consent in live))
        return Permission(groups, tuple(consent.id for consent in live))
    return next(reason for state, reason in REASON_FOR if state in states.values())
