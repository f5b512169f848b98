"""A bank reads real firms of which several sources told: every value with the source that stands behind it."""

from http import HTTPStatus

import orjson
import pytest

from creditshare.intake.formats import JSON
from tests.realdata import ningxia_sites, zhejiang_lists
from tests.realdata.conftest import EXTRACT, LISTS, REVISED, SITES
from tests.realdata.folder import needs_real_data

pytestmark = [needs_real_data, pytest.mark.xdist_group("realdata")]

PURPOSE = "loan-application"


@pytest.fixture(scope="module")
def bank(fed):
    return fed.platform.caller("bank")


@pytest.fixture
def read(bank):
    """Read a firm as a bank that the firm has allowed to."""

    def get(uscc, what, *, named="", **query):
        consent = {
            "uscc": uscc,
            "purposes": [PURPOSE],
            "groups": ["registration", "environment"],
            "valid_from": "2020-01-01T00:00:00Z",
            "valid_until": "2090-01-01T00:00:00Z",
            "evidence": {"method": "paper", "reference": "1", "sha256": "ab" * 32},
        }
        registered = bank.call("POST", "/v1/consents", orjson.dumps(consent), Content_Type=JSON)
        assert registered.status == HTTPStatus.CREATED, registered.content
        asked = "&".join(f"{name}={value}" for name, value in {"purpose": PURPOSE, **query}.items())
        reply = bank.call("GET", f"/v1/firms/{named or uscc}/{what}?{asked}")
        assert reply.status == HTTPStatus.OK, reply.content
        return reply.json

    return get


def row_of(fed, name, source):
    """Return the row of a file that a source speaks of, after checking that it is the right submission."""
    push = fed.pushes[name]
    assert source["provider"] == push.caller.participant
    assert source["submission"] == push.submission["id"]
    assert source["revised_at"] == REVISED[name].replace("Z", ".000000Z")
    return push.rows[source["row"] - 1]


def test_two_sources_feed_one_profile_each_value_with_its_source(fed, read):
    uscc = next(row["clean_code"] for row in ningxia_sites.pairs() if row["how"] == "code")

    groups = read(uscc, "profile", include="provenance")["groups"]

    registered = groups["registration"]["facts"]["registration"]
    (source,) = registered["provenance"]
    told = row_of(fed, EXTRACT, source)
    assert told["uscc"] == uscc
    assert (registered["established_on"], registered["address"]) == (told["established_on"], told["address"])
    sites = [event for event in groups["environment"]["events"] if event["kind"] == "pollution-source"]
    assert sites
    for site in sites:
        (source,) = site["provenance"]
        told = row_of(fed, SITES, source)
        assert (site["exceedances"], site["complaints"]) == (
            int(told["exceedances"]),
            int(told["complaints"]),
        )
        assert site["site"] == told["site"]


def test_where_two_sources_fill_one_place_one_stands_and_the_other_is_shown(fed, read):
    pair = next(pair for pair in zhejiang_lists.pairs() if pair.same_code and pair.same_name)

    facts = read(pair.registry_code, "profile", include="provenance")["groups"]["registration"]["facts"]

    registered = facts["registration"]
    (standing,), (other,) = registered["provenance"], registered["differing"]
    assert registered["authority"] == row_of(fed, LISTS, standing)["authority"], "the newer source stands"
    assert other["values"]["address"] == row_of(fed, EXTRACT, other)["address"]


def test_a_firm_that_two_sources_name_differently_is_not_rated(fed, read):
    differing = [p.registry_code for p in zhejiang_lists.pairs() if p.same_code and not p.same_name]
    ((uscc,), *_) = fed.select(
        """SELECT f.uscc FROM firms f JOIN feature_rows r ON r.firm_id = f.id
           WHERE r.conflict AND f.uscc = ANY(:codes) ORDER BY f.uscc""",
        codes=differing,
    )

    score = read(uscc, "score")

    assert score["status"] == "not-rated"
    assert "identity-conflict" in score["reasons"]


def test_a_firm_is_found_under_its_old_number_once_the_registry_states_both(fed, read):
    pair = next(pair for pair in zhejiang_lists.pairs() if pair.list_code in fed.stated_numbers)

    by_number = read(pair.registry_code, "profile", named=pair.list_code)

    assert (by_number["uscc"], by_number["firm_id"]) == (
        pair.registry_code,
        read(pair.registry_code, "profile")["firm_id"],
    )
