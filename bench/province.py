"""Records to measure on: a simulated province loaded through intake, and copies of it up to the size asked for.

Loading tens of millions of rows through intake would take longer than everything that is measured, so a small base is
loaded so, and its firms are copied inside the database: the same rows under new record, subject and firm ids, with a
USCC of the copy's own. Each copy is a firm like any other to every reader.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from uuid import UUID

import psycopg
from sqlalchemy import text

from bench.place import Place, say
from creditshare.core.clock import day_of, utcnow
from creditshare.core.database import copy_rows
from creditshare.firms.models import SubjectForm
from creditshare.firms.subjects import SubjectKey
from creditshare.intake import submissions
from creditshare.intake.loading import Loader, load_submission
from creditshare.intake.models import Submission
from creditshare.intake.submissions import CHUNK_BYTES, Terms
from creditshare.participants.queries import find_participant
from creditshare.participants.roles import Role
from creditshare.participants.services import ClientTerms
from creditshare.resources.catalogue import ALL_KINDS
from creditshare.simulation import Summary, simulate
from creditshare.simulation.codes import uscc

SEED, MONTHS = 2013, 36
BASE_FIRMS = 250
FIRST_COPY = 5_000_000  # numbers of copied firms begin here; simulated ones stay far below
COPIED = "md5({id}::text || '/' || c.copy)::uuid"


@dataclass(slots=True)
class Sample:
    """A part of the province as files."""

    folder: Path
    summary: Summary


class Province:
    """What is held: how many firms, and who they are."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.next_number = 1
        self.copies = 0
        self.base: list[UUID] = []
        self.firms: list[UUID] = []

    def sample(self, firms: int) -> Sample:
        """Simulate firms that nobody has loaded yet."""
        folder = self.place.folder / f"sample-{self.next_number}"
        summary = simulate(
            folder, firms=firms, first=self.next_number, seed=SEED, until=_last_day(), months=MONTHS
        )
        self.next_number += firms
        for file in summary.files:
            self._provider(file.provider)
        return Sample(folder, summary)

    def fill(self, firms: int) -> None:
        """See to it that about this many firms are held, each in full depth: a whole number of copies of the base."""
        if not self.base:
            base = self.sample(min(BASE_FIRMS, firms))
            load(self.place, base)
            with self.place.sessions() as session:
                born = session.execute(text("SELECT id FROM firms WHERE merged_into IS NULL ORDER BY id"))
                self.base = list(born.scalars())
            self.firms = list(self.base)
        wanted = round(firms / len(self.base)) - 1
        if wanted > self.copies:
            self._copy(range(self.copies + 1, wanted + 1))
            self.copies = wanted
        say(f"{len(self.firms)} firms held")

    def _provider(self, code: str) -> None:
        with self.place.sessions() as session:
            there = find_participant(session, code=code) is not None
        if not there:
            kinds = tuple(sorted(kind.name for kind in ALL_KINDS if "provider" in kind.writers))
            self.place.client(ClientTerms(role=Role.PROVIDER, name=code, code=code, kinds=kinds))

    def _copy(self, copies: range) -> None:
        """Copy the base into the database again, once per number."""
        codes = self._codes(copies)
        with self.place.sessions.begin() as session:
            session.execute(text("SET LOCAL synchronous_commit = off"))
            session.execute(text("CREATE TEMP TABLE copies (copy int PRIMARY KEY) ON COMMIT DROP"))
            session.execute(
                text("CREATE TEMP TABLE codes (was uuid, copy int, becomes uuid, uscc text) ON COMMIT DROP")
            )
            copy_rows(session, "copies", ["copy"], [(number,) for number in copies])
            copy_rows(session, "codes", ["was", "copy", "becomes", "uscc"], codes)
            session.execute(text("ANALYZE codes"))
            session.execute(text("CREATE TEMP TABLE held ON COMMIT DROP AS SELECT unnest(CAST(:ids AS uuid[])) AS id"),
                            {"ids": self.base})  # fmt: skip
            for statement in _identity_copies():
                session.execute(text(statement))
            for kind in ALL_KINDS:
                session.execute(text(_record_copies(kind.table_name, [c.name for c in kind.table.columns])))
            copied = session.execute(
                text(
                    f"SELECT coalesce(k.becomes, {COPIED.format(id='h.id')}) FROM held h CROSS JOIN copies c"
                    " LEFT JOIN codes k ON k.was = h.id AND k.copy = c.copy ORDER BY 1"
                )
            )
            self.firms.extend(copied.scalars())
        self._tidy()

    def _codes(self, copies: range) -> list[tuple[UUID, int, UUID, str]]:
        """Give every copied firm that has a USCC one of its own, and the subject id that stands for it."""
        with self.place.sessions() as session:
            named = session.execute(
                text("SELECT id, uscc FROM firms WHERE id = ANY(:ids) AND uscc IS NOT NULL ORDER BY id"),
                {"ids": self.base},
            ).all()
        made = []
        for copy in copies:
            for place, (firm_id, code) in enumerate(named):
                own = uscc(FIRST_COPY + copy * BASE_FIRMS + place, code[:2], code[2:8])
                subject = SubjectKey(SubjectForm.USCC, own).id(self.place.keyring)
                made.append((firm_id, copy, subject, own))
        return made

    def _tidy(self) -> None:
        """Let the planner know what is there, as autovacuum would in time."""
        with psycopg.connect(self.place.settings.database_url, autocommit=True) as connection:
            connection.execute("VACUUM (ANALYZE)")


