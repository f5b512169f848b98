"""Real rows under our natural keys: which rows of one source would be taken for versions of one record.

Every file of the real data whose rows fit a record kind is read row by row through the product's own validation,
natural keys and content hashes. `differing` counts keys under which rows of different content meet: within one
submission such rows are quarantined (`conflicting-rows`), never silently overwritten. Each kind that has any says
why in the notes of its catalogue entry.
"""

from __future__ import annotations

import uuid
from collections import defaultdict

import pytest

from bench.figures.folder import FOLDER, SetAbsent
from bench.figures.natural_keys import NOW, TODAY, tally
from bench.figures.sources import SOURCES, tax_filings
from config import ROOT
from creditshare.intake.validation import Accepted, RowValidator
from creditshare.resources.catalogue import kind_named, load_catalogue

DIFFERING = {
    "annual reports 2020": 8,
    "qualifications 2017": 20,
    "investments 2017": 7,
    "registry extract": 1,
    "registry conflicts": 6,
}

pytestmark = pytest.mark.skipif(
    not FOLDER.is_dir(), reason=f"no real data at {FOLDER} (CREDITSHARE_REALDATA)"
)


@pytest.mark.parametrize("source", SOURCES)
def test_rows_under_one_key_with_different_content(source):
    kind, rows = SOURCES[source]

    try:
        found = tally(kind, rows())
    except SetAbsent as absent:
        pytest.skip(str(absent))

    print(f"{source} ({kind}): {found}")  # noqa: T201 - the table is what the test shows (pytest -rP)
    assert found.differing == DIFFERING.get(source, 0)


def test_each_kind_with_such_rows_says_why():
    catalogue = load_catalogue(ROOT / "config", TODAY)
    met = {SOURCES[source][0] for source in DIFFERING}

    unexplained = {kind for kind in met if not any("conflicting" in note for note in catalogue[kind].notes)}

    assert unexplained == set()


def test_tax_lines_would_overwrite_each_other_without_the_line():
    keys = defaultdict(set)
    kind = kind_named("tax-filing")
    validator = RowValidator(kind, participant_id=uuid.UUID(int=1), revised_at=NOW, received_on=TODAY)
    for number, row in enumerate(tax_filings(), 1):
        checked = validator.validate(row, number)
        if isinstance(checked, Accepted):
            keys[row["subject_no"], checked.natural_key].add(tuple(sorted(row.items())))

    overwritten = sum(len(lines) - 1 for lines in keys.values())

    assert overwritten > len(keys) // 3
