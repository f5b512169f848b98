"""Pages, ETags, request ids, the document, metrics."""

import pytest

from creditshare.core import outbox


@pytest.fixture
def five_rows(session):
    for number in range(5):
        outbox.publish(session, "lab.row", number=number)
    session.commit()


@pytest.mark.usefixtures("five_rows")
def test_a_list_is_read_page_by_page(lab_client, bearer):
    headers, seen, cursor, pages = bearer(), [], None, 0

    while pages == 0 or cursor:
        query = {"limit": 2, **({"cursor": cursor} if cursor else {})}
        page = lab_client.get("/lab/list", query_string=query, headers=headers).json
        seen += [item["number"] for item in page["items"]]
        cursor, pages = page["next_cursor"], pages + 1

    assert seen == [0, 1, 2, 3, 4]
    assert pages == 3


@pytest.mark.usefixtures("five_rows")
def test_without_limit_a_page_has_room_for_fifty(lab_client, bearer):
    page = lab_client.get("/lab/list", headers=bearer()).json

    assert len(page["items"]) == 5
    assert page["next_cursor"] is None


@pytest.mark.usefixtures("five_rows")
def test_a_read_the_caller_holds_already_is_not_sent_again(lab_client, bearer, session):
    headers = bearer()
    first = lab_client.get("/lab/list", headers=headers)

    again = lab_client.get("/lab/list", headers={**headers, "If-None-Match": first.headers["ETag"]})
    outbox.publish(session, "lab.row", number=5)
    session.commit()
    changed = lab_client.get("/lab/list", headers={**headers, "If-None-Match": first.headers["ETag"]})

    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]
    assert changed.status_code == 200


def test_a_request_id_is_echoed(client):
    assert (
        client.get("/healthz", headers={"X-Request-Id": "abc.DEF_1-2"}).headers["X-Request-Id"]
        == "abc.DEF_1-2"
    )


@pytest.mark.parametrize("given", ["", "a" * 65, "a b", "<script>", "\xff"])
def test_a_request_id_that_could_do_harm_is_replaced(client, given):
    echoed = client.get("/healthz", headers={"X-Request-Id": given}).headers["X-Request-Id"]

    assert echoed != given
    assert len(echoed) == 32


def test_the_document_is_openapi_3_1_and_names_scopes(lab_client):
    document = lab_client.get("/openapi.json").json

    assert document["openapi"] == "3.1.0"
    path = document["paths"]["/lab/scoped/{name}"]
    scoped = path["get"]
    assert scoped["security"] == [{"oauth2": ["consents:write"]}]
    assert [parameter["name"] for parameter in path["parameters"]] == ["name"]
    assert {parameter["name"] for parameter in scoped["parameters"]} == {"limit", "cursor"}
    flows = document["components"]["securitySchemes"]["oauth2"]["flows"]
    assert flows["clientCredentials"]["tokenUrl"].endswith("/oauth/token")
    problem = document["components"]["responses"]["DEFAULT_ERROR"]
    assert list(problem["content"]) == ["application/problem+json"]


def test_the_page_of_the_document_needs_nothing_from_elsewhere(lab_client):
    page = lab_client.get("/docs")

    assert "/lab/scoped/{name}" in page.text
    assert "consents:write" in page.text
    assert "http://" not in page.text.replace("http://creditshare.test", "")
    assert "https://" not in page.text
    assert "<script" not in page.text


def test_metrics_count_requests_by_route(lab_client, bearer):
    lab_client.get("/lab/scoped/there", headers=bearer())

    metrics = lab_client.get("/metrics").text

    counted = 'creditshare_http_request_seconds_count{method="GET",route="/lab/scoped/<name>",status="200"}'
    assert counted in metrics
    assert "/lab/scoped/there" not in metrics
