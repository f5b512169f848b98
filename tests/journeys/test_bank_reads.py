"""A bank reads a firm: on consent only, each refusal by its code, everything in the query log."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from creditshare.audit.models import Inquiry
from creditshare.core.clock import day_of, rfc3339, utcnow
from creditshare.core.database import make_engine, make_sessions, read_knowledge_clock
from creditshare.core.ids import public
from creditshare.participants.roles import Role
from tests.factories.base import Factory
from tests.factories.firms import filings, firm_id_of, made_uscc, months_until, push_firm, refreshed
from tests.factories.participants import ParticipantFactory
from tests.factories.records import push
from tests.fixtures_web import fetch_token, make_client

LONG_AGO, FAR_OFF = datetime(2020, 1, 1, tzinfo=UTC), datetime(2090, 1, 1, tzinfo=UTC)
PURPOSE = {"purpose": "loan-application"}
EVIDENCE = {"method": "paper", "reference": "2026-17", "sha256": "ab" * 32}


@pytest.fixture
def firm(session):
    uscc = made_uscc()
    push_firm(session, uscc)
    refreshed(session, uscc)
    session.commit()
    return uscc


@pytest.fixture
def bank(bearer):
    return bearer(role="bank")


@pytest.fixture
def consent(client, firm, bank):
    """Register a consent; anything in its terms can be given by name."""

    def give(headers=bank, **terms):
        body = {
            "uscc": firm,
            "purposes": ["loan-application"],
            "groups": ["registration", "tax", "employment", "utility"],
            "valid_from": rfc3339(LONG_AGO),
            "valid_until": rfc3339(FAR_OFF),
            "evidence": EVIDENCE,
            **terms,
        }
        response = client.post("/v1/consents", json=body, headers=headers)
        assert response.status_code == 201, response.text
        return response.json["id"]

    return give


@pytest.fixture
def read(client, firm, bank):
    def get(what, headers=bank, named=firm, **query):
        return client.get(f"/v1/firms/{named}/{what}", query_string=PURPOSE | query, headers=headers)

    return get


def logged(session):
    return session.scalars(select(Inquiry).order_by(Inquiry.at)).all()


class TestProfile:
    def test_shows_what_the_consent_covers(self, consent, read, firm):
        consent()

        body = read("profile").json

        assert body["uscc"] == firm
        assert body["firm_id"] == public("f", firm_id_of(firm))
        assert body["as_of"] == day_of(utcnow()).isoformat()
        assert body["groups"]["tax"]["status"] == "available"
        assert body["groups"]["tax"]["coverage"] == "0.50"  # every month filed, no tax rating
        points = body["groups"]["tax"]["series"][0]["points"]
        assert points[-1] == {"month": points[-1]["month"], "tax_due": "1000.00", "tax_paid": "1000.00"}
        assert body["groups"]["registration"]["facts"]["registration"]["firm_name"] == "杭州某某纸品有限公司"

    def test_shows_of_other_groups_only_what_needs_no_consent(self, consent, read):
        consent(groups=["tax"])

        groups = read("profile").json["groups"]

        assert groups["registration"]["status"] == "not-permitted"
        assert groups["registration"]["facts"]["registration"]["status"] == "active"
        assert groups["employment"] == {
            "status": "not-permitted",
            "coverage": None,
            "fresh_until": None,
            "facts": {},
            "series": [],
            "events": [],
            "disputes": [],
        }

    def test_holds_nothing_personal(self, consent, read):
        consent()

        assert "张三" not in read("profile", include="provenance").text

    def test_can_be_asked_for_some_groups(self, consent, read):
        consent()

        assert list(read("profile", groups="tax,employment").json["groups"]) == ["tax", "employment"]

    def test_says_with_provenance_where_each_value_comes_from(self, consent, read):
        consent()

        tax = read("profile", include="provenance", groups="tax").json["groups"]["tax"]

        (source,) = tax["series"][0]["points"][0]["provenance"]
        assert source["record"].startswith("rec_")
        assert source["provider"].startswith("tax-")
        assert source["submission"].startswith("sub_")
        assert source["row"] == 1
        assert source["received_at"] > source["revised_at"]

    def test_is_the_same_with_provenance_but_for_it(self, consent, read):
        consent()

        plain = read("profile").json
        sourced = read("profile", include="provenance").json

        assert _without_sources(sourced) == plain

    def test_is_the_snapshot_or_made_from_versions_alike(self, consent, read):
        consent()

        current = read("profile").json
        known = read("profile", known_at=current["known_at"]).json

        assert known == current

    def test_adds_up_live_consents(self, consent, read):
        consent(groups=["tax"])
        consent(groups=["utility"])

        groups = read("profile").json["groups"]

        permitted = {name for name, section in groups.items() if section["status"] != "not-permitted"}
        assert permitted == {"tax", "utility"}

    def test_is_found_by_any_name_of_the_firm(self, consent, read, firm):
        consent()
        bodies = [read("profile", named=name) for name in (firm, firm[8:17], public("f", firm_id_of(firm)))]

        assert len({response.data for response in bodies}) == 1

    def test_a_firm_known_but_never_refreshed_has_a_profile_and_a_pending_score(
        self, client, session, read, consent
    ):
        new = made_uscc()
        push_firm(session, new, months=1)
        session.commit()
        consent(uscc=new)

        assert read("profile", named=new).json["groups"]["tax"]["status"] == "available"
        score = read("score", named=new).json
        assert (score["status"], score["reasons"]) == ("not-rated", ["pending"])


class TestTimeTravel:
    def test_as_of_shows_what_held_then(self, consent, read):
        consent()
        day = months_until(day_of(utcnow()), 6)[0]

        points = read("profile", as_of=day.isoformat(), groups="tax").json["groups"]["tax"]["series"][0][
            "points"
        ]

        assert points[-1]["month"] == months_until(day, 1)[0].isoformat()[:7]

    def test_known_at_shows_what_was_known_then(self, consent, read, firm, session):
        consent()
        before = read("profile").json
        tax = ParticipantFactory(role=Role.PROVIDER)
        push(
            session,
            "tax-rating",
            [{"uscc": firm, "year": day_of(utcnow()).year - 1, "grade": "A"}],
            participant=tax,
        )
        session.commit()
        refreshed(session, firm)
        session.commit()

        assert "tax-rating" in read("profile").json["groups"]["tax"]["facts"]
        assert read("profile", known_at=before["known_at"]).json == before

    def test_a_score_as_known_before_has_the_id_it_had(self, consent, read, firm, session):
        consent()
        before = read("score").json
        tax = ParticipantFactory(role=Role.PROVIDER)
        push(
            session,
            "tax-rating",
            [{"uscc": firm, "year": day_of(utcnow()).year - 1, "grade": "D"}],
            participant=tax,
        )
        session.commit()
        refreshed(session, firm)
        session.commit()

        assert read("score").json["score_id"] != before["score_id"]
        assert read("score", known_at=before["known_at"]).json == before

    @pytest.mark.parametrize("query", [{"as_of": "2090-01-01"}, {"known_at": "2090-01-01T00:00:00Z"}])
    def test_the_future_cannot_be_read(self, consent, read, query):
        consent()

        response = read("profile", **query)

        assert response.status_code == 422
        assert response.json["errors"][0]["code"] == "in-future"


class TestKnownAtWhilePublishing:
    @pytest.fixture
    def own_sessions(self, fresh_database):
        self.url = fresh_database()
        engine = make_engine(self.url)
        yield make_sessions(engine)
        Factory.session = None
        engine.dispose()

    @pytest.mark.parametrize("what", ["profile", "score"])
    def test_an_answer_stays_though_a_publisher_was_at_work(self, own_sessions, make_app, what):
        """What is stamped, but not committed yet, lies before the moment asked for: it is no part of either answer."""
        client, uscc = make_app(self.url).test_client(), made_uscc()
        with own_sessions() as session:
            Factory.session = session
            push_firm(session, uscc)
            tax = ParticipantFactory(role=Role.PROVIDER)
            session.commit()
            owner = make_client(session, role="firm", uscc=uscc)
        headers = {"Authorization": f"Bearer {fetch_token(client, owner)}"}

        def read(known_at):
            query = {"purpose": "self-access", "known_at": known_at}
            answer = client.get(f"/v1/firms/{uscc}/{what}", query_string=query, headers=headers)
            assert answer.status_code == 200, answer.text
            return answer, client.get("/v1/queries?limit=1", headers=headers).json["items"][0]["known_at"]

        with own_sessions() as publisher:
            Factory.session = publisher
            row = {"uscc": uscc, "year": day_of(utcnow()).year - 1, "grade": "D"}
            push(publisher, "tax-rating", [row], participant=tax)
            stamped, asked = rfc3339(read_knowledge_clock(publisher)), rfc3339(utcnow())
            before, known_at = read(asked)
            publisher.commit()

        again, _ = read(known_at)

        assert known_at < stamped <= asked
        assert before.json["known_at"] == known_at
        assert again.data == before.data
        assert read(asked)[0].data != before.data


class TestScore:
    def test_uses_exactly_the_groups_covered(self, consent, read):
        consent()

        body = read("score").json

        assert body["status"] == "rated"
        assert body["groups_used"] == ["registration", "tax", "employment", "utility"]
        assert body["score_id"].startswith("scr_")

    def test_is_another_score_for_other_groups(self, consent, read, client, bearer):
        consent()
        other = bearer(role="bank")
        consent(headers=other, groups=["registration", "tax", "utility"])

        assert read("score").json["score_id"] != read("score", headers=other).json["score_id"]

    def test_is_told_in_the_same_bytes_again(self, consent, read):
        consent()

        assert read("score").data == read("score").data

    def test_is_kept_by_its_id(self, consent, read, client, bank):
        consent()
        told = read("score")

        stored = client.get(f"/v1/scores/{told.json['score_id']}", query_string=PURPOSE, headers=bank)

        assert stored.data == told.data

    def test_kept_is_refused_to_whom_its_groups_are_not_covered(self, consent, read, client, bearer):
        consent()
        score_id = read("score").json["score_id"]
        other = bearer(role="bank")
        consent(headers=other, groups=["tax"])

        response = client.get(f"/v1/scores/{score_id}", query_string=PURPOSE, headers=other)

        assert (response.status_code, response.json["code"]) == (403, "group-not-covered")

    def test_unknown_is_404(self, client, bank):
        for score_id in ("scr_" + "a" * 26, "scr_x", "f_" + "a" * 26):
            response = client.get(f"/v1/scores/{score_id}", query_string=PURPOSE, headers=bank)
            assert (response.status_code, response.json["code"]) == (404, "score-not-found")

    def test_history_lists_only_scores_of_covered_groups(self, consent, read, client, bearer):
        consent()
        first = read("score").json
        narrow = bearer(role="bank")
        consent(headers=narrow, groups=["tax"])
        read("score", headers=narrow)

        wide_list = read("scores").json["items"]
        narrow_list = read("scores", headers=narrow).json["items"]

        assert first in wide_list
        assert [item["groups_used"] for item in narrow_list] == [["tax"]]

    def test_history_comes_in_pages(self, consent, read, firm, session):
        consent()
        told = [read("score").json["score_id"]]
        tax = ParticipantFactory(role=Role.PROVIDER)
        for grade in "AB":
            row = {
                "uscc": firm,
                "year": day_of(utcnow()).year - 1,
                "grade": grade,
                "revised_at": rfc3339(utcnow()),
            }
            push(session, "tax-rating", [row], participant=tax)
            session.commit()
            refreshed(session, firm)
            session.commit()
            told.append(read("score").json["score_id"])

        page = read("scores", limit=1).json
        found = [page["items"][0]["score_id"]]
        while page["next_cursor"]:
            page = read("scores", limit=1, cursor=page["next_cursor"]).json
            found.append(page["items"][0]["score_id"])

        assert found == told[::-1]


class TestReport:
    def test_holds_score_and_profile(self, consent, read):
        consent()
        body = read("report").json

        assert list(body) == [
            "query_id", "firm_id", "uscc", "purpose", "made_at", "score", "profile", "audit_root",
        ]  # fmt: skip
        assert body["score"] == read("score").json
        assert body["profile"] == read("profile").json
        assert body["audit_root"] is None

    def test_is_logged_under_its_query_id(self, consent, read, session):
        consent()
        response = read("report", reference="file 7")

        (entry,) = logged(session)
        assert response.json["query_id"] == public("q", entry.id)
        assert entry.answer_sha256 == hashlib.sha256(response.data).digest()
        assert (entry.purpose, entry.reference) == ("loan-application", "file 7")


class TestRefusals:
    """In the order in which the contract tries them."""

    def refused(self, response, session, code):
        assert (response.status_code, response.json["code"]) == (403, code)
        entry = logged(session)[-1]
        assert (entry.status, entry.code) == (403, code)
        assert entry.answer_sha256 is None

    @pytest.mark.parametrize("what", ["profile", "score", "scores", "report"])
    def test_without_any_consent(self, read, session, what):
        self.refused(read(what), session, "consent-required")

    def test_with_a_consent_to_someone_else(self, consent, read, session, bearer):
        consent(headers=bearer(role="bank"))

        self.refused(read("profile"), session, "consent-required")

    def test_for_another_purpose(self, consent, read, session):
        consent(purposes=["post-loan-review"])

        self.refused(read("profile"), session, "purpose-not-covered")

    def test_paused(self, consent, read, session, client, bank):
        consent_id = consent()
        client.post(f"/v1/consents/{consent_id}/pause", headers=bank)

        self.refused(read("profile"), session, "consent-paused")

        client.post(f"/v1/consents/{consent_id}/resume", headers=bank)
        assert read("profile").status_code == 200

    def test_revoked(self, consent, read, session, client, bank):
        client.post(f"/v1/consents/{consent()}/revoke", headers=bank)

        self.refused(read("profile"), session, "consent-revoked")

    def test_expired(self, consent, read, session):
        consent(valid_until="2020-06-30")

        self.refused(read("profile"), session, "consent-expired")

    def test_not_yet_valid(self, consent, read, session):
        consent(valid_from="2089-01-01")

        self.refused(read("profile"), session, "consent-not-yet-valid")

    def test_group_not_covered(self, consent, read, session):
        consent(groups=["tax"])

        self.refused(read("profile", groups="utility,environment"), session, "group-not-covered")
        assert read("profile", groups="utility,tax").status_code == 200

    def test_a_live_consent_outweighs_ended_ones(self, consent, read, client, bank):
        client.post(f"/v1/consents/{consent()}/revoke", headers=bank)
        consent()

        assert read("profile").status_code == 200

    def test_a_key_does_not_keep_an_answer_alive(self, consent, read, client, bank, session):
        consent_id = consent()
        keyed = bank | {"Idempotency-Key": "k1"}
        assert read("profile", headers=keyed).status_code == 200
        client.post(f"/v1/consents/{consent_id}/revoke", headers=bank)

        self.refused(read("profile", headers=keyed), session, "consent-revoked")
        first, second = logged(session)
        assert second.repeat_of == first.id

    def test_a_key_with_another_request_is_refused(self, consent, read, bank):
        consent()
        keyed = bank | {"Idempotency-Key": "k1"}
        read("profile", headers=keyed)

        response = read("profile", headers=keyed, groups="tax")

        assert (response.status_code, response.json["code"]) == (422, "idempotency-key-reused")


class TestParameters:
    @pytest.mark.parametrize(
        ("query", "pointer"),
        [
            pytest.param({"purpose": None}, "/query/purpose", id="no purpose"),
            pytest.param({"purpose": "curiosity"}, "/query/purpose", id="no such purpose"),
            pytest.param({"purpose": "self-access"}, "/query/purpose", id="a firm's purpose"),
            pytest.param({"reference": "x" * 65}, "/query/reference", id="long reference"),
            pytest.param({"groups": "tax,fishing"}, "/query/groups", id="no such group"),
            pytest.param({"groups": ""}, "/query/groups", id="no group"),
            pytest.param({"as_of": "2026-02-30"}, "/query/as_of", id="no such day"),
            pytest.param({"as_of": "2026-02"}, "/query/as_of", id="a month"),
            pytest.param({"as_of": "0001-01-01"}, "/query/as_of", id="the first day of the calendar"),
            pytest.param({"as_of": "1899-12-31"}, "/query/as_of", id="before all records"),
            pytest.param({"known_at": "2026-02-03T08:00:00"}, "/query/known_at", id="no zone"),
            pytest.param(
                {"known_at": "1899-12-31T08:00:00Z"}, "/query/known_at", id="known before all records"
            ),
            pytest.param({"include": "everything"}, "/query/include", id="no such part"),
        ],
    )
    def test_wrong_ones_are_422_before_the_firm_is_looked_for(self, read, query, pointer, session):
        response = read("profile", named="91330100PDY99999X0", **query)

        assert response.status_code == 422
        assert [fault["pointer"] for fault in response.json["errors"]] == [pointer]
        assert logged(session) == []

    @pytest.mark.parametrize("what", ["profile", "score", "report"])
    @pytest.mark.parametrize("query", [{"as_of": "1900-01-01"}, {"known_at": "1900-01-01T00:00:00Z"}])
    def test_long_ago_there_was_nothing(self, consent, read, what, query):
        consent()

        assert read(what, **query).status_code == 200

    @pytest.mark.parametrize("what", ["profile", "score", "report"])
    @pytest.mark.parametrize("day", ["0001-01-01", "0002-06-01"])
    def test_days_before_all_records_are_422(self, consent, read, what, day):
        consent()

        response = read(what, as_of=day)

        assert (response.status_code, response.json["code"]) == (422, "invalid-parameters")
        assert [fault["pointer"] for fault in response.json["errors"]] == ["/query/as_of"]

    def test_an_unknown_firm_is_404_before_consent(self, read):
        for named in (made_uscc(), "f_" + "a" * 26, "nobody", "91330100PDY00001X0"):
            response = read("profile", named=named)
            assert (response.status_code, response.json["code"]) == (404, "firm-not-found")

    def test_without_a_token_401_and_with_another_role_403(self, client, bearer, firm):
        path = f"/v1/firms/{firm}/profile"

        assert client.get(path).status_code == 401
        response = client.get(path, headers=bearer(role="provider", kinds=["tax-filing"]))
        assert (response.status_code, response.json["code"]) == (403, "insufficient-scope")


class TestLog:
    def test_a_304_is_logged_too(self, consent, read, bank, session):
        consent()
        etag = read("score").headers["ETag"]

        response = read("score", headers=bank | {"If-None-Match": etag})

        assert (response.status_code, response.data) == (304, b"")
        first, second = logged(session)
        assert (first.status, second.status) == (200, 304)
        assert first.answer_sha256 == second.answer_sha256
        assert first.score_id == second.score_id is not None

    def test_takes_no_change(self, consent, read, session):
        consent()
        read("profile")

        for change in ("UPDATE inquiries SET purpose = 'x'", "DELETE FROM inquiries", "TRUNCATE inquiries"):
            with pytest.raises(DBAPIError, match="never changed"), session.begin_nested():
                session.execute(text(change))

    def test_shows_own_reads_newest_first(self, consent, read, client, bank, bearer):
        consent_id = consent()
        read("profile", headers=bank | {"X-End-User": "wang.wu"}, reference="r1", groups="tax")
        read("score")
        read("score", headers=bearer(role="bank"))

        score, profile = client.get("/v1/queries", headers=bank).json["items"]

        assert (score["action"], profile["action"]) == ("score", "profile")
        assert profile["end_user"] == "wang.wu"
        assert profile["reference"] == "r1"
        assert profile["consents"] == [consent_id]
        assert profile["groups"] == ["tax"]
        assert score["status"] == 200

    def test_comes_in_pages(self, consent, read, client, bank):
        consent()
        for _ in range(3):
            read("score")

        page = client.get("/v1/queries?limit=2", headers=bank).json
        rest = client.get(f"/v1/queries?limit=2&cursor={page['next_cursor']}", headers=bank).json

        ids = [item["query_id"] for item in page["items"] + rest["items"]]
        assert len(set(ids)) == 3
        assert rest["next_cursor"] is None


class TestFirm:
    @pytest.fixture
    def owner(self, bearer, firm):
        return bearer(role="firm", uscc=firm)

    def test_reads_all_groups_of_itself(self, read, owner):
        groups = read("profile", headers=owner, purpose="self-access").json["groups"]

        assert "not-permitted" not in {section["status"] for section in groups.values()}
        score = read("score", headers=owner, purpose="self-access").json
        assert len(score["groups_used"]) == 9

    def test_reads_no_other(self, read, bearer):
        stranger = bearer(role="firm", uscc=made_uscc())

        response = read("profile", headers=stranger, purpose="self-access")

        assert (response.status_code, response.json["code"]) == (404, "firm-not-found")

    def test_is_led_from_its_old_id_to_its_new_one_and_no_other_firm_is(self, read, owner, bearer, session):
        number, uscc = "330106000000005", made_uscc()
        old = {"registration_no": number, "firm_name": "老号"}
        new = {"uscc": uscc, **old, "revised_at": "2026-11-05T00:00:00Z"}
        amr = ParticipantFactory(role=Role.PROVIDER)
        push(session, "registration", [old], participant=amr)
        named = public("f", session.scalars(text("SELECT id FROM firms ORDER BY known_from DESC")).first())
        push(session, "registration", [new], participant=amr)
        session.commit()

        own = read("profile", headers=bearer(role="firm", uscc=uscc), named=named, purpose="self-access")
        other = read("profile", headers=owner, named=named, purpose="self-access")

        assert own.status_code == 308
        assert public("f", firm_id_of(uscc)) in own.headers["Location"]
        assert (other.status_code, other.json["code"]) == (404, "firm-not-found")
        assert "Location" not in other.headers

    def test_sees_who_asked(self, consent, read, client, owner, bank):
        read("profile", headers=bank | {"X-End-User": "wang.wu"}, reference="internal")

        (item,) = client.get("/v1/queries", headers=owner).json["items"]

        assert item["code"] == "consent-required"
        assert item["purpose"] == "loan-application"
        assert item["participant"]
        assert (item["end_user"], item["reference"]) == (None, None)


class TestChangingDays:
    def test_a_day_that_changes_the_answer_refreshes_it_first(self, consent, read, firm, session):
        consent()
        session.execute(
            text("UPDATE profile_snapshots SET changes_on = current_date - 1, as_of = current_date - 9")
        )
        session.execute(text("UPDATE feature_rows SET as_of = current_date - 9"))
        session.commit()

        assert read("profile").status_code == 200

        changes_on = session.execute(text("SELECT changes_on FROM profile_snapshots")).scalar_one()
        assert changes_on > day_of(utcnow())

    def test_a_merged_firm_is_found_where_it_lives_on(self, consent, read, session, firm):
        """An old number becomes a USCC: the firm born of the number lives on under the code."""
        amr = ParticipantFactory(role=Role.PROVIDER)
        number = "330106000000005"
        push(session, "registration", [{"registration_no": number, "firm_name": "老号"}], participant=amr)
        old = session.execute(
            text("SELECT id FROM firms WHERE registration_no = :n"), {"n": number}
        ).scalar_one()
        new = made_uscc()
        push(
            session,
            "registration",
            [
                {
                    "uscc": new,
                    "registration_no": number,
                    "firm_name": "新号",
                    "revised_at": "2026-11-05T00:00:00Z",
                }
            ],
            participant=amr,
        )
        session.commit()
        consent(uscc=new)

        response = read("score", named=public("f", old))

        assert response.status_code == 308
        assert response.headers["Location"].endswith(
            f"/v1/firms/{public('f', firm_id_of(new))}/score?purpose=loan-application"
        )
        assert read("score", named=number).status_code == 200


def test_filings_of_a_later_month_wait_for_their_day(consent, read, firm, session):
    consent()
    tax = ParticipantFactory(role=Role.PROVIDER)
    ahead = (day_of(utcnow()) + timedelta(days=70)).replace(day=1)
    push(session, "tax-filing", filings(firm, [ahead], tax_type="消费税"), participant=tax)
    refreshed(session, firm)
    session.commit()

    assert "消费税" not in read("profile").text


def _without_sources(value):
    if isinstance(value, dict):
        return {k: _without_sources(v) for k, v in value.items() if k not in {"provenance", "differing"}}
    return [_without_sources(each) for each in value] if isinstance(value, list) else value
