"""Pushing records, and seeing what became of them."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import orjson
from flask import Response, make_response, request
from marshmallow import RAISE

from creditshare.core.clock import utcnow
from creditshare.core.ids import parse
from creditshare.errors import CreditShareError, Refused
from creditshare.intake import submissions
from creditshare.intake.formats import CSV, ENCODINGS, JSON, MEDIA_TYPES, REJECT_COLUMNS, split_array
from creditshare.intake.models import Refusal, Submission
from creditshare.intake.schemas import (
    PushSchema,
    RejectsSchema,
    SubmissionSchema,
    WithdrawalSchema,
    submission_body,
)
from creditshare.intake.submissions import FINAL, Terms
from creditshare.resources.base import RecordKind
from creditshare.resources.catalogue import kind_named
from creditshare.web.auth import Caller, current, requires_scope
from creditshare.web.blueprint import Blueprint
from creditshare.web.bodies import BLOCK, BodyBrokenOff, body_stream, read_body, streams_body
from creditshare.web.etags import conditional
from creditshare.web.idempotency import remember_answer
from creditshare.web.json_provider import dumps
from creditshare.web.pagination import Page, PageSchema, page_of
from creditshare.web.runtime import runtime
from creditshare.web.transaction import transaction

blp = Blueprint("records", __name__, url_prefix="/v1", description="Push records and follow submissions")

POLL_SECONDS = 0.05


class KindNotAllowed(Refused):
    """The client may not write this kind."""

    code = "kind-not-allowed"


class MediaTypeUnknown(CreditShareError):
    """The body's media type or encoding is not one we read."""

    code = "media-type-unknown"
    status = 415


@blp.route("/records/<kind>", methods=["POST"])
@streams_body
@requires_scope("records:write")
@blp.arguments(PushSchema, location="query", unknown=RAISE)
@blp.response(202, SubmissionSchema)
def push(query: dict[str, Any], kind: str) -> Response:
    """Push rows of one kind: a JSON array, NDJSON or CSV; durable once this answers."""
    caller, declared = current(), kind_named(kind)
    _check_right(caller, declared)
    media_type, encoding = _media()
    terms = Terms(
        kind=declared.name,
        media_type=media_type,
        encoding=encoding,
        revised_at=query["revised_at"],
        on_error=query["on_error"],
        dry_run=query["dry_run"],
    )
    return _receive(caller, terms, _body(media_type), wait=query["wait"])


@blp.route("/records/<kind>/withdraw", methods=["POST"])
@requires_scope("records:write")
@blp.arguments(WithdrawalSchema)
@blp.response(202, SubmissionSchema)
def withdraw(withdrawal: dict[str, Any], kind: str) -> Response:
    """Withdraw records by source key, or by subject and natural key."""
    caller, declared = current(), kind_named(kind)
    _check_right(caller, declared)
    rows = [
        {name: _as_sent(value) for name, value in item.items()} | {"operation": "withdraw"}
        for item in withdrawal["items"]
    ]
    terms = Terms(
        kind=declared.name, media_type=JSON, revised_at=withdrawal["revised_at"], reason=withdrawal["reason"]
    )
    return _receive(caller, terms, iter([orjson.dumps(rows, default=str)]), wait=0)


@blp.route("/submissions/<submission_id>", methods=["GET"])
@requires_scope("submissions:read")
@blp.response(200, SubmissionSchema)
def show(submission_id: str) -> Response:
    """Show a submission: its state and counts."""
    with transaction() as session:
        submission = submissions.get_submission(
            session, parse("sub", submission_id), participant_id=current().participant_id
        )
        body = submission_body(submission, unlinked=submissions.unlinked_rows(session, submission.id))
    return conditional(_answer(200, body))


@blp.route("/submissions/<submission_id>/rejects", methods=["GET"])
@requires_scope("submissions:read")
@blp.arguments(PageSchema, location="query")
@blp.response(200, RejectsSchema)
def rejects(page: Page, submission_id: str) -> Response:
    """List refused rows with their values and every reason; as CSV with `Accept: text/csv`."""
    with transaction() as session:
        submission = submissions.get_submission(
            session, parse("sub", submission_id), participant_id=current().participant_id
        )
        after = (page.after("rejects") or [0])[0]
        rows = submissions.refusals(session, submission.id, after=after, limit=page.limit + 1)
    body = page_of(rows, page, list_name="rejects", dump=_reject, position=lambda row: [row.row_no])
    if request.accept_mimetypes.best_match(["application/json", "text/csv"]) == "text/csv":
        return conditional(_csv(kind_named(submission.kind), body))
    return conditional(_answer(200, body))


def _as_sent(value: Any) -> Any:
    """Write a number with its own characters: the row is judged by the worker, like a pushed one."""
    is_number = isinstance(value, (int, Decimal)) and not isinstance(value, bool)
    return orjson.Fragment(str(value)) if is_number else value


