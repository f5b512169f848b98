"""The OAuth endpoints and what describes them."""

from __future__ import annotations

from flask import Response

from creditshare.participants.models import AuthMethod
from creditshare.participants.oauth import ASSERTION_ALGORITHMS, Revocation, authorization_server
from creditshare.participants.roles import SCOPES
from creditshare.web.auth import open_to_all
from creditshare.web.blueprint import Blueprint
from creditshare.web.etags import conditional
from creditshare.web.json_provider import dumps
from creditshare.web.runtime import runtime

METHODS = [method.value for method in AuthMethod]

blp = Blueprint("oauth", __name__, description="Tokens for clients, and the keys to verify what we sign")


@blp.route("/oauth/token", methods=["POST"])
@open_to_all
@blp.response(200)
def issue_token() -> Response:
    """Exchange client credentials for an access token."""
    return authorization_server().create_token_response()  # type: ignore[no-any-return]


@blp.route("/oauth/revoke", methods=["POST"])
@open_to_all
@blp.response(200)
def revoke() -> Response:
    """Take one of one's own tokens back."""
    return authorization_server().create_endpoint_response(Revocation.ENDPOINT_NAME)  # type: ignore[no-any-return]


@blp.route("/.well-known/jwks.json")
@open_to_all
@blp.response(200)
def public_keys() -> Response:
    """List the public keys with which tokens and reports can be verified."""
    keys = runtime().public_keys()
    return conditional(Response(dumps(keys), mimetype="application/json"))


@blp.route("/.well-known/oauth-authorization-server")
@open_to_all
@blp.response(200)
def describe_server() -> Response:
    """Describe this authorisation server (RFC 8414)."""
    issuer = runtime().settings.issuer
    described = {
        "issuer": issuer,
        "token_endpoint": f"{issuer}/oauth/token",
        "revocation_endpoint": f"{issuer}/oauth/revoke",
        "jwks_uri": f"{issuer}/.well-known/jwks.json",
        "grant_types_supported": ["client_credentials"],
        "response_types_supported": [],
        "scopes_supported": sorted(SCOPES),
        "token_endpoint_auth_methods_supported": METHODS,
        "token_endpoint_auth_signing_alg_values_supported": ASSERTION_ALGORITHMS,
        "revocation_endpoint_auth_methods_supported": METHODS,
        "revocation_endpoint_auth_signing_alg_values_supported": ASSERTION_ALGORITHMS,
        "service_documentation": f"{issuer}/docs",
    }
    return conditional(Response(dumps(described), mimetype="application/json"))
