"""A provider's story: token, kinds, template, pushing in three formats, rejects, correcting, withdrawing, retrying."""

from __future__ import annotations

import csv
import io
import itertools
from http import HTTPStatus

import orjson
import pytest

from creditshare.intake.formats import CSV, JSON, NDJSON
from tests.factories.firms import made_uscc
from tests.fixtures_platform import wait_until

COUNTS = ("received", "accepted", "rejected", "duplicate", "stale", "quarantined", "linked", "unlinked")
KINDS = (
    "registration",
    "tax-filing",
    "utility-account",
    "utility-bill",
    "social-insurance",
    "environment-rating",
)


@pytest.fixture
def provider(platform):
    wait_until(platform.is_ready, what="the platform")
    return platform.caller(kinds=KINDS)


@pytest.fixture
def uscc():
    return made_uscc()


def filing(uscc, **values):
    given = {"tax_type": "VAT", "period_start": "2025-12-01", "period_end": "2025-12-31", "tax_due": "100.00"}
    return {"uscc": uscc, **given, **values}


def registration(uscc):
    return {
        "uscc": uscc,
        "firm_name": "台州示例纸品有限公司",
        "status": "active",
        "established_on": "2015-03-01",
    }


def as_csv(rows):
    out = io.StringIO()
    writer = csv.DictWriter(out, list(dict.fromkeys(name for row in rows for name in row)))
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def pushed(provider, kind, rows, **headers):
    """Push, wait for the end, and return the submission."""
    reply = provider.push(kind, rows, query="?wait=30", **headers)
    assert reply.status == HTTPStatus.ACCEPTED, reply.content
    assert reply.headers["location"] == reply.json["links"]["self"]
    assert reply.json["state"] == "succeeded"
    return reply.json


def counts(submission):
    """Return the counts that are not zero."""
    return {name: submission["counts"][name] for name in COUNTS if submission["counts"][name]}


def is_problem(reply, status, code):
    return (reply.status, reply.json["code"], reply.headers["content-type"]) == (
        status,
        code,
        "application/problem+json",
    )


def rejects(provider, submission):
    return provider.call("GET", submission["links"]["rejects"]).json["items"]


class TestFindingOut:
    def test_kinds_are_listed_and_described(self, provider):
        listed = {kind["kind"] for kind in provider.call("GET", "/v1/kinds?limit=500").json["items"]}
        described = provider.call("GET", "/v1/kinds/tax-filing").json

        assert listed >= set(KINDS)
        assert described["kind"] == "tax-filing"
        assert set(described["json_schema"]["properties"]) >= set(filing(""))

    @pytest.mark.parametrize("kind", KINDS)
    def test_what_stands_in_a_template_is_accepted(self, provider, kind):
        template = provider.call("GET", f"/v1/kinds/{kind}/template").content

        submission = pushed(provider, kind, template, Content_Type=CSV)

        assert submission["counts"]["received"] == 1
        assert submission["counts"]["rejected"] == submission["counts"]["quarantined"] == 0


