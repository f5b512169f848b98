"""Views that only tests serve: each shows one thing the web room does for every view."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any

from flask import Response, jsonify, request
from marshmallow import Schema, fields
from sqlalchemy import select, text

from creditshare.core import outbox
from creditshare.core.outbox import OutboxMessage
from creditshare.errors import Conflict, NotFound
from creditshare.web.auth import current, open_to_all, requires_scope, requires_token
from creditshare.web.blueprint import Blueprint
from creditshare.web.bodies import body_stream, read_body, streams_body
from creditshare.web.etags import conditional
from creditshare.web.idempotency import remember_answer
from creditshare.web.pagination import Page, PageSchema, page_of
from creditshare.web.transaction import transaction

blp = Blueprint("lab", __name__, url_prefix="/lab")


@dataclass
class Gate:
    """Lets a test hold a view in the middle."""

    entered: threading.Event = field(default_factory=threading.Event)
    go_on: threading.Event = field(default_factory=threading.Event)


GATE = Gate()


class NoteSchema(Schema):
    """A body with a bit of everything."""

    text = fields.String(required=True)
    tags = fields.List(fields.String())
    number = fields.Raw()


@blp.route("/open")
@open_to_all
def open_view() -> Response:
    return jsonify(fine=True)


@blp.route("/whoami")
@requires_token
def whoami() -> Response:
    caller = current()
    return jsonify(
        participant=caller.participant_code,
        role=caller.role,
        scopes=caller.scopes,
        kinds=caller.kinds,
        end_user=caller.end_user,
    )


@blp.route("/scoped/<name>")
@requires_scope("consents:write")
@blp.arguments(PageSchema, location="query")
def scoped(page: Page, name: str) -> Response:
    if name != "there":
        raise NotFound("nothing of this name")
    return jsonify(limit=page.limit)


@blp.route("/notes", methods=["POST"])
@requires_token
@blp.arguments(NoteSchema)
def add_note(note: dict[str, Any]) -> Response:
    """Write a note as an outbox row: a table every test has."""
    with transaction() as session:
        outbox.publish(session, "lab.note", text=note["text"])
    if note["text"] == "refuse after the commit":
        raise Conflict("decided after the block")
    response = jsonify(text=note["text"], number=str(note.get("number")))
    response.status_code = 201
    response.headers["Location"] = "/lab/notes/1"
    return response


@blp.route("/undone", methods=["POST"])
@requires_token
def undone() -> Response:
    with transaction() as session:
        outbox.publish(session, "lab.undone")
        raise Conflict("decided inside the block")


@blp.route("/held", methods=["POST"])
@requires_token
def held() -> Response:
    with transaction() as session:
        outbox.publish(session, "lab.held")
        session.flush()
        GATE.entered.set()
        GATE.go_on.wait(10)
        session.execute(text("SELECT 1"))
    return jsonify(held=True)


@blp.route("/early", methods=["POST"])
@requires_token
@streams_body
def early() -> Response:
    """Commit with an answer, then go on: as a push that waits for the worker does."""
    stream = body_stream()
    while stream.read(1000):
        pass
    with transaction() as session:
        outbox.publish(session, "lab.early", length=stream.length)
        remember_answer(jsonify(state="queued", length=stream.length))
    GATE.entered.set()
    GATE.go_on.wait(10)
    return jsonify(state="done", length=stream.length)


@blp.route("/upload", methods=["POST"])
@requires_token
@streams_body
def upload() -> Response:
    """Take a file from a form, or at most 1,000 bytes as they are."""
    body = read_body(limit=1000) if "file" not in request.files else request.files["file"].read()
    with transaction() as session:
        outbox.publish(session, "lab.upload", length=len(body))
    return jsonify(length=len(body))


@blp.route("/list")
@requires_token
@blp.arguments(PageSchema, location="query")
def listed(page: Page) -> Response:
    with transaction() as session:
        statement = select(OutboxMessage).order_by(OutboxMessage.id).limit(page.limit + 1)
        if (after := page.after("lab")) is not None:
            statement = statement.where(OutboxMessage.id > after[0])
        rows = session.scalars(statement).all()
    body = page_of(rows, page, list_name="lab", dump=lambda row: row.payload, position=lambda row: [row.id])
    return conditional(jsonify(body))


@blp.route("/broken")
@open_to_all
def broken() -> Response:
    raise RuntimeError("张三 13800000000")


@blp.route("/busy")
@open_to_all
def busy() -> Response:
    with transaction() as session:
        session.execute(text("SET LOCAL statement_timeout = '10ms'"))
        session.execute(text("SELECT pg_sleep(1)"))
    return jsonify()
