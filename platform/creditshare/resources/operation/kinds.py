"""What a firm's operation leaves behind: reports, licences, penalties, court enforcement, awards, declarations."""

from __future__ import annotations

from creditshare.resources.base import ADVERSE_LATER, Holds, RecordKind, RecordSchema, Rule, Values
from creditshare.resources.fields import Code, Count, Day, Flag, Money, Text, TextList, Year
from creditshare.resources.groups import ResourceGroup
from creditshare.resources.rules import ADVERSE_RULES, in_order, not_above, not_negative
from creditshare.resources.statements import Events, Series


def _balanced(values: Values) -> bool:
    assets, liabilities, equity = (values.get(n) for n in ("total_assets", "total_liabilities", "equity"))
    return assets is None or liabilities is None or equity is None or assets == liabilities + equity


class AnnualReportSchema(RecordSchema):
    """The annual report of a firm 年度报告 (企业信息公示暂行条例 art 8–9), filed by 30 June for the year before."""

    year = Year(required=True, key=True)
    status = Text(longest=100)
    headcount = Count()
    total_assets = Money()
    total_liabilities = Money()
    equity = Money()
    revenue = Money()
    main_revenue = Money()
    profit_total = Money()
    net_profit = Money()
    tax_total = Money()
    publicity = Text(longest=100)

    rules = (
        Rule(
            "balance",
            "/equity",
            "remark",
            _balanced,
            "is not total_assets less total_liabilities",
        ),
        not_above("main_revenue", "revenue"),
        *not_negative("total_assets", "total_liabilities", "revenue", "main_revenue"),
    )


ANNUAL_REPORT = RecordKind(
    name="annual-report",
    group=ResourceGroup.OPERATION,
    schema=AnnualReportSchema,
    table_name="annual_reports",
    statement=Series(
        by="year",
        step="year",
        sums=(
            "headcount",
            "total_assets",
            "total_liabilities",
            "equity",
            "revenue",
            "main_revenue",
            "profit_total",
            "net_profit",
            "tax_total",
        ),
    ),
    holds=Holds(since="year"),
    fresh_by="year",
)


class FinancialStatementSchema(RecordSchema):
    """A financial statement 财务报表; `basis` says which of several (single, consolidated, tax)."""

    period_end = Day(required=True, key=True)
    basis = Text(key=True, longest=100)
    revenue = Money()
    cost = Money()
    profit_total = Money()
    net_profit = Money()
    total_assets = Money()
    total_liabilities = Money()
    receivables = Money()
    inventories = Money()
    audited = Flag()

    rules = (
        not_above("receivables", "total_assets"),
        not_above("inventories", "total_assets"),
        *not_negative("revenue", "total_assets", "total_liabilities", "receivables", "inventories"),
    )


FINANCIAL_STATEMENT = RecordKind(
    name="financial-statement",
    group=ResourceGroup.OPERATION,
    schema=FinancialStatementSchema,
    table_name="financial_statements",
    statement=Events(
        on="period_end",
        fields=(
            "basis",
            "revenue",
            "cost",
            "profit_total",
            "net_profit",
            "total_assets",
            "total_liabilities",
            "receivables",
            "inventories",
            "audited",
        ),
    ),
    holds=Holds(since="period_end"),
    fresh_by="period_end",
)


class AdministrativeLicenceSchema(RecordSchema):
    """An administrative licence 行政许可."""

    licence_no = Text(required=True, key=True, longest=200)
    authority = Text(required=True, key=True, longest=200)
    title = Text(longest=500)
    valid_from = Day()
    valid_until = Day()
    state = Text(longest=100)

    rules = (in_order("valid_from", "valid_until"),)


ADMINISTRATIVE_LICENCE = RecordKind(
    name="administrative-licence",
    group=ResourceGroup.OPERATION,
    schema=AdministrativeLicenceSchema,
    table_name="administrative_licences",
    statement=Events(on="valid_from", fields=("licence_no", "authority", "title", "valid_until", "state")),
    holds=Holds(since="valid_from", until="valid_until"),
    key_is_fact=True,
)


