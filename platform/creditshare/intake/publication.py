"""Publishing one batch of rows: versions, confirmations, subjects, births, links and counts in one transaction.

The slow part comes before the knowledge clock is advanced, the writes after it (ADR 0004).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from creditshare.core.database import advance_knowledge_clock, copy_rows
from creditshare.core.encryption import Keyring
from creditshare.firms import linking, refresh_queue
from creditshare.firms.holders import AccountRecord, holders
from creditshare.firms.models import How, SubjectForm
from creditshare.firms.subjects import SubjectKey
from creditshare.intake.rows import ReadyRow
from creditshare.intake.versioning import Observation, Outcome, Timeline
from creditshare.resources.base import RecordKind
from creditshare.resources.catalogue import ALL_KINDS

Alias: TypeAlias = tuple[SubjectKey, SubjectKey, How]  # the weaker, the stronger, why
POSTGRESQL = postgresql.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy has no types here
STRONG = frozenset({SubjectForm.USCC, SubjectForm.REGISTRATION_NO, SubjectForm.ORGANISATION_CODE})
VERSION_COLUMNS = (
    "record_id", "revised_at", "content_hash", "subject_id", "participant_id", "submission_id", "row_no",
    "source_key", "withdrawn", "remarks", "known_from", "superseded_at",
)  # fmt: skip


@dataclass(slots=True)
class Published:
    """What became of a batch: the outcome per row number, and the firms that must be refreshed."""

    outcomes: dict[int, Outcome] = field(default_factory=dict)
    firms: set[UUID] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows of one submission to be published together."""

    kind: RecordKind
    participant_id: UUID
    submission_id: UUID
    rows: Sequence[ReadyRow]


def publish(session: Session, batch: Batch, *, keyring: Keyring, now: datetime) -> Published:
    """Publish a batch; the caller commits. Takes turns with other batches of the same participant and kind."""
    lock = f"publish/{batch.participant_id}/{batch.kind.name}"
    session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": lock})
    rows = _with_line_withdrawals(session, batch)
    ids = {row.record_id for row in rows} | {row.lines_id for row in rows if row.lines_id is not None}
    timelines = _timelines(session, batch.kind, ids)
    before = {record_id: timeline.current for record_id, timeline in timelines.items()}
    published, versions, confirmations = Published(), [], []
    for row in rows:
        for told in (_withdrawn_with_its_lines(row, batch.kind, timelines), row):
            if told is None:
                continue
            observation = Observation(told.revised_at, told.content_hash)
            outcome, confirmed = timelines[told.record_id].place(observation)
            if told is row:
                _count(published.outcomes, row.number, outcome)
            if outcome is not Outcome.DUPLICATE:
                versions.append(told)
            elif confirmed is not None:
                confirmations.append((told, confirmed))
    subjects = {row.subject: row.subject_id for row in versions if row.subject is not None}
    linking.note_subjects(session, subjects)
    at = advance_knowledge_clock(session)
    left, moved = _write(session, batch, versions, confirmations, timelines, before, at=at)
    # A row that repeats what is held may still name a further number: identifiers are no part of the content.
    learned = {alias for row in rows for alias in row.aliases}
    relinked = _link(session, batch, versions, learned, moved, keyring=keyring, at=at)
    firm_of = _firms_of(session, left | {row.subject_id for row in rows if row.subject is not None})
    _settle_earlier(session, relinked)
    published.firms = relinked | {firm for firms in firm_of.values() for firm in firms}
    refresh_queue.enqueue(session, sorted(published.firms), now=now)
    accepted = [row for row in versions if published.outcomes[row.number] is Outcome.ACCEPTED]
    _note_waiting(session, batch, accepted, set(firm_of))
    _note_lost(session, relinked, at=at)
    return published


def _count(outcomes: dict[int, Outcome], number: int, outcome: Outcome) -> None:
    """Note a row's outcome; a withdrawal of several lines is accepted if one of them is."""
    if outcomes.get(number) is not Outcome.ACCEPTED:
        outcomes[number] = outcome


