"""Participants, their clients, and what OAuth has to remember."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from creditshare.core.database import Base, PrimaryKey
from creditshare.participants.roles import Role


class AuthMethod(StrEnum):
    """How a client proves that it is itself at the token endpoint."""

    CLIENT_SECRET_BASIC = "client_secret_basic"  # noqa: S105 - a method's name
    PRIVATE_KEY_JWT = "private_key_jwt"


class Participant(Base):
    """An organisation that takes part. What lasts (records, consents, inquiries) belongs to it, not to a client."""

    __tablename__ = "participants"

    id: Mapped[PrimaryKey]
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    role: Mapped[Role]
    uscc: Mapped[str | None]
    created_at: Mapped[datetime]


class Client(Base):
    """One set of credentials of a participant, with the scopes and record kinds given to it."""

    __tablename__ = "clients"

    id: Mapped[PrimaryKey]
    participant_id: Mapped[UUID] = mapped_column(ForeignKey("participants.id"), index=True)
    client_id: Mapped[str] = mapped_column(unique=True)
    # A secret is 256 random bits, so a plain hash cannot be searched: there is nothing a slow one would protect.
    secret_sha256: Mapped[bytes | None]
    public_jwks: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    auth_method: Mapped[AuthMethod]
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    kinds: Mapped[list[str]] = mapped_column(ARRAY(Text))
    requires_end_user: Mapped[bool]
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class SigningKey(Base):
    """A key the installation signs with; old ones stay, so that what they signed can be verified."""

    __tablename__ = "signing_keys"

    kid: Mapped[str] = mapped_column(primary_key=True)
    public_jwk: Mapped[dict[str, Any]] = mapped_column(JSONB)
    private_key: Mapped[bytes]
    created_at: Mapped[datetime]


class RevokedToken(Base):
    """A token revoked before its time; of no use once it has expired by itself."""

    __tablename__ = "revoked_tokens"

    jti: Mapped[str] = mapped_column(primary_key=True)
    expires_at: Mapped[datetime] = mapped_column(index=True)


class AssertionSeen(Base):
    """A client assertion (`private_key_jwt`) already used; a second use is a replay."""

    __tablename__ = "assertions_seen"

    client_id: Mapped[str] = mapped_column(primary_key=True)
    jti: Mapped[str] = mapped_column(primary_key=True)
    expires_at: Mapped[datetime] = mapped_column(index=True)
