"""Scores as they are kept: computed from a feature row, given an id that stands for their inputs, stored once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from creditshare.core.clock import rfc3339
from creditshare.core.encryption import Keyring
from creditshare.core.ids import public
from creditshare.profiles.services import Profile, make_profiles
from creditshare.profiles.versions import Reading
from creditshare.resources.groups import ResourceGroup
from creditshare.scoring.canonical import canonical
from creditshare.scoring.feature_row import (
    FeatureRow,
    compute_features,
    feature_rows,
    read_row,
)
from creditshare.scoring.identity_conflict import firms_in_conflict
from creditshare.scoring.models import SCORES, STANDING_SCORES, FeatureRowOfFirm, StoredScore
from creditshare.scoring.rulebook import Rulebook
from creditshare.scoring.score import Score, pending, score_firm

Groups = frozenset[ResourceGroup]


@dataclass(frozen=True, slots=True)
class Scored:
    """All that a score of a firm is computed from, whoever asks."""

    firm_id: UUID
    uscc: str | None
    row: FeatureRow
    coverage: Mapping[ResourceGroup, int]
    conflict: bool
    as_of: date
    data_as_of: date
    known_at: datetime


@dataclass(frozen=True, slots=True)
class ScoreBytes:
    """A score as served: the stored bytes and their id (None: a known firm that was never refreshed)."""

    id: UUID | None
    body: bytes


def measure_firms(
    session: Session, reading: Reading, *, usccs: Mapping[UUID, str | None], rulebook: Rulebook
) -> tuple[list[Profile], list[Scored]]:
    """Read the firms' records once and make of them profiles and everything that scores need."""
    profiles, frames = make_profiles(session, reading, loader=rulebook.loader)
    rows = feature_rows(compute_features(frames), firms=len(reading.firm_ids))
    conflicts = firms_in_conflict(session, frames, reading.firm_ids, known_at=reading.known_at)
    scored = [
        Scored(
            firm_id=profile.firm_id,
            uscc=usccs[profile.firm_id],
            row=row,
            coverage=profile.coverage,
            conflict=place in conflicts,
            as_of=profile.as_of,
            data_as_of=profile.data_as_of,
            known_at=profile.known_at,
        )
        for place, (profile, row) in enumerate(zip(profiles, rows, strict=True))
    ]
    return profiles, scored


def make_score(
    scored: Scored, groups: Groups, *, rulebook: Rulebook, keyring: Keyring, now: datetime
) -> StoredScore:
    """Compute the score of one firm for a reader whose consents cover these groups; nothing is stored yet."""
    score = score_firm(
        rulebook.model,
        scored.row,
        access=rulebook.access(groups),
        coverage=scored.coverage,
        conflict=scored.conflict,
    )
    score_id = _score_id(scored, score, rulebook.model.sha256, keyring)
    return StoredScore(
        id=score_id,
        firm_id=scored.firm_id,
        data_as_of=scored.data_as_of,
        groups_used=_ordered(groups),
        model_sha256=rulebook.model.sha256,
        body=_body(scored, score.body, score_id=public("scr", score_id), now=now),
        inputs=score.inputs,
        computed_at=now,
        known_at=scored.known_at,
    )


def store_scores(session: Session, scores: Sequence[StoredScore]) -> None:
    """Keep scores that are new; one that is there already stays as it was first told."""
    if scores:
        session.execute(
            insert(SCORES).on_conflict_do_nothing(index_elements=["id"]),
            [
                {column.key: getattr(score, column.key) for column in SCORES.columns}
                for score in sorted(scores, key=lambda score: score.id)
            ],
        )


def current_score(
    session: Session,
    *,
    firm_id: UUID,
    uscc: str | None,
    groups: Groups,
    rulebook: Rulebook,
    keyring: Keyring,
    now: datetime,
) -> ScoreBytes:
    """Return the score of the firm as last refreshed, for these groups; computed when first asked for."""
    standing = _standing(session, firm_id, groups, rulebook.model.sha256)
    if standing is not None:
        return standing
    scored = get_scored(session, firm_id=firm_id, uscc=uscc)
    if scored is None:
        return ScoreBytes(None, _pending_body(firm_id, uscc, groups, rulebook=rulebook, now=now))
    told = tell_score(session, make_score(scored, groups, rulebook=rulebook, keyring=keyring, now=now))
    assert told.id is not None
    stand_scores(session, [scored], {firm_id: told.id}, groups)
    return told