class TestPushing:
    @pytest.mark.parametrize("media_type", [JSON, NDJSON, CSV])
    def test_the_same_rows_in_any_format(self, provider, uscc, media_type):
        pushed(provider, "registration", [registration(uscc)])
        rows = [filing(uscc, source_key=str(n), tax_due=f"{n}.50") for n in range(5)]
        body = {JSON: orjson.dumps, NDJSON: lambda rows: rows, CSV: as_csv}[media_type](rows)

        submission = pushed(provider, "tax-filing", body, Content_Type=media_type)
        again = pushed(provider, "tax-filing", rows)

        assert counts(submission) == {"received": 5, "accepted": 5, "linked": 5}
        assert counts(again) == {"received": 5, "duplicate": 5}
        assert submission["finished_at"] >= submission["created_at"]

    def test_chinese_files_in_their_own_encoding(self, provider, uscc):
        body = as_csv([registration(uscc)]).decode().encode("gb18030")

        submission = pushed(provider, "registration", body, Content_Type=f"{CSV}; charset=GBK")

        assert counts(submission) == {"received": 1, "accepted": 1, "linked": 1}

    def test_without_waiting_the_answer_says_queued_and_is_true_at_every_moment(self, provider, uscc):
        rows = [filing(uscc, source_key=str(n), tax_due="x" if n % 10 == 0 else "1") for n in range(2000)]

        reply = provider.push("tax-filing", rows)
        seen = [reply.json]
        while seen[-1]["state"] not in {"succeeded", "failed"}:
            seen.append(provider.call("GET", reply.headers["location"]).json)

        assert reply.json["state"] == "queued"
        for submission in seen:
            found = submission["counts"]
            parts = ("accepted", "rejected", "duplicate", "stale", "quarantined")
            assert found["received"] == sum(found[part] for part in parts)
            assert found["accepted"] == found["linked"] + found["unlinked"]
        received = [submission["counts"]["received"] for submission in seen]
        assert all(earlier <= later for earlier, later in itertools.pairwise(received))
        assert counts(seen[-1]) == {"received": 2000, "accepted": 1800, "rejected": 200, "unlinked": 1800}

    def test_what_came_before_its_firm_is_linked_when_the_firm_appears(self, provider, uscc):
        waiting = pushed(provider, "tax-filing", [filing(uscc)])
        assert counts(waiting) == {"received": 1, "accepted": 1, "unlinked": 1}

        pushed(provider, "registration", [registration(uscc)])

        now = provider.call("GET", waiting["links"]["self"]).json
        assert counts(now) == {"received": 1, "accepted": 1, "linked": 1}

    def test_corrections_and_late_news(self, provider, uscc):
        old, new = "2026-01-10T08:00:00+08:00", "2026-02-10T08:00:00+08:00"

        def push(tax_due, revised_at):
            row = filing(uscc, source_key="1", tax_due=tax_due, revised_at=revised_at)
            return counts(pushed(provider, "tax-filing", [row]))

        assert push("5", new) == {"received": 1, "accepted": 1, "unlinked": 1}
        assert push("4", old) == {"received": 1, "stale": 1}
        assert push("5", new) == {"received": 1, "duplicate": 1}

    def test_all_or_nothing(self, provider, uscc):
        query = "?wait=30&on_error=fail"

        reply = provider.push("tax-filing", [filing(uscc), filing(uscc, tax_due="x")], query=query)

        assert (reply.json["state"], reply.json["problem"]["code"]) == ("failed", "rows-refused")
        assert reply.json["counts"]["received"] == 0
        assert [reject["row"] for reject in rejects(provider, reply.json)] == [2]
        assert counts(pushed(provider, "tax-filing", [filing(uscc)]))["accepted"] == 1

    def test_trying_only(self, provider, uscc):
        reply = provider.push("tax-filing", [filing(uscc)], query="?wait=30&dry_run=true")

        assert reply.json["counts"]["accepted"] == 1
        assert counts(pushed(provider, "tax-filing", [filing(uscc)]))["accepted"] == 1


class TestRejects:
    def test_are_told_as_json(self, provider, uscc):
        submission = pushed(
            provider, "tax-filing", [filing(uscc, tax_due="much", period_end="2026-02-30"), filing(uscc)]
        )

        (reject,) = rejects(provider, submission)

        assert (reject["row"], reject["disposition"]) == (1, "rejected")
        assert reject["values"]["tax_due"] == "much"
        assert {(reason["pointer"], reason["rule"]) for reason in reject["reasons"]} == {
            ("/tax_due", "tax-filing:tax_due.decimal"),
            ("/period_end", "tax-filing:period_end.date"),
        }

    def test_come_in_pages(self, provider, uscc):
        submission = pushed(provider, "tax-filing", [filing(uscc, tax_due="x") for _ in range(7)])
        path, found = submission["links"]["rejects"] + "?limit=3", []
        while path:
            page = provider.call("GET", path).json
            found.append([item["row"] for item in page["items"]])
            path = (
                page["next_cursor"]
                and f"{submission['links']['rejects']}?limit=3&cursor={page['next_cursor']}"
            )

        assert found == [[1, 2, 3], [4, 5, 6], [7]]

    def test_as_csv_are_corrected_and_sent_back_as_they_are(self, provider, uscc):
        rows = [filing(uscc, source_key=str(n), tax_due=f"{n}yuan", item="一,般") for n in range(5)]
        submission = pushed(provider, "tax-filing", rows)
        texts, path = [], submission["links"]["rejects"] + "?limit=2"
        while path:
            reply = provider.call("GET", path, Accept=CSV)
            assert reply.headers["content-type"] == "text/csv; charset=utf-8"
            texts.append(reply.content.decode())
            path = reply.headers.get("link", "").partition(">")[0].removeprefix("<")

        numbers = [row["row"] for text in texts for row in csv.DictReader(io.StringIO(text))]
        corrected = [
            pushed(provider, "tax-filing", text.replace("yuan", "").encode(), Content_Type=CSV)
            for text in texts
        ]

        assert numbers == [str(item["row"]) for item in rejects(provider, submission)] == list("12345")
        assert "/tax_due: must be a decimal" in texts[0]
        assert [counts(each).get("accepted") for each in corrected] == [2, 2, 1]

    def test_values_that_fit_no_cell_are_written_all_the_same(self, provider, uscc):
        odd = filing(uscc, tax_due=["1", ["2", {"a": 1}], None, True])
        submission = pushed(provider, "tax-filing", [odd])

        reply = provider.call("GET", submission["links"]["rejects"], Accept=CSV)

        (row,) = csv.DictReader(io.StringIO(reply.content.decode()))
        assert (row["uscc"], row["tax_due"]) == (uscc, "1|2|{}||true")