def _with_line_withdrawals(session: Session, batch: Batch) -> list[ReadyRow]:
    """Let a withdrawal by subject and natural key, in a lines kind, stand for each line that is there as well.

    It comes first: a line of the same batch finds it (`_withdrawn_with_its_lines`), as one that comes later does.
    """
    kind = batch.kind
    if not kind.lines:
        return list(batch.rows)
    columns = [column.name for name, f in kind.own_fields.items() for column in f.columns(name)]
    key_columns = [
        c.name for n in kind.key_fields if n != kind.line_field for c in kind.own_fields[n].columns(n)
    ]
    takers = [row for row in batch.rows if row.takes_lines]
    if not takers:
        return list(batch.rows)
    names = ["subject_id", *key_columns]
    values = [(row.subject_id, *(row.own[columns.index(name)] for name in key_columns)) for row in takers]
    arrays = ", ".join(f"CAST(:{name} AS {_type_of(kind, name)}[])" for name in names)
    same = " AND ".join(f"t.{name} IS NOT DISTINCT FROM n.{name}" for name in key_columns)
    found = session.execute(
        text(
            f"""
            SELECT n.place, t.record_id FROM unnest({arrays}) WITH ORDINALITY AS n({", ".join(names)}, place)
            JOIN {kind.table_name} t ON t.subject_id = n.subject_id AND {same}
            WHERE t.participant_id = :owner AND t.superseded_at IS NULL AND NOT t.withdrawn
            ORDER BY n.place, t.record_id
            """
        ),
        {"owner": batch.participant_id} | dict(zip(names, map(list, zip(*values, strict=True)), strict=True)),
    )
    lines = [replace(takers[place - 1], record_id=record_id) for place, record_id in found]
    return [*takers, *lines, *(row for row in batch.rows if not row.takes_lines)]


def _type_of(kind: RecordKind, column: str) -> str:
    return str(kind.table.c[column].type.compile(dialect=POSTGRESQL))


def _withdrawn_with_its_lines(
    row: ReadyRow, kind: RecordKind, timelines: Mapping[UUID, Timeline]
) -> ReadyRow | None:
    """Return the withdrawal that a line falls under although it comes after it, as if it had been there in time."""
    lines = None if row.withdrawn or row.lines_id is None else timelines.get(row.lines_id)
    if lines is None or not lines.observed or lines.observed[-1].revised_at < row.revised_at:
        return None
    names = [name for name, f in kind.own_fields.items() for _ in f.columns(name)]
    return replace(
        row,
        revised_at=lines.observed[-1].revised_at,
        content_hash=lines.observed[-1].content_hash,
        withdrawn=True,
        remarks=None,
        own=tuple(
            value if name in kind.key_fields else None for name, value in zip(names, row.own, strict=True)
        ),
    )


def _timelines(session: Session, kind: RecordKind, record_ids: set[UUID]) -> defaultdict[UUID, Timeline]:
    """Read all that is held of these records."""
    held = session.execute(
        text(
            f"""
            SELECT record_id, revised_at, content_hash, revised_at AS version FROM {kind.table_name}
            WHERE record_id = ANY(:ids)
            UNION ALL
            SELECT record_id, confirmed_at, content_hash, revised_at FROM confirmations WHERE record_id = ANY(:ids)
            """
        ),
        {"ids": list(record_ids)},
    )
    timelines: defaultdict[UUID, Timeline] = defaultdict(Timeline)
    for record_id, revised_at, content_hash, version in held:
        timelines[record_id].hold(Observation(revised_at, bytes(content_hash)), version)
    return timelines


