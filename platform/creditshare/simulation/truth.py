"""What the simulation knows and no provider says: whom each row means, and which firms default."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from creditshare.simulation.block import Block
from creditshare.simulation.identities import REGISTRY
from creditshare.simulation.sources import PROVIDERS
from creditshare.simulation.sources.utilities import SERVICES, accounts_of

_OWN_NUMBERS = ("hrss", "housing-fund")


def links(block: Block) -> pl.DataFrame:
    """Return, for each way in which a provider writes a firm but its right code, the firm's true code.

    `form` is registration_no, subject_no, firm_name (with its region) or account (`value` is service/account_no).
    """
    return pl.concat(list(_links(block)))


def outcomes(block: Block) -> pl.DataFrame:
    """Return, for firms still in business at the end of the window, whether they default within twelve months."""
    return block.firms.filter("trades_on").select("uscc", "defaulted")


def _links(block: Block) -> Iterator[pl.DataFrame]:
    firms = block.firms
    for provider in PROVIDERS:
        if provider == REGISTRY:
            old = firms.select(value="old_number", region=pl.lit(None, dtype=pl.String), uscc="uscc")
        else:
            old = block.identities.of(provider).select(
                value="registration_no", region=pl.lit(None, dtype=pl.String), uscc=pl.lit(firms["uscc"])
            )
        yield _lines(provider, "registration_no", old)
        if provider in _OWN_NUMBERS:
            numbers = block.identities.of(provider).select(
                value="subject_no", region=pl.lit(None, dtype=pl.String), uscc=pl.lit(firms["uscc"])
            )
            yield _lines(provider, "subject_no", numbers)
    for service in SERVICES:
        accounts = accounts_of(block, service)
        written = block.subject(service.provider, "firm_name")["firm_name"]
        nameless = accounts.filter(~block.identities.has_code(service.provider))
        yield _lines(
            service.provider,
            "firm_name",
            nameless.select(value=written, region="region", uscc="uscc").unique(maintain_order=True),
        )
        yield _lines(
            service.provider,
            "account",
            accounts.select(
                value=pl.concat_str(pl.lit(service.service + "/"), "account_no"),
                region=pl.lit(None, dtype=pl.String),
                uscc="uscc",
            ),
        )


def _lines(provider: str, form: str, frame: pl.DataFrame) -> pl.DataFrame:
    return frame.filter(pl.col("value").is_not_null()).select(
        provider=pl.lit(provider), form=pl.lit(form), value="value", region="region", uscc="uscc"
    )
