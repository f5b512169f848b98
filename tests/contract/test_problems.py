"""Whatever is wrong with a request, the answer is a 4xx problem."""

import base64

import pytest

from tests.fixtures_web import basic

DEEP = b"[" * 100_000
BROKEN_JSON = {
    "broken": b'{"text": ',
    "100,000 brackets": DEEP,
    "100,000 nested objects": b'{"text":' * 100_000,
    "NaN": b'{"text": "a", "number": NaN}',
    "Infinity": b'{"text": "a", "number": -Infinity}',
    "lone high surrogate": rb'{"text": "\ud800"}',
    "lone high surrogate before text": rb'{"text": "\ud800abcdef"}',
    "lone low surrogate": rb'{"text": "\udc00"}',
    "encoded surrogate": b'{"text": "\xed\xa0\x80"}',
    "NUL escape": rb'{"text": "a\u0000b"}',
    "NUL in a name": rb'{"a\u0000": 1}',
    "NUL byte": b'{"text": "a\x00b"}',
    "not UTF-8": b'{"text": "\xd6\xd0"}',
    "UTF-16": '{"text": "a"}'.encode("utf-16"),
    "two values": b"{} {}",
    "single quotes": b"{'text': 'a'}",
    "empty": b"",
    "number of 100,000 digits": b'{"text": "a", "number": ' + b"9" * 100_000 + b"}",
    "an image": b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR",
}


def assert_problem(response, status):
    assert response.status_code == status, response.text
    assert response.content_type == "application/problem+json"
    body = response.json
    assert {"type", "title", "status", "detail", "instance", "code", "request_id"} <= set(body)
    assert body["status"] == status
    assert body["type"] == f"urn:creditshare:problem:{body['code']}"
    assert body["request_id"] == response.headers["X-Request-Id"]
    return body


@pytest.mark.parametrize("body", BROKEN_JSON.values(), ids=BROKEN_JSON.keys())
def test_a_body_that_is_not_json_as_we_mean_it(lab_client, bearer, body):
    response = lab_client.post("/lab/notes", data=body, content_type="application/json", headers=bearer())

    assert assert_problem(response, 400)["code"] == "body-invalid"


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        pytest.param([], "", "invalid", id="a list for an object"),
        pytest.param("text", "", "invalid", id="a string for an object"),
        pytest.param(None, "/text", "required", id="null"),
        pytest.param({}, "/text", "required", id="missing"),
        pytest.param({"text": None}, "/text", "required", id="null field"),
        pytest.param({"text": 5}, "/text", "invalid", id="wrong type"),
        pytest.param({"text": "a", "tags": ["a", 5]}, "/tags/1", "invalid", id="inside a list"),
        pytest.param({"text": "a", "a/b~c": 1}, "/a~1b~0c", "unknown-field", id="unknown field"),
    ],
)
def test_a_body_that_breaks_the_schema_names_where(lab_client, bearer, body, pointer, code):
    response = lab_client.post("/lab/notes", json=body, headers=bearer())

    found = assert_problem(response, 422)
    assert found["code"] == "invalid-parameters"
    assert {"pointer": pointer, "code": code} in [
        {name: error[name] for name in ("pointer", "code")} for error in found["errors"]
    ]


def test_no_value_of_the_body_comes_back(lab_client, bearer):
    response = lab_client.post("/lab/notes", json={"text": ["330106199001011234"]}, headers=bearer())

    assert "330106199001011234" not in response.text


def test_a_thousand_faults_do_not_make_a_long_answer(lab_client, bearer):
    body = {"text": "a", **{f"unknown{'x' * 1000}{number}": 1 for number in range(1000)}}

    response = lab_client.post("/lab/notes", json=body, headers=bearer())

    assert_problem(response, 422)
    assert len(response.data) < 50_000


def test_a_body_of_another_type(lab_client, bearer):
    response = lab_client.post("/lab/notes", data=b"text=a", content_type="text/plain", headers=bearer())

    assert assert_problem(response, 415)["code"] == "unsupported-media-type"


def test_a_body_over_16_mib(lab_client, bearer):
    body = b'{"text": "' + b"a" * (16 * 1024 * 1024) + b'"}'

    response = lab_client.post("/lab/notes", data=body, content_type="application/json", headers=bearer())

    assert assert_problem(response, 413)["code"] == "body-too-large"


def test_a_string_of_10_mb_is_text_like_any_other(lab_client, bearer):
    response = lab_client.post("/lab/notes", json={"text": "a" * 10_000_000}, headers=bearer())

    assert response.status_code == 201


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=501", "limit=-1", "limit=%EF%BC%95", "limit=1_0", "limit=x", "limit="]
)
def test_a_limit_that_is_none(lab_client, bearer, query):
    response = lab_client.get(f"/lab/list?{query}", headers=bearer())

    assert assert_problem(response, 422)["errors"][0]["pointer"] == "/query/limit"


