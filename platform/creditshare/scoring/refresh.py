"""Makes profiles and scores anew for sets of firms whose records, links or days have changed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

import psycopg
import structlog
from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, sessionmaker

from creditshare.core.clock import day_of
from creditshare.core.database import read_knowledge_clock
from creditshare.core.encryption import Keyring
from creditshare.firms import refresh_queue
from creditshare.firms.refresh_queue import Claim
from creditshare.profiles.services import drop_snapshots, due_firms, store_snapshots
from creditshare.profiles.versions import Reading
from creditshare.resources.groups import SEVEN_GROUPS, ResourceGroup
from creditshare.scoring.feature_row import write_row
from creditshare.scoring.models import FEATURE_ROWS
from creditshare.scoring.rulebook import Rulebook
from creditshare.scoring.services import Scored, make_score, measure_firms, stand_scores, store_scores

SET_SIZE = 500
DUE_AT_ONCE = 10_000
TROUBLE = frozenset({"08", "25", "40", "53", "55", "57", "58"})  # classes of SQLSTATE
STATEMENT_TOO_LONG = "57014"
log = structlog.get_logger()


def refresh_firms(
    session: Session, firm_ids: Sequence[UUID], *, rulebook: Rulebook, keyring: Keyring, now: datetime
) -> None:
    """Make snapshot, feature row and score for the seven groups anew, reading the records once for all firms."""
    usccs = _living(session, firm_ids)
    _forget(session, [firm_id for firm_id in firm_ids if firm_id not in usccs])
    if not usccs:
        return
    reading = Reading(sorted(usccs), day_of(now), read_knowledge_clock(session))
    profiles, scored = measure_firms(session, reading, usccs=usccs, rulebook=rulebook)
    store_snapshots(session, profiles)
    _store_rows(session, scored)
    seven = frozenset(SEVEN_GROUPS)
    scores = [make_score(each, seven, rulebook=rulebook, keyring=keyring, now=now) for each in scored]
    store_scores(session, scores)
    stand_scores(session, scored, {score.firm_id: score.id for score in scores}, seven)


def refresh_batch(
    sessions: sessionmaker[Session],
    *,
    rulebook: Rulebook,
    keyring: Keyring,
    now: datetime,
    limit: int = SET_SIZE,
    lease: timedelta = refresh_queue.LEASE,
) -> int:
    """Claim due firms, refresh them, strike them off; returns how many were claimed.

    A firm that cannot be refreshed is put off, its attempts counted, and holds up no other of its set.
    """
    with sessions.begin() as session:
        claims = refresh_queue.claim(session, now=now, limit=limit, lease=lease)
    _refresh_claimed(sessions, claims, rulebook=rulebook, keyring=keyring, now=now)
    return len(claims)


def refresh_due(session: Session, *, today: date, now: datetime, limit: int = DUE_AT_ONCE) -> int:
    """Ask for a refresh of firms whose answers change by themselves today; returns how many."""
    firms = due_firms(session, today=today, limit=limit)
    if firms:
        refresh_queue.enqueue(session, firms, now=now)
    return len(firms)


def _refresh_claimed(
    sessions: sessionmaker[Session],
    claims: Sequence[Claim],
    *,
    rulebook: Rulebook,
    keyring: Keyring,
    now: datetime,
) -> None:
    """Refresh a claimed set; where it fails, halve it until the firm at fault is alone."""
    if not claims:
        return
    try:
        with sessions.begin() as session:
            firm_ids = [claim.firm_id for claim in claims]
            refresh_firms(session, firm_ids, rulebook=rulebook, keyring=keyring, now=now)
            refresh_queue.finish(session, claims, now=now)
    except psycopg.OperationalError:
        raise  # as below: a broken COPY reports the driver's own error
    except DBAPIError as error:
        if database_at_fault(error):
            raise  # no firm is to blame: the lease runs out and the set is claimed again
        _halve(sessions, claims, error, rulebook=rulebook, keyring=keyring, now=now)
    except Exception as error:
        _halve(sessions, claims, error, rulebook=rulebook, keyring=keyring, now=now)


def _halve(
    sessions: sessionmaker[Session],
    claims: Sequence[Claim],
    error: Exception,
    *,
    rulebook: Rulebook,
    keyring: Keyring,
    now: datetime,
) -> None:
    """Put off a firm that cannot be refreshed alone; where there are more, look for it in either half."""
    if len(claims) == 1:
        # what the error says may quote a record: only its name is logged
        log.error("refresh.failed", firm_id=str(claims[0].firm_id), error=type(error).__qualname__)
        with sessions.begin() as session:
            refresh_queue.postpone(session, claims, now=now)
        return
    half = len(claims) // 2
    for part in (claims[:half], claims[half:]):
        _refresh_claimed(sessions, part, rulebook=rulebook, keyring=keyring, now=now)


def database_at_fault(error: DBAPIError) -> bool:
    """Say whether the database is away, overloaded or undid the transaction, rather than refusing a value."""
    state = getattr(error.orig, "sqlstate", None)
    return state is None or (state[:2] in TROUBLE and state != STATEMENT_TOO_LONG)


def _living(session: Session, firm_ids: Sequence[UUID]) -> dict[UUID, str | None]:
    """Return the USCC of each firm that exists and was not merged into another."""
    rows = session.execute(
        text("SELECT id, uscc FROM firms WHERE id = ANY(:ids) AND merged_into IS NULL"),
        {"ids": list(firm_ids)},
    )
    return {row.id: row.uscc for row in rows}


def _forget(session: Session, firm_ids: Sequence[UUID]) -> None:
    """Drop what was made of firms that live on in others; scores once told stay."""
    if firm_ids:
        drop_snapshots(session, firm_ids=firm_ids)
        for table in ("feature_rows", "standing_scores"):
            session.execute(text(f"DELETE FROM {table} WHERE firm_id = ANY(:ids)"), {"ids": list(firm_ids)})


def _store_rows(session: Session, scored: Sequence[Scored]) -> None:
    statement = insert(FEATURE_ROWS)
    columns = ("content", "coverage", "conflict", "as_of", "data_as_of", "known_at")
    made_before = (FEATURE_ROWS.c.known_at < statement.excluded.known_at) | (
        (FEATURE_ROWS.c.known_at == statement.excluded.known_at)
        & (FEATURE_ROWS.c.as_of <= statement.excluded.as_of)
    )
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["firm_id"],
            set_={name: statement.excluded[name] for name in columns},
            where=made_before,
        ),
        [
            {
                "firm_id": each.firm_id,
                "content": write_row(each.row),
                "coverage": [each.coverage[group] for group in ResourceGroup],
                "conflict": each.conflict,
                "as_of": each.as_of,
                "data_as_of": each.data_as_of,
                "known_at": each.known_at,
            }
            for each in sorted(scored, key=lambda each: each.firm_id)
        ],
    )
