"""One id per request: accepted from the caller or made, echoed, and in every log line and problem."""

from __future__ import annotations

import re
import secrets

import structlog
from flask import Response, g, request

HEADER = "X-Request-Id"
ACCEPTED = re.compile(r"[A-Za-z0-9._-]{1,64}")


def begin() -> None:
    """Name the request; a request hook, the first of all."""
    given = request.headers.get(HEADER, "")
    g.request_id = given if ACCEPTED.fullmatch(given) else secrets.token_hex(16)
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=g.request_id)


def current_request_id() -> str:
    """Return this request's id."""
    return str(g.get("request_id", ""))


def echo(response: Response) -> Response:
    """Tell the caller the id; a response hook."""
    response.headers[HEADER] = current_request_id()
    return response
