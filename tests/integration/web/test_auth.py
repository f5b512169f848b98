"""Who is calling, and may they."""

import base64
import json

import pytest

from tests.fixtures_web import fetch_token, make_client

NONE_TOKEN = ".".join(
    base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")
    for part in ({"alg": "none", "typ": "at+jwt"}, {"client_id": "x"})
)


def test_without_a_token(lab_client):
    response = lab_client.get("/lab/whoami")

    assert response.status_code == 401
    assert response.json["code"] == "token-missing"
    assert response.headers["WWW-Authenticate"] == 'Bearer realm="creditshare"'


@pytest.mark.parametrize(
    "header",
    [
        "Bearer",
        "Bearer ",
        "Bearer a b",
        "Bearer abc",
        "Bearer a.b.c",
        f"Bearer {NONE_TOKEN}.",
        "Bearer " + base64.urlsafe_b64encode(b"[" * 2000).decode().rstrip("=") + ".e30.AA",
        "Bearer " + "a" * 100_000,
        "Bearer \xff\xfe",
        "Basic YTpi",
        "\0",
    ],
)
def test_with_something_that_is_no_token(lab_client, header):
    response = lab_client.get("/lab/whoami", headers={"Authorization": header})

    assert response.status_code == 401
    assert response.json["code"] == "token-invalid"
    assert 'error="invalid_token"' in response.headers["WWW-Authenticate"]


def test_without_the_scope(lab_client, bearer):
    response = lab_client.get("/lab/scoped/there", headers=bearer(role="regulator"))

    assert response.status_code == 403
    assert response.json["code"] == "insufficient-scope"
    assert 'scope="consents:write"' in response.headers["WWW-Authenticate"]


def test_a_token_asked_for_with_less_cannot_do_more(lab_client, session):
    made = make_client(session, role="bank")
    token = fetch_token(lab_client, made, scope="firms:read")

    response = lab_client.get("/lab/scoped/there", headers={"Authorization": f"Bearer {token}"})

    assert response.status_code == 403


def test_the_view_knows_its_caller(lab_client, bearer):
    headers = bearer(role="provider", kinds=["tax-filing", "tax-rating"], code="zj-tax")

    said = lab_client.get("/lab/whoami", headers=headers).json

    assert said["participant"] == "zj-tax"
    assert said["role"] == "provider"
    assert said["scopes"] == ["records:write", "stats:own", "submissions:read", "webhooks:write"]
    assert said["kinds"] == ["tax-filing", "tax-rating"]
    assert said["end_user"] is None


def test_the_member_of_staff_may_have_a_chinese_name(lab_client, bearer):
    name = "王小明".encode().decode("latin-1")  # as WSGI hands a UTF-8 header over

    said = lab_client.get("/lab/whoami", headers={**bearer(), "X-End-User": name}).json

    assert said["end_user"] == "王小明"


@pytest.mark.parametrize("name", ["", "a" * 65, "a\tb", "\xff\xfe"])
def test_a_member_of_staff_that_is_no_text(lab_client, bearer, name):
    response = lab_client.get("/lab/whoami", headers={**bearer(), "X-End-User": name})

    assert response.status_code == 422
    assert response.json["errors"][0]["pointer"] == "/headers/X-End-User"


def test_a_client_may_have_to_name_its_member_of_staff(lab_client, bearer):
    headers = bearer(requires_end_user=True)

    assert lab_client.get("/lab/whoami", headers=headers).json["errors"][0]["code"] == "required"
    assert lab_client.get("/lab/whoami", headers={**headers, "X-End-User": "k.wang"}).status_code == 200


def test_open_views_take_no_notice_of_tokens(lab_client):
    assert lab_client.get("/lab/open", headers={"Authorization": "Bearer nonsense"}).status_code == 200
