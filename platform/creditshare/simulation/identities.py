"""How each provider writes a firm: by code, by an old or an own number, by one of its names."""

from __future__ import annotations

import polars as pl

from creditshare.simulation.dirt import Dirt
from creditshare.simulation.draw import Draw, part

REGISTRY = "amr"
_IN_TOTAL = 1_000_000


class Identities:
    """The subject columns of a block's firms, provider by provider."""

    def __init__(self, draw: Draw, dirt: Dirt, firms: pl.DataFrame) -> None:
        self._draw = draw
        self._dirt = dirt
        self._firms = firms
        self._written: dict[str, pl.DataFrame] = {}

    def of(self, provider: str) -> pl.DataFrame:
        """Return, firm by firm in the block's order, the subject columns as that provider fills them.

        `uscc` (null where only `registration_no` is known), `monthly_uscc` (null too where the monthly rows carry
        `subject_no` alone), `registration_no`, `subject_no`, `firm_name`, `region`.
        """
        if provider not in self._written:
            self._written[provider] = self._write(provider)
        return self._written[provider]

    def has_code(self, provider: str) -> pl.Expr:
        """Return, for accounts (columns `n`, `slot`), whether the provider holds a code with the account."""
        chance = part(self._draw.bits(f"coded/{provider}", "n", "slot"), 0, _IN_TOTAL)
        return chance >= _threshold(self._dirt.accounts_without_codes)

    def _write(self, provider: str) -> pl.DataFrame:
        bits = self._draw.bits(f"identity/{provider}", "n")
        dirt = self._dirt if provider != REGISTRY else Dirt.none()
        old = (part(bits, 0, _IN_TOTAL) < _threshold(dirt.old_numbers)) & pl.col("old_number").is_not_null()
        own = part(bits, 20, _IN_TOTAL) < _threshold(dirt.own_numbers)
        name_bits = self._draw.bits(f"name/{provider}", "n")
        variant = part(name_bits, 0, _IN_TOTAL) < _threshold(dirt.name_variants)
        other = part(name_bits, 20, _IN_TOTAL) < _threshold(dirt.other_names)
        neighbour = pl.col("name").shift(1, fill_value=pl.col("name").last())
        return self._firms.select(
            uscc=pl.when(~old).then("uscc"),
            monthly_uscc=pl.when(~old & ~own).then("uscc"),
            registration_no=pl.when(old).then("old_number"),
            monthly_registration_no=pl.when(old & ~own).then("old_number"),
            subject_no=pl.concat_str(
                pl.lit("D"),
                (self._draw.constant(f"numbers/{provider}") % 900 + 100),
                pl.col("n").cast(pl.String).str.zfill(7),
            ),
            firm_name=pl.when(other)
            .then(neighbour)
            .when(variant)
            .then(_variant(part(name_bits, 40, 4)))
            .otherwise("name"),
            region="region",
        )


def _threshold(share: float) -> int:
    return round(share * _IN_TOTAL)


def _variant(which: pl.Expr) -> pl.Expr:
    """Return the name as another clerk writes it; all but the former name are equal after normalisation."""
    name = pl.col("name")
    narrow = name.str.replace_all("（", "(", literal=True).str.replace_all("）", ")", literal=True)
    return (
        pl.when((which == 0) & pl.col("former_name").is_not_null())
        .then("former_name")
        .when(which == 1)
        .then(pl.concat_str(name.str.slice(0, 3), pl.lit(" "), name.str.slice(3)))
        .when(which == 2)
        .then(pl.concat_str(pl.lit("\u3000"), name, pl.lit("\u200b")))
        .otherwise(narrow)
    )
