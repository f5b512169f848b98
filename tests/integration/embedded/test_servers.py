"""The embedded servers are real and private."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from creditshare import embedded

from .conftest import ask, data_folders


@pytest.fixture(scope="module")
def servers() -> Iterator[embedded.Servers]:
    with data_folders() as make, embedded.start(make()) as started:
        yield started


def test_database_is_utf8_for_an_ordinary_role(servers):
    url = servers.database_url

    assert str(ask(url, "SHOW server_version_num")) >= "180000"
    assert ask(url, "SHOW fsync") == "on"
    assert ask(url, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user") is False
    assert ask(url, "SELECT rolcreatedb FROM pg_roles WHERE rolname = current_user") is True
    assert ask(url, "SELECT datlocprovider FROM pg_database WHERE datname = 'creditshare'") == "b"
    with psycopg.connect(url) as session:
        session.execute("CREATE EXTENSION pg_trgm")
        assert session.execute("SELECT show_trgm('中文')").fetchone() != ([],)
        session.rollback()


def test_role_may_clone_databases(servers):
    with psycopg.connect(servers.database_url, autocommit=True) as session:
        session.execute("CREATE DATABASE first")
        session.execute("CREATE DATABASE second TEMPLATE first STRATEGY file_copy")

    second = servers.database_url.replace("/creditshare?", "/second?")
    assert ask(second, "SELECT current_database()") == "second"


def test_nobody_enters_without_the_password(servers):
    wrong = servers.database_url.replace(servers.instance.home.secrets.database, "guess")
    over_tcp = f"postgresql://creditshare@127.0.0.1:{servers.instance.ports[0]}/creditshare"

    for url in (wrong, over_tcp):
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(url)
    with (
        redis.Redis(port=servers.instance.ports[1], retry=Retry(NoBackoff(), 0)) as stranger,
        pytest.raises(redis.AuthenticationError),
    ):
        stranger.ping()


def test_valkey_keeps_nothing_on_disk_and_drops_nothing(servers):
    with redis.Redis.from_url(servers.redis_url) as client:
        assert client.config_get("maxmemory-policy", "appendonly", "save", "bind") == {
            "maxmemory-policy": "noeviction",
            "appendonly": "no",
            "save": "",
            "bind": "127.0.0.1",
        }


def test_command_lines_are_absolute_and_hold_no_password(servers):
    lines = {name: Path(f"/proc/{pid}/cmdline").read_bytes() for name, pid in servers.pids.items()}
    secrets = servers.instance.home.secrets

    assert all(line.startswith(b"/") for line in lines.values())
    assert lines["postgres"].split(b"\0")[0].endswith(b"/postgres")
    assert b"/valkey-server" in lines["valkey"]
    for secret in (secrets.database, secrets.superuser, secrets.redis):
        assert not any(secret.encode() in line for line in lines.values())


def test_sockets_and_passwords_are_private(servers):
    sockets = servers.instance.sockets
    control = servers.instance.home.control

    assert stat.S_IMODE(sockets.stat().st_mode) == 0o700
    assert len(os.fsencode(sockets)) < 80
    assert all(
        stat.S_IMODE(path.stat().st_mode) & 0o077 == 0 for path in sockets.iterdir() if path.is_socket()
    )
    assert stat.S_IMODE((control / "secrets.json").stat().st_mode) == 0o600
    assert stat.S_IMODE((control / "servers.json").stat().st_mode) == 0o600


def test_log_does_not_quote_a_refused_row(servers):
    with psycopg.connect(servers.database_url) as session, pytest.raises(psycopg.DataError):
        session.execute("SELECT '王小明'::integer")

    assert "王小明" not in (servers.instance.home.control / "postgres.log").read_text(encoding="utf-8")
