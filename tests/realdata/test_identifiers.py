"""Identifier rules against codes that nobody on this project made up (folder: CREDITSHARE_REALDATA)."""

import csv
import os
import re
from collections import Counter
from pathlib import Path

import pytest

from creditshare.firms.identifiers import (
    clean,
    is_placeholder,
    organisation_code_fault,
    registration_no_fault,
    uscc_fault,
)

ROOT = Path(__file__).parents[2]
FOLDER = Path(os.environ.get("CREDITSHARE_REALDATA", ROOT.parent / "shared" / "data"))

pytestmark = pytest.mark.skipif(
    not FOLDER.is_dir(), reason=f"no real data at {FOLDER} (CREDITSHARE_REALDATA)"
)


def rows(path):
    with (FOLDER / path).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_published_vectors():
    strict = {"valid": True, "invalid": False}
    for row in rows("uscc_vectors/other_vectors.csv"):
        expected = strict.get(row["expected_strict"])
        assert expected is None or (uscc_fault(clean(row["uscc"])) is None) == expected, row["source"]


def test_two_hundred_real_codes_are_valid():
    text = (FOLDER / "uscc_vectors" / "stdnum_test_cn_uscc.doctest").read_text(encoding="utf-8")
    codes = re.findall(r"^\.\.\. ([0-9A-Z]{18})$", text, flags=re.MULTILINE)

    assert len(codes) >= 200
    assert [code for code in codes if uscc_fault(code)] == []


@pytest.fixture(scope="module")
def faults():
    """Count, per class of error, what each code is after cleaning."""
    counts = {}
    for row in rows("cn_registry/identifier_anomalies.csv"):
        code = clean(row["id"])
        fault = {15: registration_no_fault, 9: organisation_code_fault}.get(len(code), uscc_fault)(code)
        verdict = "placeholder" if is_placeholder(row["id"]) else fault
        counts.setdefault(row["class"], Counter())[verdict] += 1
    return counts


class TestAnomalies:
    def test_every_wrong_check_character_is_found(self, faults):
        assert set(faults["18_bad_checksum"]) == {"check-digit"}

    def test_lower_case_was_all_that_was_wrong(self, faults):
        assert set(faults["18_illegal_char"]) == {None}

    @pytest.mark.parametrize("kind", ["regno13", "other_len15", "other_len16", "other_len17"])
    def test_odd_lengths_are_malformed(self, faults, kind):
        assert set(faults[kind]) == {"malformed"}

    def test_old_numbers_pass_their_check(self, faults):
        assert set(faults["regno15"]) == {None}

    def test_organisation_codes_with_a_hyphen(self, faults):
        assert set(faults["orgcode9"]) == {None}

    def test_words_are_placeholders_or_malformed(self, faults):
        assert set(faults["text"]) == {"placeholder", "malformed"}


def test_codes_of_sites_are_cleaned_as_a_reader_would():
    wrong = [
        row["raw_code"]
        for row in rows("ningxia_environment/crosswalk_to_registry.csv")
        if row["how"] == "code" and clean(row["raw_code"]) != row["clean_code"]
    ]

    assert wrong == []


def test_masked_codes_on_printed_penalties_are_seen():
    verdicts = Counter(
        uscc_fault(clean(row["uscc_as_printed"]))
        for row in rows("env_penalty_pages/penalties.csv")
        if not is_placeholder(row["uscc_as_printed"])
    )

    assert verdicts["masked"] == 3
