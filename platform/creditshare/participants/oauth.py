"""OAuth 2.0 for clients: client credentials (RFC 6749), private_key_jwt (RFC 7523), revocation (RFC 7009).

Authlib runs the protocol; this module tells it who the clients are. Its errors are the RFC's JSON, not problems.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import logging
import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

from authlib.integrations.flask_oauth2 import AuthorizationServer  # type: ignore[import-untyped]
from authlib.oauth2.rfc6749 import ClientMixin, InvalidClientError, InvalidRequestError, InvalidScopeError  # type: ignore[import-untyped]
from authlib.oauth2.rfc6749.grants import ClientCredentialsGrant  # type: ignore[import-untyped]
from authlib.oauth2.rfc7009 import RevocationEndpoint  # type: ignore[import-untyped]
from authlib.oauth2.rfc7523 import JWTBearerClientAssertion  # type: ignore[import-untyped]
from authlib.oauth2.rfc9068 import JWTBearerTokenGenerator  # type: ignore[import-untyped]
from flask import current_app
from joserfc import jwt
from joserfc.jwk import KeySet
from sqlalchemy.orm import Session, sessionmaker

from creditshare.participants.models import AuthMethod, Client, Participant
from creditshare.participants.queries import find_live_client
from creditshare.participants.services import hash_secret, revoke_token, use_assertion
from creditshare.participants.signing import ALGORITHM, SigningKeys
from creditshare.participants.tokens import BROKEN, LIFETIME, AccessTokens, Claims

EXTENSION = "creditshare-oauth"
AUTH_METHODS = [method.value for method in AuthMethod]
ASSERTION_ALGORITHMS = ["ES256", "ES384", "PS256", "RS256", "EdDSA"]
LONGEST_ASSERTION = 8192
LONGEST_JTI = 200
LONGEST_ASSERTION_LIFE = 3600
CLIENT_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")

logging.getLogger("authlib").setLevel(logging.WARNING)  # at DEBUG it logs the tokens it makes


@dataclass(frozen=True, slots=True)
class KnownClient(ClientMixin):  # type: ignore[misc]  # Authlib has no types
    """A client as Authlib asks about it."""

    row: Client
    participant: Participant

    @property
    def client_id(self) -> str:
        """Return the client's id."""
        return self.row.client_id

    def get_client_id(self) -> str:
        """Return the client's id."""
        return self.row.client_id

    def get_allowed_scope(self, scope: str | None) -> str | None:
        """Return the scopes the token will have; all of the client's when none was asked for."""
        asked = scope.split() if scope else self.row.scopes
        return " ".join(asked) if set(asked) <= set(self.row.scopes) else None

    def check_client_secret(self, secret: str) -> bool:
        """Compare in constant time."""
        stored = self.row.secret_sha256
        return stored is not None and hmac.compare_digest(stored, hash_secret(secret))

    def check_endpoint_auth_method(self, method: str, _endpoint: str) -> bool:
        """Say whether the client proves itself this way."""
        return method == self.row.auth_method.value

    def check_grant_type(self, grant_type: str) -> bool:
        """Say whether the client may ask for tokens this way."""
        return grant_type == "client_credentials"


class Grant(ClientCredentialsGrant):  # type: ignore[misc]
    """Client credentials, with the two ways to prove them."""

    TOKEN_ENDPOINT_AUTH_METHODS = AUTH_METHODS

    def validate_requested_scope(self) -> None:
        """Refuse a scope the client does not hold, rather than leave it out silently."""
        if self.request.client.get_allowed_scope(self.request.payload.scope) is None:
            raise InvalidScopeError("The client does not hold all scopes asked for.")


class TokenMaker(JWTBearerTokenGenerator):  # type: ignore[misc]
    """Signs access tokens (RFC 9068)."""

    def __init__(self, issuer: str, keys: SigningKeys) -> None:
        seconds = int(LIFETIME.total_seconds())
        super().__init__(issuer, alg=ALGORITHM, expires_generator=lambda _client, _grant: seconds)
        self._keys = keys

    def get_jwks(self) -> KeySet:
        """Return the signing key as a set, so that the token's header names it."""
        return KeySet([self._keys.signing_key()])

    def get_audiences(self, _client: Any, _user: Any, _scope: Any) -> str:
        """Return whom tokens are for: this installation."""
        return str(self.issuer)

    def get_extra_claims(self, client: KnownClient, _grant: str, _user: Any, _scope: str) -> dict[str, str]:
        """Name the participant, for other services that read the token."""
        return {"participant_id": str(client.participant.id), "participant": client.participant.code}