def _write(
    session: Session,
    batch: Batch,
    versions: list[ReadyRow],
    confirmations: list[tuple[ReadyRow, Observation]],
    timelines: defaultdict[UUID, Timeline],
    before: dict[UUID, Observation | None],
    *,
    at: datetime,
) -> tuple[set[UUID], set[tuple[str, str]]]:
    """Close what is superseded, COPY the new versions in.

    Returns the subjects and the accounts that closed versions spoke of: later ones may speak of others, or of none.
    """
    kind = batch.kind
    overtaken = [r for r, was in before.items() if was is not None and timelines[r].current != was]
    returning = "service, account_no" if kind.names_account else "NULL, NULL"
    closed = session.execute(
        text(
            f"UPDATE {kind.table_name} SET superseded_at = :at WHERE record_id = ANY(:ids) AND superseded_at IS NULL"
            f" RETURNING subject_id, {returning}"
        ),
        {"ids": overtaken, "at": at},
    ).all()
    columns = [column.name for name, f in kind.own_fields.items() for column in f.columns(name)]
    copy_rows(
        session,
        kind.table_name,
        [*VERSION_COLUMNS, *columns],
        [
            (
                row.record_id, row.revised_at, row.content_hash,
                row.subject_id,
                batch.participant_id, batch.submission_id, row.number, row.source_key, row.withdrawn, row.remarks, at,
                None if timelines[row.record_id].current == Observation(row.revised_at, row.content_hash) else at,
                *row.own,
            )
            for row in versions
        ],
    )  # fmt: skip
    if confirmations:
        copy_rows(
            session,
            "confirmations",
            ["record_id", "confirmed_at", "content_hash", "revised_at", "submission_id", "known_from"],
            [
                (row.record_id, row.revised_at, row.content_hash, version.revised_at, batch.submission_id, at)
                for row, version in confirmations
            ],
        )
    accounts = {(service, number) for _, service, number in closed if number is not None}
    return {subject_id for subject_id, _, _ in closed}, accounts


def _link(
    session: Session,
    batch: Batch,
    versions: list[ReadyRow],
    learned: set[Alias],
    moved: set[tuple[str, str]],
    *,
    keyring: Keyring,
    at: datetime,
) -> set[UUID]:
    """Let firms be born, remember aliases and holders, and work out the links that may have changed."""
    affected: set[UUID] = set()
    if batch.kind.births_firm:
        registered = (row for row in versions if row.subject and not row.withdrawn)
        born = {row.subject_id for row in registered if row.subject and row.subject.form in STRONG}
        affected |= linking.note_births(session, sorted(born), at=at)
    affected |= linking.note_aliases(session, learned, keyring=keyring, at=at)
    if batch.kind.names_account:
        affected |= _note_holders(session, batch, versions, moved, keyring=keyring, at=at)
    affected |= _never_linked(session, {row.subject_id for row in versions if row.subject is not None})
    return linking.relink(session, affected, at=at)


def _never_linked(session: Session, ids: set[UUID]) -> set[UUID]:
    found = session.execute(
        text(
            """
            SELECT n.id FROM unnest(CAST(:ids AS uuid[])) AS n(id)
            WHERE NOT EXISTS (SELECT FROM subject_firm l WHERE l.subject_id = n.id AND l.known_until IS NULL)
            """
        ),
        {"ids": list(ids)},
    )
    return {row.id for row in found}


