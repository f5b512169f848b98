"""Getting a token, what it says, and how it ends."""

import base64
import json
import time
from datetime import timedelta

import pytest
import time_machine
from joserfc import jwt
from joserfc.jwk import KeySet
from sqlalchemy import select

from creditshare.core.clock import utcnow
from creditshare.participants.models import SigningKey
from creditshare.participants.services import revoke_client
from creditshare.participants.signing import create_signing_key
from creditshare.participants.tokens import NOTICED_WITHIN
from creditshare.web.runtime import EXTENSION
from tests.factories.participants import SECRET, ClientFactory, ParticipantFactory
from tests.fixtures_web import basic, fetch_token, make_client

FORM = {"grant_type": "client_credentials"}


def ask(client, user, secret=SECRET, **form):
    return client.post("/oauth/token", data={**FORM, **form}, headers={"Authorization": basic(user, secret)})


def whoami(client, token):
    return client.get("/lab/whoami", headers={"Authorization": f"Bearer {token}"}).status_code


def test_a_token_lives_ten_minutes_and_has_all_of_the_clients_scopes(client, session):
    ClientFactory(client_id="bank-1")

    answer = ask(client, "bank-1")

    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.json["token_type"] == "Bearer"
    assert answer.json["expires_in"] == 600
    assert "reports:read" in answer.json["scope"].split()
    assert len(answer.json["scope"].split()) == 8


def test_a_token_can_be_verified_with_the_published_keys(client, session):
    bank = ParticipantFactory(code="icbc-hz")
    ClientFactory(client_id="bank-1", participant=bank)
    token = ask(client, "bank-1", scope="firms:read").json["access_token"]
    keys = KeySet.import_key_set(client.get("/.well-known/jwks.json").json)

    read = jwt.decode(token, keys, algorithms=["ES256"])

    assert read.header["typ"] == "at+jwt"
    assert read.claims["iss"] == read.claims["aud"] == "http://creditshare.test"
    assert read.claims["client_id"] == read.claims["sub"] == "bank-1"
    assert read.claims["participant"] == "icbc-hz"
    assert read.claims["participant_id"] == str(bank.id)
    assert read.claims["scope"] == "firms:read"
    assert read.claims["exp"] - read.claims["iat"] == 600


def test_the_server_describes_itself(client):
    metadata = client.get("/.well-known/oauth-authorization-server").json

    assert metadata["issuer"] == "http://creditshare.test"
    assert metadata["token_endpoint_auth_methods_supported"] == ["client_secret_basic", "private_key_jwt"]
    for name in ("token_endpoint", "revocation_endpoint", "jwks_uri"):
        assert metadata[name].startswith("http://creditshare.test/")


@pytest.mark.parametrize(("user", "secret"), [("bank-1", "wrong"), ("nobody", SECRET), ("bank-1", "")])
def test_wrong_credentials_look_alike(client, session, user, secret):
    ClientFactory(client_id="bank-1")

    answer = ask(client, user, secret)

    assert answer.status_code == 401
    assert answer.json["error"] == "invalid_client"
    assert "WWW-Authenticate" in answer.headers
    assert answer.json == ask(client, "someone-else", "x").json


@pytest.mark.parametrize("scope", ["records:read", "operations", "firms:read operations", "\0"])
def test_a_scope_the_client_does_not_hold(client, session, scope):
    ClientFactory(client_id="bank-1")

    answer = ask(client, "bank-1", scope=scope)

    assert (answer.status_code, answer.json["error"]) == (400, "invalid_scope")


def test_a_token_ends_by_itself(lab_client, session):
    ClientFactory(client_id="bank-1")
    with time_machine.travel(utcnow(), tick=False) as clock:
        token = ask(lab_client, "bank-1").json["access_token"]
        clock.shift(timedelta(minutes=9, seconds=59))
        assert whoami(lab_client, token) == 200

        clock.shift(timedelta(seconds=2))
        assert whoami(lab_client, token) == 401


@pytest.mark.parametrize("part", [0, 1, 2])
def test_a_token_with_one_changed_character(lab_client, session, part):
    ClientFactory(client_id="bank-1")
    token = ask(lab_client, "bank-1").json["access_token"]
    assert whoami(lab_client, token) == 200

    parts = token.split(".")
    middle = len(parts[part]) // 2
    changed = "A" if parts[part][middle] != "A" else "B"
    parts[part] = parts[part][:middle] + changed + parts[part][middle + 1 :]

    assert whoami(lab_client, ".".join(parts)) == 401


