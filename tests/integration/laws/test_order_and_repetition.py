"""Order and repetition don't matter: whatever way rows come in, the same is true of the firms (architecture §2, 3)."""

from __future__ import annotations

from datetime import UTC, datetime

import orjson
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from config import ROOT
from creditshare.core.clock import day_of
from creditshare.resources.catalogue import ALL_KINDS
from creditshare.scoring.refresh import refresh_batch
from creditshare.scoring.rulebook import rulebook_for
from tests import books
from tests.factories.provinces import canonical, disordered, provinces

NOW = datetime(2026, 1, 20, 4, tzinfo=UTC)
FILLED = (
    "standing_scores", "scores", "feature_rows", "profile_snapshots", "refresh_queue", "outbox", "unlinked_rows",
    "submission_refusals", "submission_chunks", "confirmations", *(kind.table_name for kind in ALL_KINDS),
    "submissions", "subject_firm", "subject_aliases", "firms", "subjects",
)  # fmt: skip
TOLD_OF_THE_MAKING = ("known_at", "computed_at")


def forget(intake):
    with intake.sessions.begin() as session:
        session.execute(text("ALTER TABLE scores DISABLE TRIGGER USER"))  # else kept for ever, as first told
        for table in FILLED:
            session.execute(text(f"DELETE FROM {table}"))


def refresh(intake):
    rulebook = rulebook_for(ROOT / "config", day_of(NOW))
    while refresh_batch(intake.sessions, rulebook=rulebook, keyring=intake.keyring, now=NOW):
        pass


def outcome(intake, deliveries, *, refreshing=False):
    """Load deliveries into an empty platform and refresh (or after each); returns what it then says of every firm."""
    forget(intake)
    refused = []
    for delivery in deliveries:
        body = intake.push(
            delivery.kind, delivery.body, provider=delivery.provider, media_type=delivery.media_type
        )
        refused += intake.rejects(body["uuid"])
        assert body["state"] == "succeeded"
        if refreshing:
            refresh(intake)
    refresh(intake)
    with intake.sessions.begin() as session:
        session.execute(text("UPDATE outbox SET sent_at = created_at"))
    assert refused == []
    books.audit(intake.engine)
    profiles = intake.rows(
        """
        SELECT s.firm_id, s.sections, s.public_sections, s.coverage, s.data_as_of, s.changes_on, c.body FROM firms f
        JOIN profile_snapshots s ON s.firm_id = f.id JOIN standing_scores t ON t.firm_id = f.id
        JOIN scores c ON c.id = t.score_id WHERE f.merged_into IS NULL ORDER BY s.firm_id
        """
    )
    assert len(profiles) == intake.value("SELECT count(*) FROM firms WHERE merged_into IS NULL")
    return [
        {
            **row._asdict(),
            "sections": bytes(row.sections).decode(),
            "public_sections": bytes(row.public_sections).decode(),
            "body": {n: v for n, v in orjson.loads(row.body).items() if n not in TOLD_OF_THE_MAKING},
        }
        for row in profiles
    ]


def law(examples):
    return settings(
        max_examples=examples,
        deadline=None,
        phases=(
            Phase.explicit,
            Phase.reuse,
            Phase.generate,
        ),  # each example costs a second: a failure must not cost hours
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )


def holds(intake, data):
    intake.clock = lambda: NOW
    told = data.draw(provinces())

    expected = outcome(intake, canonical(told))

    assert len(expected) >= 2
    assert outcome(intake, data.draw(disordered(told)), refreshing=data.draw(st.booleans())) == expected


@law(10)
@given(data=st.data())
def test_any_order_any_number_of_times_any_chunks_any_format(intake, data):
    holds(intake, data)


@pytest.mark.soak
@law(500)
@given(data=st.data())
def test_any_order_at_length(intake, data):
    holds(intake, data)