def _note_holders(
    session: Session,
    batch: Batch,
    versions: list[ReadyRow],
    moved: set[tuple[str, str]],
    *,
    keyring: Keyring,
    at: datetime,
) -> set[UUID]:
    """Lay out anew who holds the accounts that this batch speaks of."""
    columns = [column.name for name, f in batch.kind.own_fields.items() for column in f.columns(name)]
    service, number = columns.index("service"), columns.index("account_no")
    accounts = moved | {(r.own[service], r.own[number]) for r in versions if r.own[number] is not None}
    if not accounts:
        return set()
    standing = session.execute(
        text(
            f"""
            SELECT t.service, t.account_no, t.subject_id, t.opened_on, t.closed_on FROM {batch.kind.table_name} t
            JOIN unnest(CAST(:services AS text[]), CAST(:numbers AS text[])) AS n(service, account_no)
              USING (service, account_no)
            WHERE t.participant_id = :owner AND t.superseded_at IS NULL AND NOT t.withdrawn
            """
        ),
        {
            "services": [a[0] for a in sorted(accounts)],
            "numbers": [a[1] for a in sorted(accounts)],
            "owner": batch.participant_id,
        },
    )

    def account_id(account_service: str, account_no: str) -> UUID:
        return SubjectKey(SubjectForm.ACCOUNT, account_no, batch.participant_id, account_service).id(keyring)

    records = [
        AccountRecord(account_id(s, n), subject, opened, closed) for s, n, subject, opened, closed in standing
    ]
    ids = sorted({account_id(s, n) for s, n in accounts})
    return linking.replace_holders(session, ids, holders(records), at=at)


def _firms_of(session: Session, subject_ids: Iterable[UUID]) -> dict[UUID, set[UUID]]:
    found: defaultdict[UUID, set[UUID]] = defaultdict(set)
    rows = session.execute(
        text(
            "SELECT subject_id, firm_id FROM subject_firm WHERE subject_id = ANY(:ids) AND known_until IS NULL"
        ),
        {"ids": list(subject_ids)},
    )
    for subject_id, firm_id in rows:
        found[subject_id].add(firm_id)
    return dict(found)


def _settle_earlier(session: Session, relinked: set[UUID]) -> None:
    """Strike off the rows that had waited for these firms."""
    session.execute(
        text(
            """
            DELETE FROM unlinked_rows u USING subject_firm l
            WHERE l.firm_id = ANY(:firms) AND l.known_until IS NULL AND u.subject_id = l.subject_id
            """
        ),
        {"firms": list(relinked)},
    )


def _note_waiting(session: Session, batch: Batch, accepted: list[ReadyRow], linked: set[UUID]) -> None:
    """Remember, by subject, how many accepted rows wait for their firm; a withdrawal by source key waits for none."""
    subject_of = {row.number: row.subject_id for row in accepted if row.subject is not None}
    waiting = Counter(subject_id for subject_id in subject_of.values() if subject_id not in linked)
    session.execute(
        text(
            """
            INSERT INTO unlinked_rows AS u (subject_id, submission_id, rows)
            SELECT subject_id, :submission, rows
            FROM unnest(CAST(:subjects AS uuid[]), CAST(:rows AS int[])) AS w(subject_id, rows)
            ON CONFLICT (subject_id, submission_id) DO UPDATE SET rows = u.rows + excluded.rows
            """
        ),
        {"subjects": list(waiting), "rows": list(waiting.values()), "submission": batch.submission_id},
    )


def _note_lost(session: Session, relinked: set[UUID], *, at: datetime) -> None:
    """Let rows wait again whose subject has just lost its firm: another claims the same number, or an account moved.

    A version that was stale from the start is not counted: it was never accepted.
    """
    lost = session.execute(
        text(
            """
            SELECT DISTINCT subject_id FROM subject_firm l WHERE firm_id = ANY(:firms) AND known_until = :at
            AND NOT EXISTS (SELECT FROM subject_firm o WHERE o.subject_id = l.subject_id AND o.known_until IS NULL)
            """
        ),
        {"firms": list(relinked), "at": at},
    ).scalars()
    parameters = {"subjects": list(lost)}
    for kind in ALL_KINDS if parameters["subjects"] else ():
        session.execute(
            text(
                f"""
                INSERT INTO unlinked_rows (subject_id, submission_id, rows)
                SELECT subject_id, submission_id, count(DISTINCT row_no) FROM {kind.table_name}
                WHERE subject_id = ANY(:subjects) AND (superseded_at IS NULL OR superseded_at > known_from)
                GROUP BY subject_id, submission_id
                ON CONFLICT (subject_id, submission_id) DO UPDATE SET rows = excluded.rows
                """
            ),
            parameters,
        )
