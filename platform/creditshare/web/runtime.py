"""The objects one running web process shares between its requests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import redis
from flask import current_app
from flask_limiter import Limiter
from sqlalchemy import Engine
from sqlalchemy.orm import Session, sessionmaker

from creditshare.core.encryption import Keyring
from creditshare.settings import Settings
from creditshare.web.auth import Authenticator
from creditshare.web.workers_heard import WorkerWatch

EXTENSION = "creditshare"


@dataclass(frozen=True, slots=True)
class Runtime:
    """Made once by `create_app`; views and services' callers reach it through `runtime()`.

    `authenticator`, `public_keys` (a JWK set) and `last_heard` come from rooms above this one: `app` hands them in.
    """

    settings: Settings
    engine: Engine
    sessions: sessionmaker[Session]
    keyring: Keyring
    redis: redis.Redis
    limiter: Limiter
    authenticator: Authenticator
    public_keys: Callable[[], Mapping[str, Any]]
    last_heard: Callable[[Session], datetime | None]
    watch: WorkerWatch


def runtime() -> Runtime:
    """Return the shared objects of the application that serves this request."""
    shared = current_app.extensions[EXTENSION]
    assert isinstance(shared, Runtime)
    return shared
