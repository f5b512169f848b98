"""Codes of firms: cleaning, check characters, faults."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creditshare.firms.identifiers import (
    USCC_ALPHABET,
    clean,
    is_placeholder,
    organisation_code_check_char,
    organisation_code_fault,
    organisation_code_of,
    registration_no_check_digit,
    registration_no_fault,
    uscc_check_char,
    uscc_fault,
)

VALID_USCCS = (
    "91350100M000100Y43",  # the example of the standard
    "91110000600037341L",
    "91130600738737199K",
    "9131000063159284XQ",
    "91331000MA00000154",
    "92331002MA0A1B2C2C",
    "91330108MA28ABCD5Y",
    "91331000PDY00001X5",
    "92331002PDY000028Y",
    "93331081PDY0000364",
)

DIGITS = "0123456789"
ORGANISATION_ALPHABET = DIGITS + "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
usccs = st.builds(
    lambda kind, region, code: (body := kind + region + code) + uscc_check_char(body),
    st.sampled_from(["91", "92", "93", "12", "52", "N1", "Y1"]),
    st.text(DIGITS, min_size=6, max_size=6),
    st.text(USCC_ALPHABET, min_size=9, max_size=9),
)


class TestClean:
    @pytest.mark.parametrize(
        "written",
        [
            pytest.param("９１３３１０００ＰＤＹ００００１Ｘ５", id="full width"),
            pytest.param("91331000pdy00001x5", id="lower case"),
            pytest.param(" 91 331000\tPDY00001X5\r\n", id="spaces"),
            pytest.param("\u00a091331000\u3000PDY00001X5\u2003", id="no-break and wide spaces"),
            pytest.param("\ufeff91331000\u200bPDY00001X5\u200d", id="invisible marks"),
            pytest.param("91331000-PDY00001-X5", id="hyphens"),
            pytest.param("91331000\u2013PDY00001\uff0dX\u22125", id="other dashes"),
            pytest.param("91331000PDY00001X5(01\uff09", id="number of a site, brackets of two widths"),
            pytest.param("91331000PDY00001X5（1-1）", id="number of a licence copy"),
        ],
    )
    def test_finds_the_code_that_was_meant(self, written):
        assert clean(written) == "91331000PDY00001X5"

    def test_keeps_a_mask_visible(self):
        assert clean("91430102＊＊＊＊") == "91430102****"


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "\u200b",
        "无",
        " 无 ",
        "-",
        "—",
        "--",
        "0",
        "000000000000000000",
        "０",
        "N/A",
        "n/a",
        "null",
        "None",
        "/",
        "暂无",
        ".",
    ],
)
def test_placeholders(text):
    assert is_placeholder(text)


@pytest.mark.parametrize(
    "text", ["91331000PDY00001X5", "130600000036195", "1", "*******", "企合苏分字第00087"]
)
def test_other_text_is_no_placeholder(text):
    assert not is_placeholder(text)


@pytest.mark.parametrize("code", VALID_USCCS)
def test_known_codes_are_valid(code):
    assert uscc_fault(code) is None


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        pytest.param("91350100M000100Y4Z", "malformed", id="letter outside the alphabet"),
        pytest.param("91350100M000100Y4A", "check-digit", id="wrong check character"),
        pytest.param("91350211M0000XUF46", "check-digit", id="real, but fails its check"),
        pytest.param("91350100M0001TGQXM", "check-digit", id="real, fails its check, one X is no mask"),
        pytest.param("91220521664295839", "malformed", id="17 characters"),
        pytest.param("ARBG48543289076GFE", "malformed", id="region is not digits"),
        pytest.param("91331000PDY00001X5\n", "malformed", id="line end"),
        pytest.param("9133100０PDY00001X5", "malformed", id="a full-width digit is not clean"),
        pytest.param("91430681XXXXXXXXXX", "masked", id="masked with X"),
        pytest.param("91430102**********", "masked", id="masked with stars"),
        pytest.param("915206****7FMTAX63", "masked", id="masked in the middle"),
        pytest.param("", "malformed", id="empty"),
    ],
)
def test_uscc_faults(code, fault):
    assert uscc_fault(code) == fault


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        ("110108000000016", None),
        ("130600000036195", None),
        ("130600000036196", "check-digit"),
        ("3201002009506", "malformed"),
        ("320111NA000063X", "malformed"),
        ("33010000********", "masked"),
    ],
)
def test_registration_no_faults(code, fault):
    assert registration_no_fault(code) == fault


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        ("PDY000028", None),
        ("63159284X", None),
        ("631592841", "check-digit"),
        ("6315928", "malformed"),
        ("631592-4X", "malformed"),
        ("6315****X", "masked"),
    ],
)
def test_organisation_code_faults(code, fault):
    assert organisation_code_fault(code) == fault


@pytest.mark.parametrize("code", VALID_USCCS[1:4] + VALID_USCCS[7:])
def test_the_organisation_code_inside_is_valid(code):
    assert organisation_code_fault(organisation_code_of(code)) is None


@given(usccs)
def test_a_made_uscc_is_valid(code):
    assert uscc_fault(code) is None


@given(usccs, st.integers(0, 17), st.sampled_from(USCC_ALPHABET))
def test_one_changed_character_is_always_found(code, position, character):
    changed = code[:position] + character + code[position + 1 :]

    assert (uscc_fault(changed) is None) == (changed == code)


@given(st.text(DIGITS, min_size=14, max_size=14), st.integers(0, 14), st.sampled_from(DIGITS))
def test_one_changed_digit_of_a_registration_no_is_always_found(body, position, digit):
    code = body + registration_no_check_digit(body)
    changed = code[:position] + digit + code[position + 1 :]

    assert registration_no_fault(code) is None
    assert (registration_no_fault(changed) is None) == (changed == code)


@given(st.text(ORGANISATION_ALPHABET, min_size=8, max_size=8))
def test_a_made_organisation_code_is_valid(body):
    assert organisation_code_fault(body + organisation_code_check_char(body)) is None


@given(usccs, st.text(" \u00a0\u200b\ufeff\u3000-", max_size=5), st.integers(0, 18))
def test_noise_does_not_change_a_code(code, noise, position):
    noisy = code[:position].lower() + noise + code[position:]

    assert clean(noisy) == code
    assert clean(clean(noisy)) == clean(noisy)


@given(st.text())
def test_any_text_gets_an_answer(text):
    cleaned = clean(text)

    assert uscc_fault(cleaned) in {None, "malformed", "masked", "check-digit"}
    assert registration_no_fault(cleaned) in {None, "malformed", "masked", "check-digit"}
    assert organisation_code_fault(cleaned) in {None, "malformed", "masked", "check-digit"}
    assert is_placeholder(text) in {True, False}
