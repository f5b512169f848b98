"""What market regulation reports: registration, changes, shareholders, listings, pledges."""

from __future__ import annotations

from creditshare.resources.base import ADVERSE_LATER, Holds, RecordKind, RecordSchema
from creditshare.resources.fields import Code, Day, Money, Quantity, Region, Text
from creditshare.resources.groups import ResourceGroup
from creditshare.resources.rules import (
    ADVERSE_RULES,
    at_most,
    code_valid,
    in_order,
    industry_known,
    not_above,
    not_negative,
)
from creditshare.resources.statements import Events, Facts


class RegistrationSchema(RecordSchema):
    """The registered matters of a firm 登记事项 (市场主体登记管理条例 art 8–9); an absent status is unknown."""

    firm_name = Text(required=True, longest=200)
    subject_kind = Code("enterprise", "individual", "cooperative", "branch", "other")
    firm_type = Text(longest=200)
    legal_representative = Text(personal=True, longest=200)
    registered_capital = Money()
    paid_in_capital = Money()
    capital_currency = Text(longest=50)
    established_on = Day()
    term_from = Day()
    term_to = Day()
    status = Code(
        "active",
        "dormant",
        "liquidating",
        "suspended",
        "moved-out",
        "revoked",
        "revoked-deregistered",
        "deregistered",
        "annulled",
    )
    industry = Text(longest=20)
    region = Region()
    region_name = Text(longest=200)
    address = Text(longest=1000)
    business_scope = Text()
    authority = Text(longest=200)

    rules = (
        in_order("term_from", "term_to"),
        not_above("paid_in_capital", "registered_capital"),
        *not_negative("registered_capital", "paid_in_capital"),
        industry_known("industry"),
    )


REGISTRATION = RecordKind(
    name="registration",
    group=ResourceGroup.REGISTRATION,
    schema=RegistrationSchema,
    table_name="registrations",
    statement=Facts(
        fields=(
            "firm_name",
            "subject_kind",
            "firm_type",
            "registered_capital",
            "paid_in_capital",
            "capital_currency",
            "established_on",
            "term_from",
            "term_to",
            "status",
            "industry",
            "region",
            "region_name",
            "address",
            "business_scope",
            "authority",
        )
    ),
    births_firm=True,
)


class RegistrationChangeSchema(RecordSchema):
    """One changed matter of a registration 变更登记; several matters often change on one day."""

    item = Text(required=True, key=True, longest=200)
    changed_on = Day(required=True, key=True)
    change_no = Text(key=True, longest=100)
    before = Text(personal=True)
    after = Text(personal=True)


REGISTRATION_CHANGE = RecordKind(
    name="registration-change",
    group=ResourceGroup.REGISTRATION,
    schema=RegistrationChangeSchema,
    table_name="registration_changes",
    statement=Events(on="changed_on", fields=("item", "change_no")),
    holds=Holds(since="changed_on"),
    lines=True,
    line_field="change_no",
)


class ShareholderSchema(RecordSchema):
    """One shareholder or partner with what was subscribed and paid 股东及出资."""

    holder_name = Text(required=True, key=True, personal=True, longest=200)
    holder_no = Text(key=True, longest=100)
    holder_kind = Text(longest=100)
    holder_uscc = Text(longest=64)
    subscribed_amount = Money()
    paid_amount = Money()
    share_ratio = Quantity(places=6, unit="ratio")
    since_on = Day()
    until_on = Day()

    rules = (
        in_order("since_on", "until_on"),
        not_above("paid_amount", "subscribed_amount"),
        *not_negative("subscribed_amount", "paid_amount", "share_ratio"),
        at_most("share_ratio", 10**6, words="is above 1 (the whole firm)"),
        code_valid("holder_uscc"),
    )


SHAREHOLDER = RecordKind(
    name="shareholder",
    group=ResourceGroup.REGISTRATION,
    schema=ShareholderSchema,
    table_name="shareholders",
    statement=Events(
        on="since_on",
        fields=("holder_no", "holder_kind", "holder_uscc", "subscribed_amount", "paid_amount", "share_ratio"),
    ),
    holds=Holds(since="since_on", until="until_on"),
    slot_fallback="holder_no",
)


class AbnormalListingSchema(RecordSchema):
    """An entry in a list of abnormal operation, serious violation, wage arrears or tax cases (名录、失信名单)."""

    list = Code(
        "abnormal-operation", "serious-violation", "wage-arrears", "tax-serious", required=True, key=True
    )
    listed_on = Day(required=True, key=True)
    reason = Text()
    removed_on = Day()
    authority = Text(longest=200)
    document_no = Text(longest=200)

    rules = (in_order("listed_on", "removed_on"), *ADVERSE_RULES)


ABNORMAL_LISTING = RecordKind(
    name="abnormal-listing",
    group=ResourceGroup.REGISTRATION,
    schema=AbnormalListingSchema,
    table_name="abnormal_listings",
    statement=Events(on="listed_on", fields=("list", "reason", "removed_on", "authority", "document_no")),
    holds=Holds(since="listed_on", later=ADVERSE_LATER | {"removed_on": ("removed_on",)}),
    adverse=True,
    key_is_fact=True,
)


class PledgeSchema(RecordSchema):
    """A pledge or mortgage of equity, chattels, intellectual property or real estate 出质、抵押."""

    pledge_type = Code("equity", "chattel", "ip", "real-estate", required=True, key=True)
    registration_no_of_pledge = Text(required=True, key=True, longest=200)
    pledgee = Text(longest=200)
    amount = Money()
    registered_on = Day(required=True)
    ended_on = Day()

    rules = (in_order("registered_on", "ended_on"), *not_negative("amount"))


PLEDGE = RecordKind(
    name="pledge",
    group=ResourceGroup.REGISTRATION,
    schema=PledgeSchema,
    table_name="pledges",
    statement=Events(
        on="registered_on",
        fields=("pledge_type", "registration_no_of_pledge", "pledgee", "amount", "ended_on"),
    ),
    holds=Holds(since="registered_on", later={"ended_on": ("ended_on",)}),
)

KINDS = (REGISTRATION, REGISTRATION_CHANGE, SHAREHOLDER, ABNORMAL_LISTING, PLEDGE)
