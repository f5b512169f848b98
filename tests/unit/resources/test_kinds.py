"""The declarations against the contract's table (§3 Kinds), written out once more by hand."""

from __future__ import annotations

import csv
import io
import re
from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from creditshare.core.database import Base
from creditshare.core.encryption import Keyring
from creditshare.intake.identity import Identifier
from creditshare.intake.validation import Accepted, RowValidator
from creditshare.resources.base import ADVERSE_DAYS, ENVELOPE
from creditshare.resources.catalogue import ALL_KINDS, KINDS, KindUnknown, kind_named
from creditshare.resources.fields import Code, Day, Month, Year
from creditshare.resources.rulebook import rulebook
from creditshare.resources.statements import Events, Facts, Series
from creditshare.resources.template import csv_template

NOW = datetime(2026, 11, 22, tzinfo=UTC)
TODAY = date(2026, 11, 22)

# group kind: own fields in order; + natural key, * required, ~ personal; long lines go on indented
CONTRACT = """
registration registration: firm_name* subject_kind firm_type legal_representative~ registered_capital
    paid_in_capital capital_currency established_on term_from term_to status industry region region_name
    address business_scope authority
registration registration-change: item+* changed_on+* change_no+ before~ after~
registration shareholder: holder_name+*~ holder_no+ holder_kind holder_uscc subscribed_amount paid_amount
    share_ratio since_on until_on
registration abnormal-listing: list+* listed_on+* reason removed_on authority document_no
registration pledge: pledge_type+* registration_no_of_pledge+* pledgee amount registered_on* ended_on
operation annual-report: year+* status headcount total_assets total_liabilities equity revenue main_revenue
    profit_total net_profit tax_total publicity
operation financial-statement: period_end+* basis+ revenue cost profit_total net_profit total_assets
    total_liabilities receivables inventories audited
operation administrative-licence: licence_no+* authority+* title valid_from valid_until state
operation administrative-penalty: document_no+* authority+* field offence penalty_types fine severity
    decided_on* public_until
operation court-enforcement: list+* case_no+* court amount filed_on* performed_on
operation award: project_no+* title awarded_on* amount in_province
operation self-declaration: topic+* declared_on+* statement* amount evidence
talent-technology intellectual-property: right_type+* number+* applied_on granted_on expires_on legal_status
    pledged
talent-technology qualification: scheme+* certificate_no+ issued_on+ level expires_on authority
talent-technology talent: year+* rd_headcount bachelor_headcount senior_titles rd_expense programme
tax tax-filing: tax_type+* item+ period_start+* period_end+* line_no+ taxable_basis rate rate_unit deduction
    tax_due tax_paid due_on paid_on
tax tax-rating: year+* grade* points scheme_version
tax tax-arrears: tax_type+* announced_on+* balance newly_arisen cleared_on
employment social-insurance: month+* insurance+* insured base due paid paid_on
employment housing-fund: month+* fund_account+ depositors due paid paid_on
employment labour-rating: year+* grade*
utility utility-account: service+* account_no+* opened_on closed_on address contract_capacity
utility utility-bill: service+* account_no+* month+* bill_no+ quantity amount due_on paid_on arrears
    late_fee cut_off theft
environment environment-rating: scheme+* year+* site+ colour*
environment discharge-permit: permit_no+* site management valid_from valid_until pollutants
environment pollution-source: site+* observed_on+ pollutants exceedances complaints
environment energy-use: year+* site+ tce output_value target_met
soft-information soft-observation: topic+* observer+* observed_on+* statement*~ level evidence confidence
lending loan-application: application_no+* applied_on* amount* product decision decided_on approved_amount
    reason_codes
lending loan-status: loan_no+* month+* balance* days_past_due* classification guarantor~ collateral
"""
CODES = {
    "registration.subject_kind": "enterprise individual cooperative branch other",
    "registration.status": "active dormant liquidating suspended moved-out revoked revoked-deregistered"
    " deregistered annulled",
    "abnormal-listing.list": "abnormal-operation serious-violation wage-arrears tax-serious",
    "pledge.pledge_type": "equity chattel ip real-estate",
    "administrative-penalty.field": "market environment labour tax safety other",
    "administrative-penalty.severity": "light general serious",
    "court-enforcement.list": "dishonest enforced lawsuit",
    "intellectual-property.right_type": "invention utility-model design trademark software-copyright",
    "qualification.scheme": "high-tech tech-sme innovative-sme specialised-sme little-giant iso other",
    "tax-filing.rate_unit": "ratio yuan-per-unit",
    "tax-rating.grade": "A B M C D",
    "social-insurance.insurance": "pension medical unemployment injury maternity all",
    "labour-rating.grade": "A B C",
    "utility-account.service": "electricity water gas",
    "utility-bill.service": "electricity water gas",
    "environment-rating.colour": "green blue yellow red black",
    "discharge-permit.management": "key simplified registered",
    "loan-application.decision": "pending approved declined withdrawn",
    "loan-status.classification": "normal special-mention substandard doubtful loss",
}
by_kind = pytest.mark.parametrize("kind", ALL_KINDS, ids=lambda kind: kind.name)


