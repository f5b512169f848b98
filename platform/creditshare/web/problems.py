"""Errors as RFC 9457 problems: the only module that knows their bodies."""

from __future__ import annotations

import traceback
from typing import Any

import psycopg
import structlog
from flask import Flask, Response, current_app, request
from flask_smorest import Api  # type: ignore[import-untyped]
from marshmallow import Schema, fields
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException
from werkzeug.http import HTTP_STATUS_CODES

from creditshare.errors import CreditShareError, Fault, Unavailable
from creditshare.web.json_provider import dumps
from creditshare.web.request_ids import current_request_id

MIMETYPE = "application/problem+json"
TYPE = "urn:creditshare:problem:"
KEPT_HEADERS = frozenset({"allow", "retry-after", "www-authenticate"})
FRAMES_LOGGED = 12
DRIVER_TROUBLE = (psycopg.OperationalError, psycopg.InterfaceError)  # a broken COPY reports the driver's own

CODES = {
    400: "bad-request",
    404: "not-found",
    405: "method-not-allowed",
    406: "not-acceptable",
    411: "length-required",
    413: "body-too-large",
    414: "uri-too-long",
    415: "unsupported-media-type",
    416: "range-not-satisfiable",
    422: "invalid-parameters",
    429: "too-many-requests",
    431: "headers-too-large",
    500: "internal-error",
}

log = structlog.get_logger(__name__)


class FaultSchema(Schema):
    """One thing wrong with the input."""

    row = fields.Integer()
    pointer = fields.String()
    code = fields.String()
    rule = fields.String()
    detail = fields.String()


class ProblemSchema(Schema):
    """What went wrong, RFC 9457."""

    type = fields.String()
    title = fields.String()
    status = fields.Integer()
    detail = fields.String()
    instance = fields.String()
    code = fields.String()
    request_id = fields.String()
    errors = fields.List(fields.Nested(FaultSchema))


class ProblemApi(Api):  # type: ignore[misc]  # flask-smorest has no types
    """flask-smorest's Api, documenting and sending our problems."""

    ERROR_SCHEMA = ProblemSchema

    def handle_http_exception(self, error: HTTPException) -> Response:
        """Turn Werkzeug's errors (no such path, wrong method, too large) into problems."""
        return from_http_exception(error)

    def _register_responses(self) -> None:
        self.DEFAULT_RESPONSE_CONTENT_TYPE = MIMETYPE
        super()._register_responses()
        del self.DEFAULT_RESPONSE_CONTENT_TYPE  # back to the class's own


def problem(
    status: int,
    code: str,
    detail: str,
    *,
    faults: tuple[Fault, ...] = (),
    headers: tuple[tuple[str, str], ...] = (),
    **extra: Any,
) -> Response:
    """Make a problem answer; `extra` members stand beside the usual ones."""
    body: dict[str, Any] = {
        "type": TYPE + code,
        "title": HTTP_STATUS_CODES.get(status, "Error"),
        "status": status,
        "detail": detail,
        "instance": request.path,
        "code": code,
        "request_id": current_request_id(),
        **extra,
    }
    if faults:
        body["errors"] = [_fault(fault) for fault in faults]
    response = Response(dumps(body), status, content_type=MIMETYPE)
    response.headers.extend(headers)
    return response


def from_error(error: CreditShareError) -> Response:
    """Turn one of our own errors into a problem."""
    headers: tuple[tuple[str, str], ...] = getattr(error, "headers", ())
    if error.status == Unavailable.status and not any(name == "Retry-After" for name, _ in headers):
        headers = (*headers, ("Retry-After", "1"))
    return problem(error.status, error.code, error.detail, faults=error.faults, headers=headers)


def from_http_exception(error: HTTPException) -> Response:
    """Turn an HTTPException into a problem; a ready answer inside it is kept."""
    if error.response is not None:
        return current_app.make_response(error.response)
    status = error.code or 500
    headers = tuple(pair for pair in error.get_headers() if pair[0].lower() in KEPT_HEADERS)
    code = CODES.get(status, HTTP_STATUS_CODES.get(status, "error").lower().replace(" ", "-"))
    return problem(status, code, error.description or error.name, headers=headers)


def from_database_trouble(error: Exception) -> Response:
    """Answer 503 when the database is away, overloaded, or could not serialise this transaction."""
    log.warning("database.unavailable", exception=_name(error))
    return from_error(Unavailable("the database is busy or away, try again"))


def from_defect(error: Exception) -> Response:
    """Answer 500 and log where it happened, never what it says: its text may hold a row's values."""
    frames = traceback.extract_tb(error.__traceback__)[-FRAMES_LOGGED:]
    log.error(
        "request.failed",
        exception=_name(error),
        frames=[f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames],
    )
    return problem(500, "internal-error", "something went wrong on our side; quote the request id")


def init_problems(app: Flask) -> None:
    """Register the handlers (flask-smorest registers the one for HTTPException)."""
    app.register_error_handler(CreditShareError, from_error)
    for trouble in (OperationalError, InterfaceError, PoolTimeout, *DRIVER_TROUBLE):
        app.register_error_handler(trouble, from_database_trouble)
    app.register_error_handler(Exception, from_defect)


def _fault(fault: Fault) -> dict[str, Any]:
    body: dict[str, Any] = {"pointer": fault.pointer, "code": fault.code, "detail": fault.detail}
    if fault.row is not None:
        body["row"] = fault.row
    if fault.rule is not None:
        body["rule"] = fault.rule
    return body


def _name(error: Exception) -> str:
    original = getattr(error, "orig", None) or error
    return f"{type(original).__module__}.{type(original).__qualname__}"
