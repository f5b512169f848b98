"""The database's schema comes from migrations alone, and goes back."""

import psycopg
import pytest
from alembic.script import ScriptDirectory

from creditshare.core import migrations, schema_version
from creditshare.core.database import make_engine


def tables(url):
    with psycopg.connect(url) as connection:
        found = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        return {name for (name,) in found} - {"alembic_version"}


def test_models_and_migrations_agree(empty_database_url):
    assert migrations.check(empty_database_url) == []


def test_from_empty_up_and_down_again(empty_database_url):
    migrations.upgrade(empty_database_url)
    assert "participants" in tables(empty_database_url)

    migrations.downgrade(empty_database_url, "base")
    assert tables(empty_database_url) == set()


def test_upgrading_twice_changes_nothing(empty_database_url):
    migrations.upgrade(empty_database_url)
    before = tables(empty_database_url)

    migrations.upgrade(empty_database_url)

    assert tables(empty_database_url) == before


def test_the_knowledge_clock_has_one_row_and_takes_no_second(empty_database_url):
    migrations.upgrade(empty_database_url)

    with psycopg.connect(empty_database_url) as connection:
        assert connection.execute("SELECT count(*) FROM knowledge_clock").fetchone() == (1,)
        with pytest.raises(psycopg.errors.CheckViolation):
            connection.execute("INSERT INTO knowledge_clock (id, at) VALUES (2, now())")


def test_readiness_reads_revisions_as_alembic_does(empty_database_url):
    scripts = ScriptDirectory.from_config(migrations._config(""))
    engine = make_engine(empty_database_url)
    with engine.connect() as connection:
        assert schema_version.current(connection) == frozenset()

        migrations.upgrade(empty_database_url)

        assert schema_version.current(connection) == schema_version.heads() == frozenset(scripts.get_heads())
    engine.dispose()
    assert len(schema_version.heads()) == 1
