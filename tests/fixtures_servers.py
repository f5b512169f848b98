"""Real servers, one migrated template database per run, a clone of it per worker and wherever a test needs its own.

Servers are embedded, in a folder of this run's own, unless TEST_DATABASE_URL and TEST_REDIS_URL name others.
The environment's DATABASE_URL, REDIS_URL and `.env` are never used.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy.engine import make_url

from creditshare import embedded
from creditshare.core import migrations

BUILTIN_LOCALE_SINCE = 17_00_00
POSTGRES_15 = Path("/usr/lib/postgresql/15/bin")  # the oldest that is supported, where a machine has it


@dataclass
class TestServers:
    """The servers of this run, and the template database in them."""

    __test__ = False

    database_url: str
    redis_url: str
    template: str
    started: embedded.Servers | None = field(default=None, repr=False)
    folder: Path | None = field(default=None, repr=False)

    def url_of(self, database: str) -> str:
        return make_url(self.database_url).set(database=database).render_as_string(hide_password=False)

    def create(self, database: str, *, template: str | None = None) -> str:
        with psycopg.connect(self.database_url, autocommit=True) as connection:
            if template is None:
                connection.execute(empty_database(database, connection.info.server_version))
            else:
                connection.execute(f'CREATE DATABASE "{database}" TEMPLATE "{template}" STRATEGY file_copy')
        return self.url_of(database)

    def drop(self, database: str) -> None:
        with psycopg.connect(self.database_url, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')

    def stop(self) -> None:
        if self.started is None:
            self.drop(self.template)
        else:
            self.started.stop()
        if self.folder is not None:
            embedded.discard(self.folder)
            shutil.rmtree(self.folder, ignore_errors=True)


SERVERS = pytest.StashKey[TestServers]()


def empty_database(name: str, server_version: int) -> str:
    """Write the statement for a database that sees Chinese; the recipe differs by server version."""
    recipe = "LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' LC_COLLATE 'C' LC_CTYPE 'C.UTF-8'"
    if server_version < BUILTIN_LOCALE_SINCE:
        recipe = "LC_COLLATE 'C.UTF-8' LC_CTYPE 'C.UTF-8'"
    return f"CREATE DATABASE \"{name}\" TEMPLATE template0 ENCODING 'UTF8' {recipe}"


def ensure_servers(config: pytest.Config) -> TestServers:
    """Return the run's servers; the first call starts them and makes the template."""
    if SERVERS not in config.stash:
        shared = getattr(config, "workerinput", {}).get("servers")
        config.stash[SERVERS] = TestServers(**shared) if shared else start_servers()
    return config.stash[SERVERS]


def start_servers(postgres: Path | None = None) -> TestServers:
    """Start servers, of another PostgreSQL where one is named, and make the template."""
    database_url, redis_url = os.environ.get("TEST_DATABASE_URL"), os.environ.get("TEST_REDIS_URL")
    if postgres is not None:
        database_url = redis_url = None
    started = folder = None
    if not (database_url and redis_url):
        folder = Path(tempfile.mkdtemp(prefix="creditshare-test-"))
        started = embedded.start(folder, postgres=postgres)
        database_url, redis_url = database_url or started.database_url, redis_url or started.redis_url
    template = f"creditshare_test_{uuid.uuid4().hex[:8]}"
    servers = TestServers(database_url, redis_url, template, started, folder)
    migrations.upgrade(servers.create(template))
    return servers


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node):
    """Tell xdist's workers of the servers that the controller has started."""
    servers = ensure_servers(node.config)
    node.workerinput["servers"] = {
        "database_url": servers.database_url,
        "redis_url": servers.redis_url,
        "template": servers.template,
    }


def pytest_unconfigure(config):
    if SERVERS in config.stash and not hasattr(config, "workerinput"):
        config.stash[SERVERS].stop()


@pytest.fixture(scope="session")
def servers(request: pytest.FixtureRequest) -> TestServers:
    return ensure_servers(request.config)


@pytest.fixture(scope="session")
def redis_url(servers: TestServers) -> str:
    return servers.redis_url


@pytest.fixture(scope="session")
def database_url(servers: TestServers) -> Iterator[str]:
    """Give this worker's migrated database; tests in it roll back."""
    name = f"{servers.template}_{uuid.uuid4().hex[:8]}"
    yield servers.create(name, template=servers.template)
    servers.drop(name)


@pytest.fixture
def fresh_database(servers: TestServers) -> Iterator[Callable[[], str]]:
    """Make migrated databases of the test's own, for what commits in several connections or processes."""
    made = []

    def make() -> str:
        made.append(f"{servers.template}_{uuid.uuid4().hex[:8]}")
        return servers.create(made[-1], template=servers.template)

    yield make
    for name in made:
        servers.drop(name)


@pytest.fixture
def empty_database_url(servers: TestServers) -> Iterator[str]:
    """Give a database without any table."""
    name = f"{servers.template}_{uuid.uuid4().hex[:8]}"
    yield servers.create(name)
    servers.drop(name)


def postgres_versions(group: str) -> list[Any]:
    """Return fixture parameters: None for the embedded PostgreSQL, and the folder of 15 where it is installed.

    Tests of one group and version run in one process, so that what they share is started once.
    """
    missing = not (POSTGRES_15 / "postgres").exists()
    skip = pytest.mark.skipif(missing, reason=f"no PostgreSQL 15 in {POSTGRES_15}")
    return [
        pytest.param(None, id="embedded", marks=pytest.mark.xdist_group(f"{group}-embedded")),
        pytest.param(POSTGRES_15, id="postgres-15", marks=[skip, pytest.mark.xdist_group(f"{group}-15")]),
    ]
