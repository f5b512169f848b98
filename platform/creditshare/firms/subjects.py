"""What a record speaks of: from the identifiers in a row to one immutable subject (contract §3, Identity).

The strongest identifier names the subject; weaker ones seen beside it become aliases. A doubtful code is not
repaired and not dropped: the row waits for review.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from uuid import UUID

import orjson

from creditshare.core.encryption import Keyring
from creditshare.firms import identifiers
from creditshare.firms.models import How, SubjectForm

FAULT_WORDS = {"check-digit": "wrong check digit", "masked": "masked", "malformed": "malformed"}
CODES: dict[str, tuple[SubjectForm, Callable[[str], str | None]]] = {
    "uscc": (SubjectForm.USCC, identifiers.uscc_fault),
    "registration_no": (SubjectForm.REGISTRATION_NO, identifiers.registration_no_fault),
    "organisation_code": (SubjectForm.ORGANISATION_CODE, identifiers.organisation_code_fault),
}


@dataclass(frozen=True)
class SubjectKey:
    """A subject by content: form, value, whose number it is (participant), and the scope of an account or name."""

    form: SubjectForm
    value: str
    participant_id: UUID | None = None
    scope: str | None = None

    @cached_property
    def content(self) -> bytes:
        """Return the canonical bytes that the subject's id stands for."""
        return orjson.dumps(
            ["subject", self.form, str(self.participant_id or ""), self.scope or "", self.value]
        )

    def id(self, keyring: Keyring) -> UUID:
        """Return the subject's id in this installation."""
        return keyring.identity(self.content)


@dataclass(frozen=True, slots=True)
class Named:
    """How a row names its subject: the strongest key, weaker keys of the same row, and what is doubtful."""

    subject: SubjectKey | None
    weaker: tuple[SubjectKey, ...] = ()
    doubts: tuple[tuple[str, str, str], ...] = ()  # pointer, code, words


def name_subject(
    values: Mapping[str, object], *, participant_id: UUID, account: tuple[str, str] | None = None
) -> Named:
    """Read the subject out of a row's tidy subject fields; `account` is (service, number) where the kind has one."""
    doubts: list[tuple[str, str, str]] = []
    found: list[SubjectKey] = []
    for field, (form, fault_of) in CODES.items():
        text = identifiers.clean(str(values.get(field) or ""))
        if identifiers.is_placeholder(text):
            continue
        fault = fault_of(text)
        if fault:
            doubts.append((f"/{field}", f"{field.replace('_', '-')}-{fault}", f"is {FAULT_WORDS[fault]}"))
        else:
            found.append(SubjectKey(form, text))
    codes = {key.form: key.value for key in found}
    inside = (
        identifiers.organisation_code_of(codes.get(SubjectForm.USCC, ""))
        if SubjectForm.USCC in codes
        else None
    )
    if inside and codes.get(SubjectForm.ORGANISATION_CODE, inside) != inside:
        doubts.append(("/organisation_code", "codes-differ", "is not the one inside the USCC"))
    number = str(values.get("subject_no") or "").strip()
    if number and not identifiers.is_placeholder(number):
        found.append(SubjectKey(SubjectForm.SUBJECT_NO, number, participant_id))
    if account:
        found.append(SubjectKey(SubjectForm.ACCOUNT, account[1], participant_id, account[0]))
    name = str(values.get("firm_name") or "")
    if name and not identifiers.is_placeholder(name):
        found.append(SubjectKey(SubjectForm.NAME, name, None, str(values.get("region") or "")))
    return Named(found[0] if found else None, tuple(found[1:]), tuple(doubts))


def aliases_of(named: Named, *, births_firm: bool) -> list[tuple[SubjectKey, SubjectKey, How]]:
    """Return (weaker, stronger, how) that this row teaches.

    Public identifiers side by side are believed from a registration only; a provider's own number from any of its
    rows; accounts are held by records (`holders.py`), names never stand for a firm.
    """
    strongest = named.subject
    if strongest is None or strongest.form not in {form for form, _ in CODES.values()}:
        return []
    taught = {SubjectForm.SUBJECT_NO}
    if births_firm:
        taught |= {SubjectForm.REGISTRATION_NO, SubjectForm.ORGANISATION_CODE}
    learned = [(key, strongest, How.ALIAS) for key in named.weaker if key.form in taught]
    if births_firm and strongest.form is SubjectForm.USCC:
        inside = SubjectKey(SubjectForm.ORGANISATION_CODE, identifiers.organisation_code_of(strongest.value))
        if all(weaker.content != inside.content for weaker, _, _ in learned):
            learned.append((inside, strongest, How.ALIAS))
    return learned
