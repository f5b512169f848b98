"""All features of all groups, and which of them a reader may use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from creditshare.resources.catalogue import KINDS
from creditshare.resources.employment.features import FEATURES as EMPLOYMENT
from creditshare.resources.environment.features import FEATURES as ENVIRONMENT
from creditshare.resources.features import Feature
from creditshare.resources.groups import ResourceGroup
from creditshare.resources.lending.features import FEATURES as LENDING
from creditshare.resources.operation.features import FEATURES as OPERATION
from creditshare.resources.registration.features import FEATURES as REGISTRATION
from creditshare.resources.soft_information.features import FEATURES as SOFT_INFORMATION
from creditshare.resources.talent_technology.features import FEATURES as TALENT_TECHNOLOGY
from creditshare.resources.tax.features import FEATURES as TAX
from creditshare.resources.utility.features import FEATURES as UTILITY

BY_GROUP: Mapping[ResourceGroup, tuple[Feature, ...]] = {
    ResourceGroup.REGISTRATION: REGISTRATION,
    ResourceGroup.OPERATION: OPERATION,
    ResourceGroup.TALENT_TECHNOLOGY: TALENT_TECHNOLOGY,
    ResourceGroup.TAX: TAX,
    ResourceGroup.EMPLOYMENT: EMPLOYMENT,
    ResourceGroup.UTILITY: UTILITY,
    ResourceGroup.ENVIRONMENT: ENVIRONMENT,
    ResourceGroup.SOFT_INFORMATION: SOFT_INFORMATION,
    ResourceGroup.LENDING: LENDING,
}
ALL_FEATURES: tuple[Feature, ...] = tuple(feature for features in BY_GROUP.values() for feature in features)
FEATURES: Mapping[str, Feature] = {feature.code: feature for feature in ALL_FEATURES}


@dataclass(frozen=True, slots=True)
class Access:
    """What a reader may use: the groups that consents cover, and every kind that needs no consent."""

    groups: frozenset[ResourceGroup]
    open_kinds: frozenset[str]

    def covers(self, kind: str) -> bool:
        """Say whether records of the kind may be used."""
        return kind in self.open_kinds or KINDS[kind].group in self.groups

    @property
    def features(self) -> frozenset[str]:
        """Return the codes of the features all of whose kinds may be used."""
        return _features(self)

    @property
    def whole_groups(self) -> frozenset[ResourceGroup]:
        """Return the groups of which every kind may be used."""
        return _whole_groups(self)


@lru_cache(maxsize=1024)  # there are 512 sets of groups, and few are ever used
def _features(access: Access) -> frozenset[str]:
    return frozenset(
        feature.code for feature in ALL_FEATURES if all(access.covers(kind) for kind in feature.kinds)
    )


@lru_cache(maxsize=1024)
def _whole_groups(access: Access) -> frozenset[ResourceGroup]:
    closed = {kind.group for kind in KINDS.values() if not access.covers(kind.name)}
    return frozenset(ResourceGroup) - closed
