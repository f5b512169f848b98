"""The one way a view opens a transaction."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from flask import g
from sqlalchemy.orm import Session

from creditshare.web.runtime import runtime


@contextmanager
def transaction() -> Iterator[Session]:
    """Give a session; commits at the end of the block, rolls back when the block raises.

    In a request with an `Idempotency-Key` the block is a savepoint of the transaction that will also hold the stored
    answer (`web/idempotency.py`): effect and answer become durable together.
    """
    write = g.get("keyed_write")
    if write is not None and not write.committed:
        with write.session.begin_nested():
            yield write.session
        write.after_block()
        return
    with runtime().sessions.begin() as session:
        yield session