@pytest.mark.parametrize("path", ["/lab/list?cursor=a%00b", "/lab/scoped/a%00b", "/lab/list?%00=1"])
def test_nul_in_the_address(lab_client, bearer, path):
    assert_problem(lab_client.get(path, headers=bearer()), 422)


@pytest.mark.parametrize(
    "cursor", ["abc", "!!!!", "%FF", "A" * 5000, base64.urlsafe_b64encode(b"0" * 12 + b"[1]").decode()]
)
def test_a_cursor_that_we_did_not_write(lab_client, bearer, cursor):
    response = lab_client.get("/lab/list", query_string={"cursor": cursor}, headers=bearer())

    assert assert_problem(response, 422)["errors"][0]["code"] == "cursor-invalid"


def test_checks_come_in_the_order_of_the_contract(lab_client, bearer):
    wrong_all_over = "/lab/scoped/missing?limit=0"
    other_role, right_role = bearer(role="provider"), bearer(role="bank")

    assert_problem(lab_client.get(wrong_all_over), 401)
    assert (
        assert_problem(lab_client.get(wrong_all_over, headers=other_role), 403)["code"]
        == "insufficient-scope"
    )
    assert_problem(lab_client.get(wrong_all_over, headers=right_role), 422)
    assert_problem(lab_client.get("/lab/scoped/missing", headers=right_role), 404)
    assert lab_client.get("/lab/scoped/there", headers=right_role).status_code == 200


def test_no_such_path_and_no_such_method(client):
    assert assert_problem(client.get("/v1/nothing"), 404)["code"] == "not-found"
    refused = client.delete("/healthz")
    assert assert_problem(refused, 405)["code"] == "method-not-allowed"
    assert "GET" in refused.headers["Allow"]


def test_a_defect_says_nothing_to_the_caller_nor_personal_to_the_log(lab_client, capfd):
    response = lab_client.get("/lab/broken")

    assert assert_problem(response, 500)["code"] == "internal-error"
    out, logged = capfd.readouterr()
    assert "张三" not in response.text + logged + out
    assert "13800000000" not in response.text + logged + out
    assert "RuntimeError" not in response.text


def test_a_database_that_is_too_slow_is_a_503_to_be_tried_again(lab_client):
    response = lab_client.get("/lab/busy")

    assert assert_problem(response, 503)["code"] == "unavailable"
    assert response.headers["Retry-After"] == "1"


@pytest.mark.parametrize(
    "header",
    [
        "Basic",
        "Basic ",
        "Basic !!!",
        "Basic " + base64.b64encode(b"\xff\xfe:\xff").decode(),
        "Basic " + base64.b64encode(b"no colon").decode(),
        basic("a\0b", "c\0d"),
        basic("%00", "%00"),
        basic("%FF%FE", "x"),
        basic("' OR 1=1 --", "x"),
        "Basic " + "A" * 60_000,
        "Bearer abc",
        "Digest username=x",
        "",
    ],
)
def test_the_token_endpoint_survives_any_authorization_header(client, header):
    response = client.post(
        "/oauth/token", data={"grant_type": "client_credentials"}, headers={"Authorization": header}
    )

    assert response.status_code in {400, 401}
    assert response.json["error"] == "invalid_client"


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        pytest.param(b"", None, id="nothing"),
        pytest.param(b'{"grant_type": "client_credentials"}', "application/json", id="JSON"),
        pytest.param(DEEP, "application/json", id="brackets"),
        pytest.param(b"grant_type=password", "application/x-www-form-urlencoded", id="another grant"),
        pytest.param(b"grant_type=%00", "application/x-www-form-urlencoded", id="NUL"),
        pytest.param(b"grant_type=%FF%FE", "application/x-www-form-urlencoded", id="not UTF-8"),
        pytest.param(b"\x00\x01", "multipart/form-data; boundary=x", id="multipart"),
        pytest.param(b"a" * 1_000_000, "multipart/form-data", id="multipart without boundary"),
    ],
)
def test_the_token_endpoint_survives_any_body(client, body, content_type):
    response = client.post("/oauth/token", data=body, content_type=content_type)

    assert 400 <= response.status_code < 500


def test_the_token_endpoint_refuses_a_form_of_17_mib(client):
    response = client.post("/oauth/token", data={"grant_type": "a" * (17 * 1024 * 1024)})

    assert_problem(response, 413)
