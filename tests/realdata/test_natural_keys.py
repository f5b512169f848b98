"""Real rows under our natural keys: which rows of one source would be taken for versions of one record.

Every file of the real data whose rows fit a record kind is read row by row through the product's own validation,
natural keys and content hashes. `differing` counts keys under which rows of different content meet: within one
submission such rows are quarantined (`conflicting-rows`), never silently overwritten. Each kind that has any says
why in the notes of its catalogue entry.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import re
import uuid
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from creditshare.core.encryption import Keyring
from creditshare.intake.identity import Identifier
from creditshare.intake.validation import Accepted, RowValidator
from creditshare.resources.catalogue import kind_named, load_catalogue

ROOT = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("CREDITSHARE_REALDATA") or ROOT.parent / "shared" / "data")
TODAY = date(2026, 11, 22)
NOW = datetime(2026, 11, 22, tzinfo=UTC)

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason=f"no real data at {DATA} (CREDITSHARE_REALDATA)")

Row = dict[str, str]


def read(name: str) -> list[Row]:
    path = DATA / name
    if not path.is_file():
        pytest.skip(f"no {name} in {DATA}")
    content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("gb18030")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def month(text: str) -> str:
    """2014年8月, 2013-10 → 2014-08, 2013-10."""
    found = re.fullmatch(r"(\d{4})\D(\d{1,2})\D?", text)
    return f"{found[1]}-{found[2]:0>2}" if found else text


def whole(text: str) -> str:
    return text.removesuffix(".0")


def named(code: str) -> Row:
    return {"registration_no" if len(code) == 15 else "uscc": code}


def tax_filings() -> Iterator[Row]:
    for row in read("bdci2020_illegal_fundraising/tax_info.csv.gz"):
        yield {
            "subject_no": row["id"],
            "tax_type": row["TAX_CATEGORIES"],
            "item": row["TAX_ITEMS"],
            "period_start": row["START_DATE"].replace("/", "-"),
            "period_end": row["END_DATE"].replace("/", "-"),
            "taxable_basis": row["TAXATION_BASIS"],
            "rate": row["TAX_RATE"],
            "deduction": row["DEDUCTION"],
            "tax_due": row["TAX_AMOUNT"],
        }


def annual_reports() -> Iterator[Row]:
    for row in read("bdci2020_illegal_fundraising/annual_report_info.csv.gz"):
        yield {
            "subject_no": row["id"],
            "year": whole(row["ANCHEYEAR"]),
            "status": row["BUSSTNAME"],
            "headcount": whole(row["EMPNUM"]),
            "publicity": whole(row["PUBSTATE"]),
        }


def lawsuits() -> Iterator[Row]:
    for row in read("bdci2017_business_exit/7lawsuit.csv.gz"):
        yield {
            "subject_no": row["EID"],
            "list": "lawsuit",
            "case_no": row["TYPECODE"],
            "filed_on": month(row["LAWDATE"]),
            "amount": row["LAWAMOUNT"],
        }


def dishonest_debtors() -> Iterator[Row]:
    for row in read("bdci2017_business_exit/8breakfaith.csv.gz"):
        yield {
            "subject_no": row["EID"],
            "list": "dishonest",
            "case_no": row["TYPECODE"],
            "filed_on": month(row["FBDATE"]),
            "ended_on": month(row["SXENDDATE"]),
        }


def awards() -> Iterator[Row]:
    for row in read("bdci2017_business_exit/6project.csv.gz"):
        yield {
            "subject_no": row["EID"],
            "project_no": row["TYPECODE"],
            "awarded_on": month(row["DJDATE"]),
            "in_province": {"1": "true", "0": "false"}[row["IFHOME"]],
        }


def qualifications() -> Iterator[Row]:
    for row in read("bdci2017_business_exit/10qualification.csv.gz"):
        yield {
            "subject_no": row["EID"],
            "scheme": "other",
            "level": row["ADDTYPE"],
            "issued_on": month(row["BEGINDATE"]),
            "expires_on": month(row["EXPIRYDATE"]),
        }


def shareholders() -> Iterator[Row]:
    for row in read("bdci2017_business_exit/4invest.csv.gz"):
        yield {
            "subject_no": row["BTEID"],
            "holder_name": row["EID"],
            "share_ratio": row["BTBL"],
            "since_on": whole(row["BTYEAR"]),
            "until_on": whole(row["BTENDYEAR"]),
        }


def registry() -> Iterator[Row]:
    for row in read("cn_registry/registry_sample.csv.gz"):
        yield named(row["统一社会信用代码"]) | {
            "firm_name": row["企业名称"],
            "established_on": row["注册日期"],
            "business_scope": row["经营范围"][:4000],
            "region_name": row["所在省份"] + row["地区"],
            "address": row["注册地址"],
        }


def registry_anomalies() -> Iterator[Row]:
    for row in read("cn_registry/identifier_anomalies.csv"):
        yield named(row["id"]) | {"firm_name": row["name"], "established_on": row["reg_date"]}


def registry_conflicts() -> Iterator[Row]:
    for row in read("cn_registry/identity_conflicts.csv"):
        if row["kind"] == "same_id_two_names":
            yield named(row["id"]) | {"firm_name": row["name1"]}
            yield named(row["id"]) | {"firm_name": row["name2"]}


def zhejiang_lists() -> Iterator[Row]:
    for row in read("zhejiang_inspection_lists/zhejiang_firms.csv.gz"):
        yield named(row["id"]) | {"firm_name": row["name"], "authority": row["authority"]}


def ningbo_registry() -> Iterator[Row]:
    statuses = {"吊销": "revoked", "注销": "deregistered"}
    for row in read("ningbo_schema/scztxx_companies.csv"):
        yield {
            "uscc": row["uni_social_crd_cd"],
            "firm_name": row["comp_nm"],
            "firm_type": row["comp_type"],
            "status": statuses.get(row["reg_state"], "active"),
            "registered_capital": row["reg_capt"],
            "established_on": row["est_dt"],
            "term_from": row["opt_from"],
            "term_to": row["opt_to"],
            "authority": row["reg_org"],
        }


def penalties() -> Iterator[Row]:
    for row in read("env_penalty_pages/penalties.csv"):
        yield {
            "uscc": row["uscc_as_printed"],
            "firm_name": row["firm_name"],
            "document_no": row["document_no"],
            "authority": row["authority"],
            "field": "environment",
            "offence": row["offence"],
            "fine": row["fine_yuan"],
            "decided_on": row["date"] or "2024",
        }


def ningxia_sites() -> Iterator[Row]:
    path = DATA / "ningxia_environment/profiles.json"
    if not path.is_file():
        pytest.skip(f"no {path.name} in {DATA}")
    yield from json.loads(path.read_bytes())


def pollution_sources() -> Iterator[Row]:
    for row in ningxia_sites():
        yield {
            "firm_name": row["企业名称"],
            "site": row["企业名称"],
            "pollutants": "|".join(row[name] for name in ("气物", "水物") if row[name].strip()),
            "exceedances": row["超标"].strip(),
            "complaints": row["投诉"].strip(),
        }


def discharge_permits() -> Iterator[Row]:
    for row in ningxia_sites():
        if row["许可证"].strip():
            yield {"firm_name": row["企业名称"], "permit_no": row["许可证"], "site": row["企业名称"]}


@dataclass
class Tally:
    """What became of the rows of one source."""

    rows: int
    refused: Counter[str]
    keys: int
    differing: int
    repeats: int


def tally(kind_name: str, rows: Iterator[Row]) -> Tally:
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


SOURCES: dict[str, tuple[str, Callable[[], Iterator[Row]], int]] = {
    "tax returns 2020": ("tax-filing", tax_filings, 0),
    "annual reports 2020": ("annual-report", annual_reports, 8),
    "lawsuits 2017": ("court-enforcement", lawsuits, 0),
    "dishonest debtors 2017": ("court-enforcement", dishonest_debtors, 0),
    "awards 2017": ("award", awards, 0),
    "qualifications 2017": ("qualification", qualifications, 20),
    "investments 2017": ("shareholder", shareholders, 7),
    "registry extract": ("registration", registry, 1),
    "registry anomalies": ("registration", registry_anomalies, 0),
    "registry conflicts": ("registration", registry_conflicts, 6),
    "Zhejiang lists": ("registration", zhejiang_lists, 0),
    "Ningbo registry": ("registration", ningbo_registry, 0),
    "penalty pages": ("administrative-penalty", penalties, 0),
    "Ningxia sites": ("pollution-source", pollution_sources, 0),
    "Ningxia permits": ("discharge-permit", discharge_permits, 0),
}


@pytest.mark.parametrize("source", SOURCES)
def test_rows_under_one_key_with_different_content(source):
    kind, rows, expected = SOURCES[source]

    found = tally(kind, rows())

    print(f"{source} ({kind}): {found}")  # noqa: T201 - the table is what the test shows (pytest -rP)
    assert found.differing == expected


def test_each_kind_with_such_rows_says_why():
    catalogue = load_catalogue(ROOT / "config", TODAY)
    met = {kind for kind, _, expected in SOURCES.values() if expected}

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
