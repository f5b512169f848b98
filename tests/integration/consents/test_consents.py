"""Registering, pausing, resuming and revoking consents, by the bank and by the firm."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from tests.factories.firms import made_uscc, push_firm

EVIDENCE = {"method": "paper", "reference": "2026-17", "sha256": "ab" * 32}


@pytest.fixture
def bank(bearer):
    return bearer(role="bank")


@pytest.fixture
def uscc():
    return made_uscc()


@pytest.fixture
def owner(bearer, uscc):
    return bearer(role="firm", uscc=uscc)


@pytest.fixture
def bank_code(client, bank):
    """Learn a bank's code as it is shown."""
    return client.post("/v1/consents", json=terms(made_uscc()), headers=bank).json["grantee"]


def terms(uscc=None, **others):
    body = {
        "purposes": ["post-loan-review", "loan-application"],
        "groups": ["utility", "tax"],
        "valid_from": "2026-01-01",
        "valid_until": "2027-12-31",
        "evidence": EVIDENCE,
    }
    return body | ({"uscc": uscc} if uscc else {}) | others


def register(client, headers, **body):
    return client.post("/v1/consents", json=terms(**body), headers=headers)


class TestRegistering:
    def test_counts_at_once_though_the_firm_is_not_known_yet(self, client, bank, uscc):
        response = register(client, bank, uscc=uscc)

        assert response.status_code == 201
        body = response.json
        assert response.headers["Location"] == f"/v1/consents/{body['id']}"
        assert (body["uscc"], body["firm_id"], body["state"]) == (uscc, None, "active")
        assert body["purposes"] == ["loan-application", "post-loan-review"]
        assert body["groups"] == ["tax", "utility"]
        assert (body["valid_from"], body["valid_until"]) == ("2026-01-01", "2027-12-31")
        assert body["evidence"] == EVIDENCE

    def test_finds_its_firm_when_that_is_born(self, client, bank, uscc, session):
        consent_id = register(client, bank, uscc=uscc).json["id"]
        push_firm(session, uscc, months=1)
        session.commit()

        shown = client.get(f"/v1/consents/{consent_id}", headers=bank).json

        assert shown["firm_id"].startswith("f_")

    def test_takes_codes_as_records_do(self, client, bank, uscc):
        wide = "".join(chr(ord(letter) + 0xFEE0) for letter in uscc)

        assert register(client, bank, uscc=f" {wide}").json["uscc"] == uscc
        by_code = register(client, bank, organisation_code=uscc[8:17])
        assert by_code.json["organisation_code"] == uscc[8:17]

    @pytest.mark.parametrize(
        ("change", "pointer"),
        [
            pytest.param({"uscc": "91330100PDY00001X0"}, "/uscc", id="wrong check digit"),
            pytest.param({"uscc": 7}, "/uscc", id="a number"),
            pytest.param(
                {"organisation_code": "PDY000010"}, "/organisation_code", id="wrong organisation code"
            ),
            pytest.param({"purposes": []}, "/purposes", id="no purpose"),
            pytest.param({"purposes": ["self-access"]}, "/purposes/0", id="not a bank's purpose"),
            pytest.param({"groups": ["fishing"]}, "/groups/0", id="no such group"),
            pytest.param({"groups": []}, "/groups", id="no group"),
            pytest.param({"valid_from": "2026-02-30"}, "/valid_from", id="no such day"),
            pytest.param({"valid_until": "2026-02-03T08:00:00"}, "/valid_until", id="no zone"),
            pytest.param({"valid_until": None}, "/valid_until", id="no end"),
            pytest.param({"valid_until": "2025-01-01"}, "/valid_until", id="ends before it begins"),
            pytest.param({"evidence": {"method": "gossip"}}, "/evidence/method", id="no such evidence"),
            pytest.param({"evidence": {"method": "paper", "sha256": "xy"}}, "/evidence/sha256", id="no hash"),
            pytest.param(
                {"evidence": {"method": "paper", "sha256": "ab" * 32}},
                "/evidence/reference",
                id="no reference",
            ),
            pytest.param(
                {"evidence": {"method": "electronic-signature", "reference": "7", "sha256": None}},
                "/evidence/sha256",
                id="nothing signed",
            ),
            pytest.param({"valid_from": "0001-01-01"}, "/valid_from", id="begins before all records"),
            pytest.param({"valid_until": "9999-12-31"}, "/valid_until", id="ends with the calendar"),
            pytest.param({"evidense": {}}, "/evidense", id="unknown field"),
            pytest.param({"grantee": "nobody"}, "/grantee", id="unknown grantee"),
        ],
    )
    def test_refuses_terms_that_are_not_in_order(self, client, bank, uscc, change, pointer):
        response = client.post("/v1/consents", json=terms(uscc) | change, headers=bank)

        assert response.status_code == 422, response.text
        assert pointer in [fault["pointer"] for fault in response.json["errors"]]

    @pytest.mark.parametrize("end", ["2025-01-01", "2025-01-01T08:00:00+08:00"])
    def test_without_a_start_it_begins_now_and_so_ends_later(self, client, bank, uscc, end):
        body = terms(uscc, valid_until=end)
        del body["valid_from"]

        response = client.post("/v1/consents", json=body, headers=bank)

        assert (response.status_code, response.json["code"]) == (422, "invalid-parameters")
        assert [fault["pointer"] for fault in response.json["errors"]] == ["/valid_until"]

    def test_may_last_from_the_first_day_to_the_last(self, client, bank, uscc):
        response = register(client, bank, uscc=uscc, valid_from="1900-01-01", valid_until="9998-12-31")

        assert (response.status_code, response.json["state"]) == (201, "active")

    def test_agreed_to_on_the_platform_it_needs_no_paper(self, client, bank, uscc):
        assert register(client, bank, uscc=uscc, evidence={"method": "platform"}).status_code == 201

    def test_names_its_firm_once(self, client, bank, uscc):
        assert register(client, bank).status_code == 422
        assert register(client, bank, uscc=uscc, organisation_code=uscc[8:17]).status_code == 422

    def test_a_bank_shows_what_proves_it(self, client, bank, uscc):
        body = terms(uscc)
        del body["evidence"]

        response = client.post("/v1/consents", json=body, headers=bank)

        assert [fault["pointer"] for fault in response.json["errors"]] == ["/evidence"]

    def test_a_bank_registers_for_itself_only(self, client, bank, bank_code, bearer, uscc):
        response = register(client, bearer(role="bank"), uscc=uscc, grantee=bank_code)

        assert [fault["code"] for fault in response.json["errors"]] == ["grantee-not-own"]

    def test_others_may_not(self, client, bearer, uscc):
        response = register(client, bearer(role="provider", kinds=["tax-filing"]), uscc=uscc)

        assert (response.status_code, response.json["code"]) == (403, "insufficient-scope")


