"""Participants and clients."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

from creditshare.participants.models import AuthMethod, Client, Participant
from creditshare.participants.roles import ROLE_SCOPES, Role
from creditshare.participants.services import hash_secret
from tests.factories.base import Factory

SECRET = "a secret that only tests know"
CREATED = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)


class ParticipantFactory(Factory[Participant]):
    """A bank, unless said otherwise."""

    model = Participant

    @classmethod
    def defaults(cls, number: int) -> dict[str, Any]:
        return {
            "id": uuid.uuid4(),
            "code": f"participant-{number}",
            "name": f"Participant {number}",
            "role": Role.BANK,
            "uscc": None,
            "created_at": CREATED,
        }


class ClientFactory(Factory[Client]):
    """A client with a secret and the scopes of `participant`'s role; adds a participant when none is given."""

    model = Client

    @classmethod
    def build(cls, *, participant: Participant | None = None, **fields: Any) -> Client:
        owner = participant or ParticipantFactory()
        return super().build(
            **{"participant_id": owner.id, "scopes": sorted(ROLE_SCOPES[Role(owner.role)]), **fields}
        )

    @classmethod
    def defaults(cls, number: int) -> dict[str, Any]:
        return {
            "id": uuid.uuid4(),
            "client_id": f"client-{number}",
            "secret_sha256": hash_secret(SECRET),
            "public_jwks": None,
            "auth_method": AuthMethod.CLIENT_SECRET_BASIC,
            "kinds": [],
            "requires_end_user": False,
            "created_at": CREATED,
            "revoked_at": None,
        }
