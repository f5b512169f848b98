"""Is the process up, and can it do its work."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import structlog
from flask import Blueprint, Response
from redis.exceptions import RedisError
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from creditshare.core import schema_version
from creditshare.core.clock import utcnow
from creditshare.web.auth import open_to_all
from creditshare.web.json_provider import dumps
from creditshare.web.runtime import runtime

blp = Blueprint("health", __name__)
log = structlog.get_logger(__name__)


@blp.get("/healthz")
@open_to_all
def healthz() -> Response:
    """Say that the process is up."""
    return Response(dumps({"status": "ok"}), mimetype="application/json")


@blp.get("/readyz")
@open_to_all
def readyz() -> Response:
    """Say whether requests can be served: database and migrations right, a worker heard from since the start."""
    checks, last_heard = _database_checks()
    worker = runtime().watch.is_alive(last_heard, now=utcnow())
    broker = _broker_answers()
    checks["worker"] = (
        "ok" if worker else ("lost" if runtime().watch.heard else "not heard from since the start")
    )
    checks["broker"] = "ok" if broker else "lost"
    ready = (
        checks["database"] == "ok" and checks.get("migrations") == "ok" and checks.get("text_search") == "ok"
    )
    if not (ready and runtime().watch.heard):
        return _answer(503, {"status": "not-ready", "checks": checks})
    degraded = [name for name, fine in (("broker", broker), ("worker", worker)) if not fine]
    body: dict[str, Any] = {"status": "ready", "checks": checks}
    return _answer(200, {**body, "degraded": degraded} if degraded else body)


def _answer(status: int, body: dict[str, Any]) -> Response:
    response = Response(dumps(body), status, mimetype="application/json")
    response.headers["Cache-Control"] = "no-store"
    return response


def _database_checks() -> tuple[dict[str, str], datetime | None]:
    try:
        with runtime().sessions.begin() as session:
            session.execute(text("SET LOCAL statement_timeout = '3s'"))
            return _check(session)
    except SQLAlchemyError as error:
        log.warning("readiness.database", exception=type(error).__qualname__)
        return {"database": "does not answer"}, None


def _check(session: Session) -> tuple[dict[str, str], datetime | None]:
    found = schema_version.current(session.connection())
    wanted = schema_version.heads()
    if found != wanted:
        detail = f"is at {', '.join(sorted(found)) or 'nothing'}, needs {', '.join(sorted(wanted))}"
        return {"database": "ok", "migrations": detail}, None
    sees_chinese = session.execute(text("SELECT cardinality(show_trgm('中文')) > 0")).scalar_one()
    searches = "ok" if sees_chinese else "blind to Chinese: the database's LC_CTYPE is not UTF-8"
    return {"database": "ok", "migrations": "ok", "text_search": searches}, runtime().last_heard(session)


def _broker_answers() -> bool:
    try:
        return bool(runtime().redis.ping())
    except RedisError:
        return False
