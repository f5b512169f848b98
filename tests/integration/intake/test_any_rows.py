"""Whatever stands in the rows: no crash, no row lost, every refused one with where, what and which rule."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from config import ROOT
from creditshare.core.clock import day_of
from creditshare.intake import submissions
from creditshare.resources.catalogue import ALL_KINDS
from creditshare.resources.rulebook import rulebook
from creditshare.scoring.refresh import refresh_batch
from creditshare.scoring.rulebook import rulebook_for
from tests import books
from tests.factories.oddities import odd_bodies

NOT_OF_A_RULE = {"json-invalid", "encoding", "columns", "row-too-large", "conflicting-rows"}
REGISTRATIONS = [
    {"uscc": "91331000PDY00001X5", "firm_name": "甲厂", "established_on": "2015-03-01"},
    {"uscc": "92331002PDY000028Y", "firm_name": "乙店", "registration_no": "110108000000016"},
]


def refusals(intake, submission_id):
    with intake.sessions() as session:
        return submissions.refusals(session, submission_id, after=0, limit=1000)


def check(intake, kind, media_type, body, rows):
    shown = intake.push(kind.name, body, media_type=media_type)
    counts, refused = shown["counts"], refusals(intake, shown["uuid"])

    if shown["state"] == "failed":
        assert shown["problem"]["code"] == "body-unreadable"
        assert counts["received"] == 0
        return
    rules = {rule.id for rule in rulebook(kind)}
    assert shown["state"] == "succeeded"
    assert counts["received"] == rows
    assert counts["rejected"] + counts["quarantined"] == len(refused)
    for row in refused:
        for reason in row.reasons:
            assert reason["code"]
            assert reason["detail"]
            assert reason["pointer"] == "" or reason["pointer"][0] == "/"
            assert reason["rule"] in rules or reason["code"] in NOT_OF_A_RULE, reason


def law(examples):
    return settings(
        max_examples=examples,
        deadline=None,
        phases=[
            Phase.explicit,
            Phase.reuse,
            Phase.generate,
        ],  # the platform remembers: nothing could be shrunk
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )


def holds(intake, data):
    if not intake.providers:
        intake.push("registration", REGISTRATIONS)
    kind = data.draw(st.sampled_from(ALL_KINDS))

    check(intake, kind, *data.draw(odd_bodies(kind)))

    now = intake.clock()
    card = rulebook_for(ROOT / "config", day_of(now))
    while refresh_batch(intake.sessions, rulebook=card, keyring=intake.keyring, now=now):
        pass
    assert intake.value("SELECT count(*) FROM refresh_queue") == 0
    books.audit(intake.engine, settled=False)


@law(60)
@given(data=st.data())
def test_any_values_in_any_kind(intake, data):
    holds(intake, data)


@pytest.mark.soak
@law(5000)
@given(data=st.data())
def test_any_values_at_length(intake, data):
    holds(intake, data)
