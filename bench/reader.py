"""A bank with consents of many firms, that reads them over HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import text

from bench.place import Place
from bench.province import Province
from creditshare.consents.purposes import Purpose
from creditshare.consents.services import ConsentTerms, Evidence, register_consent
from creditshare.core.clock import utcnow
from creditshare.core.ids import public
from creditshare.firms.models import SubjectForm
from creditshare.firms.subjects import SubjectKey
from creditshare.participants.roles import Role
from creditshare.participants.services import ClientTerms, NewClient
from creditshare.resources.groups import SEVEN_GROUPS

PURPOSE = "loan-application"


@dataclass(frozen=True, slots=True)
class Bank:
    """A bank and the firms it may read."""

    client: NewClient
    firms: Sequence[UUID]

    def paths(self, read: str, query: str = "") -> list[str]:
        """Return the paths of one read of each firm."""
        return [f"/v1/firms/{public('f', firm)}/{read}?purpose={PURPOSE}{query}" for firm in self.firms]


def open_bank(province: Province, *, firms: int) -> Bank:
    """Make a bank to which firms, spread over all that are held, have given consent to the seven groups."""
    place = province.place
    client = place.client(ClientTerms(role=Role.BANK, name="Bank"))
    consenting = codes_of(place, spread(province.firms, firms))
    now = utcnow()
    with place.sessions.begin() as session:
        for code in consenting.values():
            register_consent(
                session,
                terms=ConsentTerms(
                    firm=SubjectKey(SubjectForm.USCC, code),
                    purposes=frozenset({Purpose(PURPOSE)}),
                    groups=frozenset(SEVEN_GROUPS),
                    valid_from=now - timedelta(days=1),
                    valid_until=now + timedelta(days=365),
                    stated_from=now.isoformat(),
                    stated_until=now.isoformat(),
                    evidence=Evidence("paper", "bench", "0" * 64),
                ),
                grantee_id=client.participant.id,
                registered_by=client.participant.id,
                keyring=place.keyring,
                now=now,
            )
    return Bank(client, list(consenting))


def spread(firms: Sequence[UUID], wanted: int) -> Sequence[UUID]:
    """Return that many of the firms, spread over all."""
    return firms[:: max(1, len(firms) // wanted)][:wanted]


def codes_of(place: Place, firms: Sequence[UUID]) -> dict[UUID, str]:
    """Return the USCC of each of these firms that has one."""
    with place.sessions() as session:
        rows = session.execute(
            text("SELECT id, uscc FROM firms WHERE id = ANY(:ids) AND uscc IS NOT NULL ORDER BY id"),
            {"ids": list(firms)},
        )
        return {row.id: row.uscc for row in rows}
