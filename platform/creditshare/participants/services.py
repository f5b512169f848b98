"""Making and revoking clients, and forgetting what OAuth need not remember any longer."""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from creditshare.core import ids
from creditshare.errors import Fault
from creditshare.participants.errors import ParticipantInvalid, ParticipantRoleDiffers
from creditshare.participants.models import AssertionSeen, AuthMethod, Client, Participant, RevokedToken
from creditshare.participants.queries import find_participant, get_client
from creditshare.participants.roles import ROLE_SCOPES, Role

CODE = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
KIND = re.compile(r"[a-z][a-z-]{0,60}")
USCC = re.compile(r"[0-9A-HJ-NPQRTUWXY]{18}")
LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class ClientTerms:
    """What a new client is to be. Without `code` its participant gets a generated one; without `scopes`, all of the
    role's.
    """

    role: Role
    name: str
    code: str | None = None
    kinds: tuple[str, ...] = ()
    scopes: tuple[str, ...] | None = None
    uscc: str | None = None
    public_jwks: dict[str, Any] | None = None
    requires_end_user: bool = False


@dataclass(frozen=True, slots=True)
class NewClient:
    """A client just made; the secret is nowhere else in clear (None where the client signs instead)."""

    participant: Participant
    client: Client
    secret: str | None = field(repr=False)

    def to_dict(self) -> dict[str, Any]:
        """Return what `creditshare client create --json` prints."""
        return {
            "participant": self.participant.code,
            "name": self.participant.name,
            "role": self.participant.role.value,
            "client_id": self.client.client_id,
            "client_secret": self.secret,
            "auth_method": self.client.auth_method.value,
            "scopes": self.client.scopes,
            "kinds": self.client.kinds,
        }


def create_client(session: Session, *, terms: ClientTerms, now: datetime) -> NewClient:
    """Make a client, of the participant named or of a new one."""
    _check(terms)
    participant = None if terms.code is None else find_participant(session, code=terms.code)
    if participant is None:
        participant = Participant(
            code=terms.code or _make_code(terms.role),
            name=terms.name.strip(),
            role=terms.role,
            uscc=terms.uscc,
            created_at=now,
        )
        session.add(participant)
        session.flush()
    elif participant.role != terms.role:
        raise ParticipantRoleDiffers(f"{participant.code} has the role {participant.role.value}")
    secret = secrets.token_urlsafe(32) if terms.public_jwks is None else None
    client = Client(
        participant_id=participant.id,
        client_id=ids.public("cli", uuid.uuid4()),
        secret_sha256=None if secret is None else hash_secret(secret),
        public_jwks=terms.public_jwks,
        auth_method=AuthMethod.PRIVATE_KEY_JWT if secret is None else AuthMethod.CLIENT_SECRET_BASIC,
        scopes=sorted(ROLE_SCOPES[terms.role] if terms.scopes is None else terms.scopes),
        kinds=sorted(set(terms.kinds)),
        requires_end_user=terms.requires_end_user,
        created_at=now,
        revoked_at=None,
    )
    session.add(client)
    session.flush()
    return NewClient(participant, client, secret)


def revoke_client(session: Session, *, client_id: str, now: datetime) -> Client:
    """End a client: its tokens are refused from now on (other processes notice within a second)."""
    client = get_client(session, client_id=client_id)
    client.revoked_at = client.revoked_at or now
    session.flush()
    return client


def revoke_token(session: Session, *, jti: str, expires_at: datetime) -> None:
    """Refuse one token from now on; revoking it again changes nothing."""
    session.execute(insert(RevokedToken).values(jti=jti, expires_at=expires_at).on_conflict_do_nothing())


def use_assertion(session: Session, *, client_id: str, jti: str, expires_at: datetime) -> bool:
    """Note that a client assertion was used; False when it was before."""
    statement = (
        insert(AssertionSeen)
        .values(client_id=client_id, jti=jti, expires_at=expires_at)
        .on_conflict_do_nothing()
        .returning(AssertionSeen.jti)
    )
    return session.scalars(statement).one_or_none() is not None


def forget_expired(session: Session, *, now: datetime) -> None:
    """Delete revocations and used assertions that expired by themselves."""
    session.execute(delete(RevokedToken).where(RevokedToken.expires_at < now))
    session.execute(delete(AssertionSeen).where(AssertionSeen.expires_at < now))


def hash_secret(secret: str) -> bytes:
    """Hash a client secret. It is 256 random bits, so a fast hash protects it as well as a slow one."""
    return hashlib.sha256(secret.encode()).digest()


def _make_code(role: Role) -> str:
    return f"{role.value}-{base64.b32encode(secrets.token_bytes(5)).decode().lower()}"


def _check(terms: ClientTerms) -> None:
    """Refuse terms that make no sense, naming all faults at once."""
    faults = []
    if not terms.name.strip() or len(terms.name) > LONGEST_NAME or not terms.name.isprintable():
        faults.append(Fault("/name", "text-invalid", f"must be 1 to {LONGEST_NAME} printable characters"))
    if terms.code is not None and not CODE.fullmatch(terms.code):
        faults.append(
            Fault("/participant", "text-invalid", "must be lower-case letters, digits and hyphens, ≤ 40")
        )
    if terms.uscc is not None and not USCC.fullmatch(terms.uscc):
        faults.append(Fault("/uscc", "malformed", "must be 18 characters of the code's alphabet"))
    if terms.role is Role.FIRM and terms.uscc is None:
        faults.append(Fault("/uscc", "required", "a firm is named by its code"))
    faults += [
        Fault("/kinds", "text-invalid", f"{kind!r} is no kind")
        for kind in terms.kinds
        if not KIND.fullmatch(kind)
    ]
    foreign = sorted(set(terms.scopes or ()) - ROLE_SCOPES[terms.role])
    faults += [
        Fault("/scopes", "not-of-role", f"{scope} is not a scope of {terms.role.value}") for scope in foreign
    ]
    if terms.public_jwks is not None and not _are_public_keys(terms.public_jwks):
        faults.append(Fault("/public_jwks", "malformed", "must be a JWK set of public keys"))
    if faults:
        raise ParticipantInvalid("; ".join(fault.detail for fault in faults), faults=faults)


def _are_public_keys(jwks: dict[str, Any]) -> bool:
    try:
        keys = KeySet.import_key_set(jwks).keys  # type: ignore[arg-type]
    except (JoseError, ValueError, KeyError, TypeError):
        return False
    return bool(keys) and not any(key.is_private for key in keys)
