"""All features of all groups, and which of them a reader may use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

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

    def allows(self, feature: Feature) -> bool:
        """Say whether every kind that the feature reads may be used."""
        return all(self.covers(kind) for kind in feature.kinds)