def load(place: Place, sample: Sample) -> tuple[list[UUID], int]:
    """Load a sample's files through intake, one by one, in this process; returns submissions and rows received."""
    loader = Loader(place.sessions, place.keyring, utcnow)
    ids, rows = [], 0
    for file in sample.summary.files:
        with (sample.folder / file.path).open("rb") as stream, place.sessions.begin() as session:
            participant = find_participant(session, code=file.provider)
            assert participant is not None
            submission = submissions.receive(
                session,
                participant_id=participant.id,
                terms=Terms(kind=file.kind, media_type="text/csv", encoding=file.encoding),
                body=iter(partial(stream.read, CHUNK_BYTES), b""),
                keyring=place.keyring,
                now=utcnow(),
            )
        load_submission(loader, submission.id)
        ids.append(submission.id)
    with place.sessions() as session:
        for submission_id in ids:
            ended = session.get_one(Submission, submission_id)
            if ended.state != "succeeded":
                raise RuntimeError(f"{ended.kind} did not load: {ended.state} {ended.problem}")
            rows += ended.received
    return ids, rows


def _identity_copies() -> list[str]:
    """Return the statements that copy firms, subjects and what they mean."""

    def copied(column: str, alias: str) -> str:
        return f"coalesce({alias}.becomes, {COPIED.format(id=column)})"

    def code(column: str, alias: str) -> str:
        return f"LEFT JOIN codes {alias} ON {alias}.was = {column} AND {alias}.copy = c.copy"

    return [
        f"""
        INSERT INTO firms (id, uscc, registration_no, organisation_code, known_from)
        SELECT {copied("f.id", "k")}, k.uscc, f.registration_no, f.organisation_code, f.known_from
        FROM firms f JOIN held h ON h.id = f.id CROSS JOIN copies c {code("f.id", "k")}
        """,
        f"""
        INSERT INTO subjects (id, form, participant_id, value, scope, born)
        SELECT {copied("s.id", "k")}, s.form, s.participant_id, coalesce(k.uscc, s.value || '/' || c.copy), s.scope,
               s.born
        FROM subjects s JOIN (SELECT DISTINCT subject_id FROM subject_firm l JOIN held h ON h.id = l.firm_id) m
             ON m.subject_id = s.id CROSS JOIN copies c {code("s.id", "k")}
        """,
        f"""
        INSERT INTO subject_aliases (subject_id, means_id, how, valid_from, valid_until, known_from, known_until)
        SELECT {copied("a.subject_id", "k")}, {copied("a.means_id", "m")}, a.how, a.valid_from, a.valid_until,
               a.known_from, a.known_until
        FROM subject_aliases a JOIN held h ON h.id = a.means_id
        CROSS JOIN copies c {code("a.subject_id", "k")} {code("a.means_id", "m")}
        """,
        f"""
        INSERT INTO subject_firm (subject_id, firm_id, valid_from, valid_until, how, known_from, known_until)
        SELECT {copied("l.subject_id", "k")}, {copied("l.firm_id", "m")}, l.valid_from, l.valid_until, l.how,
               l.known_from, l.known_until
        FROM subject_firm l JOIN held h ON h.id = l.firm_id
        CROSS JOIN copies c {code("l.subject_id", "k")} {code("l.firm_id", "m")}
        """,
    ]


def _record_copies(table: str, columns: list[str]) -> str:
    """Return the statement that copies a kind's versions that speak of the base."""
    made = {
        "record_id": COPIED.format(id="t.record_id"),
        "subject_id": f"coalesce(k.becomes, {COPIED.format(id='t.subject_id')})",
    }
    selected = ", ".join(made.get(name, f't."{name}"') for name in columns)
    names = ", ".join(f'"{name}"' for name in columns)
    return f"""
        INSERT INTO {table} ({names}) SELECT {selected}
        FROM {table} t JOIN (SELECT DISTINCT subject_id FROM subject_firm l JOIN held h ON h.id = l.firm_id) m
             ON m.subject_id = t.subject_id
        CROSS JOIN copies c LEFT JOIN codes k ON k.was = t.subject_id AND k.copy = c.copy
    """


def _last_day() -> date:
    """Return the last day of the month before this one."""
    return date.fromordinal(day_of(utcnow()).replace(day=1).toordinal() - 1)
