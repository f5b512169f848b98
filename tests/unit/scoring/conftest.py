"""The model as it stands, and what a bank with consent for the seven groups may use."""

from __future__ import annotations

import pytest

from creditshare.resources.feature_catalogue import Access
from creditshare.resources.groups import SEVEN_GROUPS
from creditshare.scoring.model import ScoringModel, load_model
from tests.factories.frames import CONFIG, catalogue


@pytest.fixture(scope="session")
def model() -> ScoringModel:
    return load_model(CONFIG)


@pytest.fixture(scope="session")
def open_kinds() -> frozenset[str]:
    return frozenset(kind for kind, entry in catalogue().entries.items() if not entry.consent_required)


@pytest.fixture(scope="session")
def seven(open_kinds) -> Access:
    return Access(frozenset(SEVEN_GROUPS), open_kinds)
