"""Which firm a subject means, worked out in sets from births and aliases.

Everything here runs after the knowledge clock was advanced, so one publisher at a time: a record and its firm find
each other whichever comes first. The outcome depends on what is known, never on the order it came in.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from creditshare.core.encryption import Keyring
from creditshare.firms.holders import Holder
from creditshare.firms.models import How
from creditshare.firms.subjects import SubjectKey

DEEPEST = 4  # account → provider's number → old number → USCC


def note_subjects(session: Session, subjects: Mapping[SubjectKey, UUID]) -> None:
    """Make sure the subjects are there; sorted, so that two publishers never wait for each other in a circle."""
    by_id = sorted(((subject_id, key) for key, subject_id in subjects.items()), key=lambda pair: pair[0])
    session.execute(
        text(
            """
            INSERT INTO subjects (id, form, participant_id, value, scope, born)
            SELECT *, false FROM unnest(CAST(:ids AS uuid[]), CAST(:forms AS text[]), CAST(:owners AS uuid[]),
                                        CAST(:values AS text[]), CAST(:scopes AS text[]))
            ON CONFLICT (id) DO NOTHING
            """
        ),
        {
            "ids": [subject_id for subject_id, _ in by_id],
            "forms": [key.form.value for _, key in by_id],
            "owners": [key.participant_id for _, key in by_id],
            "values": [key.value for _, key in by_id],
            "scopes": [key.scope for _, key in by_id],
        },
    )


def note_births(session: Session, subject_ids: Sequence[UUID], *, at: datetime) -> set[UUID]:
    """Let a firm be born for each of these subjects, unless it was before; returns those born now."""
    session.execute(
        text("UPDATE subjects SET born = true WHERE id = ANY(:ids) AND NOT born"), {"ids": list(subject_ids)}
    )
    born = session.execute(
        text(
            """
            INSERT INTO firms (id, uscc, registration_no, organisation_code, known_from)
            SELECT id, CASE WHEN form = 'uscc' THEN value END, CASE WHEN form = 'registration_no' THEN value END,
                   CASE WHEN form = 'organisation_code' THEN value END, :at
            FROM subjects WHERE id = ANY(:ids)
            ON CONFLICT (id) DO NOTHING RETURNING id
            """
        ),
        {"ids": list(subject_ids), "at": at},
    )
    return {row.id for row in born}


def note_aliases(
    session: Session, aliases: Iterable[tuple[SubjectKey, SubjectKey, How]], *, keyring: Keyring, at: datetime
) -> set[UUID]:
    """Remember aliases that are new; returns the subjects whose meaning they may change."""
    rows = sorted({(weak.id(keyring), strong.id(keyring), how.value) for weak, strong, how in aliases})
    if not rows:
        return set()
    added = session.execute(
        text(
            """
            INSERT INTO subject_aliases (subject_id, means_id, how, known_from)
            SELECT n.subject_id, n.means_id, n.how, :at
            FROM unnest(CAST(:subjects AS uuid[]), CAST(:means AS uuid[]), CAST(:hows AS text[]))
                 AS n(subject_id, means_id, how)
            WHERE NOT EXISTS (SELECT FROM subject_aliases a WHERE a.subject_id = n.subject_id
                              AND a.means_id = n.means_id AND a.known_until IS NULL)
            RETURNING subject_id
            """
        ),
        {
            "subjects": [r[0] for r in rows],
            "means": [r[1] for r in rows],
            "hows": [r[2] for r in rows],
            "at": at,
        },
    )
    return {row.subject_id for row in added}


def replace_holders(
    session: Session, account_ids: Sequence[UUID], holders: Sequence[Holder], *, at: datetime
) -> set[UUID]:
    """Set who holds these accounts to exactly `holders`; returns the accounts for which that changed."""
    changed = session.execute(
        text(
            """
            WITH wanted AS (
                SELECT * FROM unnest(CAST(:accounts AS uuid[]), CAST(:means AS uuid[]), CAST(:froms AS date[]),
                                     CAST(:untils AS date[])) AS w(subject_id, means_id, valid_from, valid_until)
            ), closed AS (
                UPDATE subject_aliases a SET known_until = :at
                WHERE a.subject_id = ANY(:ids) AND a.how = 'account' AND a.known_until IS NULL
                  AND NOT EXISTS (SELECT FROM wanted w WHERE (w.subject_id, w.means_id) = (a.subject_id, a.means_id)
                                  AND w.valid_from IS NOT DISTINCT FROM a.valid_from
                                  AND w.valid_until IS NOT DISTINCT FROM a.valid_until)
                RETURNING a.subject_id
            ), opened AS (
                INSERT INTO subject_aliases (subject_id, means_id, how, valid_from, valid_until, known_from)
                SELECT w.subject_id, w.means_id, 'account', w.valid_from, w.valid_until, :at FROM wanted w
                WHERE NOT EXISTS (SELECT FROM subject_aliases a
                                  WHERE (a.subject_id, a.means_id) = (w.subject_id, w.means_id)
                                  AND a.how = 'account' AND a.known_until IS NULL
                                  AND w.valid_from IS NOT DISTINCT FROM a.valid_from
                                  AND w.valid_until IS NOT DISTINCT FROM a.valid_until)
                RETURNING subject_id
            )
            SELECT subject_id FROM closed UNION SELECT subject_id FROM opened
            """
        ),
        {
            "ids": list(account_ids),
            "accounts": [h.account_id for h in holders],
            "means": [h.means_id for h in holders],
            "froms": [h.valid_from for h in holders],
            "untils": [h.valid_until for h in holders],
            "at": at,
        },
    )
    return {row.subject_id for row in changed}


# Who must be looked at again: the subjects named and all whose chain of aliases leads through them.
AFFECTED = """
    WITH RECURSIVE affected(id) AS (
        SELECT unnest(CAST(:ids AS uuid[]))
        UNION
        SELECT a.subject_id FROM subject_aliases a JOIN affected ON a.means_id = affected.id
        WHERE a.known_until IS NULL
    )
