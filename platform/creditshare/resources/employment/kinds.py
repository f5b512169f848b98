"""What social insurance, housing fund and labour offices report."""

from __future__ import annotations

from creditshare.resources.base import Holds, RecordKind, RecordSchema
from creditshare.resources.fields import Code, Count, Day, Money, Month, Text, Year
from creditshare.resources.groups import ResourceGroup
from creditshare.resources.rules import not_above, not_negative
from creditshare.resources.statements import Facts, Series


class SocialInsuranceSchema(RecordSchema):
    """A month of one insurance of a firm's staff 社会保险 (社会保险费征缴暂行条例)."""

    month = Month(required=True, key=True)
    insurance = Code(
        "pension", "medical", "unemployment", "injury", "maternity", "all", required=True, key=True
    )
    insured = Count()
    base = Money()
    due = Money()
    paid = Money()
    paid_on = Day()

    rules = (not_above("paid", "due"), *not_negative("base", "due", "paid"))


SOCIAL_INSURANCE = RecordKind(
    name="social-insurance",
    group=ResourceGroup.EMPLOYMENT,
    schema=SocialInsuranceSchema,
    table_name="social_insurances",
    statement=Series(by="month", step="month", sums=("insured", "due", "paid"), split="insurance"),
    holds=Holds(since="month", later={"paid_on": ("paid_on", "paid")}),
    across="sum",
    fresh_by="month",
)


class HousingFundSchema(RecordSchema):
    """A month of a firm's deposits into the housing fund 住房公积金."""

    month = Month(required=True, key=True)
    fund_account = Text(key=True, longest=100)
    depositors = Count()
    due = Money()
    paid = Money()
    paid_on = Day()

    rules = (not_above("paid", "due"), *not_negative("due", "paid"))


HOUSING_FUND = RecordKind(
    name="housing-fund",
    group=ResourceGroup.EMPLOYMENT,
    schema=HousingFundSchema,
    table_name="housing_funds",
    statement=Series(by="month", step="month", sums=("depositors", "due", "paid")),
    holds=Holds(since="month", later={"paid_on": ("paid_on", "paid")}),
    across="sum",
    fresh_by="month",
)


class LabourRatingSchema(RecordSchema):
    """The yearly grade of keeping labour law 企业劳动保障守法诚信等级."""

    year = Year(required=True, key=True)
    grade = Code("A", "B", "C", required=True)


LABOUR_RATING = RecordKind(
    name="labour-rating",
    group=ResourceGroup.EMPLOYMENT,
    schema=LabourRatingSchema,
    table_name="labour_ratings",
    statement=Facts(fields=("year", "grade"), latest_by="year"),
    holds=Holds(since="year", from_start=True),
    fresh_by="year",
)

KINDS = (SOCIAL_INSURANCE, HOUSING_FUND, LABOUR_RATING)
