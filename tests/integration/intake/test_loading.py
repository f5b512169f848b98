import uuid
from contextlib import suppress
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from creditshare.core.clock import utcnow
from creditshare.intake import loading
from creditshare.intake.formats import CSV
from creditshare.intake.loading import load_submission, sweep
from creditshare.intake.models import Submission
from creditshare.participants.models import Participant
from creditshare.participants.roles import Role
from tests.fixtures_intake import counts, moment

USCC, OTHER, OLD = "91331000PDY00001X5", "92331002PDY000028Y", "110108000000016"
REGISTRATION = {"uscc": USCC, "firm_name": "测试（台州）有限公司", "status": "active"}


def filing(**values):
    return {
        "uscc": USCC,
        "tax_type": "VAT",
        "period_start": "2025-12-01",
        "period_end": "2025-12-31",
        "tax_due": "100",
        **values,
    }


def test_every_row_is_accounted_for(intake):
    body = intake.push(
        "tax-filing",
        [
            filing(source_key="1", revised_at=moment(2)),
            filing(source_key="1", revised_at=moment(3)),
            filing(source_key="1", tax_due="5", revised_at=moment(1)),
            filing(tax_due="x"),
            filing(uscc="91331000PDY00001X6"),
            filing(source_key="2", tax_due="1"),
            filing(source_key="2", tax_due="2"),
        ],
    )

    assert counts(body) == {
        "received": 7, "accepted": 1, "rejected": 1, "duplicate": 1, "stale": 1, "quarantined": 3, "unlinked": 1,
    }  # fmt: skip
    assert intake.rejects(body["uuid"]) == [
        (4, "rejected", ["decimal"]),
        (5, "quarantined", ["uscc-check-digit"]),
        (6, "quarantined", ["conflicting-rows"]),
        (7, "quarantined", ["conflicting-rows"]),
    ]


def test_conflicting_rows_are_found_across_batches(intake):
    intake.batch_rows = 2

    body = intake.push("tax-filing", [filing(source_key=str(key), tax_due=str(due)) for key, due in
                                      [(1, 1), (2, 2), (3, 3), (4, 4), (1, 9)]])  # fmt: skip

    assert counts(body) == {"received": 5, "accepted": 3, "quarantined": 2, "unlinked": 3}


def test_a_correction_closes_what_it_corrects_and_nothing_is_deleted(intake):
    intake.push("tax-filing", [filing(source_key="1", revised_at=moment(1))])
    intake.push("tax-filing", [filing(source_key="1", tax_due="7", revised_at=moment(2))])

    rows = intake.rows("SELECT tax_due, superseded_at, known_from FROM tax_filings ORDER BY revised_at")
    assert [row.tax_due for row in rows] == [10000, 700]
    assert rows[0].superseded_at == rows[1].known_from
    assert rows[1].superseded_at is None


def test_on_error_fail_publishes_nothing(intake):
    body = intake.push("tax-filing", [filing(), filing(tax_due="x")], on_error="fail")

    assert body["state"] == "failed"
    assert body["problem"]["code"] == "rows-refused"
    assert intake.value("SELECT count(*) FROM tax_filings") == 0
    assert intake.rejects(body["uuid"]) == [(2, "rejected", ["decimal"])]


def test_on_error_fail_ends_together_with_its_rejects(intake, monkeypatch):
    submission = intake.submit("tax-filing", [filing(), filing(tax_due="x")], on_error="fail")
    end = loading._end

    def killed(*_, **__):
        raise SystemExit

    monkeypatch.setattr(loading, "_end", killed)
    with pytest.raises(SystemExit):
        load_submission(intake.loader, submission)
    monkeypatch.setattr(loading, "_end", end)
    with intake.sessions.begin() as session:
        session.get_one(Submission, submission).lease_until = utcnow() - timedelta(seconds=1)

    assert load_submission(intake.loader, submission) == "failed"
    assert intake.rejects(submission) == [(2, "rejected", ["decimal"])]


