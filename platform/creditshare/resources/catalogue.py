"""The catalogue: every record kind, and beside each what owners, law and places decide, as dated data.

What a kind *is* stands in code (its declaration); who owns it, how often it comes, who may see it and what it is
called changed in 2021, 2022 and 2024 and differs by province, so it lies in `config/catalogue/<kind>.json`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path

import msgspec

from creditshare.errors import Fault, NotFound, SettingsInvalid
from creditshare.resources.base import RecordKind
from creditshare.resources.employment.kinds import KINDS as EMPLOYMENT
from creditshare.resources.environment.kinds import KINDS as ENVIRONMENT
from creditshare.resources.lending.kinds import KINDS as LENDING
from creditshare.resources.operation.kinds import KINDS as OPERATION
from creditshare.resources.registration.kinds import KINDS as REGISTRATION
from creditshare.resources.soft_information.kinds import KINDS as SOFT_INFORMATION
from creditshare.resources.talent_technology.kinds import KINDS as TALENT_TECHNOLOGY
from creditshare.resources.tax.kinds import KINDS as TAX
from creditshare.resources.utility.kinds import KINDS as UTILITY

ALL_KINDS: tuple[RecordKind, ...] = (
    *REGISTRATION,
    *OPERATION,
    *TALENT_TECHNOLOGY,
    *TAX,
    *EMPLOYMENT,
    *UTILITY,
    *ENVIRONMENT,
    *SOFT_INFORMATION,
    *LENDING,
)
KINDS: Mapping[str, RecordKind] = {kind.name: kind for kind in ALL_KINDS}
TABLES = {kind.name: kind.table for kind in ALL_KINDS}  # made at import, so that the metadata is whole


class KindUnknown(NotFound):
    """No record kind of that name."""

    code = "kind-unknown"


class Period(StrEnum):
    """How often a kind comes for one firm (ISO 8601), or that it comes when something happens."""

    DAY = "P1D"
    MONTH = "P1M"
    QUARTER = "P3M"
    YEAR = "P1Y"
    IRREGULAR = "irregular"


class SharingMode(StrEnum):
    """How the owner shares it 共享方式."""

    BULK = "bulk"
    INTERFACE = "interface"
    VERIFY_ONLY = "verify-only"
    JOINT_MODEL = "joint-model"
    SELF_DECLARED = "self-declared"


class Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A text in both languages."""

    zh: str
    en: str


class Retention(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How long it is kept and shown: months, and the rule in words."""

    months: int
    zh: str
    en: str


class CatalogueEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is decided about a kind for a span of days.

    `public`: law publishes it; `consent_required`: a bank needs the firm's consent to see it. `expected`: counts in
    coverage. `source_ranking`: participant codes, best first; those not named come after, by code. `alternatives`:
    for kinds that add up, sets of participant codes that report the same thing, so that only the best-ranked counts.
    `labels`: each own field's name. `basis`: the laws and sources. `notes`: what the data taught.
    """

    valid_from: date
    valid_until: date | None
    title: Words
    owner: Words
    period: Period
    grace_days: int
    sharing_mode: SharingMode
    public: bool
    consent_required: bool
    retention: Retention
    expected: bool
    source_ranking: tuple[str, ...]
    alternatives: tuple[tuple[str, ...], ...]
    basis: tuple[str, ...]
    notes: tuple[str, ...]
    labels: dict[str, Words]

    def is_valid(self, on: date) -> bool:
        """Say whether the entry holds on that day."""
        return self.valid_from <= on and (self.valid_until is None or on <= self.valid_until)

    def rank(self, participant: str) -> tuple[int, str]:
        """Return the place of a source among those of the kind: the smallest is the best."""
        known = participant in self.source_ranking
        place = self.source_ranking.index(participant) if known else len(self.source_ranking)
        return (place, participant)


class CatalogueFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One file: the entries of one kind, in order of time."""

    kind: str
    versions: tuple[CatalogueEntry, ...]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The entries that hold on one day, by kind."""

    on: date
    entries: Mapping[str, CatalogueEntry]

    def __getitem__(self, kind: str) -> CatalogueEntry:
        """Return the entry of a kind."""
        return self.entries[kind]


def kind_named(name: str) -> RecordKind:
    """Return the kind of that name; raises KindUnknown."""
    kind = KINDS.get(name)
    if kind is None:
        raise KindUnknown(f"there is no record kind {name[:64]!r}; GET /v1/kinds lists them")
    return kind


def load_catalogue(config_dir: Path, on: date) -> Catalogue:
    """Read `config_dir/catalogue` and return what holds on that day; raises SettingsInvalid naming all faults."""
    folder = config_dir / "catalogue"
    faults: list[Fault] = []
    entries: dict[str, CatalogueEntry] = {}
    strays = sorted(path.name for path in folder.glob("*.json") if path.stem not in KINDS)
    faults += [_fault(name, "belongs to no record kind") for name in strays]
    for kind in ALL_KINDS:
        path = folder / f"{kind.name}.json"
        try:
            file = msgspec.json.decode(path.read_bytes(), type=CatalogueFile)
        except FileNotFoundError:
            faults.append(_fault(path.name, "is missing"))
            continue
        except msgspec.DecodeError as error:
            faults.append(_fault(path.name, str(error)))
            continue
        faults += [_fault(path.name, words) for words in _disagreements(kind, file)]
        current = next((entry for entry in file.versions if entry.is_valid(on)), None)
        if current is None:
            faults.append(_fault(path.name, f"no version holds on {on}"))
        else:
            entries[kind.name] = current
    if faults:
        raise SettingsInvalid("; ".join(fault.detail for fault in faults), faults=faults)
    return Catalogue(on, entries)


def _fault(file: str, words: str) -> Fault:
    return Fault(f"/{file}", "catalogue-invalid", f"catalogue/{file}: {words}")


def _disagreements(kind: RecordKind, file: CatalogueFile) -> Iterator[str]:
    """Yield what in the file does not fit the kind's declaration, or itself."""
    if file.kind != kind.name:
        yield f"is about {file.kind!r}"
    for earlier, later in zip(file.versions, file.versions[1:], strict=False):
        if earlier.valid_until is None or earlier.valid_until >= later.valid_from:
            yield f"the versions from {earlier.valid_from} and {later.valid_from} overlap or are out of order"
    for entry in file.versions:
        since = f"version from {entry.valid_from}"
        for name in kind.own_fields.keys() - entry.labels.keys():
            yield f"{since}: no label for {name}"
        for name in entry.labels.keys() - kind.own_fields.keys():
            yield f"{since}: label for {name}, which is not a field"
        if entry.valid_until is not None and entry.valid_until < entry.valid_from:
            yield f"{since}: ends before it starts"
        if entry.alternatives and kind.across != "sum":
            yield f"{since}: alternatives are for kinds that add up"
        if entry.grace_days < 0 or entry.retention.months < 1:
            yield f"{since}: grace_days and retention.months may not be negative or nothing"
