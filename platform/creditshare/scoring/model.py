"""A scoring model: its file with card, caps, rules and table of PDs, and the files of scale and words that it pins.

The model's `sha256` is that of its file's bytes. The file names the hashes of master scale and reason codes, so that
the one hash stands for everything a score is made from.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TypeVar

import msgspec

from creditshare.errors import Fault, SettingsInvalid
from creditshare.resources.catalogue import Words
from creditshare.resources.feature_catalogue import BY_GROUP, FEATURES
from creditshare.scoring import caps
from creditshare.scoring.canonical import sha256
from creditshare.scoring.caps import Cap
from creditshare.scoring.confidence import NotRated, NotRatedRules
from creditshare.scoring.master_scale import MasterScale, MasterScaleFile, build_scale
from creditshare.scoring.reasons import ReasonCodes
from creditshare.scoring.scorecard import Characteristic, Scorecard

CURRENT = "sme-2026.1"
File = TypeVar("File", bound=msgspec.Struct)


class Pin(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Another file of `config/` that belongs to the model, with the hash of its bytes."""

    file: str
    sha256: str


class ModelFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What stands in `config/scorecards/<name>.json`."""

    id: str
    version: str
    valid_from: date
    title: Words
    master_scale: Pin
    reason_codes: Pin
    base_points: int
    characteristics: tuple[Characteristic, ...]
    caps: tuple[Cap, ...]
    not_rated: NotRatedRules
    pd_by_score: dict[int, str]


@dataclass(frozen=True)
class ScoringModel:
    """Everything that turns a feature row into a score."""

    id: str
    version: str
    sha256: str
    card: Scorecard
    caps: tuple[Cap, ...]
    not_rated: NotRatedRules
    scale: MasterScale
    reasons: ReasonCodes

    @cached_property
    def features(self) -> frozenset[str]:
        """Return the codes of all features that the model reads."""
        return _features_read(self.card.characteristics, self.caps, self.not_rated)


def load_model(config_dir: Path, name: str = CURRENT) -> ScoringModel:
    """Read a model and what it pins; raises SettingsInvalid naming everything that is wrong."""
    path = config_dir / "scorecards" / f"{name}.json"
    content = _read(path)
    file = _decode(path, content, ModelFile)
    scale_file = _decode_pinned(config_dir, file.master_scale, MasterScaleFile)
    reasons = _decode_pinned(config_dir, file.reason_codes, ReasonCodes)
    try:
        scale = build_scale(scale_file, file.pd_by_score)
    except ValueError as error:
        raise _invalid(path, [str(error)]) from error
    card = Scorecard(file.base_points, file.characteristics)
    faults = [*card.faults(), *caps.faults(file.caps, scale), *_disagreements(file, card, scale, reasons)]
    if faults:
        raise _invalid(path, faults)
    return ScoringModel(
        id=file.id,
        version=file.version,
        sha256=sha256(content),
        card=card,
        caps=file.caps,
        not_rated=file.not_rated,
        scale=scale,
        reasons=reasons,
    )


def _features_read(
    characteristics: tuple[Characteristic, ...], caps: tuple[Cap, ...], rules: NotRatedRules
) -> frozenset[str]:
    judged = {each.feature for each in characteristics}
    return frozenset(judged | {cap.feature for cap in caps} | rules.features)


def _disagreements(
    file: ModelFile, card: Scorecard, scale: MasterScale, reasons: ReasonCodes
) -> Iterator[str]:
    """Yield what in the file does not fit the features, the scale or the words."""
    unknown = _features_read(file.characteristics, file.caps, file.not_rated) - FEATURES.keys()
    for name in sorted(unknown):
        yield f"there is no feature {name!r}"
    for each in file.characteristics:
        if each.feature in FEATURES and FEATURES[each.feature] not in BY_GROUP[each.group]:
            yield f"{each.code}: {each.feature} is not a feature of the group {each.group}"
    if card.best > scale.highest:
        yield f"the best firm has {card.best} points, more than the scale's {scale.highest}"
    lacking = reasons.lacking(
        factors=(each.code for each in file.characteristics),
        caps=(cap.code for cap in file.caps),
        not_rated=NotRated,
    )
    if lacking:
        yield f"no words for {', '.join(lacking)}"


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise _invalid(path, ["cannot be read"]) from error


def _decode(path: Path, content: bytes, kind: type[File]) -> File:
    try:
        return msgspec.json.decode(content, type=kind)
    except msgspec.DecodeError as error:
        raise _invalid(path, [str(error)]) from error


def _decode_pinned(config_dir: Path, pin: Pin, kind: type[File]) -> File:
    path = config_dir / pin.file
    content = _read(path)
    if sha256(content) != pin.sha256:
        raise _invalid(path, [f"has the sha256 {sha256(content)}, but the model was made with {pin.sha256}"])
    return _decode(path, content, kind)


def _invalid(path: Path, faults: list[str]) -> SettingsInvalid:
    found = [Fault(f"/{path.name}", "model-invalid", f"{path.name}: {words}") for words in faults]
    return SettingsInvalid("; ".join(fault.detail for fault in found), faults=found)