def test_who_goes_on_may_cut_the_rows_otherwise(intake, monkeypatch):
    submission = intake.submit("tax-filing", [filing(source_key=str(n)) for n in range(5)])
    intake.batch_rows = 2
    publish = loading.publish
    calls = iter([publish])

    def killed(*given, **named):
        for once in calls:
            return once(*given, **named)
        raise SystemExit

    monkeypatch.setattr(loading, "publish", killed)
    with pytest.raises(SystemExit):
        load_submission(intake.loader, submission)
    monkeypatch.setattr(loading, "publish", publish)
    intake.batch_rows = 3
    with intake.sessions.begin() as session:
        session.get_one(Submission, submission).lease_until = utcnow() - timedelta(seconds=1)

    assert load_submission(intake.loader, submission) == "succeeded"
    assert counts(intake.show(submission)) == {"received": 5, "accepted": 5, "unlinked": 5}


def test_a_dry_run_counts_and_publishes_nothing(intake):
    body = intake.push("tax-filing", [filing(), filing(tax_due="x")], dry_run=True)

    assert counts(body)["rejected"] == 1
    assert intake.value("SELECT count(*) FROM tax_filings") == 0


def test_all_rows_rejected_is_still_a_success(intake):
    assert intake.push("tax-filing", [filing(tax_due="x")])["state"] == "succeeded"


def test_an_unknown_column_fails_the_submission_once(intake):
    body = intake.push("tax-filing", b"uscc,colour\n1,2\n3,4\n", media_type=CSV)

    assert body["state"] == "failed"
    assert body["problem"] == {"code": "unknown-column", "detail": "the kind has no column colour"}


def test_the_body_and_rejects_lie_encrypted(intake):
    intake.push("tax-filing", [filing(tax_due="geheim")])

    for table in ("submission_chunks", "submission_refusals"):
        assert b"geheim" not in bytes(intake.value(f"SELECT sealed FROM {table}"))


def test_personal_fields_lie_encrypted(intake):
    intake.push("registration", [{**REGISTRATION, "legal_representative": "张三丰"}])

    assert "张三丰".encode() not in bytes(intake.value("SELECT legal_representative FROM registrations"))


