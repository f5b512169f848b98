"""The private scheme, also beyond the range that the standard reserves."""

import re

import pytest

from creditshare.firms.identifiers import organisation_code_fault, registration_no_fault, uscc_fault
from creditshare.simulation.codes import MOST_FIRMS, organisation_code, registration_no, uscc


@pytest.mark.parametrize(
    ("number", "kind", "region", "code"),
    [
        (1, "91", "331000", "91331000PDY00001X5"),
        (2, "92", "331002", "92331002PDY000028Y"),
        (3, "93", "331081", "93331081PDY0000364"),
    ],
)
def test_known_codes(number, kind, region, code):
    assert uscc(number, kind, region) == code


@pytest.mark.parametrize("number", [1, 99_999, 100_000, 123_456, 1_000_000, MOST_FIRMS])
@pytest.mark.parametrize("kind", ["91", "92", "93"])
def test_all_pass_their_checks(number, kind):
    assert uscc_fault(uscc(number, kind, "331081")) is None
    assert organisation_code_fault(organisation_code(number)) is None
    assert registration_no_fault(registration_no(number, kind, "331081")) is None


def test_beyond_the_reserved_range_the_office_does_not_exist():
    assert re.fullmatch("91331081PDY[0-9]{5}[0-9X].", uscc(99_999, "91", "331081"))
    assert re.fullmatch("91991081PDY[A-Z][0-9A-Z]{4}[0-9X].", uscc(100_000, "91", "331081"))
    assert registration_no(5, "92", "331081").startswith("99108160000005")


def test_no_two_firms_share_an_organisation_code():
    numbers = [*range(1, 3000), *range(99_000, 103_000), *range(MOST_FIRMS - 2000, MOST_FIRMS + 1)]

    assert len({organisation_code(number) for number in numbers}) == len(numbers)