def _check_right(caller: Caller, kind: RecordKind) -> None:
    if caller.role not in kind.writers or (caller.role == "provider" and kind.name not in caller.kinds):
        raise KindNotAllowed(f"this client may not write {kind.name}")


def _media() -> tuple[str, str]:
    """Return media type and encoding of the body. Raises MediaTypeUnknown."""
    coding = request.headers.get("Content-Encoding", "identity").strip().lower()
    if coding != "identity":
        raise MediaTypeUnknown("send the body as it is: no Content-Encoding is taken")
    encoding = request.mimetype_params.get("charset", "utf-8").lower().replace("_", "-")
    encoding = {"utf8": "utf-8", "gbk": "gb18030", "gb2312": "gb18030"}.get(encoding, encoding)
    if request.mimetype not in MEDIA_TYPES or encoding not in ENCODINGS:
        raise MediaTypeUnknown(f"send {', '.join(MEDIA_TYPES)} in {' or '.join(ENCODINGS)}")
    return request.mimetype, encoding


def _body(media_type: str) -> Iterator[bytes]:
    if media_type != JSON:
        stream = body_stream()
        blocks = iter(lambda: stream.read(BLOCK), b"")
        return _to_a_line_end(blocks) if media_type == CSV and request.content_length is None else blocks
    body = read_body()
    split_array(body)  # an array that does not parse is refused here, once; its rows are judged by the worker
    return iter([body])


def _to_a_line_end(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Hand blocks on; raises BodyBrokenOff where they end inside a line.

    Of a body in chunks nobody can tell that it broke off, and half an amount is an amount: 12345.67, 123. What ends
    with a line holds whole rows; a JSON row tells its end itself.
    """
    last = b"\n"
    for last in blocks:
        yield last
    if not last.endswith((b"\n", b"\r")):
        raise BodyBrokenOff("CSV sent in chunks, without a Content-Length, must end with a line end")


def _receive(caller: Caller, terms: Terms, body: Iterator[bytes], *, wait: float) -> Response:
    with transaction() as session:
        submission = submissions.receive(
            session,
            participant_id=caller.participant_id,
            terms=terms,
            body=body,
            keyring=runtime().keyring,
            now=utcnow(),
        )
        response = _accepted(submission_body(submission, unlinked=0))
        remember_answer(response)
    if not wait:
        return response
    return _accepted(_await_end(submission.id, caller.participant_id, wait))


def _accepted(body: dict[str, Any]) -> Response:
    response = _answer(202, body)
    response.headers["Location"] = body["links"]["self"]
    return response


def _await_end(submission_id: UUID, participant_id: UUID, seconds: float) -> dict[str, Any]:
    """Wait until the submission has ended or time is up; returns its body then."""
    deadline = time.monotonic() + seconds
    while True:
        with runtime().sessions() as session:
            found: Submission = submissions.get_submission(
                session, submission_id, participant_id=participant_id
            )
            if found.state in FINAL or time.monotonic() >= deadline:
                return submission_body(found, unlinked=submissions.unlinked_rows(session, found.id))
        time.sleep(POLL_SECONDS)


def _answer(status: int, body: dict[str, Any]) -> Response:
    return make_response(dumps(body), status, {"Content-Type": "application/json"})


def _original(row: Refusal) -> Any:
    place = submissions.refusal_place(row.submission_id, row.row_no)
    return orjson.loads(runtime().keyring.decrypt(row.sealed, place=place))


def _reject(row: Refusal) -> dict[str, Any]:
    return {
        "row": row.row_no,
        "disposition": row.disposition,
        "reasons": row.reasons,
        "values": _original(row),
    }


def _csv(kind: RecordKind, page: dict[str, Any]) -> Response:
    """Write rejects as a file that can be corrected and sent again; `Link` leads to the next page."""
    out = io.StringIO()
    writer = csv.DictWriter(out, [*REJECT_COLUMNS, *kind.columns], extrasaction="ignore")
    writer.writeheader()
    for reject in page["items"]:
        reasons = "; ".join(f"{r['pointer']}: {r['detail']} ({r['code']})" for r in reject["reasons"])
        cells = {name: _cell(value) for name, value in reject["values"].items()}
        writer.writerow({**cells, "row": reject["row"], "reasons": reasons})
    response = make_response(out.getvalue(), 200, {"Content-Type": "text/csv; charset=utf-8"})
    if page["next_cursor"] is not None:
        query = urlencode({**request.args, "cursor": page["next_cursor"]})
        response.headers["Link"] = f'<{request.path}?{query}>; rel="next"'
    return response


def _cell(value: Any) -> str:
    """Write a value as a cell: lists with `|` between their members, what is no text as JSON."""
    if isinstance(value, list):
        return "|".join(map(_cell, value))
    if isinstance(value, str):
        return value
    return "" if value is None else orjson.dumps(value).decode()
