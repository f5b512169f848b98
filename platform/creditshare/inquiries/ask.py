"""What is asked of a firm, by whom and why; and the two things it can lead to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from creditshare.consents.purposes import Purpose
from creditshare.consents.standing import Lacking, Permission
from creditshare.resources.groups import ResourceGroup


class Read(StrEnum):
    """What can be read of a firm."""

    PROFILE = "profile"
    SCORE = "score"
    SCORES = "scores"
    STORED_SCORE = "stored-score"
    REPORT = "report"

    @property
    def tells_score(self) -> bool:
        """Say whether the current score is part of the answer."""
        return self in {Read.SCORE, Read.REPORT}


@dataclass(frozen=True, slots=True)
class Terms:
    """The parameters of a read."""

    purpose: Purpose
    reference: str | None = None
    groups: frozenset[ResourceGroup] | None = None
    as_of: date | None = None
    known_at: datetime | None = None
    provenance: bool = False


@dataclass(frozen=True, slots=True)
class Ask:
    """One read by one client, with the id under which it is logged."""

    id: UUID
    read: Read
    path: str
    participant_id: UUID
    client_id: str
    end_user: str | None
    is_firm: bool
    terms: Terms
    now: datetime
    key: str | None = None
    request_hash: bytes | None = None
    repeat_of: UUID | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What is served, what it holds for, and on whose permission."""

    body: bytes
    permission: Permission
    as_of: date | None = None
    known_at: datetime | None = None
    score_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a read is refused: a value, since raising would undo its log entry."""

    code: Lacking
    detail: str