def declared(kind):
    marks = {name: "+" * f.key + "*" * f.required + "~" * f.personal for name, f in kind.own_fields.items()}
    own = (name + marks[name] for name in kind.own_fields if not (kind.adverse and name in ADVERSE_DAYS))
    return f"{kind.group} {kind.name}: {' '.join(own)}"


def test_the_kinds_are_those_of_the_contract():
    table = re.sub(r"\n +", " ", CONTRACT.strip()).splitlines()

    assert [declared(kind) for kind in ALL_KINDS] == table


def test_the_code_lists_are_those_of_the_contract():
    lists = {
        f"{kind.name}.{name}": " ".join(field.codes)
        for kind in ALL_KINDS
        for name, field in kind.own_fields.items()
        if isinstance(field, Code)
    }

    assert lists == CODES


@pytest.mark.parametrize(
    ("role", "kinds"),
    [
        ("births_firm", {"registration"}),
        ("names_account", {"utility-account"}),
        ("subject_is_account", {"utility-bill"}),
        ("adverse", {"abnormal-listing", "administrative-penalty", "court-enforcement", "tax-arrears"}),
        ("lines", {"registration-change", "tax-filing"}),
        ("outcome", {"loan-status"}),
        (
            "key_is_fact",
            {
                "abnormal-listing",
                "administrative-licence",
                "intellectual-property",
                "qualification",
                "utility-account",
                "discharge-permit",
                "pollution-source",
            },
        ),
    ],
)
def test_roles(role, kinds):
    assert {kind.name for kind in ALL_KINDS if getattr(kind, role)} == kinds
    assert {kind.name for kind in ALL_KINDS if role in kind.roles} == kinds


def test_what_adds_up_across_providers():
    sums = {kind.name for kind in ALL_KINDS if kind.across == "sum"}

    assert sums == {"tax-filing", "social-insurance", "housing-fund", "utility-bill", "energy-use"}


def test_who_may_write():
    others = {kind.name: set(kind.writers) for kind in ALL_KINDS if kind.writers != {"provider"}}

    assert others == {
        "self-declaration": {"firm"},
        "soft-observation": {"bank", "provider"},
        "loan-application": {"bank"},
        "loan-status": {"bank"},
    }


def test_names_and_tables_are_unique():
    assert len(KINDS) == len(ALL_KINDS) == 30
    assert len({kind.table_name for kind in ALL_KINDS}) == len(ALL_KINDS)
    assert {kind.table_name for kind in ALL_KINDS} <= set(Base.metadata.tables)


def test_an_unknown_kind_is_not_found():
    with pytest.raises(KindUnknown) as caught:
        kind_named("tax-return")

    assert (caught.value.code, caught.value.status) == ("kind-unknown", 404)


