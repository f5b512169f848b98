"""Reads the versions of records that speak of a set of firms, as known at a moment, into a frame per kind.

One COPY per kind. The subjects of the firms are found at the same moment of knowledge, so that a later link, merge or
correction changes nothing in what is read for an earlier moment.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from io import BytesIO
from typing import Any
from uuid import UUID

import polars as pl
from sqlalchemy import ARRAY, BigInteger, Boolean, Column, Date, LargeBinary, text
from sqlalchemy.orm import Session

from creditshare.core.database import copy_out
from creditshare.resources.base import RecordKind
from creditshare.resources.fields import Day, Month, Year
from creditshare.resources.frames import GIVEN

MOMENT = pl.Datetime("us", "UTC")
MOMENT_TEXT = "%Y-%m-%d %H:%M:%S%.f%#z"
AS_CSV = (pl.Int32, pl.Int64, pl.Boolean, pl.Date)  # what Polars reads from PostgreSQL's CSV as it is
PLANNER = {"jit": "off", "random_page_cost": "1.1", "enable_hashjoin": "off", "enable_mergejoin": "off"}
HELD = "{alias}.known_from <= %(known_at)s AND ({alias}.{closed} IS NULL OR {alias}.{closed} > %(known_at)s)"
CONFIRMED = """
    LEFT JOIN confirmations c ON c.record_id = t.record_id AND c.revised_at = t.revised_at
        AND c.content_hash = t.content_hash AND c.known_from <= %(known_at)s