class TestWithdrawing:
    def test_a_withdrawal_is_a_version(self, intake):
        intake.push("tax-filing", [filing(source_key="1", revised_at=moment(1))])
        body = intake.push(
            "tax-filing", [{"source_key": "1", "operation": "withdraw", "revised_at": moment(2)}]
        )

        assert counts(body)["accepted"] == 1
        assert intake.value("SELECT withdrawn FROM tax_filings WHERE superseded_at IS NULL") is True
        assert intake.value("SELECT count(*) FROM tax_filings") == 2

    def test_by_subject_and_key_takes_all_lines(self, intake):
        intake.push("tax-filing", [filing(tax_due="1", revised_at=moment(1)), filing(revised_at=moment(1))])
        key = {name: filing()[name] for name in ("uscc", "tax_type", "period_start", "period_end")}
        body = intake.push("tax-filing", [{**key, "operation": "withdraw", "revised_at": moment(2)}])

        assert counts(body) == {"received": 1, "accepted": 1, "unlinked": 1}
        assert intake.value("SELECT bool_and(withdrawn) FROM tax_filings WHERE superseded_at IS NULL") is True

    @pytest.mark.parametrize("order", [(0, 1, 2), (1, 0, 2), (2, 1, 0), (2, 0, 1), (0, 2, 1)])
    def test_lines_are_withdrawn_whenever_they_come(self, intake, order):
        key = {name: filing()[name] for name in ("uscc", "tax_type", "period_start", "period_end")}
        rows = [
            filing(tax_due="1", revised_at=moment(1)),
            {**key, "operation": "withdraw", "revised_at": moment(2)},
            filing(tax_due="2", revised_at=moment(3)),
        ]
        for i in order:
            assert counts(intake.push("tax-filing", [rows[i]]))["received"] == 1

        assert self.due_in_force(intake) == [200]

    def test_lines_of_the_same_submission_are_withdrawn(self, intake):
        key = {name: filing()[name] for name in ("uscc", "tax_type", "period_start", "period_end")}
        body = intake.push(
            "tax-filing",
            [
                filing(tax_due="1", revised_at=moment(1)),
                {**key, "operation": "withdraw", "revised_at": moment(2)},
                filing(tax_due="2", line_no="7", revised_at=moment(1)),
                filing(tax_due="3", source_key="s", revised_at=moment(1)),
                filing(tax_due="4", revised_at=moment(3)),
            ],
        )

        assert self.due_in_force(intake) == [400]
        assert counts(body) == {"received": 5, "accepted": 2, "stale": 3, "unlinked": 2}

    def due_in_force(self, intake):
        rows = intake.rows("SELECT tax_due FROM tax_filings WHERE superseded_at IS NULL AND NOT withdrawn")
        return sorted(row.tax_due for row in rows)

    def test_by_source_key_makes_the_firm_that_it_was_about_anew(self, intake):
        intake.push("registration", [REGISTRATION])
        intake.push("tax-filing", [filing(source_key="1", revised_at=moment(1))])
        self.forget_requests(intake)
        body = intake.push(
            "tax-filing", [{"source_key": "1", "operation": "withdraw", "revised_at": moment(2)}]
        )

        assert intake.value("SELECT count(*) FROM refresh_queue") == 1
        assert counts(body) == {"received": 1, "accepted": 1, "linked": 1}

    def test_a_correction_of_the_firm_makes_both_anew(self, intake):
        intake.push("registration", [REGISTRATION, {"uscc": OTHER, "firm_name": "乙店"}])
        intake.push("tax-filing", [filing(source_key="1", revised_at=moment(1))])
        self.forget_requests(intake)
        intake.push("tax-filing", [filing(source_key="1", uscc=OTHER, revised_at=moment(2))])

        assert intake.value("SELECT count(*) FROM refresh_queue") == 2

    def test_a_withdrawn_registration_bears_no_firm(self, intake):
        intake.push("registration", [{"uscc": USCC, "operation": "withdraw"}])

        assert intake.value("SELECT count(*) FROM firms") == 0

    def forget_requests(self, intake):
        with intake.sessions.begin() as session:
            session.execute(text("DELETE FROM refresh_queue"))

    def test_one_that_comes_before_its_record_still_withdraws_it(self, intake):
        intake.push("tax-filing", [{"source_key": "1", "operation": "withdraw", "revised_at": moment(2)}])
        body = intake.push("tax-filing", [filing(source_key="1", revised_at=moment(1))])

        assert counts(body) == {"received": 1, "stale": 1}