def test_a_token_of_another_installation(lab_client, session, keyring):
    ClientFactory(client_id="bank-1")
    token = ask(lab_client, "bank-1").json["access_token"]
    payload = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    from_elsewhere = KeySet.generate_key_set("EC", "P-256", count=1).keys[0]
    kid = jwt.decode(token, KeySet.import_key_set(lab_client.get("/.well-known/jwks.json").json)).header[
        "kid"
    ]

    for header in (
        {"alg": "ES256", "kid": kid, "typ": "at+jwt"},
        {"alg": "ES256", "kid": "x", "typ": "at+jwt"},
    ):
        assert whoami(lab_client, jwt.encode(header, payload, from_elsewhere)) == 401


def test_a_client_takes_its_token_back(lab_client, session):
    ClientFactory(client_id="bank-1")
    token = ask(lab_client, "bank-1").json["access_token"]
    assert whoami(lab_client, token) == 200

    for _ in range(2):
        answer = lab_client.post(
            "/oauth/revoke", data={"token": token}, headers={"Authorization": basic("bank-1", SECRET)}
        )
        assert (answer.status_code, answer.json) == (200, {})

    assert whoami(lab_client, token) == 401
    assert whoami(lab_client, ask(lab_client, "bank-1").json["access_token"]) == 200


def test_a_client_cannot_take_back_the_token_of_another(lab_client, session):
    ClientFactory(client_id="bank-1")
    ClientFactory(client_id="bank-2")
    token = ask(lab_client, "bank-1").json["access_token"]

    answer = lab_client.post(
        "/oauth/revoke", data={"token": token}, headers={"Authorization": basic("bank-2", SECRET)}
    )

    assert (answer.status_code, answer.json["error"]) == (400, "invalid_grant")
    assert whoami(lab_client, token) == 200


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({}, 400),
        ({"token": "unknown"}, 200),
        ({"token": "a.b.c"}, 200),
        ({"token": "x", "token_type_hint": "y"}, 200),
    ],
)
def test_taking_back_what_is_no_token(client, session, form, status):
    ClientFactory(client_id="bank-1")

    answer = client.post("/oauth/revoke", data=form, headers={"Authorization": basic("bank-1", SECRET)})

    assert answer.status_code == status


def test_taking_back_needs_credentials(client):
    assert client.post("/oauth/revoke", data={"token": "x"}).status_code == 401


def test_a_revoked_client_gets_no_token(client, session):
    ClientFactory(client_id="bank-1")
    revoke_client(session, client_id="bank-1", now=utcnow())
    session.commit()

    assert ask(client, "bank-1").status_code == 401


def test_another_process_notices_a_revocation_within_the_bound(fresh_database, make_app):
    """Two applications on one database stand for two processes: one remembers the bearer, the other revokes."""
    url = fresh_database()
    here, elsewhere = make_app(url), make_app(url)
    shared = elsewhere.extensions[EXTENSION]
    with shared.sessions() as session:
        made = make_client(session)
    token = fetch_token(elsewhere.test_client(), made)
    authenticator = here.extensions[EXTENSION].authenticator
    assert authenticator.identify(token) is not None

    with shared.sessions.begin() as session:
        revoke_client(session, client_id=made.client.client_id, now=utcnow())
    revoked_at = time.monotonic()
    while authenticator.identify(token) is not None:
        time.sleep(0.01)
        assert time.monotonic() - revoked_at < NOTICED_WITHIN.total_seconds() + 0.2

    assert timedelta(seconds=2) >= NOTICED_WITHIN


def test_a_scope_taken_from_the_client_is_gone_from_its_tokens(fresh_database, make_app):
    app = make_app(fresh_database())
    shared = app.extensions[EXTENSION]
    with shared.sessions() as session:
        made = make_client(session)
    token = fetch_token(app.test_client(), made)
    with shared.sessions.begin() as session:
        session.merge(made.client).scopes = ["firms:read"]

    assert shared.authenticator.identify(token).scopes == {"firms:read"}


def test_a_new_signing_key_leaves_old_tokens_valid(fresh_database, make_app, keyring):
    url = fresh_database()
    before = make_app(url)
    with before.extensions[EXTENSION].sessions() as session:
        made = make_client(session)
    old = fetch_token(before.test_client(), made)
    with before.extensions[EXTENSION].sessions.begin() as session:
        created = create_signing_key(session, keyring=keyring, now=utcnow())
    after = make_app(url)

    new = fetch_token(after.test_client(), made)

    assert json.loads(base64.urlsafe_b64decode(new.split(".")[0] + "=="))["kid"] == created.kid
    assert len(after.test_client().get("/.well-known/jwks.json").json["keys"]) == 2
    assert after.extensions[EXTENSION].authenticator.identify(old) is not None


def test_private_keys_are_neither_published_nor_readable_in_the_database(client, session):
    published = client.get("/.well-known/jwks.json").json["keys"]
    stored = session.scalars(select(SigningKey)).all()

    assert all("d" not in key for key in published)
    assert all("d" not in row.public_jwk and b'"d"' not in row.private_key for row in stored)
