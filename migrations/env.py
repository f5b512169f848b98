"""Runs migrations: each in its own transaction, with time-outs, one process at a time."""

from __future__ import annotations

from alembic import context
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from config import load_settings, read_environment

ONE_AT_A_TIME = 7_265_001  # any number nobody else locks


def database_url() -> str:
    """Return the URL given by the caller, else that of the installation's settings."""
    given: str = context.config.attributes.get("database_url", "")
    return given or load_settings(read_environment()).database_url


def run() -> None:
    """Migrate. Waiting long for a lock would hold up every request behind it: better to fail and be run again."""
    engine = create_engine(
        database_url().replace("postgresql://", "postgresql+psycopg://", 1), poolclass=NullPool
    )
    with engine.connect() as connection:
        connection.execute(text("SET timezone = 'UTC'"))
        connection.execute(text("SET statement_timeout = '15min'"))
        connection.execute(text("SELECT pg_advisory_lock(:number)"), {"number": ONE_AT_A_TIME})
        connection.execute(text("SET lock_timeout = '10s'"))
        connection.commit()
        context.configure(connection=connection, transaction_per_migration=True)
        with context.begin_transaction():
            context.run_migrations()


run()
