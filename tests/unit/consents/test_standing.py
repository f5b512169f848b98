"""Which consents allow a read, and which reason is given when none does."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from creditshare.consents.purposes import BANK_PURPOSES, Purpose
from creditshare.consents.standing import Held, Lacking, Permission, State, permission
from creditshare.resources.groups import ResourceGroup

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
LOAN, REVIEW = Purpose.LOAN_APPLICATION, Purpose.POST_LOAN_REVIEW
TAX, UTILITY = ResourceGroup.TAX, ResourceGroup.UTILITY


def held(*, purposes=(LOAN,), groups=(TAX,), since=-10, until=10, paused=False, revoked=False):
    return Held(
        id=uuid.uuid4(),
        purposes=frozenset(purposes),
        groups=frozenset(groups),
        valid_from=NOW + timedelta(days=since),
        valid_until=NOW + timedelta(days=until),
        paused=paused,
        revoked=revoked,
    )


PAUSED, REVOKED = held(paused=True), held(revoked=True)
EXPIRED, EARLY = held(until=0), held(since=1)
OTHER = held(purposes=[REVIEW])


@pytest.mark.parametrize(
    ("consents", "reason"),
    [
        pytest.param([], Lacking.CONSENT_REQUIRED, id="never had one"),
        pytest.param([OTHER], Lacking.PURPOSE_NOT_COVERED, id="never for this purpose"),
        pytest.param([PAUSED], Lacking.CONSENT_PAUSED, id="paused"),
        pytest.param([REVOKED], Lacking.CONSENT_REVOKED, id="revoked"),
        pytest.param([EXPIRED], Lacking.CONSENT_EXPIRED, id="ends at this moment"),
        pytest.param([EARLY], Lacking.CONSENT_NOT_YET_VALID, id="begins tomorrow"),
        pytest.param([EARLY, EXPIRED, REVOKED, PAUSED, OTHER], Lacking.CONSENT_PAUSED, id="first of all"),
        pytest.param([EARLY, EXPIRED, REVOKED], Lacking.CONSENT_REVOKED, id="first of three"),
        pytest.param([EARLY, EXPIRED], Lacking.CONSENT_EXPIRED, id="first of two"),
        pytest.param([held(paused=True, revoked=True)], Lacking.CONSENT_REVOKED, id="paused, then revoked"),
    ],
)
def test_the_first_reason_that_fits_is_given(consents, reason):
    assert permission(consents, purpose=LOAN, at=NOW) is reason


def test_live_consents_add_up():
    first, second = held(groups=[TAX]), held(groups=[UTILITY])

    allowed = permission([first, PAUSED, second, OTHER], purpose=LOAN, at=NOW)

    assert allowed == Permission(frozenset({TAX, UTILITY}), tuple(sorted((first.id, second.id))))


def test_a_consent_holds_from_its_first_moment_to_before_its_last():
    consent = held(since=0, until=1)

    assert consent.state(NOW) is State.ACTIVE
    assert consent.state(NOW - timedelta(microseconds=1)) is State.NOT_YET_VALID
    assert consent.state(NOW + timedelta(days=1)) is State.EXPIRED


@st.composite
def consents(draw):
    return held(
        purposes=draw(st.sets(st.sampled_from(BANK_PURPOSES), min_size=1)),
        groups=draw(st.sets(st.sampled_from(ResourceGroup), min_size=1)),
        since=draw(st.integers(-3, 1)),
        until=draw(st.integers(2, 5)) - draw(st.sampled_from([0, 9])),
        paused=draw(st.booleans()),
        revoked=draw(st.booleans()),
    )


@settings(deadline=None)
@given(st.lists(consents(), max_size=6), st.randoms())
def test_order_does_not_matter(given_consents, randomness):
    shuffled = list(given_consents)
    randomness.shuffle(shuffled)

    assert permission(shuffled, purpose=LOAN, at=NOW) == permission(given_consents, purpose=LOAN, at=NOW)


@settings(deadline=None)
@given(st.lists(consents(), max_size=6))
def test_what_is_allowed_was_granted_for_this_purpose_by_a_live_consent(given_consents):
    allowed = permission(given_consents, purpose=LOAN, at=NOW)

    live = [c for c in given_consents if LOAN in c.purposes and c.state(NOW) is State.ACTIVE]
    if live:
        assert allowed.groups == frozenset().union(*(c.groups for c in live))
    else:
        assert isinstance(allowed, Lacking)