"""


@dataclass(frozen=True, slots=True)
class Reading:
    """Which firms are read, for which day, as known when, and whether with where each row came from."""

    firm_ids: Sequence[UUID]
    as_of: date
    known_at: datetime
    provenance: bool = False


def prepare(session: Session, kinds: Sequence[RecordKind]) -> tuple[frozenset[str], bool]:
    """Say in one round trip which kinds have any row, and whether anything was ever confirmed.

    Tells the planner that what is read here is a few rows found by index. It takes every subject for one with records
    of every kind and would rather join whole tables, which costs more the more firms there are.
    """
    tables = [kind.table_name for kind in kinds] + ["confirmations"]
    there = ", ".join(f"EXISTS (SELECT FROM {table})" for table in tables)
    planner = ", ".join(f"set_config('{name}', '{value}', true)" for name, value in PLANNER.items())
    found = session.execute(text(f"SELECT {planner}, {there}")).one()[len(PLANNER) :]
    return frozenset(kind.name for kind, rows in zip(kinds, found, strict=False) if rows), bool(found[-1])


class VersionReader:
    """Reads the versions in force of one kind.

    Columns: `firm` (place in `firm_ids`), `record`, `participant` (id), `revised_at` (confirmations counted),
    `withdrawn`, `source_key`, then own columns; days keep their precision, personal fields only whether given. Asked
    for provenance, also `submission`, `row_no`, `known_from`, `remarks`.
    """

    def __init__(self, kind: RecordKind) -> None:
        self.kind = kind

    def read(self, session: Session, reading: Reading, *, confirmed: bool) -> pl.DataFrame:
        """Read what is in force for the firms, withdrawals included."""
        columns = self.columns if reading.provenance else self.plain_columns
        selected = ", ".join(f'{expression} AS "{name}"' for name, expression, _ in columns)
        revised_at = "greatest(t.revised_at, c.confirmed_at)" if confirmed else "t.revised_at"
        statement = f"""
            COPY (
                SELECT {revised_at} AS revised_at, {selected}
                FROM unnest(CAST(%(firms)s AS uuid[])) WITH ORDINALITY AS f(firm_id, n)
                {self.joined}
                {CONFIRMED if confirmed else ""}
            ) TO STDOUT (FORMAT csv)
        """
        parameters = {
            "firms": list(reading.firm_ids),
            "known_at": reading.known_at,
            "as_of": reading.as_of,
        }
        body = copy_out(session, statement, parameters)
        if not body:
            return self.nothing(provenance=reading.provenance)
        types = self._types(provenance=reading.provenance)
        raw = pl.read_csv(
            BytesIO(body),
            has_header=False,
            schema={n: d if isinstance(d, AS_CSV) else pl.String() for n, d in types.items()},
        )
        return raw.with_columns(_typed(name, dtype) for name, dtype in types.items())

    def nothing(self, *, provenance: bool) -> pl.DataFrame:
        """Return the frame for firms of which the kind has no row."""
        return self._nothing[provenance]

    @cached_property
    def _nothing(self) -> dict[bool, pl.DataFrame]:
        """Return it without and with where rows come from; made once, since most firms lack most kinds."""
        return {
            provenance: pl.DataFrame(schema=self._types(provenance=provenance))
            for provenance in (False, True)
        }

    @cached_property
    def plain_columns(self) -> list[tuple[str, str, pl.DataType]]:
        """Return (name, SQL, type) of the columns that features and sections need, besides `revised_at`."""
        return [
            ("firm", "f.n - 1", pl.Int32()),
            ("record", "encode(uuid_send(t.record_id) || t.content_hash, 'hex')", pl.Binary()),
            ("participant", "t.participant_id", pl.String()),
            ("withdrawn", "CAST(t.withdrawn AS text)", pl.Boolean()),
            ("source_key", "t.source_key", pl.String()),
            *(_own(column) for name, field in self.kind.own_fields.items() for column in field.columns(name)),
        ]

    @cached_property
    def columns(self) -> list[tuple[str, str, pl.DataType]]:
        """Return the columns with those that say where a row came from."""
        return [
            *self.plain_columns,
            ("submission", "encode(uuid_send(t.submission_id), 'hex')", pl.Binary()),
            ("row_no", "t.row_no", pl.Int64()),
            ("known_from", "t.known_from", MOMENT),
            ("remarks", "array_to_json(t.remarks)", pl.List(pl.String())),
        ]

    @cached_property
    def joined(self) -> str:
        """Return SQL that joins versions to firms through the subjects that meant them.

        Where a subject means a firm for some days only (an account changes hands), the record's own period decides;
        a period that two holders share belongs to the later one, who is there at its end.
        """
        first, last = self._period
        return f"""
            JOIN subject_firm l ON l.firm_id = f.firm_id AND {HELD.format(alias="l", closed="known_until")}
            CROSS JOIN LATERAL (
                SELECT min(o.valid_from) AS valid_from FROM subject_firm o
                WHERE (l.valid_from IS NOT NULL OR l.valid_until IS NOT NULL) AND o.subject_id = l.subject_id
                    AND {HELD.format(alias="o", closed="known_until")}
                    AND o.valid_from > coalesce(l.valid_from, '-infinity')) next
            JOIN {self.kind.table_name} t ON t.subject_id = l.subject_id
                AND {HELD.format(alias="t", closed="superseded_at")}
                AND coalesce(l.valid_from <= {last}, true) AND coalesce(l.valid_until >= {first}, true)
                AND coalesce(next.valid_from > {last}, true)
        """

    @property
    def _period(self) -> tuple[str, str]:
        """Return SQL for the first and last day of the period that a record speaks of."""
        name = self.kind.fresh_by
        field = self.kind.own_fields[name] if name else None
        today = "CAST(%(as_of)s AS date)"
        if isinstance(field, Month):
            return f"t.{name}", f"CAST(t.{name} + interval '1 month - 1 day' AS date)"
        if isinstance(field, Year):
            year = f"CAST(t.{name} AS integer)"
            return f"make_date({year}, 1, 1)", f"make_date({year}, 12, 31)"
        day = f"coalesce(t.{name}, {today})" if isinstance(field, Day) else today
        return day, day

    def _types(self, *, provenance: bool) -> dict[str, pl.DataType]:
        columns = self.columns if provenance else self.plain_columns
        return {"revised_at": MOMENT, **{name: dtype for name, _, dtype in columns}}


def _own(column: Column[Any]) -> tuple[str, str, pl.DataType]:
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


def _typed(name: str, dtype: pl.DataType) -> pl.Expr:
    """Return a column as what it is, from what CSV held."""
    column = pl.col(name)
    if isinstance(dtype, pl.Binary):
        return column.str.decode("hex")
    if isinstance(dtype, pl.Datetime):
        return column.str.to_datetime(MOMENT_TEXT, time_unit="us").dt.convert_time_zone("UTC")
    if isinstance(dtype, pl.List):
        return column.str.json_decode(dtype)
    return column