@by_kind
def test_each_part_of_a_declaration_names_fields_that_are_there(kind):
    own, statement, holds = set(kind.own_fields), kind.statement, kind.holds
    named = {kind.fresh_by, kind.line_field, kind.slot_fallback, holds.since, holds.until}
    named |= {name for later in holds.later.items() for name in (later[0], *later[1])}
    named |= {name for key in kind.alternative_keys for name in key}
    match statement:
        case Facts():
            shown = {*statement.fields, statement.latest_by}
        case Series():
            shown = {*statement.sums, statement.by, statement.split}
            assert isinstance(
                kind.own_fields[statement.by], Year if statement.step == "year" else Month | Day
            )
        case Events():
            shown = {*statement.fields, statement.on}

    assert (named | shown) - {None} <= own
    assert not any(kind.own_fields[name].personal for name in shown - {None})
    assert own.isdisjoint(ENVELOPE)


@by_kind
def test_personal_columns_are_sealed_and_days_keep_their_precision(kind):
    columns = kind.table.columns

    for name, field in kind.own_fields.items():
        assert columns[name].nullable
        assert (
            str(columns[name].type) == "BYTEA" or columns[name].type.python_type is bytes
        ) == field.personal
        assert (f"{name}_precision" in columns) == isinstance(field, Day)
    assert [column.name for column in kind.table.primary_key] == ["record_id", "revised_at", "content_hash"]


@by_kind
def test_the_template_is_accepted_as_it_is(kind):
    header, example = csv.reader(io.StringIO(csv_template(kind)))
    validator = RowValidator(kind, participant_id=UUID(int=1), revised_at=NOW, received_on=TODAY)

    checked = validator.validate(dict(zip(header, example, strict=True)), 1)

    assert tuple(header) == kind.columns
    assert isinstance(checked, Accepted), checked
    assert checked.remarks == ()
    assert set(checked.values) == set(kind.own_fields)


@by_kind
def test_the_rulebook_has_every_rule_once_and_those_the_loader_uses(kind):
    rules = {rule.id: rule for rule in rulebook(kind)}
    validator = RowValidator(kind, participant_id=UUID(int=1), revised_at=NOW, received_on=TODAY)

    nonsense = dict.fromkeys(kind.columns, "\x00") | {
        "colour_of_the_roof": "red",
        "uscc": "9133",
        "source_key": "",
    }
    nonsense |= {"operation": "", "revised_at": ""}
    refused = validator.validate(nonsense, 1)

    assert len(rules) == len(rulebook(kind))
    assert all(re.fullmatch(rf"{kind.name}:[a-z_.-]+", name) for name in rules)
    assert {fault.rule for fault in refused.faults} <= set(rules)


def test_an_absent_optional_key_field_counts_as_empty():
    kind = kind_named("utility-bill")
    values = {"service": "water", "account_no": "7", "month": date(2026, 2, 1)}

    assert kind.natural_key(values) == (
        ("service", "water"),
        ("account_no", "7"),
        ("month", "2026-02"),
        ("bill_no", ""),
    )


def test_a_qualification_with_a_number_does_not_have_its_day_in_the_key():
    kind = kind_named("qualification")
    day = kind.own_fields["issued_on"].deserialize("2024-05")

    assert kind.natural_key({"scheme": "iso", "certificate_no": "A1", "issued_on": day}) == (
        ("scheme", "iso"),
        ("certificate_no", "A1"),
    )
    assert kind.natural_key({"scheme": "iso", "issued_on": day}) == (
        ("scheme", "iso"),
        ("issued_on", "2024-05"),
    )
    assert kind.natural_key({"scheme": "iso"}) is None


def test_a_personal_key_is_a_keyed_digest_of_the_clear_value():
    kind = kind_named("shareholder")
    validator = RowValidator(kind, participant_id=UUID(int=1), revised_at=NOW, received_on=TODAY)
    identifier = Identifier(kind, participant_id=UUID(int=1), keyring=Keyring(bytes(32)))
    row = {"uscc": "91331000PDY00001X5", "holder_name": "示例甲", "share_ratio": "0.5"}

    first, again, other = (
        identifier.record_id(validator.validate(row | {"holder_name": name}, 1))
        for name in ("示例甲", " 示例甲 ", "示例乙")
    )

    assert first == again != other