class TestLinking:
    def test_records_wait_for_their_firm_and_link_when_it_appears(self, intake):
        waiting = intake.push("tax-filing", [filing()], provider="tax")
        assert counts(waiting)["unlinked"] == 1

        intake.push("registration", [REGISTRATION])

        assert counts(intake.show(waiting["uuid"])) == {"received": 1, "accepted": 1, "linked": 1}
        assert intake.value("SELECT count(*) FROM refresh_queue") == 1

    def test_an_old_number_means_the_firm_whose_registration_states_both(self, intake):
        old = intake.push(
            "labour-rating", [{"registration_no": OLD, "year": 2025, "grade": "A"}], provider="hrss"
        )
        intake.push("registration", [{**REGISTRATION, "registration_no": OLD}])

        assert counts(intake.show(old["uuid"]))["linked"] == 1

    def test_an_organisation_code_means_the_firm_whose_code_holds_it(self, intake):
        intake.push("registration", [REGISTRATION])
        body = intake.push("labour-rating", [{"organisation_code": USCC[8:17], "year": 2025, "grade": "A"}])

        assert counts(body)["linked"] == 1

    def test_a_providers_own_number_is_learned_from_any_of_its_rows_and_means_nothing_to_others(self, intake):
        intake.push("registration", [REGISTRATION])
        rating = {"year": 2025, "grade": "A", "subject_no": "77"}
        alone = intake.push("labour-rating", [rating], provider="hrss")
        foreign = intake.push("labour-rating", [rating], provider="other")
        intake.push("labour-rating", [{**rating, "uscc": USCC, "year": 2024}], provider="hrss")

        assert counts(intake.show(alone["uuid"]))["linked"] == 1
        assert counts(intake.show(foreign["uuid"]))["unlinked"] == 1

    @pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2), (2, 0, 1)])
    def test_bills_wait_for_their_account_and_accounts_for_their_firm(self, intake, order):
        pushes = [
            (
                "utility-bill",
                [{"service": "water", "account_no": "A", "month": "2025-12", "amount": "5"}],
                "water",
            ),
            ("utility-account", [{"uscc": USCC, "service": "water", "account_no": "A"}], "water"),
            ("registration", [REGISTRATION], "amr"),
        ]
        done = {i: intake.push(pushes[i][0], pushes[i][1], provider=pushes[i][2])["uuid"] for i in order}

        assert all("unlinked" not in counts(intake.show(submission)) for submission in done.values())

    def test_an_account_that_changes_hands_means_each_firm_in_its_time(self, intake):
        intake.push("registration", [REGISTRATION, {"uscc": OTHER, "firm_name": "乙店"}])
        account = {"service": "water", "account_no": "A"}
        intake.push(
            "utility-account", [{**account, "uscc": USCC, "opened_on": "2020-01-01"}], provider="water"
        )
        intake.push(
            "utility-account", [{**account, "uscc": OTHER, "opened_on": "2025-07-01"}], provider="water"
        )
        intake.push("utility-bill", [{**account, "month": "2025-12", "amount": "5"}], provider="water")

        links = intake.rows(
            """SELECT f.uscc, l.valid_from, l.valid_until FROM subject_firm l JOIN firms f ON f.id = l.firm_id
               WHERE l.how = 'account' AND l.known_until IS NULL ORDER BY l.valid_from"""
        )
        assert [(uscc, str(since), str(until)) for uscc, since, until in links] == [
            (USCC, "2020-01-01", "2025-06-30"),
            (OTHER, "2025-07-01", "None"),
        ]

    def test_a_name_alone_is_no_identity(self, intake):
        intake.push("registration", [REGISTRATION])
        body = intake.push("award", [{"firm_name": REGISTRATION["firm_name"], "project_no": "1",
                                      "awarded_on": "2025-01-01", "title": "t"}])  # fmt: skip

        assert counts(body)["unlinked"] == 1

    def test_a_number_that_two_firms_claim_means_neither(self, intake):
        old = intake.push(
            "labour-rating", [{"registration_no": OLD, "year": 2025, "grade": "A"}], provider="hrss"
        )
        intake.push("registration", [{**REGISTRATION, "registration_no": OLD}])
        intake.push("registration", [{"uscc": OTHER, "firm_name": "乙店", "registration_no": OLD}])

        assert (
            intake.value(
                "SELECT count(*) FROM subject_firm l JOIN labour_ratings r USING (subject_id)"
                " WHERE l.known_until IS NULL"
            )
            == 0
        )
        assert counts(intake.show(old["uuid"])) == {"received": 1, "accepted": 1, "unlinked": 1}

    def test_a_number_beside_the_strongest_is_learned_from_a_row_that_says_nothing_else_new(self, intake):
        intake.push("registration", [REGISTRATION])
        rating = {"year": 2025, "grade": "A", "revised_at": moment(1)}
        alone = intake.push("labour-rating", [{**rating, "subject_no": "77"}], provider="hrss")
        intake.push("labour-rating", [{**rating, "uscc": USCC}], provider="hrss")
        again = intake.push("labour-rating", [{**rating, "uscc": USCC, "subject_no": "77"}], provider="hrss")

        assert counts(again)["duplicate"] == 1
        assert counts(intake.show(alone["uuid"]))["linked"] == 1

    @pytest.mark.parametrize("order", [(0, 1), (1, 0)])
    def test_a_firm_known_by_its_old_number_lives_on_under_its_code(self, intake, order):
        rows = [
            {"registration_no": OLD, "firm_name": "甲厂", "revised_at": moment(1)},
            {"registration_no": OLD, "uscc": USCC, "firm_name": "甲厂", "revised_at": moment(2)},
        ]
        for i in order:
            intake.push("registration", [rows[i]])

        assert intake.value("SELECT count(DISTINCT firm_id) FROM subject_firm WHERE known_until IS NULL") == 1
        living = intake.rows("SELECT uscc FROM firms WHERE merged_into IS NULL")
        assert [row.uscc for row in living] == [USCC]


