"""Reading much at once: everything arrives, an error is told, and the connection can be used afterwards."""

import pytest
from psycopg.errors import DivisionByZero
from sqlalchemy import text

from creditshare.core.database import copy_out


def test_every_row_arrives(session):
    body = copy_out(session, "COPY (SELECT i FROM generate_series(1, 50000) i) TO STDOUT", {})

    assert body.splitlines() == [str(number).encode() for number in range(1, 50_001)]


def test_values_are_bound_and_nothing_is_nothing(session):
    assert copy_out(session, "COPY (SELECT %(word)s) TO STDOUT", {"word": "a'b"}) == b"a'b\n"
    assert copy_out(session, "COPY (SELECT 1 WHERE false) TO STDOUT", {}) == b""


@pytest.mark.parametrize("row", [1, 30_000])
def test_after_an_error_on_the_way_the_connection_is_free(session, row):
    with session.begin_nested() as savepoint:
        with pytest.raises(DivisionByZero):
            copy_out(session, f"COPY (SELECT 1 / ({row} - i) FROM generate_series(1, 50000) i) TO STDOUT", {})
        savepoint.rollback()

    assert session.execute(text("SELECT 1")).scalar_one() == 1