class AdministrativePenaltySchema(RecordSchema):
    """A penalty decision of any authority 行政处罚决定."""

    document_no = Text(required=True, key=True, longest=200)
    authority = Text(required=True, key=True, longest=200)
    field = Code("market", "environment", "labour", "tax", "safety", "other")
    offence = Text()
    penalty_types = TextList()
    fine = Money()
    severity = Code("light", "general", "serious")
    decided_on = Day(required=True)
    public_until = Day()

    rules = (
        in_order("decided_on", "public_until"),
        in_order("occurred_on", "decided_on"),
        *not_negative("fine"),
        *ADVERSE_RULES,
    )


ADMINISTRATIVE_PENALTY = RecordKind(
    name="administrative-penalty",
    group=ResourceGroup.OPERATION,
    schema=AdministrativePenaltySchema,
    table_name="administrative_penalties",
    statement=Events(
        on="decided_on",
        fields=(
            "document_no",
            "authority",
            "field",
            "offence",
            "penalty_types",
            "fine",
            "severity",
            "public_until",
        ),
    ),
    holds=Holds(since="decided_on", later=ADVERSE_LATER),
    adverse=True,
)


class CourtEnforcementSchema(RecordSchema):
    """A court's enforcement or lawsuit: dishonest debtor 失信被执行人, enforced 被执行人, lawsuit 诉讼."""

    list = Code("dishonest", "enforced", "lawsuit", required=True, key=True)
    case_no = Text(required=True, key=True, longest=200)
    court = Text(longest=200)
    amount = Money()
    filed_on = Day(required=True)
    performed_on = Day()

    rules = (in_order("filed_on", "performed_on"), *not_negative("amount"), *ADVERSE_RULES)


COURT_ENFORCEMENT = RecordKind(
    name="court-enforcement",
    group=ResourceGroup.OPERATION,
    schema=CourtEnforcementSchema,
    table_name="court_enforcements",
    statement=Events(
        on="filed_on", fields=("list", "case_no", "court", "amount", "performed_on", "ended_on")
    ),
    holds=Holds(since="filed_on", later=ADVERSE_LATER | {"performed_on": ("performed_on",)}),
    adverse=True,
)


class AwardSchema(RecordSchema):
    """A public contract won 中标项目."""

    project_no = Text(required=True, key=True, longest=200)
    title = Text(longest=500)
    awarded_on = Day(required=True)
    amount = Money()
    in_province = Flag()

    rules = not_negative("amount")


AWARD = RecordKind(
    name="award",
    group=ResourceGroup.OPERATION,
    schema=AwardSchema,
    table_name="awards",
    statement=Events(on="awarded_on", fields=("project_no", "title", "amount", "in_province")),
    holds=Holds(since="awarded_on"),
)


class SelfDeclarationSchema(RecordSchema):
    """What a firm says of itself 自主填报; shown as such, never above a source."""

    topic = Text(required=True, key=True, longest=200)
    declared_on = Day(required=True, key=True)
    statement = Text(required=True)
    amount = Money()
    evidence = Text()


SELF_DECLARATION = RecordKind(
    name="self-declaration",
    group=ResourceGroup.OPERATION,
    schema=SelfDeclarationSchema,
    table_name="self_declarations",
    statement=Events(on="declared_on", fields=("topic", "statement", "amount", "evidence")),
    holds=Holds(since="declared_on"),
    writers=frozenset({"firm"}),
    fresh_by="declared_on",
)

KINDS = (
    ANNUAL_REPORT,
    FINANCIAL_STATEMENT,
    ADMINISTRATIVE_LICENCE,
    ADMINISTRATIVE_PENALTY,
    COURT_ENFORCEMENT,
    AWARD,
    SELF_DECLARATION,
)
