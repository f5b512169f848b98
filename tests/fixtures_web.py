"""One application per worker, whose views and whose test share a connection that is rolled back after each test."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine
from sqlalchemy.orm import Session, sessionmaker

from config import ROOT
from creditshare.app import BLUEPRINTS, create_app
from creditshare.core.clock import utcnow
from creditshare.core.database import make_engine
from creditshare.core.encryption import Keyring
from creditshare.participants.models import Participant
from creditshare.participants.roles import Role
from creditshare.participants.services import ClientTerms, NewClient, create_client
from creditshare.participants.signing import newest_signing_key
from creditshare.settings import Settings
from creditshare.web.runtime import EXTENSION
from tests import lab
from tests.factories.base import Factory

MASTER_KEY = bytes(range(32))

Bearer = Callable[..., dict[str, str]]


@pytest.fixture(scope="session")
def keyring() -> Keyring:
    return Keyring(MASTER_KEY)


@pytest.fixture(scope="session")
def make_settings(redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Settings]:
    """Make settings for a database; anything else can be given by name."""
    base = Settings(
        environment="development",
        database_url="a-test-forgot-to-name-its-database",
        redis_url=redis_url,
        embedded=False,
        data_dir=Path(tmp_path_factory.mktemp("data")),
        config_dir=ROOT / "config",
        master_key=MASTER_KEY,
        issuer="http://creditshare.test",
        log_level="WARNING",
        requests_per_minute=1_000_000,
    )
    return lambda database_url, **others: replace(base, database_url=database_url, **others)


@pytest.fixture(scope="session")
def settings(make_settings: Callable[..., Settings], database_url: str) -> Settings:
    return make_settings(database_url)


@pytest.fixture(scope="session")
def engine(database_url: str, keyring: Keyring) -> Iterator[Engine]:
    engine = make_engine(database_url, pool_size=2)
    with Session(engine) as session, session.begin():
        newest_signing_key(session, keyring=keyring, now=utcnow())  # outlives the tests' rollbacks
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def sessions() -> sessionmaker[Session]:
    """What the application opens its sessions with; `session` binds it to the test's connection."""
    return sessionmaker(expire_on_commit=False, join_transaction_mode="create_savepoint")


@pytest.fixture
def session(engine: Engine, sessions: sessionmaker[Session]) -> Iterator[Session]:
    """Give a session in which code may commit as in life; nothing of it stays."""
    with engine.connect() as connection:
        outer = connection.begin()
        sessions.configure(bind=connection)
        with sessions() as session:
            Factory.session = session
            yield session
        Factory.session = None
        sessions.configure(bind=None)
        outer.rollback()


@pytest.fixture(scope="session")
def app(settings: Settings, sessions: sessionmaker[Session], engine: Engine) -> Iterator[Flask]:
    app = create_app(settings, sessions=sessions)
    yield app
    close(app)


@pytest.fixture
def client(app: Flask, session: Session) -> FlaskClient:
    """Call views over HTTP; they work in the test's transaction."""
    return app.test_client()


@pytest.fixture
def make_app(make_settings: Callable[..., Settings]) -> Iterator[Callable[..., Flask]]:
    """Make applications on a database of the test's own; anything in the settings can be given by name."""
    made = []

    def make(database_url: str, **others: object) -> Flask:
        made.append(create_app(make_settings(database_url, **others)))
        return made[-1]

    yield make
    for app in made:
        close(app)


@pytest.fixture
def bearer(client: FlaskClient, session: Session) -> Bearer:
    """Make a client of a participant and return the headers its requests carry.

    `bearer(role="provider", kinds=["tax-filing"])`; `participant=` adds a client to one that is there.
    """

    def make(
        *, role: str = "bank", participant: Participant | None = None, kinds: object = (), **terms: object
    ) -> dict[str, str]:
        made = make_client(session, role=role, participant=participant, kinds=kinds, **terms)
        return {"Authorization": f"Bearer {fetch_token(client, made)}"}

    return make


def make_client(
    session: Session,
    *,
    role: str = "bank",
    participant: Participant | None = None,
    kinds: object = (),
    **terms: object,
) -> NewClient:
    """Make a client as the command line does."""
    chosen = Role(role if participant is None else participant.role)
    if chosen is Role.FIRM:
        terms.setdefault("uscc", "91330100MA00000000" if participant is None else participant.uscc)
    if participant is not None:
        terms["code"] = participant.code
    made = create_client(
        session,
        terms=ClientTerms(role=chosen, name="Some organisation", kinds=tuple(kinds), **terms),
        now=utcnow(),
    )
    session.commit()
    return made


def fetch_token(client: FlaskClient, made: NewClient, **form: str) -> str:
    """Exchange a client's secret for a token."""
    response = client.post(
        "/oauth/token",
        data={"grant_type": "client_credentials", **form},
        headers={"Authorization": basic(made.client.client_id, made.secret or "")},
    )
    assert response.status_code == 200, response.text
    return str(response.json["access_token"])


def basic(user: str, password: str) -> str:
    """Write a Basic header."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def close(app: Flask) -> None:
    """Close what an application keeps open."""
    shared = app.extensions[EXTENSION]
    shared.engine.dispose()
    shared.redis.close()


@pytest.fixture(scope="session")
def lab_app(settings: Settings, sessions: sessionmaker[Session], engine: Engine) -> Iterator[Flask]:
    """The application with the lab's views beside its own."""
    app = create_app(settings, blueprints=(*BLUEPRINTS, lab.blp), sessions=sessions)
    yield app
    close(app)


@pytest.fixture
def lab_client(lab_app: Flask, session: Session) -> FlaskClient:
    return lab_app.test_client()
