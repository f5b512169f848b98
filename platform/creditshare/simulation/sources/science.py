"""Science and technology: qualifications and rights of firms in technical trades."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from creditshare.simulation.block import Block, Sheet, Spoilable
from creditshare.simulation.columns import day
from creditshare.simulation.draw import part, pick

PROVIDER = "science"
_SCHEMES = ("tech-sme", "tech-sme", "high-tech", "innovative-sme", "specialised-sme")
_RIGHTS = ("utility-model", "utility-model", "invention", "design", "trademark", "software-copyright")


def sheets(block: Block) -> Iterator[Sheet]:
    """Give the bureau's sheets."""
    yield _qualifications(block)
    yield _rights(block)


def _inventive(often: int) -> pl.Expr:
    """Return the rate for firms in technical trades; better firms more often."""
    return pl.when(pl.col("technical")).then(often + pl.col("quality") * often // 500).otherwise(often // 20)


def _qualifications(block: Block) -> Sheet:
    granted = block.events("qualification", slots=2, rate=_inventive(900)).with_columns(
        scheme=pick(_SCHEMES, part(pl.col("bits"), 20, len(_SCHEMES)))
    )
    yearly = pl.col("scheme") == "tech-sme"
    rows = granted.select(
        **block.subject(PROVIDER, "uscc", "registration_no", "firm_name"),
        scheme="scheme",
        certificate_no=pl.concat_str(
            pl.lit("GR"),
            day("day").dt.year(),
            pl.lit("99"),
            (pl.col("n") * 10 + pl.col("slot")).cast(pl.String).str.zfill(8),
        ),
        issued_on=day("day"),
        expires_on=day(pl.col("day") + pl.when(yearly).then(365).otherwise(3 * 365)),
        authority=pl.concat_str("city", pl.lit("科学技术局")),
        revised_on=day(pl.col("day") + 5),
    )
    return Sheet(PROVIDER, "qualification", rows, Spoilable("issued_on", code="scheme"))


def _rights(block: Block) -> Sheet:
    granted = block.events("intellectual-property", slots=8, rate=_inventive(1100))
    rows = granted.select(
        **block.subject(PROVIDER, "uscc", "registration_no", "firm_name"),
        right_type=pick(_RIGHTS, part(pl.col("bits"), 20, len(_RIGHTS))),
        number=pl.concat_str(
            pl.lit("ZL99"), (pl.col("n") * 10 + pl.col("slot")).cast(pl.String).str.zfill(9)
        ),
        applied_on=day(pl.col("day") - 200 - part(pl.col("bits"), 40, 500)),
        granted_on=day("day"),
        legal_status=pl.lit("有效"),
        revised_on=day(pl.col("day") + 3),
    )
    return Sheet(PROVIDER, "intellectual-property", rows, Spoilable("granted_on", code="right_type"))
