"""What a simulated province promises: repeatable, valid, about 345 rows a firm, nothing from the future."""

import hashlib
import json
from datetime import date

import polars as pl
import pytest

from creditshare.errors import Invalid
from creditshare.firms.identifiers import (
    organisation_code_fault,
    organisation_code_of,
    registration_no_fault,
    uscc_fault,
)
from creditshare.resources.employment.kinds import KINDS as EMPLOYMENT
from creditshare.resources.environment.kinds import KINDS as ENVIRONMENT
from creditshare.resources.operation.kinds import KINDS as OPERATION
from creditshare.resources.registration.kinds import KINDS as REGISTRATION
from creditshare.resources.talent_technology.kinds import KINDS as TALENT_TECHNOLOGY
from creditshare.resources.tax.kinds import KINDS as TAX
from creditshare.resources.utility.kinds import KINDS as UTILITY
from creditshare.simulation import Dirt, province, simulate

from .conftest import UNTIL

KINDS = {
    kind.name: kind
    for group in (REGISTRATION, OPERATION, TALENT_TECHNOLOGY, TAX, EMPLOYMENT, UTILITY, ENVIRONMENT)
    for kind in group
}
FILES = (
    "amr/registration.csv",
    "amr/registration-change.csv",
    "amr/shareholder.csv",
    "amr/annual-report.csv",
    "amr/abnormal-listing.csv",
    "amr/administrative-penalty.csv",
    "tax/tax-filing.csv",
    "tax/tax-rating.csv",
    "tax/tax-arrears.csv",
    "hrss/social-insurance.csv",
    "hrss/labour-rating.csv",
    "housing-fund/housing-fund.csv",
    "grid/utility-account.csv",
    "grid/utility-bill.csv",
    "water/utility-account.csv",
    "water/utility-bill.csv",
    "ecology/environment-rating.csv",
    "ecology/discharge-permit.csv",
    "science/qualification.csv",
    "science/intellectual-property.csv",
    "court/court-enforcement.csv",
)


def digests(folder):
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*.*")
    }


def make(folder, *, seed=1, firms=25, **wishes):
    simulate(folder, firms=firms, seed=seed, until=UNTIL, **wishes)
    return digests(folder)


def test_same_seed_same_bytes(tmp_path):
    assert make(tmp_path / "one") == make(tmp_path / "two")


def test_ranges_of_numbers_share_no_firm(tmp_path):
    simulate(tmp_path / "one", firms=20, seed=1, until=UNTIL, dirt=Dirt.none())
    simulate(tmp_path / "two", firms=20, first=21, seed=1, until=UNTIL, dirt=Dirt.none())

    one, two = (set(pl.read_csv(tmp_path / name / "amr/registration.csv")["uscc"]) for name in ("one", "two"))
    assert len(one) == len(two) == 20
    assert not one & two


def test_another_seed_gives_another_province(tmp_path):
    one, other = make(tmp_path / "one", seed=1), make(tmp_path / "two", seed=2)

    assert one.keys() == other.keys()
    assert all(one[path] != other[path] for path in FILES)


def test_a_second_run_replaces_the_first(tmp_path):
    make(tmp_path / "one", seed=2, firms=40)

    assert make(tmp_path / "one") == make(tmp_path / "two")


def test_a_firm_does_not_depend_on_the_block_it_is_made_in(tmp_path, monkeypatch):
    simulate(tmp_path / "whole", firms=20, seed=5, until=UNTIL, dirt=Dirt.none())
    monkeypatch.setattr(province, "BLOCK", 7)
    simulate(tmp_path / "parts", firms=20, seed=5, until=UNTIL, dirt=Dirt.none())

    for path in FILES:
        whole, parts = (
            sorted((tmp_path / name / path).read_text().splitlines()) for name in ("whole", "parts")
        )
        assert whole == parts, path


def test_the_manifest_counts_every_row(clean):
    manifest = json.loads((clean.folder / "manifest.json").read_text())

    assert tuple(file["path"] for file in manifest["files"]) == FILES
    assert manifest["files"][0] == {
        "path": "amr/registration.csv",
        "provider": "amr",
        "kind": "registration",
        "rows": clean.read("amr/registration.csv").height,
        "encoding": "utf-8",
    }
    assert {file["path"]: file["rows"] for file in manifest["files"]} == {
        path: clean.read(path).height for path in FILES
    }
    assert set(manifest["providers"]) == {file["provider"] for file in manifest["files"]}
    assert clean.summary.rows == sum(file["rows"] for file in manifest["files"])


