"""Version tables of all record kinds.

Each has the columns of every version (which record, which subject, whose, from which row, known when) and the typed
columns of its kind. A version is found by record (primary key), the current one by its partial unique index, and
through the subject by the reads of a firm. No foreign keys: rows come by COPY in the millions, written by one
service in the same transaction as what they point at.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0002_records"
down_revision = "0001_core"
branch_labels = None
depends_on = None

TEXTS = ARRAY(sa.Text())
TABLES = (
    "registrations",
    "registration_changes",
    "shareholders",
    "abnormal_listings",
    "pledges",
    "annual_reports",
    "financial_statements",
    "administrative_licences",
    "administrative_penalties",
    "court_enforcements",
    "awards",
    "self_declarations",
    "intellectual_properties",
    "qualifications",
    "talents",
    "tax_filings",
    "tax_ratings",
    "tax_arrears",
    "social_insurances",
    "housing_funds",
    "labour_ratings",
    "utility_accounts",
    "utility_bills",
    "environment_ratings",
    "discharge_permits",
    "pollution_sources",
    "energy_uses",
    "soft_observations",
    "loan_applications",
    "loan_statuses",
)


def _day(name: str) -> tuple[sa.Column[Any], sa.Column[Any]]:
    """Return a day with its precision (null: a full day)."""
    return sa.Column(name, sa.Date()), sa.Column(f"{name}_precision", sa.String(5))


def _record_table(name: str, *own: sa.Column[Any]) -> None:
    op.create_table(
        name,
        sa.Column("record_id", sa.Uuid(), nullable=False),
        sa.Column("revised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("content_hash", sa.LargeBinary(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("participant_id", sa.Uuid(), nullable=False),
        sa.Column("submission_id", sa.Uuid(), nullable=False),
        sa.Column("row_no", sa.Integer(), nullable=False),
        sa.Column("source_key", sa.Text()),
        sa.Column("withdrawn", sa.Boolean(), nullable=False),
        sa.Column("remarks", TEXTS),
        sa.Column("known_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("superseded_at", sa.DateTime(timezone=True)),
        *own,
        sa.PrimaryKeyConstraint("record_id", "revised_at", "content_hash", name=f"pk_{name}"),
    )
    op.create_index(f"ix_{name}_subject_id", name, ["subject_id"])
    op.create_index(
        f"uq_{name}_current",
        name,
        ["record_id"],
        unique=True,
        postgresql_where=sa.text("superseded_at IS NULL"),
    )


def upgrade() -> None:
    """Create the tables, group by group."""
    _record_table(
        "registrations",
        sa.Column("firm_name", sa.Text()),
        sa.Column("subject_kind", sa.Text()),
        sa.Column("firm_type", sa.Text()),
        sa.Column("legal_representative", sa.LargeBinary()),
        sa.Column("registered_capital", sa.BigInteger()),
        sa.Column("paid_in_capital", sa.BigInteger()),
        sa.Column("capital_currency", sa.Text()),
        *_day("established_on"),
        *_day("term_from"),
        *_day("term_to"),
        sa.Column("status", sa.Text()),
        sa.Column("industry", sa.Text()),
        sa.Column("region", sa.String(6)),
        sa.Column("region_name", sa.Text()),
        sa.Column("address", sa.Text()),
        sa.Column("business_scope", sa.Text()),
        sa.Column("authority", sa.Text()),
    )
    _record_table(
        "registration_changes",
        sa.Column("item", sa.Text()),
        *_day("changed_on"),
        sa.Column("change_no", sa.Text()),
        sa.Column("before", sa.LargeBinary()),
        sa.Column("after", sa.LargeBinary()),
    )
    _record_table(
        "shareholders",
        sa.Column("holder_name", sa.LargeBinary()),
        sa.Column("holder_no", sa.Text()),
        sa.Column("holder_kind", sa.Text()),
        sa.Column("holder_uscc", sa.Text()),
        sa.Column("subscribed_amount", sa.BigInteger()),
        sa.Column("paid_amount", sa.BigInteger()),
        sa.Column("share_ratio", sa.BigInteger()),
        *_day("since_on"),
        *_day("until_on"),
    )
    _record_table(
        "abnormal_listings",
        sa.Column("list", sa.Text()),
        *_day("listed_on"),
        sa.Column("reason", sa.Text()),
        *_day("removed_on"),
        sa.Column("authority", sa.Text()),
        sa.Column("document_no", sa.Text()),
        *_day("occurred_on"),
        *_day("recognised_on"),
        *_day("published_on"),
        *_day("ended_on"),
        *_day("notified_on"),
    )
    _record_table(
        "pledges",
        sa.Column("pledge_type", sa.Text()),
        sa.Column("registration_no_of_pledge", sa.Text()),
        sa.Column("pledgee", sa.Text()),
        sa.Column("amount", sa.BigInteger()),
        *_day("registered_on"),
        *_day("ended_on"),
    )
    _record_table(
        "annual_reports",
        sa.Column("year", sa.BigInteger()),
        sa.Column("status", sa.Text()),
        sa.Column("headcount", sa.BigInteger()),
        sa.Column("total_assets", sa.BigInteger()),
        sa.Column("total_liabilities", sa.BigInteger()),
        sa.Column("equity", sa.BigInteger()),
        sa.Column("revenue", sa.BigInteger()),
        sa.Column("main_revenue", sa.BigInteger()),
        sa.Column("profit_total", sa.BigInteger()),
        sa.Column("net_profit", sa.BigInteger()),
        sa.Column("tax_total", sa.BigInteger()),
        sa.Column("publicity", sa.Text()),
    )
    _record_table(
        "financial_statements",
        *_day("period_end"),
        sa.Column("basis", sa.Text()),
        sa.Column("revenue", sa.BigInteger()),
        sa.Column("cost", sa.BigInteger()),
        sa.Column("profit_total", sa.BigInteger()),
        sa.Column("net_profit", sa.BigInteger()),
        sa.Column("total_assets", sa.BigInteger()),
        sa.Column("total_liabilities", sa.BigInteger()),
        sa.Column("receivables", sa.BigInteger()),
        sa.Column("inventories", sa.BigInteger()),
        sa.Column("audited", sa.Boolean()),
    )
    _record_table(
        "administrative_licences",
        sa.Column("licence_no", sa.Text()),
        sa.Column("authority", sa.Text()),
        sa.Column("title", sa.Text()),
        *_day("valid_from"),
        *_day("valid_until"),
        sa.Column("state", sa.Text()),
    )
    _record_table(
        "administrative_penalties",
        sa.Column("document_no", sa.Text()),
        sa.Column("authority", sa.Text()),
        sa.Column("field", sa.Text()),
        sa.Column("offence", sa.Text()),
        sa.Column("penalty_types", TEXTS),
        sa.Column("fine", sa.BigInteger()),
        sa.Column("severity", sa.Text()),
        *_day("decided_on"),
        *_day("public_until"),
        *_day("occurred_on"),
        *_day("recognised_on"),
        *_day("published_on"),
        *_day("ended_on"),
        *_day("notified_on"),
    )
    _record_table(
        "court_enforcements",
        sa.Column("list", sa.Text()),
        sa.Column("case_no", sa.Text()),
        sa.Column("court", sa.Text()),
        sa.Column("amount", sa.BigInteger()),
        *_day("filed_on"),
        *_day("performed_on"),
        *_day("occurred_on"),
        *_day("recognised_on"),
        *_day("published_on"),
        *_day("ended_on"),
        *_day("notified_on"),
    )
    _record_table(
        "awards",
        sa.Column("project_no", sa.Text()),
        sa.Column("title", sa.Text()),
        *_day("awarded_on"),
        sa.Column("amount", sa.BigInteger()),
        sa.Column("in_province", sa.Boolean()),
    )
    _record_table(
        "self_declarations",
        sa.Column("topic", sa.Text()),
        *_day("declared_on"),
        sa.Column("statement", sa.Text()),
        sa.Column("amount", sa.BigInteger()),
        sa.Column("evidence", sa.Text()),
    )
    _record_table(
        "intellectual_properties",
        sa.Column("right_type", sa.Text()),
        sa.Column("number", sa.Text()),
        *_day("applied_on"),
        *_day("granted_on"),
        *_day("expires_on"),
        sa.Column("legal_status", sa.Text()),
        sa.Column("pledged", sa.Boolean()),
    )
    _record_table(
        "qualifications",
        sa.Column("scheme", sa.Text()),
        sa.Column("certificate_no", sa.Text()),
        *_day("issued_on"),
        sa.Column("level", sa.Text()),
        *_day("expires_on"),
        sa.Column("authority", sa.Text()),
    )
    _record_table(
        "talents",
        sa.Column("year", sa.BigInteger()),
        sa.Column("rd_headcount", sa.BigInteger()),
        sa.Column("bachelor_headcount", sa.BigInteger()),
        sa.Column("senior_titles", sa.BigInteger()),
        sa.Column("rd_expense", sa.BigInteger()),
        sa.Column("programme", sa.Text()),
    )
    _record_table(
        "tax_filings",
        sa.Column("tax_type", sa.Text()),
        sa.Column("item", sa.Text()),
        *_day("period_start"),
        *_day("period_end"),
        sa.Column("line_no", sa.Text()),
        sa.Column("taxable_basis", sa.BigInteger()),
        sa.Column("rate", sa.BigInteger()),
        sa.Column("rate_unit", sa.Text()),
        sa.Column("deduction", sa.BigInteger()),
        sa.Column("tax_due", sa.BigInteger()),
        sa.Column("tax_paid", sa.BigInteger()),
        *_day("due_on"),
        *_day("paid_on"),
    )
    _record_table(
        "tax_ratings",
        sa.Column("year", sa.BigInteger()),
        sa.Column("grade", sa.Text()),
        sa.Column("points", sa.BigInteger()),
        sa.Column("scheme_version", sa.Text()),
    )
    _record_table(
        "tax_arrears",
        sa.Column("tax_type", sa.Text()),
        *_day("announced_on"),
        sa.Column("balance", sa.BigInteger()),
        sa.Column("newly_arisen", sa.BigInteger()),
        *_day("cleared_on"),
        *_day("occurred_on"),
        *_day("recognised_on"),
        *_day("published_on"),
        *_day("ended_on"),
        *_day("notified_on"),
    )
    _record_table(
        "social_insurances",
        sa.Column("month", sa.Date()),
        sa.Column("insurance", sa.Text()),
        sa.Column("insured", sa.BigInteger()),
        sa.Column("base", sa.BigInteger()),
        sa.Column("due", sa.BigInteger()),
        sa.Column("paid", sa.BigInteger()),
        *_day("paid_on"),
    )
    _record_table(
        "housing_funds",
        sa.Column("month", sa.Date()),
        sa.Column("fund_account", sa.Text()),
        sa.Column("depositors", sa.BigInteger()),
        sa.Column("due", sa.BigInteger()),
        sa.Column("paid", sa.BigInteger()),
        *_day("paid_on"),
    )
    _record_table(
        "labour_ratings",
        sa.Column("year", sa.BigInteger()),
        sa.Column("grade", sa.Text()),
    )
    _record_table(
        "utility_accounts",
        sa.Column("service", sa.Text()),
        sa.Column("account_no", sa.Text()),
        *_day("opened_on"),
        *_day("closed_on"),
        sa.Column("address", sa.Text()),
        sa.Column("contract_capacity", sa.BigInteger()),
    )
    op.create_index(
        "ix_utility_accounts_account", "utility_accounts", ["participant_id", "service", "account_no"]
    )
    _record_table(
        "utility_bills",
        sa.Column("service", sa.Text()),
        sa.Column("account_no", sa.Text()),
        sa.Column("month", sa.Date()),
        sa.Column("bill_no", sa.Text()),
        sa.Column("quantity", sa.BigInteger()),
        sa.Column("amount", sa.BigInteger()),
        *_day("due_on"),
        *_day("paid_on"),
        sa.Column("arrears", sa.BigInteger()),
        sa.Column("late_fee", sa.BigInteger()),
        sa.Column("cut_off", sa.Boolean()),
        sa.Column("theft", sa.Boolean()),
    )
    _record_table(
        "environment_ratings",
        sa.Column("scheme", sa.Text()),
        sa.Column("year", sa.BigInteger()),
        sa.Column("site", sa.Text()),
        sa.Column("colour", sa.Text()),
    )
    _record_table(
        "discharge_permits",
        sa.Column("permit_no", sa.Text()),
        sa.Column("site", sa.Text()),
        sa.Column("management", sa.Text()),
        *_day("valid_from"),
        *_day("valid_until"),
        sa.Column("pollutants", TEXTS),
    )
    _record_table(
        "pollution_sources",
        sa.Column("site", sa.Text()),
        *_day("observed_on"),
        sa.Column("pollutants", TEXTS),
        sa.Column("exceedances", sa.BigInteger()),
        sa.Column("complaints", sa.BigInteger()),
    )
    _record_table(
        "energy_uses",
        sa.Column("year", sa.BigInteger()),
        sa.Column("site", sa.Text()),
        sa.Column("tce", sa.BigInteger()),
        sa.Column("output_value", sa.BigInteger()),
        sa.Column("target_met", sa.Boolean()),
    )
    _record_table(
        "soft_observations",
        sa.Column("topic", sa.Text()),
        sa.Column("observer", sa.Text()),
        *_day("observed_on"),
        sa.Column("statement", sa.LargeBinary()),
        sa.Column("level", sa.BigInteger()),
        sa.Column("evidence", sa.Text()),
        sa.Column("confidence", sa.BigInteger()),
    )
    _record_table(
        "loan_applications",
        sa.Column("application_no", sa.Text()),
        *_day("applied_on"),
        sa.Column("amount", sa.BigInteger()),
        sa.Column("product", sa.Text()),
        sa.Column("decision", sa.Text()),
        *_day("decided_on"),
        sa.Column("approved_amount", sa.BigInteger()),
        sa.Column("reason_codes", TEXTS),
    )
    _record_table(
        "loan_statuses",
        sa.Column("loan_no", sa.Text()),
        sa.Column("month", sa.Date()),
        sa.Column("balance", sa.BigInteger()),
        sa.Column("days_past_due", sa.BigInteger()),
        sa.Column("classification", sa.Text()),
        sa.Column("guarantor", sa.LargeBinary()),
        sa.Column("collateral", sa.Text()),
    )


def downgrade() -> None:
    """Drop the tables with all they hold."""
    for name in reversed(TABLES):
        op.drop_table(name)
