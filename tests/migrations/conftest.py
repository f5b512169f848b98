"""Migrations run on every PostgreSQL that is supported and found."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator

import pytest

from tests.fixtures_servers import TestServers, ensure_servers, postgres_versions, start_servers


@pytest.fixture(scope="session", params=postgres_versions("migrations"))
def postgres(request: pytest.FixtureRequest) -> Iterator[TestServers]:
    """Give the servers of this run, or such with an older PostgreSQL."""
    if request.param is None:
        yield ensure_servers(request.config)
        return
    started = start_servers(request.param)
    yield started
    started.stop()


@pytest.fixture
def make_database(postgres: TestServers) -> Iterator[Callable[..., str]]:
    """Make databases without any table, or copies of one that nobody uses."""
    made = []

    def make(*, template: str | None = None) -> str:
        made.append(f"{postgres.template}_{uuid.uuid4().hex[:8]}")
        return postgres.create(made[-1], template=template)

    yield make
    for name in made:
        postgres.drop(name)


@pytest.fixture
def empty_database_url(make_database: Callable[..., str]) -> str:
    """Give a database without any table."""
    return make_database()