"""

# Each subject's chain of aliases up to the born subjects that nothing stronger stands behind. Where two of them
# claim the same days, none is right: the subject stays unlinked until it is judged.
MEANING = f"""
    WITH RECURSIVE walk(start, here, valid_from, valid_until, how, depth) AS (
        SELECT id, id, CAST(NULL AS date), CAST(NULL AS date), CAST('identifier' AS text), 0 FROM affected
        UNION
        SELECT w.start, a.means_id, greatest(w.valid_from, a.valid_from), least(w.valid_until, a.valid_until),
               CASE WHEN w.how = 'account' THEN w.how ELSE a.how END, w.depth + 1
        FROM walk w JOIN subject_aliases a ON a.subject_id = w.here AND a.known_until IS NULL
        WHERE w.depth < {DEEPEST}
          AND coalesce(greatest(w.valid_from, a.valid_from) <= least(w.valid_until, a.valid_until), true)
    ), reached AS (
        SELECT w.start, w.here, w.valid_from, w.valid_until, min(w.how) AS how
        FROM walk w JOIN subjects s ON s.id = w.here AND s.born
        WHERE NOT EXISTS (SELECT FROM subject_aliases a WHERE a.subject_id = w.here AND a.known_until IS NULL)
        GROUP BY w.start, w.here, w.valid_from, w.valid_until
    )
    SELECT r.start AS subject_id, r.here AS firm_id, r.valid_from, r.valid_until, r.how FROM reached r
    WHERE NOT EXISTS (
        SELECT FROM reached o WHERE o.start = r.start AND o.here <> r.here
        AND daterange(o.valid_from, o.valid_until, '[]') && daterange(r.valid_from, r.valid_until, '[]'))
"""


def relink(session: Session, subject_ids: Iterable[UUID], *, at: datetime) -> set[UUID]:
    """Work out anew what these subjects, and all that depend on them, mean; returns the firms gained or lost."""
    ids = sorted(set(subject_ids))
    if not ids:
        return set()
    session.execute(
        text(f"CREATE TEMP TABLE affected ON COMMIT DROP AS {AFFECTED} SELECT id FROM affected"), {"ids": ids}
    )
    session.execute(text("ANALYZE affected"))  # unasked, the planner takes it for large and reads all aliases
    session.execute(text(f"CREATE TEMP TABLE meaning ON COMMIT DROP AS {MEANING}"))
    session.execute(text("ANALYZE meaning"))
    same = """(m.subject_id, m.firm_id) = (l.subject_id, l.firm_id)
              AND m.valid_from IS NOT DISTINCT FROM l.valid_from AND m.valid_until IS NOT DISTINCT FROM l.valid_until"""
    closed = session.execute(
        text(
            f"""
            UPDATE subject_firm l SET known_until = :at FROM affected
            WHERE l.subject_id = affected.id AND l.known_until IS NULL AND l.judgement_id IS NULL
              AND NOT EXISTS (SELECT FROM meaning m WHERE {same})
            RETURNING l.firm_id
            """
        ),
        {"at": at},
    )
    touched = {row.firm_id for row in closed}
    opened = session.execute(
        text(
            f"""
            INSERT INTO subject_firm (subject_id, firm_id, valid_from, valid_until, how, known_from)
            SELECT m.subject_id, m.firm_id, m.valid_from, m.valid_until, m.how, :at FROM meaning m
            WHERE NOT EXISTS (SELECT FROM subject_firm l WHERE l.known_until IS NULL AND {same})
            RETURNING firm_id
            """
        ),
        {"at": at},
    )
    touched |= {row.firm_id for row in opened}
    session.execute(
        text(
            """
            UPDATE firms f SET merged_into = nullif(m.firm_id, f.id)
            FROM affected a LEFT JOIN meaning m ON m.subject_id = a.id
            WHERE f.id = a.id AND f.merged_into IS DISTINCT FROM nullif(m.firm_id, f.id)
            """
        )
    )
    session.execute(text("DROP TABLE meaning"))
    session.execute(text("DROP TABLE affected"))
    return touched