class TestClaims:
    def test_a_submission_is_loaded_once(self, intake):
        submission = intake.submit("tax-filing", [filing()])

        assert load_submission(intake.loader, submission) == "succeeded"
        assert load_submission(intake.loader, submission) is None
        assert counts(intake.show(submission))["received"] == 1

    def test_who_lost_the_claim_publishes_nothing_more(self, intake, monkeypatch):
        intake.batch_rows = 1
        submission = intake.submit("tax-filing", [filing(source_key=str(n)) for n in range(3)])
        publish = loading.publish

        def overtaken(session, batch, **others):
            published = publish(session, batch, **others)
            session.execute(text("UPDATE submissions SET claim = :other"), {"other": uuid.uuid4()})
            return published

        monkeypatch.setattr(loading, "publish", overtaken)
        assert load_submission(intake.loader, submission) is None
        monkeypatch.setattr(loading, "publish", publish)

        assert intake.value("SELECT count(*) FROM tax_filings") == 1
        with intake.sessions.begin() as session:
            session.get_one(Submission, submission).lease_until = utcnow() - timedelta(seconds=1)
        assert load_submission(intake.loader, submission) == "succeeded"
        assert counts(intake.show(submission)) == {"received": 3, "accepted": 3, "unlinked": 3}

    def test_what_nobody_holds_is_sent_again(self, intake):
        submission = intake.submit("tax-filing", [filing()])
        intake.rows("SELECT 1")
        with intake.sessions.begin() as session:
            session.execute(text("DELETE FROM outbox"))
            assert sweep(session, now=utcnow()) == 0
            assert sweep(session, now=utcnow() + timedelta(seconds=30)) == 1
            assert sweep(session, now=utcnow() + timedelta(seconds=31)) == 0

        assert intake.value("SELECT payload ->> 'submission_id' FROM outbox") == str(submission)

    def test_one_that_has_waited_for_a_day_is_sent_again_within_minutes(self, intake):
        intake.submit("tax-filing", [filing()])
        later = utcnow() + timedelta(days=1)
        with intake.sessions.begin() as session:
            for minutes, sent in ((0, 1), (1, 0), (6, 1)):
                session.execute(text("DELETE FROM outbox"))
                assert sweep(session, now=later + timedelta(minutes=minutes)) == sent

    def test_a_message_that_still_waits_is_not_sent_again(self, intake):
        intake.submit("tax-filing", [filing()])

        with intake.sessions.begin() as session:
            assert sweep(session, now=utcnow() + timedelta(hours=1)) == 0
        assert intake.value("SELECT count(*) FROM outbox") == 1