class TestFirm:
    def test_gives_a_consent_to_a_bank_it_names(self, client, owner, bank, bank_code, uscc):
        given = register(client, owner, grantee=bank_code)

        assert given.status_code == 201
        assert given.json["uscc"] == uscc
        assert client.get(f"/v1/consents/{given.json['id']}", headers=bank).status_code == 200

    def test_must_name_a_bank(self, client, owner, bearer):
        assert register(client, owner).json["errors"][0]["pointer"] == "/grantee"

    def test_gives_none_for_another_firm(self, client, owner, bank_code):
        response = register(client, owner, uscc=made_uscc(), grantee=bank_code)

        assert (response.status_code, response.json["code"]) == (404, "firm-not-found")

    def test_sees_what_banks_have_registered_under_any_of_its_codes(self, client, owner, bank, uscc, session):
        push_firm(session, uscc, months=1)
        session.commit()
        register(client, bank, organisation_code=uscc[8:17])

        assert len(client.get("/v1/consents", headers=owner).json["items"]) == 1

    def test_sees_no_one_elses(self, client, owner, bank, bearer):
        consent_id = register(client, bank, uscc=made_uscc()).json["id"]

        for headers in (owner, bearer(role="bank")):
            response = client.get(f"/v1/consents/{consent_id}", headers=headers)
            assert (response.status_code, response.json["code"]) == (404, "consent-not-found")
            assert client.post(f"/v1/consents/{consent_id}/revoke", headers=headers).status_code == 404


class TestChanging:
    def change(self, client, headers, consent_id, action):
        return client.post(f"/v1/consents/{consent_id}/{action}", headers=headers)

    def test_pause_resume_revoke(self, client, bank, uscc):
        consent_id = register(client, bank, uscc=uscc).json["id"]

        states = [
            self.change(client, bank, consent_id, action).json["state"]
            for action in ("pause", "pause", "resume", "resume", "revoke", "revoke")
        ]

        assert states == ["paused", "paused", "active", "active", "revoked", "revoked"]

    @pytest.mark.parametrize("action", ["pause", "resume"])
    def test_revoked_is_for_good(self, client, bank, uscc, action):
        consent_id = register(client, bank, uscc=uscc).json["id"]
        self.change(client, bank, consent_id, "revoke")

        response = self.change(client, bank, consent_id, action)

        assert (response.status_code, response.json["code"]) == (409, "consent-revoked")

    def test_what_the_firm_paused_the_bank_cannot_resume(self, client, bank, owner, uscc):
        consent_id = register(client, bank, uscc=uscc).json["id"]
        self.change(client, owner, consent_id, "pause")

        refused = self.change(client, bank, consent_id, "resume")

        assert (refused.status_code, refused.json["code"]) == (409, "consent-paused-by-firm")
        assert self.change(client, owner, consent_id, "resume").json["state"] == "active"

    def test_terms_and_events_take_no_change(self, client, bank, uscc, session):
        self.change(client, bank, register(client, bank, uscc=uscc).json["id"], "pause")

        for statement in (
            "UPDATE consents SET groups = '{}'",
            "DELETE FROM consent_events",
            "TRUNCATE consent_events",
            "TRUNCATE consents CASCADE",
        ):
            with pytest.raises(DBAPIError, match="never changed"), session.begin_nested():
                session.execute(text(statement))


def test_lists_come_in_pages_newest_first(client, bank):
    made = [register(client, bank, uscc=made_uscc()).json["id"] for _ in range(3)]

    first = client.get("/v1/consents?limit=2", headers=bank).json
    second = client.get(f"/v1/consents?limit=2&cursor={first['next_cursor']}", headers=bank).json

    assert [item["id"] for item in first["items"] + second["items"]] == made[::-1]
    assert second["next_cursor"] is None