class TestWithdrawing:
    def test_by_source_key_and_by_subject_and_natural_key(self, platform, provider, uscc):
        pushed(provider, "registration", [registration(uscc)])
        pushed(provider, "tax-filing", [filing(uscc, source_key="1"), filing(uscc, tax_type="CIT")])
        by_key = {name: value for name, value in filing(uscc, tax_type="CIT").items() if name != "tax_due"}
        body = {"items": [{"source_key": "1"}, by_key], "reason": "sent by mistake"}

        reply = provider.call(
            "POST", "/v1/records/tax-filing/withdraw", orjson.dumps(body), Content_Type=JSON
        )

        assert reply.status == HTTPStatus.ACCEPTED
        wait_until(lambda: platform.show(provider, reply)["state"] == "succeeded", what="the withdrawal")
        found = platform.show(provider, reply)["counts"]
        assert (found["received"], found["accepted"]) == (2, 2)
        assert platform.count(
            """SELECT count(*) FROM tax_filings t JOIN subjects s ON s.id = t.subject_id
               WHERE s.value = :uscc AND superseded_at IS NULL AND NOT withdrawn""",
            uscc=uscc,
        ) == 0  # fmt: skip

    def test_what_is_withdrawn_can_be_said_again(self, provider, uscc):
        pushed(provider, "tax-filing", [filing(uscc, source_key="1")])
        pushed(provider, "tax-filing", [{"source_key": "1", "operation": "withdraw"}])

        assert counts(pushed(provider, "tax-filing", [filing(uscc, source_key="1")]))["accepted"] == 1


class TestRetrying:
    def test_the_same_key_gives_the_same_submission(self, platform, provider, uscc):
        first = provider.push("tax-filing", [filing(uscc)], query="?wait=30", Idempotency_Key="monday")
        second = provider.push("tax-filing", [filing(uscc)], query="?wait=30", Idempotency_Key="monday")

        assert second.json["id"] == first.json["id"]
        assert second.headers["idempotency-replayed"] == "true"
        assert second.headers["location"] == first.headers["location"]
        assert counts(platform.show(provider, second)) == {"received": 1, "accepted": 1, "unlinked": 1}

    def test_without_a_key_the_rows_are_duplicates(self, provider, uscc):
        first, second = (pushed(provider, "tax-filing", [filing(uscc)]) for _ in range(2))

        assert first["id"] != second["id"]
        assert first["sha256"] == second["sha256"]
        assert counts(second) == {"received": 1, "duplicate": 1}


class TestBounds:
    def test_another_participants_submission_looks_like_none(self, platform, provider, uscc):
        submission = pushed(provider, "tax-filing", [filing(uscc, tax_due="x")])
        stranger = platform.caller(kinds=KINDS)

        for path in submission["links"].values():
            assert is_problem(stranger.call("GET", path), 404, "submission-not-found")
            assert provider.call("GET", path).status == HTTPStatus.OK

    def test_another_client_of_the_participant_sees_it(self, platform, provider, uscc):
        submission = pushed(provider, "tax-filing", [filing(uscc)])
        colleague = platform.caller(kinds=("registration",), code=provider.participant)

        assert colleague.call("GET", submission["links"]["self"]).json["id"] == submission["id"]
        assert is_problem(colleague.push("tax-filing", [filing(uscc)]), 403, "kind-not-allowed")

    def test_a_bank_pushes_loans_and_nothing_else(self, platform, uscc):
        wait_until(platform.is_ready, what="the platform")
        bank = platform.caller("bank")
        loan = {"uscc": uscc, "loan_no": "1", "month": "2026-01", "balance": "5000", "days_past_due": 0}

        assert is_problem(bank.push("tax-filing", [filing(uscc)]), 403, "kind-not-allowed")
        assert counts(pushed(bank, "loan-status", [loan]))["accepted"] == 1

    def test_a_regulator_has_no_scope_for_it(self, platform, uscc):
        wait_until(platform.is_ready, what="the platform")
        regulator = platform.caller("regulator")

        assert is_problem(regulator.push("tax-filing", [filing(uscc)]), 403, "insufficient-scope")

    def test_without_a_token(self, provider, uscc):
        provider._token = "made-up"

        assert is_problem(provider.push("tax-filing", [filing(uscc)]), 401, "token-invalid")

    def test_an_unknown_kind(self, provider, uscc):
        assert is_problem(provider.push("tax-fling", [filing(uscc)]), 404, "kind-unknown")
