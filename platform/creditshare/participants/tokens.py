"""Access tokens: RFC 9068 JWTs that live ten minutes, and what a token's bearer may do at this moment.

A token is verified once and remembered until it expires. Whether it or its client was revoked is asked of PostgreSQL
and remembered for a second at most: that bound is how long a process may go on without noticing another's
revocation. What a process revokes itself it notices at once.
"""

from __future__ import annotations

import hashlib
import threading
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from joserfc import jws, jwt
from joserfc.errors import JoseError
from sqlalchemy.orm import Session, sessionmaker

from creditshare.participants.queries import find_standing
from creditshare.participants.signing import ALGORITHM, SigningKeys
from creditshare.web.auth import Caller

LIFETIME = timedelta(minutes=10)
NOTICED_WITHIN = timedelta(seconds=1)
MEDIA_TYPE = "at+jwt"
MOST_REMEMBERED = 10_000
BROKEN = (
    JoseError,
    ValueError,
    TypeError,
    KeyError,
    AttributeError,
    RecursionError,
)  # what garbage makes joserfc raise


@dataclass(frozen=True, slots=True)
class Claims:
    """What a verified token says."""

    jti: str
    client_id: str
    scopes: frozenset[str]
    expires_at: int


class AccessTokens:
    """Verifies tokens and finds their bearers; what `app` hands to `web/auth`."""

    def __init__(self, sessions: sessionmaker[Session], keys: SigningKeys, *, issuer: str) -> None:
        self.issuer = issuer
        self._sessions = sessions
        self._keys = keys
        self._lock = threading.Lock()
        self._verified: dict[bytes, Claims] = {}
        self._standing: dict[tuple[str, str], tuple[float, Caller | None]] = {}

    def identify(self, token: str) -> Caller | None:
        """Return whom the token speaks for; None when it is forged, expired, revoked or its client is."""
        claims = self.verify(token)
        if claims is None or claims.expires_at <= time.time():
            return None
        return self._bearer(claims)

    def verify(self, token: str) -> Claims | None:
        """Check signature, type, issuer and audience, not the time."""
        name = hashlib.sha256(token.encode()).digest()
        claims = self._verified.get(name)
        if claims is None:
            claims = self._decode(token)
            if claims is not None:
                self._remember(self._verified, name, claims)
        return claims

    def forget(self) -> None:
        """Ask the database anew about everyone; called after a revocation."""
        with self._lock:
            self._standing.clear()

    def _bearer(self, claims: Claims) -> Caller | None:
        name = (claims.jti, claims.client_id)
        known = self._standing.get(name)
        asked_at = time.monotonic()
        if known is not None and known[0] > asked_at:
            return known[1]
        caller = self._ask(claims)
        self._remember(self._standing, name, (asked_at + NOTICED_WITHIN.total_seconds(), caller))
        return caller

    def _ask(self, claims: Claims) -> Caller | None:
        with self._sessions() as session:
            found = find_standing(session, client_id=claims.client_id, jti=claims.jti)
        if found is None:
            return None
        client, participant = found
        return Caller(
            participant_id=participant.id,
            participant_code=participant.code,
            role=participant.role,
            client_id=client.client_id,
            scopes=claims.scopes & frozenset(client.scopes),
            kinds=frozenset(client.kinds),
            requires_end_user=client.requires_end_user,
        )

    def _decode(self, token: str) -> Claims | None:
        try:
            header = jws.extract_compact(token.encode()).headers()
            key = self._keys.public_key(header["kid"])
            if key is None or header["typ"] != MEDIA_TYPE:
                return None
            said: dict[str, Any] = jwt.decode(token, key, algorithms=[ALGORITHM]).claims
            if said["iss"] != self.issuer or said["aud"] != self.issuer:
                return None
            return Claims(
                jti=said["jti"],
                client_id=said["client_id"],
                scopes=frozenset(said["scope"].split()),
                expires_at=said["exp"],
            )
        except BROKEN:
            return None

    def _remember(self, memory: dict[Any, Any], name: Any, value: Any) -> None:
        with self._lock:
            if len(memory) >= MOST_REMEMBERED:
                memory.clear()
            memory[name] = value
