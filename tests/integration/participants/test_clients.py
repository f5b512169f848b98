"""Making, listing and revoking clients."""

from datetime import timedelta

import pytest
from joserfc.jwk import ECKey
from sqlalchemy import func, select

from creditshare.core.clock import utcnow
from creditshare.participants.errors import (
    ClientNotFound,
    ParticipantInvalid,
    ParticipantNotFound,
    ParticipantRoleDiffers,
)
from creditshare.participants.models import AssertionSeen, AuthMethod, Participant, RevokedToken
from creditshare.participants.queries import get_participant, list_clients
from creditshare.participants.roles import ROLE_SCOPES, Role
from creditshare.participants.services import (
    ClientTerms,
    create_client,
    forget_expired,
    hash_secret,
    revoke_client,
    revoke_token,
    use_assertion,
)

NOW = utcnow()


def create(session, **terms):
    return create_client(
        session, terms=ClientTerms(**{"role": Role.BANK, "name": "工商银行", **terms}), now=NOW
    )


@pytest.mark.parametrize("role", list(Role))
def test_a_client_has_the_scopes_of_its_role(session, role):
    made = create(session, role=role, uscc="91330100MA00000000")

    assert set(made.client.scopes) == ROLE_SCOPES[role]
    assert made.participant.role is role


def test_what_is_printed_has_everything_a_client_needs(session):
    printed = create(session, role=Role.PROVIDER, code="zj-tax", kinds=("tax-rating", "tax-filing")).to_dict()

    assert printed["participant"] == "zj-tax"
    assert printed["role"] == "provider"
    assert printed["kinds"] == ["tax-filing", "tax-rating"]
    assert len(printed["client_secret"]) >= 43
    assert printed["client_id"].startswith("cli_")


def test_the_secret_is_stored_only_as_a_hash_and_never_shown_by_repr(session):
    made = create(session)

    assert made.client.secret_sha256 == hash_secret(made.secret)
    assert made.secret not in repr(made)


def test_a_participant_without_a_code_gets_one(session):
    codes = {create(session).participant.code for _ in range(3)}

    assert len(codes) == 3
    assert all(code.startswith("bank-") for code in codes)


def test_a_second_client_joins_the_participant_named(session):
    first = create(session, code="icbc")
    second = create(session, code="icbc", scopes=("firms:read",))

    assert second.participant is first.participant
    assert second.client.scopes == ["firms:read"]
    assert (
        session.scalar(select(func.count()).select_from(Participant).where(Participant.code == "icbc")) == 1
    )
    assert {client.id for client, _ in list_clients(session, code="icbc")} == {
        first.client.id,
        second.client.id,
    }


def test_a_participant_has_one_role(session):
    create(session, code="icbc")

    with pytest.raises(ParticipantRoleDiffers):
        create(session, code="icbc", role=Role.PROVIDER)


@pytest.mark.parametrize(
    ("terms", "pointer"),
    [
        ({"name": " "}, "/name"),
        ({"name": "a\0b"}, "/name"),
        ({"name": "a" * 201}, "/name"),
        ({"code": "ICBC"}, "/participant"),
        ({"code": "a" * 41}, "/participant"),
        ({"kinds": ("Tax Filing",)}, "/kinds"),
        ({"scopes": ("operations",)}, "/scopes"),
        ({"role": Role.FIRM}, "/uscc"),
        ({"uscc": "91330100"}, "/uscc"),
        ({"public_jwks": {}}, "/public_jwks"),
        ({"public_jwks": {"keys": []}}, "/public_jwks"),
        ({"public_jwks": {"keys": [{"kty": "EC"}]}}, "/public_jwks"),
        ({"public_jwks": {"keys": [ECKey.generate_key("P-256").as_dict(private=True)]}}, "/public_jwks"),
    ],
)
def test_terms_that_make_no_sense(session, terms, pointer):
    with pytest.raises(ParticipantInvalid) as caught:
        create(session, **terms)

    assert [fault.pointer for fault in caught.value.faults] == [pointer]


def test_a_client_with_a_public_key_has_no_secret(session):
    made = create(session, public_jwks={"keys": [ECKey.generate_key("P-256").as_dict(private=False)]})

    assert made.secret is None
    assert made.client.auth_method is AuthMethod.PRIVATE_KEY_JWT


def test_revoking_twice_keeps_the_first_moment(session):
    client_id = create(session).client.client_id

    revoke_client(session, client_id=client_id, now=NOW)
    again = revoke_client(session, client_id=client_id, now=NOW + timedelta(hours=1))

    assert again.revoked_at == NOW


def test_who_is_not_there(session):
    with pytest.raises(ClientNotFound):
        revoke_client(session, client_id="nobody", now=NOW)
    with pytest.raises(ParticipantNotFound):
        get_participant(session, code="nobody")


def test_what_expired_by_itself_is_forgotten(session):
    for age in (timedelta(hours=-1), timedelta(hours=1)):
        revoke_token(session, jti=f"t{age}", expires_at=NOW + age)
        assert use_assertion(session, client_id="c", jti=f"a{age}", expires_at=NOW + age)

    forget_expired(session, now=NOW)

    assert session.scalar(select(func.count()).select_from(RevokedToken)) == 1
    assert session.scalar(select(func.count()).select_from(AssertionSeen)) == 1
