"""Whether records of real sources find one another: by codes, by numbers stated beside them, never by names."""

import pytest

from creditshare.firms.identifiers import uscc_fault
from tests.fixtures_platform import wait_until
from tests.realdata import ningxia_sites, registry_extract, zhejiang_lists
from tests.realdata.conftest import SITES
from tests.realdata.folder import needs_real_data

pytestmark = [needs_real_data, pytest.mark.xdist_group("realdata")]

SOURCES = """
    SELECT s.value, l.firm_id, array_agg(DISTINCT p.code ORDER BY p.code) FROM registrations r
    JOIN participants p ON p.id = r.participant_id JOIN subjects s ON s.id = r.subject_id
    JOIN subject_firm l ON l.subject_id = r.subject_id AND l.known_until IS NULL
    WHERE s.value = ANY(:codes) AND r.superseded_at IS NULL GROUP BY s.value, l.firm_id
"""


@pytest.fixture(scope="module")
def pairs():
    return zhejiang_lists.pairs()


def test_pairs_with_the_same_code_land_on_one_firm_which_both_sources_feed(fed, pairs):
    codes = {pair.list_code for pair in pairs if pair.same_code and uscc_fault(pair.list_code) is None}

    found = fed.select(SOURCES, codes=sorted(codes))

    assert len(codes) > 2000
    assert {code for code, _, sources in found if sources == ["registry", "zhejiang"]} == codes
    assert len({firm for _, firm, _ in found}) == len(found) == len(codes)


def test_an_old_number_means_a_firm_only_where_the_registry_states_both(fed, pairs):
    old = [pair for pair in pairs if not pair.same_code]
    firms = fed.firms_of([code for pair in old for code in (pair.list_code, pair.registry_code)])

    joined = {pair.list_code for pair in old if firms[pair.list_code] == firms[pair.registry_code]}

    assert joined == fed.stated_numbers
    apart = {pair.list_code for pair in old} - joined
    assert len(apart) > 100
    assert not any(
        firms[pair.list_code] & firms[pair.registry_code] for pair in old if pair.list_code in apart
    )


def test_a_firm_once_known_by_its_old_number_lives_on_under_its_code(fed):
    merged = fed.select(
        """SELECT old.registration_no, new.uscc FROM firms old JOIN firms new ON new.id = old.merged_into
           WHERE new.merged_into IS NULL"""
    )

    assert {number for number, _ in merged} == fed.stated_numbers
    assert all(uscc_fault(code) is None for _, code in merged)


def test_sites_belong_to_the_firm_of_their_code_and_to_none_by_name(fed):
    linked = {
        (site, uscc)
        for site, uscc in fed.select(
            """SELECT t.site, f.uscc FROM pollution_sources t
               JOIN subject_firm l ON l.subject_id = t.subject_id AND l.known_until IS NULL
               JOIN firms f ON f.id = l.firm_id"""
        )
    }

    truth = ningxia_sites.pairs()
    assert linked == {
        (fed_name(row["site_name"]), row["clean_code"]) for row in truth if row["how"] == "code"
    }
    assert any(row["how"] == "name" for row in truth)
    assert len({uscc for _, uscc in linked}) < len(linked), "a firm has several sites"
    assert fed.pushes[SITES].counts["linked"] == len(linked)


def fed_name(name):
    """Write a name as it is kept: full-width signs folded."""
    return registry_extract.folded(name)


def test_one_name_on_several_codes_is_several_firms(fed):
    _, names = registry_extract.conflicts()
    other = fed.platform.caller(kinds=("registration",))
    rows = [{"uscc": code, "firm_name": name} for name, codes in names.items() for code in codes]

    counts = other.push("registration", rows, query="?wait=30").json["counts"]

    valid = [code for codes in names.values() for code in codes if uscc_fault(code) is None]
    assert (counts["accepted"], counts["quarantined"]) == (len(valid), len(rows) - len(valid))
    firms = fed.firms_of(valid)
    assert all(len(found) == 1 for found in firms.values())
    assert len({firm for found in firms.values() for firm in found}) == len(valid)


def test_one_code_with_two_names_is_one_firm_in_conflict(fed):
    twice, _ = registry_extract.conflicts()
    for name in ("name1", "name2"):
        caller = fed.platform.caller(kinds=("registration",))
        rows = [{"uscc": row["id"], "firm_name": row[name]} for row in twice]
        assert caller.push("registration", rows, query="?wait=30").json["counts"]["accepted"] == len(rows)
    wait_until(fed.platform.is_settled, what="the firms to be refreshed")

    found = fed.select(
        "SELECT f.uscc, r.conflict FROM firms f JOIN feature_rows r ON r.firm_id = f.id WHERE f.uscc = ANY(:codes)",
        codes=[row["id"] for row in twice],
    )

    assert sorted(found) == sorted((row["id"], True) for row in twice)


def test_sources_that_name_a_firm_differently_are_in_conflict_and_no_others(fed, pairs):
    codes = {pair.list_code: pair.same_name for pair in pairs if pair.same_code}

    conflicts = {
        code
        for (code,) in fed.select(
            """SELECT f.uscc FROM firms f JOIN feature_rows r ON r.firm_id = f.id
               WHERE r.conflict AND f.uscc = ANY(:codes)""",
            codes=sorted(codes),
        )
    }

    assert conflicts
    assert not any(codes[code] for code in conflicts)
