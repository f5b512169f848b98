"""What banks and guarantors report back: applications and the monthly state of loans."""

from __future__ import annotations

from creditshare.resources.base import Holds, RecordKind, RecordSchema
from creditshare.resources.fields import Code, Count, Day, Money, Month, Text, TextList
from creditshare.resources.groups import ResourceGroup
from creditshare.resources.rules import in_order, not_negative
from creditshare.resources.statements import Events

BANKS = frozenset({"bank"})  # guarantors have this role, too


class LoanApplicationSchema(RecordSchema):
    """A firm's application for a loan or guarantee, and what was decided 贷款申请."""

    application_no = Text(required=True, key=True, longest=100)
    applied_on = Day(required=True)
    amount = Money(required=True)
    product = Text(longest=200)
    decision = Code("pending", "approved", "declined", "withdrawn")
    decided_on = Day()
    approved_amount = Money()
    reason_codes = TextList()

    rules = (in_order("applied_on", "decided_on"), *not_negative("amount", "approved_amount"))


LOAN_APPLICATION = RecordKind(
    name="loan-application",
    group=ResourceGroup.LENDING,
    schema=LoanApplicationSchema,
    table_name="loan_applications",
    statement=Events(
        on="applied_on",
        fields=("amount", "product", "decision", "decided_on", "approved_amount", "reason_codes"),
    ),
    holds=Holds(
        since="applied_on",
        later={"decided_on": ("decided_on", "decision", "approved_amount", "reason_codes")},
    ),
    writers=BANKS,
)


class LoanStatusSchema(RecordSchema):
    """The state of one loan at the end of a month 贷款状态, with its five-class quality 五级分类."""

    loan_no = Text(required=True, key=True, longest=100)
    month = Month(required=True, key=True)
    balance = Money(required=True)
    days_past_due = Count(required=True)
    classification = Code("normal", "special-mention", "substandard", "doubtful", "loss")
    guarantor = Text(personal=True, longest=200)
    collateral = Text(longest=1000)

    rules = not_negative("balance")


LOAN_STATUS = RecordKind(
    name="loan-status",
    group=ResourceGroup.LENDING,
    schema=LoanStatusSchema,
    table_name="loan_statuses",
    statement=Events(on="month", fields=("balance", "days_past_due", "classification", "collateral")),
    holds=Holds(since="month", from_start=True),
    writers=BANKS,
    outcome=True,
    fresh_by="month",
)

KINDS = (LOAN_APPLICATION, LOAN_STATUS)
