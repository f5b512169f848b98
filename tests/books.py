"""What must be true of all submissions, records and firms of a platform, whatever happened to it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Engine, text

from creditshare.intake.rows import NOBODY
from creditshare.resources.catalogue import ALL_KINDS

TABLES = tuple(kind.table_name for kind in ALL_KINDS)


def audit(engine: Engine, *, settled: bool = True) -> None:
    """Check the books: every row counted and kept once, one version in force, counts of links true.

    `settled`: nothing is under way any more, so every firm must also have its profile and score.
    """
    with engine.connect() as connection:
        filled = [
            table for table in TABLES if connection.scalar(text(f"SELECT EXISTS (SELECT FROM {table})"))
        ]
        faults = [
            f"{words}: {[tuple(row) for row in rows[:5]]}"
            for words, statement in _questions(filled, settled=settled)
            if (rows := connection.execute(text(statement)).all())
        ]
    assert not faults, "\n".join(faults)


def count(engine: Engine, statement: str, **parameters: Any) -> int:
    """Return the number that a query gives."""
    with engine.connect() as connection:
        return int(connection.execute(text(statement), parameters).scalar_one())


def _questions(filled: Sequence[str], *, settled: bool) -> list[tuple[str, str]]:
    """Return (what is wrong, query for where it is)."""
    questions = [
        (
            "a submission's refusals are not those it counts",
            """SELECT s.id, s.rejected, s.quarantined, count(r.row_no) FROM submissions s
               LEFT JOIN submission_refusals r ON r.submission_id = s.id WHERE s.state <> 'failed'
               GROUP BY s.id HAVING s.rejected + s.quarantined <> count(r.row_no)""",
        ),
        (
            "a submission counts more or fewer rows than it has published",
            "SELECT id, received, rows_done FROM submissions WHERE NOT dry_run AND received <> rows_done",
        ),
        (
            "a link stands twice",
            """SELECT subject_id, firm_id FROM subject_firm WHERE known_until IS NULL
               GROUP BY subject_id, firm_id, valid_from, valid_until HAVING count(*) > 1""",
        ),
        (
            "an alias stands twice",
            """SELECT subject_id, means_id FROM subject_aliases WHERE known_until IS NULL
               GROUP BY subject_id, means_id, valid_from, valid_until HAVING count(*) > 1""",
        ),
        (
            "something was known after the knowledge clock's own time",
            """SELECT subject_id FROM subject_firm, knowledge_clock
               WHERE greatest(known_from, known_until) > at
               UNION ALL SELECT record_id FROM confirmations, knowledge_clock WHERE known_from > at""",
        ),
    ]
    for table in filled:
        questions += _of_records(table)
    return questions + (_when_settled(filled) if settled else [])


def _of_records(table: str) -> list[tuple[str, str]]:
    return [
        (
            f"a record of {table} has no version in force, or two",
            f"""SELECT record_id FROM {table} GROUP BY record_id
                HAVING count(*) FILTER (WHERE superseded_at IS NULL) <> 1""",
        ),
        (
            f"a version of {table} came later than the knowledge clock",
            f"SELECT record_id FROM {table}, knowledge_clock WHERE greatest(known_from, superseded_at) > at",
        ),
        (
            f"a row of {table} stands twice",
            f"""SELECT submission_id, row_no FROM {table} WHERE NOT withdrawn
                GROUP BY submission_id, row_no HAVING count(*) > 1""",
        ),
        (
            f"a row of {table} was also refused",
            f"SELECT submission_id, row_no FROM {table} JOIN submission_refusals USING (submission_id, row_no)",
        ),
        (
            f"rows of {table} are not as many as their submission counts",
            f"""SELECT s.id, s.accepted + s.stale AS counted, count(t.row_no) FROM submissions s
                JOIN {table} t ON t.submission_id = s.id
                GROUP BY s.id HAVING s.accepted + s.stale <> count(DISTINCT t.row_no)""",
        ),
        (
            f"{table}: the rows that wait for their firm are not those counted as unlinked",
            f"""SELECT s.id, coalesce(max(u.rows), 0) AS counted, count(DISTINCT t.row_no) FILTER (WHERE waits)
                FROM submissions s JOIN {table} t ON t.submission_id = s.id
                CROSS JOIN LATERAL (
                    SELECT t.subject_id <> '{NOBODY}' AND NOT EXISTS (
                        SELECT FROM subject_firm l WHERE l.subject_id = t.subject_id AND known_until IS NULL) AS waits
                ) w
                LEFT JOIN (SELECT submission_id, sum(rows) AS rows FROM unlinked_rows GROUP BY 1) u
                    ON u.submission_id = s.id
                GROUP BY s.id
                HAVING coalesce(max(u.rows), 0) <> count(DISTINCT t.row_no) FILTER (WHERE waits)
                   AND bool_and(t.superseded_at IS DISTINCT FROM t.known_from)""",  # else some were never accepted
        ),
    ]


def _when_settled(filled: Sequence[str]) -> list[tuple[str, str]]:
    newest = " UNION ALL ".join(
        f"SELECT subject_id, greatest(known_from, superseded_at) AS known FROM {table}" for table in filled
    )
    return [
        (
            "a submission has not ended",
            "SELECT id, state FROM submissions WHERE state IN ('queued', 'running')",
        ),
        ("a firm waits to be refreshed", "SELECT firm_id, attempts FROM refresh_queue"),
        ("a message was not sent", "SELECT id, topic FROM outbox WHERE sent_at IS NULL"),
        (
            "a firm has no profile or no score",
            """SELECT f.id FROM firms f LEFT JOIN profile_snapshots p ON p.firm_id = f.id
               LEFT JOIN feature_rows r ON r.firm_id = f.id
               LEFT JOIN standing_scores t ON (t.firm_id, t.known_at, t.as_of) = (r.firm_id, r.known_at, r.as_of)
               LEFT JOIN scores c ON c.id = t.score_id
               WHERE f.merged_into IS NULL AND (p.firm_id IS NULL OR c.id IS NULL OR r.known_at <> p.known_at)""",
        ),
        (
            "a firm's profile is older than what is known of it",
            f"""SELECT p.firm_id FROM profile_snapshots p JOIN subject_firm l USING (firm_id)
                LEFT JOIN ({newest}) t ON t.subject_id = l.subject_id AND l.known_until IS NULL
                GROUP BY p.firm_id, p.known_at
                HAVING p.known_at < greatest(max(t.known), max(l.known_from), max(l.known_until))""",
        ),
    ]