class TestADefectOfOurs:
    """Loading raises whatever is tried: the submission neither hangs nor keeps workers busy for ever."""

    def fail_until_the_end(self, intake, submission):
        for _ in range(loading.MOST_ATTEMPTS + 1):
            with intake.sessions.begin() as session:
                session.get_one(Submission, submission).lease_until = utcnow() - timedelta(seconds=1)
            load_submission(intake.loader, submission)
        return intake.show(submission)

    def test_one_that_gets_on_is_never_given_up(self, intake, monkeypatch):
        intake.batch_rows = 1
        size = loading.MOST_ATTEMPTS + 5
        submission = intake.submit("tax-filing", [filing(source_key=str(n)) for n in range(size)])
        publish = loading.publish
        turns = iter(range(10 * size))

        def killed_each_second_time(*given, **named):
            if next(turns) % 2:
                raise OperationalError("the worker is killed", None, Exception())
            return publish(*given, **named)

        monkeypatch.setattr(loading, "publish", killed_each_second_time)
        for _ in range(size):
            with intake.sessions.begin() as session:
                session.get_one(Submission, submission).lease_until = utcnow() - timedelta(seconds=1)
            with suppress(OperationalError):
                load_submission(intake.loader, submission)

        body = intake.show(submission)
        assert body["state"] == "succeeded"
        assert counts(body)["accepted"] == size

    def test_it_ends_as_failed_with_a_problem(self, intake, monkeypatch):
        submission = intake.submit("tax-filing", [filing()])

        def defect(*_, **__):
            raise ValueError("the content must not reach the log")

        monkeypatch.setattr(loading, "publish", defect)
        body = self.fail_until_the_end(intake, submission)

        assert body["state"] == "failed"
        assert body["problem"]["code"] == "load-failed"

    def test_what_was_published_stays(self, intake, monkeypatch):
        submission = intake.submit("tax-filing", [filing(source_key="1"), filing(source_key="2")])
        intake.batch_rows = 1
        publish = loading.publish

        def defect(session, batch, **others):
            if batch.rows[0].number == 2:
                raise ValueError
            return publish(session, batch, **others)

        monkeypatch.setattr(loading, "publish", defect)
        body = self.fail_until_the_end(intake, submission)

        assert body["state"] == "cancelled"
        assert counts(body) == {"received": 1, "accepted": 1, "unlinked": 1}


def test_a_withdrawal_of_lines_takes_each_key_of_a_batch(intake):
    keys = [
        {"period_start": f"2025-{month:02}-01", "period_end": f"2025-{month:02}-28"} for month in (1, 2, 3)
    ]
    lines = [filing(**key, tax_due=due, revised_at=moment(1)) for key in keys for due in ("1", "2")]
    intake.push("tax-filing", lines)
    withdrawn = [
        {"uscc": USCC, "tax_type": "VAT", **key, "operation": "withdraw", "revised_at": moment(2)}
        for key in keys[:2]
    ]

    assert counts(intake.push("tax-filing", withdrawn))["accepted"] == 2
    standing = intake.rows(
        "SELECT period_start FROM tax_filings WHERE superseded_at IS NULL AND NOT withdrawn"
    )
    assert {str(day) for (day,) in standing} == {"2025-03-01"}


def test_a_dry_run_links_nothing(intake):
    intake.push("registration", [REGISTRATION])

    assert counts(intake.push("tax-filing", [filing()], dry_run=True))["unlinked"] == 1


def test_a_firm_declares_itself_only(intake):
    firm = Participant(id=uuid.uuid4(), code="f", name="f", role=Role.FIRM, uscc=USCC, created_at=utcnow())
    with intake.sessions.begin() as session:
        session.add(firm)
    intake.providers["f"] = firm.id
    said = {"topic": "t", "declared_on": "2026-01-01", "statement": "s"}

    body = intake.push("self-declaration", [{**said, "uscc": USCC}, {**said, "uscc": OTHER}], provider="f")

    assert counts(body) == {"received": 2, "accepted": 1, "rejected": 1, "unlinked": 1}
    assert intake.rejects(body["uuid"]) == [(2, "rejected", ["subject-not-own"])]
