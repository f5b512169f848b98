"""What every task and the relay share in one process: made once, after the fork."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import cache

import psycopg
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session, sessionmaker

from config import load_settings, read_environment
from creditshare.core.database import make_engine, make_sessions
from creditshare.core.encryption import Keyring
from creditshare.settings import Settings

DATABASE_LOST = (OperationalError, psycopg.OperationalError)  # a broken COPY reports the driver's own


@dataclass(frozen=True, slots=True)
class Runtime:
    """Settings and connections of this process."""

    settings: Settings
    engine: Engine
    sessions: sessionmaker[Session]
    keyring: Keyring

    @property
    def lease(self) -> timedelta:
        """Return how long a claim holds."""
        return timedelta(seconds=self.settings.lease_seconds)


@cache
def settings() -> Settings:
    """Read the environment, once."""
    return load_settings(read_environment())


@cache
def runtime() -> Runtime:
    """Connect on first use, so that no connection is shared across a fork."""
    engine = make_engine(settings().database_url, pool_size=2)
    return Runtime(settings(), engine, make_sessions(engine), Keyring(settings().master_key))
