"""What a day's scores and profiles are made by: catalogue, frame loader, model. Read once a day and process."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path

from creditshare.profiles.frames import FrameLoader
from creditshare.resources.catalogue import ALL_KINDS, Catalogue, load_catalogue
from creditshare.resources.feature_catalogue import Access
from creditshare.resources.groups import ResourceGroup
from creditshare.scoring.model import ScoringModel, load_model


@dataclass(frozen=True, slots=True)
class Rulebook:
    """The rules in force on one day."""

    catalogue: Catalogue
    loader: FrameLoader
    model: ScoringModel
    open_kinds: frozenset[str]

    def access(self, groups: frozenset[ResourceGroup]) -> Access:
        """Say what a reader may use whose consents cover these groups."""
        return Access(groups, self.open_kinds)


@lru_cache(maxsize=4)
def rulebook_for(config_dir: Path, on: date) -> Rulebook:
    """Return the rules in force on a day; the files are read at the first call."""
    catalogue = load_catalogue(config_dir, on)
    return Rulebook(
        catalogue=catalogue,
        loader=FrameLoader(ALL_KINDS, catalogue),
        model=load_model(config_dir),
        open_kinds=frozenset(kind.name for kind in ALL_KINDS if not catalogue[kind.name].consent_required),
    )
