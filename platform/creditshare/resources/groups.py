"""The resource groups: the seven of 国办发〔2013〕87号, plus soft information and lending feedback."""

from enum import StrEnum


class ResourceGroup(StrEnum):
    """A group of record kinds that a consent covers as one; the order is the order of a report."""

    REGISTRATION = "registration"
    OPERATION = "operation"
    TALENT_TECHNOLOGY = "talent-technology"
    TAX = "tax"
    EMPLOYMENT = "employment"
    UTILITY = "utility"
    ENVIRONMENT = "environment"
    SOFT_INFORMATION = "soft-information"
    LENDING = "lending"


SEVEN_GROUPS = tuple(ResourceGroup)[:7]
