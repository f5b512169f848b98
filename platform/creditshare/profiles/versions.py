"""Reads the versions of records that speak of a set of firms, as known at a moment, into a frame per kind.

One COPY per kind. The subjects of the firms are found at the same moment of knowledge, so that a later link, merge or
correction changes nothing in what is read for an earlier moment.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from io import BytesIO
from uuid import UUID

import polars as pl
from sqlalchemy import ARRAY, BigInteger, Boolean, Column, Date, LargeBinary, text
from sqlalchemy.orm import Session

from creditshare.resources.base import RecordKind
from creditshare.resources.fields import Day, Month, Year

MOMENT = pl.Datetime("us", "UTC")
MOMENT_TEXT = "%Y-%m-%d %H:%M:%S%.f%#z"
GIVEN = "given_"  # leads the column that says whether a personal field has a value
HELD = "{alias}.known_from <= %(known_at)s AND ({alias}.{closed} IS NULL OR {alias}.{closed} > %(known_at)s)"


@dataclass(frozen=True, slots=True)
class Reading:
    """Which firms are read, for which day, as known when, and whether with where each row came from."""

    firm_ids: Sequence[UUID]
    as_of: date
    known_at: datetime
    provenance: bool = False


def kinds_with_rows(session: Session, kinds: Sequence[RecordKind]) -> tuple[frozenset[str], bool]:
    """Say in one round trip which kinds have any row, and whether anything was ever confirmed."""
    tables = [kind.table_name for kind in kinds] + ["confirmations"]
    found = session.execute(
        text("SELECT " + ", ".join(f"EXISTS (SELECT FROM {table})" for table in tables))
    ).one()
    return frozenset(kind.name for kind, there in zip(kinds, found, strict=False) if there), bool(found[-1])


def read_versions(session: Session, kind: RecordKind, reading: Reading, *, confirmed: bool) -> pl.DataFrame:
    """Read the version in force of each record of the kind that speaks of the firms, withdrawals included.

    Columns: `firm` (place in `firm_ids`), `record`, `participant` (id), `revised_at` (confirmations counted),
    `withdrawn`, `source_key`, then own columns; days keep their precision, personal fields only whether given.
    """
    selected = _selected(kind, confirmed=confirmed, provenance=reading.provenance)
    statement = f"""
        COPY (
            SELECT {", ".join(f'{expression} AS "{name}"' for name, expression, _ in selected)}
            FROM unnest(CAST(%(firms)s AS uuid[])) WITH ORDINALITY AS f(firm_id, n)
            JOIN subject_firm l ON l.firm_id = f.firm_id AND {HELD.format(alias="l", closed="known_until")}
            JOIN {kind.table_name} t ON t.subject_id = l.subject_id
                AND {HELD.format(alias="t", closed="superseded_at")}
                AND (l.valid_from IS NULL AND l.valid_until IS NULL OR {_in_time(kind)})
            {CONFIRMED if confirmed else ""}
        ) TO STDOUT (FORMAT csv)
    """
    parameters = {
        "firms": list(reading.firm_ids),
        "known_at": reading.known_at,
        "as_of": reading.as_of,
    }
    connection = session.connection().connection.driver_connection
    assert connection is not None
    with connection.cursor() as cursor, cursor.copy(statement, parameters) as copy:
        body = b"".join(copy)
    names = {name: dtype for name, _, dtype in selected}
    if not body:
        return _typed(pl.DataFrame(schema={n: _raw(d) for n, d in names.items()}), names)
    raw = pl.read_csv(BytesIO(body), has_header=False, schema={n: _raw(d) for n, d in names.items()})
    return _typed(raw, names)


def empty(kind: RecordKind, *, provenance: bool) -> pl.DataFrame:
    """Return the frame of a kind of which nothing is known."""
    selected = _selected(kind, confirmed=False, provenance=provenance)
    return pl.DataFrame(schema={name: dtype for name, _, dtype in selected})


CONFIRMED = """
    LEFT JOIN confirmations c ON c.record_id = t.record_id AND c.revised_at = t.revised_at
        AND c.content_hash = t.content_hash AND c.known_from <= %(known_at)s
