"""Clients that sign instead of sending a secret."""

import base64
import json
import secrets
import time

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, RSAKey

from creditshare.participants.models import AuthMethod
from tests.factories.participants import ClientFactory

KEY = ECKey.generate_key("P-256", parameters={"kid": "c1"})
OTHER = ECKey.generate_key("P-256", parameters={"kid": "c1"})
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@pytest.fixture(autouse=True)
def signing_client(session):
    return ClientFactory(
        client_id="bank-1",
        secret_sha256=None,
        auth_method=AuthMethod.PRIVATE_KEY_JWT,
        public_jwks={"keys": [KEY.as_dict(private=False)]},
    )


def assertion(key=KEY, alg="ES256", **claims):
    now = int(time.time())
    usual = {
        "iss": "bank-1",
        "sub": "bank-1",
        "aud": "http://creditshare.test/oauth/token",
        "iat": now,
        "exp": now + 60,
        "jti": secrets.token_hex(8),
    }
    said = {name: value for name, value in {**usual, **claims}.items() if value is not None}
    return jwt.encode({"alg": alg, "kid": "c1"}, said, key, algorithms=[alg])


def ask(client, signed):
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": ASSERTION_TYPE,
        "client_assertion": signed,
    }
    return client.post("/oauth/token", data=form)


def test_a_signature_gets_a_token(lab_client):
    answer = ask(lab_client, assertion())

    assert answer.status_code == 200
    headers = {"Authorization": f"Bearer {answer.json['access_token']}"}
    assert lab_client.get("/lab/whoami", headers=headers).status_code == 200


def test_the_issuers_name_addresses_us_too(client):
    assert ask(client, assertion(aud="http://creditshare.test")).status_code == 200


def test_a_signature_counts_once(client):
    signed = assertion()

    assert [ask(client, signed).status_code, ask(client, signed).json["error"]] == [200, "invalid_client"]


@pytest.mark.parametrize(
    "claims",
    [
        pytest.param({"aud": "https://elsewhere.example"}, id="addressed to another"),
        pytest.param({"aud": None}, id="addressed to nobody"),
        pytest.param({"exp": 1}, id="expired"),
        pytest.param({"exp": None}, id="endless"),
        pytest.param({"exp": int(time.time()) + 86400}, id="valid for a day"),
        pytest.param({"exp": "soon"}, id="a text for a time"),
        pytest.param({"exp": 1e400}, id="an infinite time"),
        pytest.param({"exp": True}, id="a truth for a time"),
        pytest.param({"jti": None}, id="without a number"),
        pytest.param({"jti": "a\0b"}, id="NUL in the number"),
        pytest.param({"jti": ["a"]}, id="a list for a number"),
        pytest.param({"jti": "a" * 1000}, id="a long number"),
        pytest.param({"iss": "bank-2"}, id="issued by another"),
        pytest.param({"sub": "bank-2", "iss": "bank-2"}, id="an unknown client"),
        pytest.param({"sub": "a\0b", "iss": "a\0b"}, id="NUL in the client"),
        pytest.param({"sub": {"a": 1}}, id="an object for a client"),
        pytest.param({"aud": {"a": 1}}, id="an object for an address"),
        pytest.param({"iat": "x"}, id="a text for the issue time"),
    ],
)
def test_an_assertion_that_does_not_fit(client, claims):
    answer = ask(client, assertion(**claims))

    assert (answer.status_code, answer.json["error"]) in {(400, "invalid_client"), (401, "invalid_client")}


def test_signed_with_another_key(client):
    assert ask(client, assertion(key=OTHER)).json["error"] == "invalid_client"


def test_the_public_key_is_no_shared_secret(client):
    """Whoever takes the algorithm from the token lets an attacker sign with the key everyone knows."""
    public = OctKey.import_key(json.dumps(KEY.as_dict(private=False)))

    assert ask(client, assertion(key=public, alg="HS256")).json["error"] == "invalid_client"


@pytest.mark.parametrize(
    "signed",
    [
        "",
        "abc",
        "a.b.c",
        "..",
        "\0",
        "x" * 100_000,
        ".".join(
            base64.urlsafe_b64encode(part).decode().rstrip("=")
            for part in (b'{"alg":"none"}', b'{"sub":"bank-1"}', b"")
        ),
        ".".join(
            base64.urlsafe_b64encode(part).decode().rstrip("=")
            for part in (b'{"alg":"ES256"}', b"[" * 3000, b"x")
        ),
        ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in (b"[" * 3000, b"{}", b"x")),
        ".".join(
            base64.urlsafe_b64encode(part).decode().rstrip("=")
            for part in (b'{"alg":5}', b'{"sub":"bank-1"}', b"x")
        ),
    ],
)
def test_what_is_no_assertion(client, signed):
    assert ask(client, signed).status_code in {400, 401}


def test_a_client_that_signs_has_no_secret(client):
    headers = {"Authorization": "Basic " + base64.b64encode(b"bank-1:").decode()}

    assert (
        client.post("/oauth/token", data={"grant_type": "client_credentials"}, headers=headers).status_code
        == 401
    )


def test_a_client_with_a_secret_cannot_sign(client):
    ClientFactory(client_id="bank-2")

    assert ask(client, assertion(iss="bank-2", sub="bank-2")).json["error"] == "invalid_client"


def test_rsa_keys_work_too(client):
    key = RSAKey.generate_key(2048, parameters={"kid": "c1"})
    ClientFactory(
        client_id="bank-rsa",
        secret_sha256=None,
        auth_method=AuthMethod.PRIVATE_KEY_JWT,
        public_jwks={"keys": [key.as_dict(private=False)]},
    )

    assert ask(client, assertion(key=key, alg="PS256", iss="bank-rsa", sub="bank-rsa")).status_code == 200
