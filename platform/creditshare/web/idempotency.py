"""The same write sent twice happens once, and is answered the same.

A row is the stored answer of one (participant, method, path, key), kept 24 hours. There is no state column: a request
holds an advisory lock named after the four for as long as its transaction lives, so "still running" is "the lock is
taken", and a process that dies frees it with its connection. Effect and answer are committed by one transaction, so
there is no moment in which the one is there without the other.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import UUID

import orjson
from flask import Response, current_app, g, request
from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import PendingRollbackError
from sqlalchemy.orm import Session

from creditshare.core.clock import utcnow
from creditshare.core.encryption import Keyring
from creditshare.errors import Conflict, Fault, Invalid
from creditshare.web.auth import current
from creditshare.web.blueprint import ParametersInvalid
from creditshare.web.bodies import content_hash
from creditshare.web.runtime import runtime
from creditshare.web.stored_answers import KEPT_FOR, IdempotencyKey

View = TypeVar("View", bound=Callable[..., Any])

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
LONGEST_KEY = 64
FIRST_REFUSAL = 400
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class IdempotencyKeyReused(Invalid):
    """The key came before with another request."""

    code = "idempotency-key-reused"


class IdempotencyKeyBusy(Conflict):
    """The first request with this key is still running."""

    code = "idempotency-key-in-use"
    headers = (("Retry-After", "1"),)


@dataclass(slots=True)
class KeyedWrite:
    """A write under way that came with a key; `transaction()` works inside its session."""

    session: Session
    id: UUID
    participant_id: UUID
    key: str
    committed: bool = False
    _early: Response | None = field(default=None)

    def remember(self, response: Response) -> None:
        """Let the transaction that is open now hold this answer, and commit at the end of its block."""
        self._early = response

    def after_block(self) -> None:
        """Commit early where the view asked for it."""
        if self._early is not None:
            self.store(self.session, self._early)
            self.session.commit()
            self.committed = True

    def store(self, session: Session, response: Response) -> None:
        """Add the answer, in the place of one that is older than 24 hours or was stored early."""
        row = {
            "id": self.id,
            "participant_id": self.participant_id,
            "method": request.method,
            "path": request.path,
            "key": self.key,
            "request_hash": _request_hash(),
            "status": response.status_code,
            "answer": _seal(runtime().keyring, self.id, response),
            "created_at": utcnow(),
        }
        statement = insert(IdempotencyKey).values(row)
        session.execute(statement.on_conflict_do_update(index_elements=["id"], set_=row))


def idempotency_key() -> str | None:
    """Return the key this request came with, if any; a malformed one is a 422."""
    key = request.headers.get(HEADER)
    if key is None:
        return None
    if not 1 <= len(key) <= LONGEST_KEY or not key.isascii() or not key.isprintable():
        detail = f"must be 1 to {LONGEST_KEY} printable ASCII characters"
        raise ParametersInvalid(
            f"{HEADER} {detail}", faults=[Fault(f"/headers/{HEADER}", "text-invalid", detail)]
        )
    return key


def remember_answer(response: Response) -> None:
    """Store this answer with the transaction that is open now; for views that go on after their commit.

    Call it inside the `transaction()` block. Without a key it does nothing.
    """
    write = g.get("keyed_write")
    if write is not None:
        write.remember(response)


def idempotent(view: View) -> View:
    """Wrap a view so that its writes heed the key; `create_app` wraps every view that is not yet."""

    @functools.wraps(view)
    def heeding(*arguments: Any, **named: Any) -> Any:
        if request.method in SAFE_METHODS or g.get("caller") is None:
            return view(*arguments, **named)
        key = idempotency_key()
        if key is None:
            return view(*arguments, **named)
        return _run_once(functools.partial(view, *arguments, **named), key)

    heeding.heeds_keys = True  # type: ignore[attr-defined]
    return heeding  # type: ignore[return-value]


def heeds_keys(view: Callable[..., Any]) -> bool:
    """Say whether the view is wrapped already."""
    return bool(getattr(view, "heeds_keys", False))


def _run_once(run: Callable[[], Any], key: str) -> Response:
    participant_id = current().participant_id
    name = "\0".join((str(participant_id), request.method, request.path, key))
    row_id = runtime().keyring.identity(b"idempotency\0" + name.encode("utf-8", "surrogatepass"))
    with runtime().sessions() as session:
        if not _lock(session, row_id):
            raise IdempotencyKeyBusy("the first request with this key is still running")
        stored = session.scalars(
            select(IdempotencyKey).where(
                IdempotencyKey.id == row_id, IdempotencyKey.created_at >= utcnow() - KEPT_FOR
            )
        ).one_or_none()
        if stored is not None:
            return _replay(stored)
        g.keyed_write = write = KeyedWrite(session, row_id, participant_id, key)
        return _run(run, write)


def _run(run: Callable[[], Any], write: KeyedWrite) -> Response:
    """Run the view and commit what its blocks did, with the answer when it is one worth keeping.

    A refusal is not kept: sent again it is decided anew. What the view's blocks completed before it raised stays, as
    it would without a key (a refused inquiry is logged).
    """
    try:
        response = current_app.make_response(run())
    except Exception:
        if not write.committed:
            with suppress(PendingRollbackError):  # the connection is gone: what was raised says why
                write.session.commit()
        raise
    finally:
        g.pop("keyed_write")
    keep = response.status_code < FIRST_REFUSAL
    if write.committed:
        if keep:
            with runtime().sessions.begin() as session:
                write.store(session, response)
    else:
        if keep:
            write.store(write.session, response)
        write.session.commit()
    return response


def _lock(session: Session, row_id: UUID) -> bool:
    number = int.from_bytes(row_id.bytes[:8], "big", signed=True)
    return bool(
        session.execute(text("SELECT pg_try_advisory_xact_lock(:number)"), {"number": number}).scalar()
    )


def _replay(stored: IdempotencyKey) -> Response:
    if stored.request_hash != _request_hash():
        raise IdempotencyKeyReused("this key came before with another request")
    response = _open(runtime().keyring, stored)
    response.headers[REPLAYED] = "true"
    return response


def _request_hash() -> bytes:
    """Stand for query and body; keyed, so that the table says nothing about what was sent."""
    return runtime().keyring.digest(request.query_string + b"\0" + content_hash())


def _seal(keyring: Keyring, row_id: UUID, response: Response) -> bytes:
    headers = [[name, value] for name, value in response.headers.items() if name != "Content-Length"]
    plain = orjson.dumps(headers) + b"\n" + response.get_data()
    return keyring.encrypt(plain, place=f"idempotency_keys/{row_id}")


def _open(keyring: Keyring, stored: IdempotencyKey) -> Response:
    plain = keyring.decrypt(stored.answer, place=f"idempotency_keys/{stored.id}")
    headers, _, body = plain.partition(b"\n")
    response = Response(body, stored.status)
    response.headers.clear()
    response.headers.extend(orjson.loads(headers))
    return response