class Assertion(JWTBearerClientAssertion):  # type: ignore[misc]
    """`private_key_jwt`: the client signs, and each signature counts once."""

    CLIENT_AUTH_METHOD = AuthMethod.PRIVATE_KEY_JWT.value

    def __init__(self, issuer: str, sessions: sessionmaker[Session]) -> None:
        super().__init__()
        self._issuer = issuer
        self._sessions = sessions

    def __call__(self, query_client: Any, request: Any) -> KnownClient | None:
        """Authenticate; whatever garbage makes the libraries raise is an invalid client."""
        if len(request.form.get("client_assertion", "")) > LONGEST_ASSERTION:
            raise InvalidClientError(description="The assertion is too long.")
        try:
            client: KnownClient | None = super().__call__(query_client, request)
        except BROKEN as error:
            raise InvalidClientError(description="Invalid JWT assertion.") from error
        return client

    def process_assertion_claims(self, assertion: str, resolve_key: Any) -> dict[str, Any]:
        """Verify signature, times, audience and single use."""
        claims: dict[str, Any] = jwt.decode(assertion, resolve_key, algorithms=ASSERTION_ALGORITHMS).claims
        self.verify_claims(claims)
        return claims

    def get_audiences(self) -> list[str]:
        """Return the names under which an assertion may address us."""
        return [self._issuer, f"{self._issuer}/oauth/token"]

    def resolve_client_public_key(self, client: KnownClient) -> KeySet:
        """Return the keys registered for the client."""
        if client.row.public_jwks is None:
            raise InvalidClientError(description="The client has no keys registered.")
        return KeySet.import_key_set(client.row.public_jwks)  # type: ignore[arg-type]

    def validate_jti(self, claims: dict[str, Any], jti: Any) -> bool:
        """Take an assertion once. One that outlives an hour would have to be remembered too long."""
        if not isinstance(jti, str) or not 1 <= len(jti) <= LONGEST_JTI or not jti.isprintable():
            return False
        ends = claims["exp"]
        if ends > time.time() + LONGEST_ASSERTION_LIFE:
            raise InvalidClientError(description="The assertion is valid for more than an hour.")
        until = datetime.fromtimestamp(ends + self.leeway, UTC)
        with self._sessions.begin() as session:
            return use_assertion(session, client_id=claims["sub"], jti=jti, expires_at=until)


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A token as Authlib's revocation asks about it."""

    claims: Claims

    def check_client(self, client: KnownClient) -> bool:
        """Say whether the token was issued to the client."""
        return self.claims.client_id == client.client_id


class Revocation(RevocationEndpoint):  # type: ignore[misc]
    """RFC 7009: a client takes one of its own tokens back."""

    CLIENT_AUTH_METHODS = AUTH_METHODS

    def __init__(self, tokens: AccessTokens, sessions: sessionmaker[Session]) -> None:
        super().__init__()
        self._tokens = tokens
        self._sessions = sessions

    def check_params(self, request: Any, _client: Any) -> None:
        """Ask for a token; the hint about its type is of no use where there is one type."""
        if not request.form.get("token"):
            raise InvalidRequestError(description="Missing 'token' in request.")

    def query_token(self, token_string: str, _hint: str | None) -> IssuedToken | None:
        """Read the token; one that we did not sign is unknown, which the RFC answers with 200."""
        claims = self._tokens.verify(token_string)
        return None if claims is None else IssuedToken(claims)

    def revoke_token(self, token: IssuedToken, _request: Any) -> None:
        """Store the revocation and notice it here at once."""
        ends = datetime.fromtimestamp(token.claims.expires_at, UTC)
        with self._sessions.begin() as session:
            revoke_token(session, jti=token.claims.jti, expires_at=ends)
        self._tokens.forget()


def make_authorization_server(
    tokens: AccessTokens, keys: SigningKeys, sessions: sessionmaker[Session]
) -> AuthorizationServer:
    """Put Authlib's server together."""

    def query_client(client_id: str) -> KnownClient | None:
        if not CLIENT_ID.fullmatch(client_id):
            return None
        with sessions() as session:
            found = find_live_client(session, client_id=client_id)
        return None if found is None else KnownClient(*found)

    server = AuthorizationServer()
    server._query_client = query_client  # noqa: SLF001 - init_app would also register a generator of opaque tokens
    server._save_token = lambda _token, _request: None  # noqa: SLF001 - nothing to save: the token is signed
    server.register_token_generator("default", TokenMaker(tokens.issuer, keys))
    server.register_grant(Grant)
    server.register_client_auth_method(AuthMethod.CLIENT_SECRET_BASIC.value, _authenticate_basic)
    server.register_client_auth_method(AuthMethod.PRIVATE_KEY_JWT.value, Assertion(tokens.issuer, sessions))
    server.register_endpoint(Revocation(tokens, sessions))
    return server


def authorization_server() -> AuthorizationServer:
    """Return the server of the application that serves this request."""
    return current_app.extensions[EXTENSION]


def _authenticate_basic(query_client: Any, request: Any) -> KnownClient | None:
    """Check a Basic header; unlike Authlib's own, survives one that is not UTF-8 and tells no unknown id apart."""
    scheme, _, encoded = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        client_id, colon, secret = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return None
    if not colon:
        return None
    client: KnownClient | None = query_client(unquote(client_id))
    return client if client is not None and client.check_client_secret(unquote(secret)) else None