def test_about_345_rows_a_firm(dirty):
    assert dirty.summary.rows / dirty.summary.firms == pytest.approx(345, rel=0.03)


@pytest.mark.parametrize("path", FILES)
def test_every_clean_row_is_accepted_without_a_remark(clean, path):
    kind = KINDS[path.split("/")[1].removesuffix(".csv")]
    frame = clean.read(path)

    assert set(frame.columns) <= set(kind.columns)
    assert frame.height > 0
    for row in frame.iter_rows(named=True):
        values = {
            name: kind.fields[name].deserialize(text)
            for name, text in row.items()
            if text is not None and name in kind.fields
        }
        assert all(values.get(name) is not None for name, field in kind.own_fields.items() if field.required)
        assert [rule.name for rule in kind.rules if not rule.holds(values)] == [], row


@pytest.mark.parametrize("path", FILES)
def test_a_clean_province_never_says_two_things_about_one_record_at_one_time(clean, path):
    kind = KINDS[path.split("/")[1].removesuffix(".csv")]
    frame = clean.read(path)
    subject = [name for name in ("uscc", "registration_no", "subject_no") if name in frame.columns]
    key = ["source_key"] if "source_key" in frame.columns else [*subject, *kind.key_fields]
    key = [name for name in key if name in frame.columns]

    assert frame.unique([*key, "revised_at"]).height == frame.height


@pytest.mark.parametrize("path", FILES)
def test_nothing_is_known_before_it_happened(clean, path):
    frame = clean.read(path).with_columns(said=pl.col("revised_at").str.slice(0, 10))
    happened = [
        name
        for name in ("paid_on", "performed_on", "cleared_on", "removed_on", "decided_on")
        if name in frame.columns
    ]

    assert frame["said"].max() <= UNTIL.isoformat()
    for name in happened:
        assert frame.filter(pl.col(name) > pl.col("said")).is_empty()


class TestCodes:
    def test_all_are_valid_and_of_the_private_scheme(self, clean):
        firms = clean.read("amr/registration.csv")

        assert [code for code in firms["uscc"] if uscc_fault(code)] == []
        assert [code for code in firms["uscc"] if organisation_code_fault(organisation_code_of(code))] == []
        assert firms.filter(~pl.col("uscc").str.contains(r"^9[123]33\d{4}PDY\d{5}[0-9X].$")).is_empty()
        old = firms["registration_no"].drop_nulls()
        assert [number for number in old if registration_no_fault(number)] == []
        assert all(number.startswith("99") for number in old)
        assert 0.2 < len(old) / firms.height < 0.7

    @pytest.mark.parametrize("path", FILES)
    def test_no_file_names_another_firm(self, clean, path):
        known = set(clean.read("amr/registration.csv")["uscc"])
        frame = clean.read(path)

        assert "uscc" not in frame.columns or set(frame["uscc"].drop_nulls()) <= known


@pytest.mark.parametrize(
    "wish", [{"firms": 0}, {"firms": 10_000_000}, {"firms": 5, "months": 0}, {"firms": 5, "months": 241}]
)
def test_impossible_provinces_are_refused(tmp_path, wish):
    with pytest.raises(Invalid):
        simulate(tmp_path, seed=1, until=UNTIL, **wish)

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("until", "months"), [(date(2024, 2, 29), 1), (date(2026, 1, 1), 6), (date(2026, 12, 31), 13)]
)
def test_any_window_will_do(tmp_path, until, months):
    summary = simulate(tmp_path, firms=30, seed=1, until=until, months=months)

    assert summary.rows > 30


def test_progress_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(province, "BLOCK", 10)
    told = []

    simulate(
        tmp_path,
        firms=25,
        seed=1,
        until=UNTIL,
        months=1,
        progress=lambda done, total: told.append((done, total)),
    )

    assert told == [(10, 25), (20, 25), (25, 25)]
