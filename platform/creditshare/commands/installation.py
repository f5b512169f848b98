"""The installation a command works on: settings, servers (embedded ones run for the command's time), connections."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy.orm import Session, sessionmaker

from config import data_dir, load_settings, read_environment
from creditshare import embedded
from creditshare.core import migrations
from creditshare.core.database import make_engine, make_sessions
from creditshare.core.encryption import Keyring
from creditshare.settings import Settings


@dataclass(frozen=True, slots=True)
class Installation:
    """What a command needs to call services."""

    settings: Settings
    sessions: sessionmaker[Session]
    keyring: Keyring


@contextmanager
def servers() -> Iterator[Settings]:
    """Give settings whose servers run: those of the environment, else the embedded ones."""
    environ = read_environment()
    if environ.get("CREDITSHARE_ENV") == "production" or (
        environ.get("DATABASE_URL") and environ.get("REDIS_URL")
    ):
        yield load_settings(environ)
        return
    with embedded.servers(data_dir(environ)) as addresses:
        yield load_settings(environ, embedded_urls=(addresses.database_url, addresses.redis_url))


@contextmanager
def installation() -> Iterator[Installation]:
    """Give an installation with an up-to-date database."""
    with servers() as settings:
        if settings.embedded:
            migrations.upgrade(settings.database_url)
        engine = make_engine(settings.database_url, pool_size=2)
        try:
            yield Installation(settings, make_sessions(engine), Keyring(settings.master_key))
        finally:
            engine.dispose()
