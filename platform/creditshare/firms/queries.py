"""Finding a firm by what callers know of it."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from creditshare.core.encryption import Keyring
from creditshare.core.ids import parse
from creditshare.firms.identifiers import clean
from creditshare.firms.subjects import CODES, SubjectKey

IDENTIFIER_FORMS = {18: "uscc", 15: "registration_no", 9: "organisation_code"}


@dataclass(frozen=True, slots=True)
class FoundFirm:
    """A firm, and the one it lives on in where it was merged."""

    id: UUID
    uscc: str | None
    merged_into: UUID | None


def find_firm(session: Session, named: str, *, keyring: Keyring) -> FoundFirm | None:
    """Find a firm by its id (`f_…`) or any identifier that means it today; None when there is none."""
    firm_id = parse("f", named)
    if firm_id is not None:
        return _firm(session, "f.id = :id", firm_id)
    subject = subject_named(named)
    if subject is None:
        return None
    return _firm(
        session,
        "f.id = (SELECT firm_id FROM subject_firm WHERE subject_id = :id AND known_until IS NULL)",
        subject.id(keyring),
    )


def subject_named(named: str) -> SubjectKey | None:
    """Read an identifier by which firms are asked for; None when it is not a sound one."""
    code = clean(named)
    field = IDENTIFIER_FORMS.get(len(code))
    if field is None or CODES[field][1](code):
        return None
    return SubjectKey(CODES[field][0], code)


def _firm(session: Session, condition: str, firm_id: UUID) -> FoundFirm | None:
    row = session.execute(
        text(f"SELECT f.id, f.uscc, f.merged_into FROM firms f WHERE {condition}"), {"id": firm_id}
    ).one_or_none()
    return None if row is None else FoundFirm(row.id, row.uscc, row.merged_into)
