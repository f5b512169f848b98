"""Everything a read of a firm usually needs, in one round trip."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, TextClause, text
from sqlalchemy.orm import Session

from creditshare.consents.purposes import Purpose
from creditshare.consents.standing import Held
from creditshare.core.encryption import Keyring
from creditshare.core.ids import parse
from creditshare.firms.queries import FoundFirm, subject_named
from creditshare.inquiries.ask import Ask
from creditshare.profiles.services import Profile, profile_from
from creditshare.resources.groups import ResourceGroup
from creditshare.scoring.services import ScoreBytes


@dataclass(frozen=True, slots=True)
class FirmFile:
    """A firm as a read finds it: what it allowed the reader, its snapshot, and the score that may answer.

    `score` is one for the groups in `score_groups`, worked out beside: whether these are the groups that the reader
    may use is decided from `held`, not here.
    """

    firm: FoundFirm
    held: tuple[Held, ...]
    snapshot: Profile | None
    score: ScoreBytes | None
    score_groups: frozenset[ResourceGroup]


FIRM_FILE = """
    WITH firm AS (
        SELECT f.id, f.uscc, f.merged_into FROM firms f WHERE {condition}
    ), held AS (
        SELECT c.id, c.purposes, c.groups, c.valid_from, c.valid_until, e.revoked,
               coalesce(e.last = 'pause', false) AS paused
        FROM firm JOIN subject_firm l ON l.firm_id = firm.id AND l.known_until IS NULL
        JOIN consents c ON c.subject_id = l.subject_id AND c.grantee_id = :grantee,
        LATERAL (
            SELECT count(*) FILTER (WHERE action = 'revoke') > 0 AS revoked,
                   (array_agg(action ORDER BY at DESC, id DESC) FILTER (WHERE action <> 'revoke'))[1] AS last
            FROM consent_events WHERE consent_id = c.id
        ) e
    ), live AS (
        SELECT array_agg(name ORDER BY array_position(CAST(:order AS text[]), name)) AS groups
        FROM (SELECT DISTINCT unnest(groups) AS name FROM held
              WHERE NOT revoked AND NOT paused AND :purpose = ANY(purposes)
                AND valid_from <= :now AND valid_until > :now) covered
    )
    SELECT firm.id, firm.uscc, firm.merged_into, live.groups AS score_groups,
           (SELECT jsonb_agg(to_jsonb(held)) FROM held) AS held,
           s.sections, s.ends, s.public_sections, s.public_ends, s.coverage, s.as_of, s.data_as_of, s.changes_on,
           s.known_at, score.id AS score_id, score.body
    FROM firm CROSS JOIN live
    LEFT JOIN profile_snapshots s ON s.firm_id = firm.id
    LEFT JOIN feature_rows r ON r.firm_id = firm.id AND :with_score
    LEFT JOIN standing_scores t ON t.firm_id = firm.id AND t.groups_used = live.groups
        AND (t.as_of, t.known_at) = (r.as_of, r.known_at)
    LEFT JOIN scores score ON score.id = t.score_id AND score.model_sha256 = :model
"""
BY_ID = text(FIRM_FILE.format(condition="f.id = :named"))
BY_SUBJECT = text(
    FIRM_FILE.format(
        condition="f.id = (SELECT firm_id FROM subject_firm WHERE subject_id = :named AND known_until IS NULL)"
    )
)


def open_file(
    session: Session, named: str, *, ask: Ask, model_sha256: str, keyring: Keyring
) -> FirmFile | None:
    """Find the firm by its id (`f_…`) or any identifier that means it today; None when there is none."""
    firm_id = parse("f", named)
    if firm_id is not None:
        return file_of(session, firm_id, ask=ask, model_sha256=model_sha256)
    subject = subject_named(named)
    if subject is None:
        return None
    return _file(session, BY_SUBJECT, subject.id(keyring), ask=ask, model_sha256=model_sha256)


def file_of(session: Session, firm_id: UUID, *, ask: Ask, model_sha256: str) -> FirmFile | None:
    """Open the file of a firm whose id is known."""
    return _file(session, BY_ID, firm_id, ask=ask, model_sha256=model_sha256)


def _file(
    session: Session, statement: TextClause, named: UUID, *, ask: Ask, model_sha256: str
) -> FirmFile | None:
    row = session.execute(
        statement,
        {
            "named": named,
            "grantee": ask.participant_id,
            "order": [group.value for group in ResourceGroup],
            "purpose": ask.terms.purpose.value,
            "now": ask.now,
            "with_score": ask.read.tells_score,
            "model": model_sha256,
        },
    ).one_or_none()
    if row is None:
        return None
    return FirmFile(
        firm=FoundFirm(row.id, row.uscc, row.merged_into),
        held=tuple(_held(each) for each in row.held or ()),
        snapshot=None if row.sections is None else _snapshot(row),
        score=None if row.body is None else ScoreBytes(row.score_id, bytes(row.body)),
        score_groups=frozenset(ResourceGroup(group) for group in row.score_groups or ()),
    )


def _held(consent: Mapping[str, Any]) -> Held:
    return Held(
        id=UUID(consent["id"]),
        purposes=frozenset(Purpose(purpose) for purpose in consent["purposes"]),
        groups=frozenset(ResourceGroup(group) for group in consent["groups"]),
        valid_from=datetime.fromisoformat(consent["valid_from"]),
        valid_until=datetime.fromisoformat(consent["valid_until"]),
        paused=consent["paused"],
        revoked=consent["revoked"],
    )


def _snapshot(row: Row[Any]) -> Profile:
    return profile_from(row, firm_id=row.id)
