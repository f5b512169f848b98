"""Dirt: each kind at its rate, and only where it is switched on."""

from dataclasses import fields

import polars as pl
import pytest

from creditshare.firms.identifiers import clean as clean_code
from creditshare.firms.identifiers import uscc_fault
from creditshare.simulation import Dirt, simulate

from .conftest import UNTIL

FILINGS = "tax/tax-filing.csv"
RATES = Dirt()


def share(frame, condition):
    return frame.filter(condition).height / frame.height


def test_clean_means_clean(clean):
    filings, accounts = clean.read(FILINGS), clean.read("grid/utility-account.csv")

    assert filings["source_key"].is_unique().all()
    assert filings["registration_no"].null_count() == filings.height
    assert accounts["uscc"].null_count() == 0
    assert {uscc_fault(code) for code in filings["uscc"]} == {None}


def test_bad_rows(dirty):
    filings = dirty.read(FILINGS)
    broken = (
        (pl.col("period_end") == "2026-02-30")
        | ~pl.col("tax_due").str.contains(r"^[0-9.]+$")
        | (pl.col("rate_unit") != "ratio")
    )

    assert share(filings, broken) == pytest.approx(RATES.bad_rows, rel=0.2)
    assert filings.filter(broken).select("period_end", "tax_due", "rate_unit").unique().height > 3


def test_untidy_codes_clean_to_right_ones(dirty):
    codes = dirty.read(FILINGS)["uscc"].drop_nulls()
    untidy = codes.filter(~codes.str.contains("^[0-9A-Z*]{18}$"))

    assert len(untidy) / len(codes) == pytest.approx(RATES.untidy_codes, rel=0.2)
    assert {uscc_fault(clean_code(code)) for code in untidy} == {None}
    assert len({code[0] for code in untidy}) == 3


def test_wrong_and_masked_codes(dirty):
    faults = [
        uscc_fault(clean_code(code)) for code in dirty.read("hrss/social-insurance.csv")["uscc"].drop_nulls()
    ]

    assert set(faults) == {None, "check-digit", "masked"}
    assert faults.count("check-digit") / len(faults) == pytest.approx(RATES.wrong_codes, rel=0.4)
    assert faults.count("masked") / len(faults) == pytest.approx(RATES.masked_codes, rel=0.4)


def test_duplicates_and_late_corrections(dirty):
    filings = dirty.read(FILINGS)
    distinct = filings.unique()
    again = distinct.filter(pl.col("source_key").is_duplicated()).sort("source_key", "revised_at")
    first, later = again.gather_every(2), again.gather_every(2, offset=1)

    assert (filings.height - distinct.height) / filings.height == pytest.approx(RATES.duplicates, rel=0.2)
    assert later.height / filings.height == pytest.approx(RATES.corrections, rel=0.2)
    assert first["source_key"].to_list() == later["source_key"].to_list()
    assert (first["revised_at"] < later["revised_at"]).all()
    assert (first["taxable_basis"] != later["taxable_basis"]).all()
    assert first["tax_due"].to_list() == later["tax_due"].to_list()


def test_old_numbers_are_those_of_the_register(dirty):
    registered = dirty.read("amr/registration.csv")["registration_no"].drop_nulls()
    known = {clean_code(number) for number in registered}
    ratings = dirty.read("tax/tax-rating.csv").unique(["uscc", "registration_no"])
    old = {clean_code(number) for number in ratings["registration_no"].drop_nulls()}

    assert old <= known
    assert len(old) / len(known) == pytest.approx(RATES.old_numbers, rel=0.35)
    assert ratings.filter(pl.col("uscc").is_not_null() & pl.col("registration_no").is_not_null()).is_empty()


def test_some_firms_are_insured_under_the_bodys_own_number_only(dirty):
    monthly = dirty.read("hrss/social-insurance.csv").with_columns(
        bare=pl.col("uscc").is_null() & pl.col("registration_no").is_null()
    )
    firms = monthly.group_by("subject_no").agg(pl.col("bare").all())
    yearly = dirty.read("hrss/labour-rating.csv").drop_nulls("uscc")

    assert firms["bare"].mean() == pytest.approx(RATES.own_numbers, rel=0.5)
    assert not firms.filter("bare").join(yearly, on="subject_no", how="semi").is_empty()


def test_name_variants(dirty):
    names = set(dirty.read("amr/registration.csv")["firm_name"])
    written = dirty.read("hrss/labour-rating.csv").unique("subject_no")["firm_name"]

    assert sum(name not in names for name in written) / len(written) == pytest.approx(
        RATES.name_variants * 0.75, rel=0.5
    )


def test_accounts_without_codes_have_name_and_region(dirty):
    accounts = dirty.read("grid/utility-account.csv")
    nameless = accounts.filter(pl.col("uscc").is_null() & pl.col("registration_no").is_null())

    assert nameless.height / accounts.height == pytest.approx(RATES.accounts_without_codes, rel=0.3)
    assert nameless["firm_name"].null_count() == nameless["region"].null_count() == 0


def test_a_water_company_may_write_the_old_encoding(tmp_path):
    summary = simulate(tmp_path, firms=20, seed=1, until=UNTIL, months=2, dirt=Dirt(legacy_encoding=True))
    encodings = {file.path: file.encoding for file in summary.files}

    assert encodings["water/utility-account.csv"] == "gb18030"
    assert encodings["grid/utility-account.csv"] == "utf-8"
    assert "浙江省" in (tmp_path / "water/utility-account.csv").read_text(encoding="gb18030")
    with pytest.raises(UnicodeDecodeError):
        (tmp_path / "water/utility-account.csv").read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", [field.name for field in fields(Dirt) if field.name != "legacy_encoding"])
def test_a_rate_is_a_share(kind):
    with pytest.raises(ValueError, match=kind):
        Dirt(**{kind: 1.5})


def test_row_rates_cannot_exceed_all_rows():
    with pytest.raises(ValueError, match="add up"):
        Dirt(bad_rows=0.6, duplicates=0.6)


def test_one_kind_alone(tmp_path):
    none = {field.name: 0 for field in fields(Dirt)}
    simulate(tmp_path, firms=20, seed=1, until=UNTIL, months=2, dirt=Dirt(**none | {"duplicates": 1}))
    filings = pl.read_csv(tmp_path / FILINGS, infer_schema=False)

    assert filings.height == 2 * filings.unique().height
