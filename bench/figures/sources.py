"""Rows of the real sets as records: which column is which field. No row of them stands in this repository."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator

from bench.figures.folder import Row, content, table


def month(text: str) -> str:
    """Return 2014年8月 or 2013-10 as 2014-08, 2013-10."""
    found = re.fullmatch(r"(\d{4})\D(\d{1,2})\D?", text)
    return f"{found[1]}-{found[2]:0>2}" if found else text


def whole(text: str) -> str:
    """Return 2014.0 as 2014."""
    return text.removesuffix(".0")


def named(code: str) -> Row:
    """Name a firm by its code: 15 characters are an old registration number."""
    return {"registration_no" if len(code) == 15 else "uscc": code}


def tax_filings() -> Iterator[Row]:
    """Lines of tax returns."""
    for row in table("bdci2020_illegal_fundraising/tax_info.csv.gz"):
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
    """Annual reports."""
    for row in table("bdci2020_illegal_fundraising/annual_report_info.csv.gz"):
        yield {
            "subject_no": row["id"],
            "year": whole(row["ANCHEYEAR"]),
            "status": row["BUSSTNAME"],
            "headcount": whole(row["EMPNUM"]),
            "publicity": whole(row["PUBSTATE"]),
        }


def lawsuits() -> Iterator[Row]:
    """Lawsuits."""
    for row in table("bdci2017_business_exit/7lawsuit.csv.gz"):
        yield {
            "subject_no": row["EID"],
            "list": "lawsuit",
            "case_no": row["TYPECODE"],
            "filed_on": month(row["LAWDATE"]),
            "amount": row["LAWAMOUNT"],
        }


def dishonest_debtors() -> Iterator[Row]:
    """Entries of the list of dishonest debtors."""
    for row in table("bdci2017_business_exit/8breakfaith.csv.gz"):
        yield {
            "subject_no": row["EID"],
            "list": "dishonest",
            "case_no": row["TYPECODE"],
            "filed_on": month(row["FBDATE"]),
            "ended_on": month(row["SXENDDATE"]),
        }


def awards() -> Iterator[Row]:
    """Contracts won."""
    for row in table("bdci2017_business_exit/6project.csv.gz"):
        yield {
            "subject_no": row["EID"],
            "project_no": row["TYPECODE"],
            "awarded_on": month(row["DJDATE"]),
            "in_province": {"1": "true", "0": "false"}[row["IFHOME"]],
        }


def qualifications() -> Iterator[Row]:
    """Qualifications."""
    for row in table("bdci2017_business_exit/10qualification.csv.gz"):
        yield {
            "subject_no": row["EID"],
            "scheme": "other",
            "level": row["ADDTYPE"],
            "issued_on": month(row["BEGINDATE"]),
            "expires_on": month(row["EXPIRYDATE"]),
        }


def shareholders() -> Iterator[Row]:
    """Investments, as shareholders of the firm invested in."""
    for row in table("bdci2017_business_exit/4invest.csv.gz"):
        yield {
            "subject_no": row["BTEID"],
            "holder_name": row["EID"],
            "share_ratio": row["BTBL"],
            "since_on": whole(row["BTYEAR"]),
            "until_on": whole(row["BTENDYEAR"]),
        }


def registry() -> Iterator[Row]:
    """The registry extract."""
    for row in table("cn_registry/registry_sample.csv.gz"):
        yield named(row["统一社会信用代码"]) | {
            "firm_name": row["企业名称"],
            "established_on": row["注册日期"],
            "business_scope": row["经营范围"][:4000],
            "region_name": row["所在省份"] + row["地区"],
            "address": row["注册地址"],
        }


def registry_anomalies() -> Iterator[Row]:
    """Rows of the registry whose code is no valid USCC."""
    for row in table("cn_registry/identifier_anomalies.csv"):
        yield named(row["id"]) | {"firm_name": row["name"], "established_on": row["reg_date"]}


def registry_conflicts() -> Iterator[Row]:
    """Registry rows in which one code has two names."""
    for row in table("cn_registry/identity_conflicts.csv"):
        if row["kind"] == "same_id_two_names":
            yield named(row["id"]) | {"firm_name": row["name1"]}
            yield named(row["id"]) | {"firm_name": row["name2"]}


def zhejiang_lists() -> Iterator[Row]:
    """The lists of Zhejiang's inspection system."""
    for row in table("zhejiang_inspection_lists/zhejiang_firms.csv.gz"):
        yield named(row["id"]) | {"firm_name": row["name"], "authority": row["authority"]}


def ningbo_registry() -> Iterator[Row]:
    """The registry rows of Ningbo."""
    statuses = {"吊销": "revoked", "注销": "deregistered"}
    for row in table("ningbo_schema/scztxx_companies.csv"):
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
    """Penalty decisions as printed."""
    for row in table("env_penalty_pages/penalties.csv"):
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
    """Ningxia's polluting sites as they stand there."""
    yield from json.loads(content("ningxia_environment/profiles.json"))


def pollution_sources() -> Iterator[Row]:
    """Sites as pollution sources."""
    for row in ningxia_sites():
        yield {
            "firm_name": row["企业名称"],
            "site": row["企业名称"],
            "pollutants": "|".join(row[name] for name in ("气物", "水物") if row[name].strip()),
            "exceedances": row["超标"].strip(),
            "complaints": row["投诉"].strip(),
        }


def discharge_permits() -> Iterator[Row]:
    """Permits of the sites that have one."""
    for row in ningxia_sites():
        if row["许可证"].strip():
            yield {"firm_name": row["企业名称"], "permit_no": row["许可证"], "site": row["企业名称"]}


SOURCES: dict[str, tuple[str, Callable[[], Iterator[Row]]]] = {
    "tax returns 2020": ("tax-filing", tax_filings),
    "annual reports 2020": ("annual-report", annual_reports),
    "lawsuits 2017": ("court-enforcement", lawsuits),
    "dishonest debtors 2017": ("court-enforcement", dishonest_debtors),
    "awards 2017": ("award", awards),
    "qualifications 2017": ("qualification", qualifications),
    "investments 2017": ("shareholder", shareholders),
    "registry extract": ("registration", registry),
    "registry anomalies": ("registration", registry_anomalies),
    "registry conflicts": ("registration", registry_conflicts),
    "Zhejiang lists": ("registration", zhejiang_lists),
    "Ningbo registry": ("registration", ningbo_registry),
    "penalty pages": ("administrative-penalty", penalties),
    "Ningxia sites": ("pollution-source", pollution_sources),
    "Ningxia permits": ("discharge-permit", discharge_permits),
}
