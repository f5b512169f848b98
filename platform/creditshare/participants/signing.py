"""The installation's signing keys: ES256, private halves encrypted in the database."""

from __future__ import annotations

import threading
import time
from datetime import datetime
from typing import Any

import orjson
from joserfc.jwk import ECKey
from sqlalchemy import select, text
from sqlalchemy.orm import Session, sessionmaker

from creditshare.core.clock import utcnow
from creditshare.core.encryption import Keyring
from creditshare.participants.models import SigningKey

ALGORITHM = "ES256"
CACHE_SECONDS = 60.0
RETRY_SECONDS = 1.0


def create_signing_key(session: Session, *, keyring: Keyring, now: datetime) -> SigningKey:
    """Make a key; the newest signs, so this is also how keys are changed."""
    key = ECKey.generate_key("P-256", auto_kid=True)
    kid = key.kid
    assert kid is not None
    public = {**key.as_dict(private=False), "kid": kid, "use": "sig", "alg": ALGORITHM}
    sealed = keyring.encrypt(orjson.dumps(key.as_dict(private=True)), place=f"signing_keys/{kid}")
    row = SigningKey(kid=kid, public_jwk=public, private_key=sealed, created_at=now)
    session.add(row)
    session.flush()
    return row


def newest_signing_key(session: Session, *, keyring: Keyring, now: datetime) -> SigningKey:
    """Return the key to sign with; makes the first one, once, however many ask."""
    newest = select(SigningKey).order_by(SigningKey.created_at.desc(), SigningKey.kid).limit(1)
    row = session.scalars(newest).one_or_none()
    if row is None:
        session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('signing-keys', 0))"))
        row = session.scalars(newest).one_or_none() or create_signing_key(session, keyring=keyring, now=now)
    return row


def open_private_key(row: SigningKey, *, keyring: Keyring) -> ECKey:
    """Decrypt a key."""
    jwk = orjson.loads(keyring.decrypt(row.private_key, place=f"signing_keys/{row.kid}"))
    return ECKey.import_key({**jwk, "kid": row.kid})


class SigningKeys:
    """The keys as one process holds them: asked of the database once a minute, or when an unknown one is named."""

    def __init__(self, sessions: sessionmaker[Session], keyring: Keyring) -> None:
        self._sessions = sessions
        self._keyring = keyring
        self._lock = threading.Lock()
        self._loaded_at = float("-inf")
        self._signing: ECKey | None = None
        self._public: dict[str, ECKey] = {}

    def signing_key(self) -> ECKey:
        """Return the key to sign with."""
        self._load(older_than=CACHE_SECONDS)
        assert self._signing is not None
        return self._signing

    def public_key(self, kid: str) -> ECKey | None:
        """Return the public key of this name."""
        if kid not in self._public:
            self._load(older_than=RETRY_SECONDS)
        return self._public.get(kid)

    def public_keys(self) -> dict[str, Any]:
        """Return all public keys as a JWK set, for `/.well-known/jwks.json`."""
        self._load(older_than=CACHE_SECONDS)
        return {"keys": [self._public[kid].as_dict(private=False) for kid in sorted(self._public)]}

    def _load(self, *, older_than: float) -> None:
        with self._lock:
            if time.monotonic() - self._loaded_at < older_than:
                return
            with self._sessions.begin() as session:
                newest = newest_signing_key(session, keyring=self._keyring, now=utcnow())
                rows = session.scalars(select(SigningKey)).all()
            self._signing = open_private_key(newest, keyring=self._keyring)
            self._public = {row.kid: ECKey.import_key(row.public_jwk) for row in rows}
            self._loaded_at = time.monotonic()
