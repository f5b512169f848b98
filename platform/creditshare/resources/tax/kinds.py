"""What tax offices report: returns, credit ratings, arrears notices."""

from __future__ import annotations

from creditshare.resources.base import ADVERSE_LATER, Holds, RecordKind, RecordSchema, Rule, Values
from creditshare.resources.fields import Code, Day, Money, Quantity, Text, Year
from creditshare.resources.groups import ResourceGroup
from creditshare.resources.rules import ADVERSE_RULES, at_most, in_order, not_above, not_negative
from creditshare.resources.statements import Events, Facts, Series

RATE_PLACES = 9


def _whole_months(values: Values) -> bool:
    start, end = values.get("period_start"), values.get("period_end")
    if start is None or end is None or start.precision != "day" or end.precision != "day":
        return True
    following = end.first.toordinal() + 1
    return bool(start.first.day == 1 and type(end.first).fromordinal(following).day == 1)


def _rate_below_one(values: Values) -> bool:
    return values.get("rate_unit") != "ratio" or values.get("rate", 0) <= 10**RATE_PLACES


class TaxFilingSchema(RecordSchema):
    """One line of a tax return: a tax, an item, a period (征管法实施细则 art 33)."""

    tax_type = Text(required=True, key=True, longest=100)
    item = Text(key=True, longest=200)
    period_start = Day(required=True, key=True)
    period_end = Day(required=True, key=True)
    line_no = Text(key=True, longest=50)
    taxable_basis = Money()
    rate = Quantity(places=RATE_PLACES, unit="as rate_unit says")
    rate_unit = Code("ratio", "yuan-per-unit")
    deduction = Money()
    tax_due = Money()
    tax_paid = Money()
    due_on = Day()
    paid_on = Day()

    rules = (
        in_order("period_start", "period_end"),
        Rule(
            "period-not-whole-months",
            "/period_end",
            "remark",
            _whole_months,
            "does not make the period whole months",
        ),
        not_above("tax_paid", "tax_due"),
        *not_negative("deduction", "taxable_basis"),
        Rule(
            "rate-above-one", "/rate", "remark", _rate_below_one, "is above 1 though it is said to be a ratio"
        ),
    )


TAX_FILING = RecordKind(
    name="tax-filing",
    group=ResourceGroup.TAX,
    schema=TaxFilingSchema,
    table_name="tax_filings",
    statement=Series(by="period_end", step="month", sums=("tax_due", "tax_paid"), split="tax_type"),
    holds=Holds(since="period_end", later={"paid_on": ("paid_on", "tax_paid")}),
    across="sum",
    lines=True,
    line_field="line_no",
    fresh_by="period_end",
)


class TaxRatingSchema(RecordSchema):
    """The yearly tax credit grade 纳税信用级别 (公告2025年第12号); published each April for the year before."""

    year = Year(required=True, key=True)
    grade = Code("A", "B", "M", "C", "D", required=True)
    points = Quantity(places=2, unit="points of 100")
    scheme_version = Text(longest=50)

    rules = (at_most("points", 100_00, words="is above 100"), *not_negative("points"))


TAX_RATING = RecordKind(
    name="tax-rating",
    group=ResourceGroup.TAX,
    schema=TaxRatingSchema,
    table_name="tax_ratings",
    statement=Facts(fields=("year", "grade", "points", "scheme_version"), latest_by="year"),
    holds=Holds(since="year", from_start=True),
    fresh_by="year",
)


class TaxArrearsSchema(RecordSchema):
    """One line of an arrears notice 欠税公告 (欠税公告办法(试行))."""

    tax_type = Text(required=True, key=True, longest=100)
    announced_on = Day(required=True, key=True)
    balance = Money()
    newly_arisen = Money()
    cleared_on = Day()

    rules = (
        in_order("announced_on", "cleared_on", severity="remark"),
        not_above("newly_arisen", "balance"),
        *not_negative("balance", "newly_arisen"),
        *ADVERSE_RULES,
    )


TAX_ARREARS = RecordKind(
    name="tax-arrears",
    group=ResourceGroup.TAX,
    schema=TaxArrearsSchema,
    table_name="tax_arrears",
    statement=Events(on="announced_on", fields=("tax_type", "balance", "newly_arisen", "cleared_on")),
    holds=Holds(since="announced_on", later=ADVERSE_LATER | {"cleared_on": ("cleared_on",)}),
    adverse=True,
    fresh_by="announced_on",
)

KINDS = (TAX_FILING, TAX_RATING, TAX_ARREARS)
