"""Where databases are kept, and that they are found again."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from creditshare import embedded

from .conftest import ask, data_folders, home_of, processes_naming, processes_of


@pytest.fixture(scope="module")
def open_dir() -> Iterator[Path]:
    """A data folder that every account can enter, with a database in it."""
    with data_folders() as make:
        data_dir = make(private=False)
        with embedded.start(data_dir):
            pass
        yield data_dir


def modes(path: Path) -> list[tuple[int, int]]:
    return [(p.stat().st_mode, p.stat().st_uid) for p in path.parents]


def test_path_of_150_characters_below_a_private_folder(make_data_dir, capsys):
    data_dir = make_data_dir("x" * 120)
    data_dir = data_dir / ("y" * (149 - len(str(data_dir))))
    before = modes(data_dir.parent)
    assert len(str(data_dir)) == 150

    try:
        with embedded.start(data_dir) as servers:
            assert ask(servers.database_url, "SELECT 1") == 1
        if os.geteuid() == 0:
            assert str(home_of(data_dir)) in capsys.readouterr().err
        assert modes(data_dir.parent) == before
    finally:
        embedded.discard(data_dir)


def test_data_stays_in_a_folder_that_the_account_can_enter(open_dir):
    assert (open_dir / "embedded" / "postgres" / "PG_VERSION").exists()
    assert not home_of(open_dir).exists()


def test_two_instances_side_by_side(data_dir, open_dir):
    with embedded.start(data_dir) as one, embedded.start(open_dir) as other:
        with psycopg.connect(one.database_url) as session:
            session.execute("CREATE TABLE only_here ()")

        assert not set(one.instance.ports) & set(other.instance.ports)
        assert ask(other.database_url, "SELECT to_regclass('only_here')") is None


def test_nothing_is_left_and_data_is_found_again(data_dir):
    with embedded.start(data_dir) as servers:
        sockets = servers.instance.sockets
        first = servers.database_url.rpartition("port=")[2]
        with psycopg.connect(servers.database_url) as session:
            session.execute("CREATE TABLE kept AS SELECT 42 AS value")

    assert processes_of(data_dir) + processes_naming(str(sockets)) == []
    assert not sockets.exists()
    assert embedded.running(data_dir) is None
    with embedded.start(data_dir) as again:
        assert ask(again.database_url, "SELECT value FROM kept") == 42
        assert again.database_url.rpartition("port=")[2] == first
    again.stop()  # a second stop is harmless


def test_half_made_database_is_made_anew(make_data_dir):
    data_dir = make_data_dir(private=False)
    half = data_dir / "embedded" / "postgres.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")

    with embedded.start(data_dir) as servers:
        assert ask(servers.database_url, "SELECT 1") == 1
    assert not half.exists()


def test_lost_passwords_are_set_anew(open_dir):
    secrets = open_dir / "embedded" / "secrets.json"
    before = secrets.read_text()
    secrets.unlink()

    with embedded.start(open_dir) as servers:
        assert ask(servers.database_url, "SELECT 1") == 1

    assert secrets.read_text() != before


def test_database_of_another_version_is_refused_in_words(open_dir):
    version = open_dir / "embedded" / "postgres" / "PG_VERSION"
    held = version.read_text()
    version.write_text("14\n")

    with pytest.raises(embedded.EmbeddedFailed, match="made by PostgreSQL 14"):
        embedded.start(open_dir)

    version.write_text(held)


def test_server_that_cannot_start_says_why(open_dir):
    settings = open_dir / "embedded" / "postgres" / "postgresql.conf"
    held = settings.read_text()
    settings.write_text("no_such_setting = 1\n")

    with pytest.raises(embedded.EmbeddedFailed, match="no_such_setting"):
        embedded.start(open_dir)

    assert processes_of(open_dir) == []
    settings.write_text(held)


@pytest.mark.parametrize("version", ["15", "16", "17"])
def test_other_postgresql_programs(make_data_dir, version):
    programs = Path(f"/usr/lib/postgresql/{version}/bin")
    if not (programs / "postgres").exists():
        pytest.skip(f"no PostgreSQL {version} in {programs}")

    with embedded.start(make_data_dir(), postgres=programs) as servers:
        assert str(ask(servers.database_url, "SHOW server_version")).startswith(version)
        with psycopg.connect(servers.database_url) as connection:
            connection.execute("CREATE EXTENSION pg_trgm")
            assert connection.execute("SELECT show_trgm('中文')").fetchone() != ([],)
