"""Reading participants and clients."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Row, exists, select
from sqlalchemy.orm import Session

from creditshare.participants.errors import ClientNotFound, ParticipantNotFound
from creditshare.participants.models import Client, Participant, RevokedToken


def find_participant(session: Session, *, code: str) -> Participant | None:
    """Return the participant with this code, if there is one."""
    return session.scalars(select(Participant).where(Participant.code == code)).one_or_none()


def get_participant(session: Session, *, code: str) -> Participant:
    """Return the participant with this code."""
    participant = find_participant(session, code=code)
    if participant is None:
        raise ParticipantNotFound(f"no participant has the code {code}")
    return participant


def get_client(session: Session, *, client_id: str) -> Client:
    """Return the client with this id, revoked or not."""
    client = session.scalars(select(Client).where(Client.client_id == client_id)).one_or_none()
    if client is None:
        raise ClientNotFound(f"no client has the id {client_id}")
    return client


def find_live_client(session: Session, *, client_id: str) -> Row[Client, Participant] | None:
    """Return a client that was not revoked, with its participant."""
    statement = (
        select(Client, Participant)
        .join(Participant, Participant.id == Client.participant_id)
        .where(Client.client_id == client_id, Client.revoked_at.is_(None))
    )
    return session.execute(statement).one_or_none()


def find_standing(session: Session, *, client_id: str, jti: str) -> Row[Client, Participant] | None:
    """Return client and participant behind a token, unless the token or the client was revoked."""
    statement = (
        select(Client, Participant)
        .join(Participant, Participant.id == Client.participant_id)
        .where(
            Client.client_id == client_id,
            Client.revoked_at.is_(None),
            ~exists().where(RevokedToken.jti == jti),
        )
    )
    return session.execute(statement).one_or_none()


def list_clients(session: Session, *, code: str | None = None) -> Sequence[Row[Client, Participant]]:
    """Return all clients, or those of one participant, in the order they were made."""
    statement = select(Client, Participant).join(Participant, Participant.id == Client.participant_id)
    if code is not None:
        statement = statement.where(Participant.code == code)
    return session.execute(statement.order_by(Client.created_at, Client.client_id)).all()
