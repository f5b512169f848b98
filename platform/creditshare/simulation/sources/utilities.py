"""Electricity and water: accounts, which may carry no code, and their monthly bills, which never do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import polars as pl

from creditshare.simulation.block import Block, Sheet, Spoilable
from creditshare.simulation.columns import day, yuan
from creditshare.simulation.draw import part, pick
from creditshare.simulation.payments import settle


class Service(NamedTuple):
    """A utility: how much of what a firm uses, at how many fen a unit, over how many accounts."""

    provider: str
    service: str
    need: str
    price: int
    accounts: tuple[int, ...]
    prefix: str


SERVICES = (
    Service("grid", "electricity", "power", 72, (1, 1, 1, 1, 2, 2, 2, 3), "996"),
    Service("water", "water", "water", 460, (1,), "997"),
)


def sheets(block: Block) -> Iterator[Sheet]:
    """Give the sheets of both companies."""
    for service in SERVICES:
        accounts = accounts_of(block, service)
        yield _account_sheet(block, service, accounts)
        yield _bill_sheet(block, service, accounts)


def accounts_of(block: Block, service: Service) -> pl.DataFrame:
    """Return the accounts of the block's firms with this utility, one row each, with the firm's columns."""
    bits = block.draw.bits(f"accounts/{service.service}", "n")
    slots = pl.DataFrame({"slot": pl.Series(range(max(service.accounts)), dtype=pl.Int64)})
    return (
        block.firms.with_columns(owned=pick(service.accounts, part(bits, 0, len(service.accounts))))
        .join(slots, how="cross", maintain_order="left_right")
        .filter(pl.col("slot") < pl.col("owned"))
        .with_columns(
            account_no=pl.concat_str(
                pl.lit(service.prefix), pl.col("n").cast(pl.String).str.zfill(8), pl.col("slot") + 1
            ),
            opened=pl.max_horizontal(pl.col("established") + 20 + pl.col("slot") * 400, pl.lit(0)),
        )
        .filter(pl.col("opened") < block.until - 40)
    )


def _account_sheet(block: Block, service: Service, accounts: pl.DataFrame) -> Sheet:
    coded = block.identities.has_code(service.provider)
    written = block.subject(service.provider, "uscc", "registration_no", "firm_name")
    capacity = pl.col("heads") * pl.col("power") // 90 + 15
    rows = accounts.select(
        uscc=pl.when(coded).then(written["uscc"]),
        registration_no=pl.when(coded).then(written["registration_no"]),
        firm_name=written["firm_name"],
        region="region",
        service=pl.lit(service.service),
        account_no="account_no",
        opened_on=day("opened"),
        address="address",
        contract_capacity=capacity if service.service == "electricity" else pl.lit(None, dtype=pl.Int64),
        revised_on=day(pl.max_horizontal("opened", pl.lit(block.start))),
    )
    return Sheet(service.provider, "utility-account", rows, Spoilable("opened_on", code="service"))


def _bill_sheet(block: Block, service: Service, accounts: pl.DataFrame) -> Sheet:
    need = block.of_firm(service.need) * pl.col("heads") * pl.col("activity") // 1000
    season = pl.col("power") if service.service == "electricity" else pl.lit(1000)
    months = block.months.with_columns(used=need * season // 1000, due=pl.col("last") + 20)
    bills = (
        months.join(
            accounts.select("i", "slot", "owned", "account_no", "opened"), on="i", maintain_order="left_right"
        )
        .filter(pl.col("last") > pl.col("opened"))
        .with_columns(
            bits=block.draw.bits(f"bills/{service.service}", "n", "k", "slot"),
            quantity=(pl.col("used") // pl.col("owned")).clip(1, None),
        )
        .with_columns(owed=pl.col("quantity") * service.price)
    )
    settled = settle(bills, until=block.until)
    days_late = (
        pl.when(pl.col("paid_day") > pl.col("due")).then(pl.col("paid_day") - pl.col("due")).otherwise(0)
    )
    rows = settled.select(
        service=pl.lit(service.service),
        account_no="account_no",
        month="month",
        bill_no=pl.concat_str("stamp", "account_no"),
        quantity="quantity",
        amount=yuan("owed"),
        due_on=day("due"),
        paid_on=day("paid_day"),
        arrears=yuan(pl.col("owed") - pl.col("paid")),
        late_fee=yuan(pl.col("owed") * days_late // 1000),
        cut_off=(pl.col("stress") > 400) & (pl.col("paid") < pl.col("owed")),
        revised_on=day("revised_on"),
    )
    return Sheet(service.provider, "utility-bill", rows, Spoilable("month", "amount", "service", "quantity"))
