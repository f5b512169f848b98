"""Real files through the real API and worker: every row is accounted for, every refused one by its code."""

from collections import Counter

import pytest

from creditshare.firms.identifiers import clean, is_placeholder
from tests.realdata.conftest import EXTRACT, LISTS, OLD_NUMBERS, PERMITS, SITES
from tests.realdata.folder import needs_real_data

pytestmark = [needs_real_data, pytest.mark.xdist_group("realdata")]

BY_CODE = {  # reason → the field it is about; the rest of a row is in order in every file
    "uscc-check-digit": "/uscc",
    "uscc-malformed": "/uscc",
    "registration-no-check-digit": "/registration_no",
    "registration-no-malformed": "/registration_no",
}
files = pytest.mark.parametrize("name", [EXTRACT, LISTS, SITES, PERMITS, OLD_NUMBERS])


@files
def test_every_row_is_accounted_for(fed, name):
    push = fed.pushes[name]
    counts = push.counts

    assert counts["received"] == len(push.rows)
    assert len(push.rows) == sum(
        counts[count] for count in ("accepted", "rejected", "duplicate", "stale", "quarantined")
    )
    assert counts["accepted"] == counts["linked"] + counts["unlinked"]


@files
def test_every_refused_row_is_shown_as_it_was_sent_with_its_reasons(fed, name):
    push = fed.pushes[name]
    rejects = push.rejects()

    dispositions = Counter(reject["disposition"] for reject in rejects)
    assert dispositions["rejected"] == push.counts["rejected"] == 0
    assert dispositions["quarantined"] == push.counts["quarantined"]
    for reject in rejects:
        sent = push.rows[reject["row"] - 1]
        assert {field: value for field, value in reject["values"].items() if value != ""} == sent
        for reason in reject["reasons"]:
            assert reason["detail"]
            if reason["code"] == "conflicting-rows":
                assert _contradicted(push, reject)
            else:
                assert reason["pointer"] == BY_CODE[reason["code"]]
                assert reason["rule"] == f"{push.kind}:{reason['code']}"


def _contradicted(push, reject):
    """Say whether another row of the file says something else under the same code."""
    code = reject["values"]["uscc"]
    return len({tuple(row.items()) for row in push.rows if row.get("uscc") == code}) > 1


@pytest.mark.parametrize("name", [EXTRACT, LISTS])
def test_an_independent_check_of_codes_agrees(fed, name):
    uscc = pytest.importorskip("stdnum.cn.uscc", reason="python-stdnum is not installed")
    push = fed.pushes[name]
    doubted = {r["row"] for r in push.rejects() if any(x["pointer"] == "/uscc" for x in r["reasons"])}

    coded = [
        (number, row["uscc"])
        for number, row in enumerate(push.rows, 1)
        if "uscc" in row and not is_placeholder(row["uscc"])
    ]

    wrong = [code for number, code in coded if uscc.is_valid(clean(code)) == (number in doubted)]
    assert wrong == []


def test_an_old_number_learned_later_is_no_new_version(fed):
    counts = fed.pushes[OLD_NUMBERS].counts

    assert counts["duplicate"] == counts["received"] == len(fed.stated_numbers)


def test_nothing_of_a_file_is_half_there(fed):
    """Rows in the tables, by submission, are the accepted ones; refused ones are not among them."""
    for table, names in {
        "registrations": (EXTRACT, LISTS),
        "pollution_sources": (SITES,),
        "discharge_permits": (PERMITS,),
    }.items():
        held = Counter(
            dict(
                fed.select(
                    f"""SELECT p.code, count(*) FROM {table} t JOIN participants p ON p.id = t.participant_id
                        GROUP BY p.code"""
                )
            )
        )
        for name in names:
            push = fed.pushes[name]
            assert held[push.caller.participant] == push.counts["accepted"]