def tell_score(session: Session, score: StoredScore) -> ScoreBytes:
    """Store a score unless it is there, and return the bytes as they were first told."""
    store_scores(session, [score])
    body = session.execute(text("SELECT body FROM scores WHERE id = :id"), {"id": score.id}).scalar_one()
    return ScoreBytes(score.id, bytes(body))


def get_scored(session: Session, *, firm_id: UUID, uscc: str | None) -> Scored | None:
    """Return the firm's feature row as last refreshed; None before its first refresh."""
    row = session.get(FeatureRowOfFirm, firm_id, populate_existing=True)
    if row is None:
        return None
    return Scored(
        firm_id=firm_id,
        uscc=uscc,
        row=read_row(row.content),
        coverage=dict(zip(ResourceGroup, row.coverage, strict=True)),
        conflict=row.conflict,
        as_of=row.as_of,
        data_as_of=row.data_as_of,
        known_at=row.known_at,
    )


def stand_scores(
    session: Session, scored: Sequence[Scored], score_ids: Mapping[UUID, UUID], groups: Groups
) -> None:
    """Note which score answers for these groups while the firm's feature row stays as it is."""
    rows = [
        {
            "firm_id": each.firm_id,
            "groups_used": _ordered(groups),
            "score_id": score_ids[each.firm_id],
            "as_of": each.as_of,
            "known_at": each.known_at,
        }
        for each in sorted(scored, key=lambda each: each.firm_id)
    ]
    statement = insert(STANDING_SCORES)
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["firm_id", "groups_used"],
            set_={name: statement.excluded[name] for name in ("score_id", "as_of", "known_at")},
        ),
        rows,
    )


def _standing(session: Session, firm_id: UUID, groups: Groups, model_sha256: str) -> ScoreBytes | None:
    row = session.execute(
        text(
            """
            SELECT s.id, s.body FROM feature_rows f
            JOIN standing_scores t ON (t.firm_id, t.as_of, t.known_at) = (f.firm_id, f.as_of, f.known_at)
            JOIN scores s ON s.id = t.score_id
            WHERE f.firm_id = :firm_id AND t.groups_used = :groups AND s.model_sha256 = :model
            """
        ),
        {"firm_id": firm_id, "groups": _ordered(groups), "model": model_sha256},
    ).one_or_none()
    return None if row is None else ScoreBytes(row.id, bytes(row.body))


def _ordered(groups: Groups) -> list[str]:
    return [group.value for group in ResourceGroup if group in groups]


def _score_id(scored: Scored, score: Score, model_sha256: str, keyring: Keyring) -> UUID:
    """Return the id that stands for firm, model, data_as_of, groups used and inputs (which hold the groups)."""
    content = ["score", scored.firm_id.hex, model_sha256, scored.data_as_of.isoformat(), score.input_sha256]
    return keyring.identity(canonical(content))


def _body(scored: Scored, body: Mapping[str, object], *, score_id: str | None, now: datetime) -> bytes:
    return orjson.dumps(
        {
            "score_id": score_id,
            "firm_id": public("f", scored.firm_id),
            "uscc": scored.uscc,
            **body,
            "data_as_of": scored.data_as_of.isoformat(),
            "known_at": rfc3339(scored.known_at),
            "computed_at": rfc3339(now),
        }
    )


def _pending_body(
    firm_id: UUID, uscc: str | None, groups: Groups, *, rulebook: Rulebook, now: datetime
) -> bytes:
    """Write the answer for a known firm whose first refresh is still to come; it has no id, nothing is stored."""
    return orjson.dumps(
        {
            "score_id": None,
            "firm_id": public("f", firm_id),
            "uscc": uscc,
            **pending(rulebook.model, groups),
            "data_as_of": None,
            "known_at": None,
            "computed_at": rfc3339(now),
        }
    )