"""


def _selected(kind: RecordKind, *, confirmed: bool, provenance: bool) -> list[tuple[str, str, pl.DataType]]:
    """Return (name, SQL, type) of each column read."""
    revised_at = "greatest(t.revised_at, c.confirmed_at)" if confirmed else "t.revised_at"
    columns: list[tuple[str, str, pl.DataType]] = [
        ("firm", "f.n - 1", pl.Int32()),
        ("record", "encode(uuid_send(t.record_id) || t.content_hash, 'hex')", pl.Binary()),
        ("participant", "t.participant_id", pl.String()),
        ("revised_at", revised_at, MOMENT),
        ("withdrawn", "CAST(t.withdrawn AS text)", pl.Boolean()),
        ("source_key", "t.source_key", pl.String()),
    ]
    if provenance:
        columns += [
            ("submission", "encode(uuid_send(t.submission_id), 'hex')", pl.Binary()),
            ("row_no", "t.row_no", pl.Int64()),
            ("known_from", "t.known_from", MOMENT),
            ("remarks", "array_to_json(t.remarks)", pl.List(pl.String())),
        ]
    for field in kind.own_fields.items():
        for column in field[1].columns(field[0]):
            columns.append(_own(column))
    return columns


def _own(column: Column[object]) -> tuple[str, str, pl.DataType]:
    name, kind = column.name, column.type
    if isinstance(kind, LargeBinary):
        return (GIVEN + name, f'CAST(t."{name}" IS NOT NULL AS text)', pl.Boolean())
    if isinstance(kind, Boolean):
        return (name, f'CAST(t."{name}" AS text)', pl.Boolean())
    if isinstance(kind, ARRAY):
        return (name, f'array_to_json(t."{name}")', pl.List(pl.String()))
    if isinstance(kind, BigInteger):
        return (name, f't."{name}"', pl.Int64())
    return (name, f't."{name}"', pl.Date() if isinstance(kind, Date) else pl.String())


def _in_time(kind: RecordKind) -> str:
    """Hold a record against the days for which its subject means the firm: an account changes hands.

    A period that two holders share belongs to the later one, who is there at its end.
    """
    first, last = _period(kind)
    return f"""
        (coalesce(l.valid_from <= {last}, true) AND coalesce(l.valid_until >= {first}, true)
         AND NOT EXISTS (
            SELECT FROM subject_firm o
            WHERE o.subject_id = l.subject_id AND {HELD.format(alias="o", closed="known_until")}
              AND o.valid_from > coalesce(l.valid_from, '-infinity') AND o.valid_from <= {last}))
    """


def _period(kind: RecordKind) -> tuple[str, str]:
    """Return SQL for the first and last day of the period that a record speaks of."""
    name = kind.fresh_by
    field = kind.own_fields[name] if name else None
    today = "CAST(%(as_of)s AS date)"
    if isinstance(field, Month):
        return f"t.{name}", f"CAST(t.{name} + interval '1 month - 1 day' AS date)"
    if isinstance(field, Year):
        return (
            f"make_date(CAST(t.{name} AS integer), 1, 1)",
            f"make_date(CAST(t.{name} AS integer), 12, 31)",
        )
    if isinstance(field, Day):
        return f"coalesce(t.{name}, {today})", f"coalesce(t.{name}, {today})"
    return today, today


def _raw(dtype: pl.DataType) -> pl.DataType:
    """Return the type as which CSV is read before `_typed` makes it what it is."""
    return dtype if isinstance(dtype, (pl.Int32, pl.Int64, pl.Boolean, pl.Date)) else pl.String()


def _typed(raw: pl.DataFrame, names: dict[str, pl.DataType]) -> pl.DataFrame:
    changes = []
    for name, dtype in names.items():
        column = pl.col(name)
        if isinstance(dtype, pl.Binary):
            changes.append(column.str.decode("hex"))
        elif isinstance(dtype, pl.Datetime):
            changes.append(column.str.to_datetime(MOMENT_TEXT, time_unit="us").dt.convert_time_zone("UTC"))
        elif isinstance(dtype, pl.List):
            changes.append(column.str.json_decode(dtype))
    return raw.with_columns(changes)
