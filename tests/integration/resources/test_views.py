"""The record kinds over HTTP."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import pytest

from creditshare.app import create_app
from creditshare.errors import SettingsInvalid
from creditshare.resources.catalogue import ALL_KINDS


@pytest.fixture
def reader(client, bearer):
    headers = bearer(role="bank")
    return lambda path, **more: client.get(path, headers=headers | more)


def test_all_kinds_are_listed_with_what_a_provider_needs_to_know(reader):
    response = reader("/v1/kinds")

    assert response.status_code == 200
    assert [item["kind"] for item in response.json["items"]] == [kind.name for kind in ALL_KINDS]
    assert response.json["next_cursor"] is None
    assert response.headers["ETag"]


def test_the_list_comes_in_pages(reader):
    first = reader("/v1/kinds?limit=20").json
    second = reader(f"/v1/kinds?limit=20&cursor={first['next_cursor']}").json

    names = [item["kind"] for page in (first, second) for item in page["items"]]
    assert names == [kind.name for kind in ALL_KINDS]
    assert second["next_cursor"] is None


def test_one_kind_is_described(reader):
    kind = reader("/v1/kinds/tax-filing").json

    assert (kind["group"], kind["period"], kind["grace_days"]) == ("tax", "P1M", 15)
    assert kind["natural_key"] == ["tax_type", "item", "period_start", "period_end", "line_no"]
    assert (kind["public"], kind["consent_required"]) == (False, True)
    assert (kind["across_providers"], kind["roles"]) == ("sum", ["lines"])
    assert kind["title"] == {"zh": "纳税申报及缴纳", "en": "tax returns and payments"}
    assert {field["name"] for field in kind["fields"]} >= {"tax_due", "paid_on"}
    assert kind["json_schema"]["properties"]["rate_unit"]["enum"] == ["ratio", "yuan-per-unit"]
    rules = {rule["id"]: rule["severity"] for rule in kind["rules"]}
    assert rules["tax-filing:period_start-before-period_end"] == "error"
    assert rules["tax-filing:deduction-negative"] == "remark"
    assert rules["tax-filing:tax_due.decimal"] == "error"
    assert kind["csv_template"].startswith("uscc,registration_no,")


def test_the_template_is_a_csv_file(reader):
    response = reader("/v1/kinds/court-enforcement/template")

    header, example = csv.reader(io.StringIO(response.text))
    assert response.mimetype == "text/csv"
    assert header[:2] == ["uscc", "registration_no"]
    assert header[-3:] == ["source_key", "revised_at", "operation"]
    assert len(example) == len(header)


@pytest.mark.parametrize(
    "path", ["/v1/kinds/tax-return", "/v1/kinds/Tax-Filing", "/v1/kinds/tax-return/template"]
)
def test_an_unknown_kind_is_a_404_problem(reader, path):
    response = reader(path)

    assert (response.status_code, response.json["code"]) == (404, "kind-unknown")
    assert response.mimetype == "application/problem+json"


def test_the_kinds_stand_in_the_openapi_document(client):
    paths = client.get("/openapi.json").json["paths"]

    assert "text/csv" in paths["/v1/kinds/{kind}/template"]["get"]["responses"]["200"]["content"]
    assert "application/json" in paths["/v1/kinds/{kind}"]["get"]["responses"]["200"]["content"]


def test_a_wrong_catalogue_stops_the_start(settings, tmp_path):
    with pytest.raises(SettingsInvalid, match=r"catalogue/registration\.json: is missing"):
        create_app(replace(settings, config_dir=tmp_path))


@pytest.mark.parametrize("path", ["/v1/kinds", "/v1/kinds/tax-filing", "/v1/kinds/tax-filing/template"])
def test_what_the_caller_holds_already_is_not_sent_again(reader, path):
    etag = reader(path).headers["ETag"]

    response = reader(path, **{"If-None-Match": etag})

    assert (response.status_code, response.data) == (304, b"")


def test_a_token_is_needed_before_anything_else(client):
    assert client.get("/v1/kinds?limit=x").status_code == 401
    assert client.get("/v1/kinds/tax-return").json["code"] == "token-missing"


def test_a_wrong_limit_is_said(reader):
    response = reader("/v1/kinds?limit=501")

    assert (response.status_code, response.json["code"]) == (422, "invalid-parameters")
