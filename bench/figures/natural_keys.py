"""Natural keys: how many of a source's keys stand for one thing only.

Under the other keys rows of different content meet: within one submission they are quarantined, not overwritten.
"""

from __future__ import annotations

import uuid
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial

from bench.figures.folder import Row
from bench.figures.quality import Measured, Share, measure
from bench.figures.sources import SOURCES
from creditshare.core.encryption import Keyring
from creditshare.intake.identity import Identifier
from creditshare.intake.validation import Accepted, RowValidator
from creditshare.resources.catalogue import kind_named

TODAY = date(2026, 11, 22)
NOW = datetime(2026, 11, 22, tzinfo=UTC)


@dataclass
class Tally:
    """What became of the rows of one source; `differing` keys have rows of different content."""

    rows: int
    refused: Counter[str]
    keys: int
    differing: int
    repeats: int


def tally(kind_name: str, rows: Iterator[Row]) -> Tally:
    """Read rows through validation, natural key and content hash."""
    kind = kind_named(kind_name)
    participant = uuid.UUID(int=1)
    validator = RowValidator(kind, participant_id=participant, revised_at=NOW, received_on=TODAY)
    identifier = Identifier(kind, participant_id=participant, keyring=Keyring(bytes(32)))
    contents: dict[uuid.UUID, list[bytes]] = defaultdict(list)
    refused: Counter[str] = Counter()
    number = 0
    for number, row in enumerate(rows, 1):
        checked = validator.validate(row, number)
        if isinstance(checked, Accepted):
            contents[identifier.record_id(checked)].append(identifier.content_hash(checked))
        else:
            refused[checked.faults[0].rule or checked.faults[0].code] += 1
    return Tally(
        rows=number,
        refused=refused,
        keys=len(contents),
        differing=sum(len(set(found)) > 1 for found in contents.values()),
        repeats=sum(len(found) - len(set(found)) for found in contents.values()),
    )


def measure_natural_keys() -> Measured:
    """Count, source by source, the keys under which all rows say the same."""
    return measure(partial(_keys, source) for source in SOURCES)


def _keys(source: str) -> list[Share]:
    kind, rows = SOURCES[source]
    found = tally(kind, rows())
    more: dict[str, object] = {
        "kind": kind,
        "rows": found.rows,
        "repeats": found.repeats,
        "refused": dict(found.refused),
    }
    return [Share(source, found.keys - found.differing, found.keys, f"one content a key ({kind})", more)]
