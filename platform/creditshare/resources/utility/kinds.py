"""What power, water and gas companies report: accounts and their bills. They know accounts better than firms."""

from __future__ import annotations

from creditshare.resources.base import Holds, RecordKind, RecordSchema
from creditshare.resources.fields import Code, Day, Flag, Money, Month, Quantity, Text
from creditshare.resources.groups import ResourceGroup
from creditshare.resources.rules import in_order, not_negative
from creditshare.resources.statements import Events, Series

SERVICES = ("electricity", "water", "gas")


class UtilityAccountSchema(RecordSchema):
    """A supply account 户号 and the firm that holds it."""

    service = Code(*SERVICES, required=True, key=True)
    account_no = Text(required=True, key=True, longest=64)
    opened_on = Day()
    closed_on = Day()
    address = Text(longest=1000)
    contract_capacity = Quantity(places=3, unit="kVA")

    rules = (in_order("opened_on", "closed_on"), *not_negative("contract_capacity"))


UTILITY_ACCOUNT = RecordKind(
    name="utility-account",
    group=ResourceGroup.UTILITY,
    schema=UtilityAccountSchema,
    table_name="utility_accounts",
    statement=Events(
        on="opened_on", fields=("service", "account_no", "closed_on", "address", "contract_capacity")
    ),
    holds=Holds(since="opened_on", later={"closed_on": ("closed_on",)}),
    names_account=True,
    key_is_fact=True,
)


class UtilityBillSchema(RecordSchema):
    """A month's bill of one account; the quantity is in kWh for electricity, in m³ for water and gas."""

    service = Code(*SERVICES, required=True, key=True)
    account_no = Text(required=True, key=True, longest=64)
    month = Month(required=True, key=True)
    bill_no = Text(key=True, longest=100)
    quantity = Quantity(places=3, unit="kWh (electricity) or m³ (water, gas)")
    amount = Money()
    due_on = Day()
    paid_on = Day()
    arrears = Money()
    late_fee = Money()
    cut_off = Flag()
    theft = Flag()

    rules = not_negative("quantity", "amount", "arrears", "late_fee")


UTILITY_BILL = RecordKind(
    name="utility-bill",
    group=ResourceGroup.UTILITY,
    schema=UtilityBillSchema,
    table_name="utility_bills",
    statement=Series(by="month", step="month", sums=("quantity", "amount", "arrears"), split="service"),
    holds=Holds(since="month", later={"paid_on": ("paid_on",)}),
    across="sum",
    subject_is_account=True,
    slot_fallback="bill_no",
    fresh_by="month",
)

KINDS = (UTILITY_ACCOUNT, UTILITY_BILL)
