"""The kinds of dirt that real provider files show, each with a rate of its own."""

from __future__ import annotations

from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class Dirt:
    """How often each kind of dirt occurs: a share of rows, firms or accounts, from 0 to 1. 0 switches it off."""

    bad_rows: float = 0.002
    """Rows with a day that does not exist (2026-02-30), words in an amount, or an unknown code."""
    untidy_codes: float = 0.005
    """Rows whose code is in full-width characters, lower case, or with invisible characters."""
    wrong_codes: float = 0.0003
    """Rows whose code has a wrong check character."""
    masked_codes: float = 0.0002
    """Rows whose code is partly starred."""
    duplicates: float = 0.003
    """Rows sent twice, to the character."""
    corrections: float = 0.005
    """Rows corrected later: same key, later `revised_at`, another value."""
    old_numbers: float = 0.10
    """Firms, of those that have one, that a provider still knows by the 15-digit number."""
    own_numbers: float = 0.03
    """Firms whose monthly rows carry only the provider's own number of them."""
    name_variants: float = 0.03
    """Names written with other brackets, spaces or width, or by a former name."""
    other_names: float = 0.0005
    """Firms that one provider knows by a name that is another's."""
    accounts_without_codes: float = 0.08
    """Utility accounts that carry a name and a region but no code."""
    legacy_encoding: bool = False
    """Whether the water company writes GB18030."""

    def __post_init__(self) -> None:
        for field in fields(self):
            if not 0 <= getattr(self, field.name) <= 1:
                raise ValueError(f"{field.name} must lie between 0 and 1")
        if self.of_rows > 1:
            raise ValueError("the kinds of dirt that hit rows add up to more than 1")

    @classmethod
    def none(cls) -> Dirt:
        """Return no dirt at all: every row is right, every firm is named by its code."""
        return cls(**{field.name: 0 for field in fields(cls)})  # type: ignore[arg-type]

    @property
    def of_rows(self) -> float:
        """Return the share of rows that have any dirt of their own."""
        return (
            self.bad_rows
            + self.untidy_codes
            + self.wrong_codes
            + self.masked_codes
            + self.duplicates
            + self.corrections
        )
