"""What a firm may be read for, and who may read it for that."""

from __future__ import annotations

from enum import StrEnum

from creditshare.participants.roles import Role


class Purpose(StrEnum):
    """Why a firm is read."""

    LOAN_APPLICATION = "loan-application"
    POST_LOAN_REVIEW = "post-loan-review"
    GUARANTEE_REVIEW = "guarantee-review"
    OBJECTION_CHECK = "objection-check"
    SELF_ACCESS = "self-access"
    OPERATION = "operation"
    SUPERVISION = "supervision"


BANK_PURPOSES = (
    Purpose.LOAN_APPLICATION,
    Purpose.POST_LOAN_REVIEW,
    Purpose.GUARANTEE_REVIEW,
    Purpose.OBJECTION_CHECK,
)
PURPOSES_OF: dict[Role, tuple[Purpose, ...]] = {
    Role.BANK: BANK_PURPOSES,
    Role.FIRM: (Purpose.SELF_ACCESS,),
    Role.OPERATOR: (Purpose.OPERATION,),
    Role.REGULATOR: (Purpose.SUPERVISION,),
    Role.PROVIDER: (),
}
