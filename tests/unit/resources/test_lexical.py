"""The lexical forms of the contract (§3 Values), line by line."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import ValidationError

from creditshare.resources import lexical
from creditshare.resources.fields import (
    Code,
    Count,
    Day,
    Flag,
    Money,
    Month,
    Quantity,
    Region,
    Text,
    TextList,
    Year,
)
from creditshare.resources.lexical import Bare, PartialDay

CITIZEN = "11010519491231002X"  # the example of GB 11643


def code_of(field, value):
    """Return the stable code of the refusal."""
    with pytest.raises(ValidationError) as caught:
        field.deserialize(value)
    return caught.value.messages[0].code


@pytest.mark.parametrize(
    ("text", "first", "precision"),
    [
        ("2026-02-28", date(2026, 2, 28), "day"),
        ("2024-02-29", date(2024, 2, 29), "day"),
        ("2014-08", date(2014, 8, 1), "month"),
        ("2014", date(2014, 1, 1), "year"),
        ("  2026-02-28\t", date(2026, 2, 28), "day"),
        ("２０２６-02-28", date(2026, 2, 28), "day"),
        ("２０２６－０２－２８", date(2026, 2, 28), "day"),
    ],
)
def test_days_are_read_as_far_as_they_are_known(text, first, precision):
    assert Day().deserialize(text) == PartialDay(first, precision)


@pytest.mark.parametrize(
    "text",
    [
        "2026-02-30",
        "2026-13-01",
        "2026-00-10",
        "20260228",
        "2026-W09-6",
        "2026/02/28",
        "2026-2-8",
        "2026-02-28T00:00",
        "28.02.2026",
        "0000-01-01",
        "昨天",
        "٢٠٢٦-02-28",
    ],
)
def test_what_is_not_a_day_is_refused(text):
    assert code_of(Day(), text) == "date"


@pytest.mark.parametrize("text", ["2026-02-28", "2026", "2026-13", "202602", "2026-2", "2026年2月"])
def test_what_is_not_a_month_is_refused(text):
    assert code_of(Month(), text) == "month"


def test_full_width_months_and_codes_are_accepted_after_nfkc():
    assert Month().deserialize("２０２６-０２") == date(2026, 2, 1)
    assert Region().deserialize("３３１０００") == "331000"
    assert Code("active").deserialize("ａｃｔｉｖｅ") == "active"


@pytest.mark.parametrize(
    ("text", "value"), [("12", 12), ("0", 0), ("１２", 12), (" 7 ", 7), (Bare("12"), 12), ("007", 7)]
)
def test_whole_numbers_are_read(text, value):
    assert Count().deserialize(text) == value


@pytest.mark.parametrize(
    "text", ["1_0", "12.0", "12.7", Bare("12.7"), "1e3", "+1", "", "1,000", "9" * 16, "true"]
)
def test_what_is_not_a_whole_number_is_refused(text):
    assert code_of(Count(), text) == "integer"


def test_numbers_outside_the_range_are_refused():
    assert code_of(Count(), "-1") == "range"
    assert code_of(Count(lowest=1, highest=5), "6") == "range"
    assert code_of(Year(), "1789") == "range"


@pytest.mark.parametrize(
    ("text", "fen"),
    [
        ("1234.50", 123450),
        ("1234.5", 123450),
        ("1234", 123400),
        ("-0.04", -4),
        ("１２.5", 1250),
        ("0.10", 10),
        ("1.500000000", 150),
        ("999999999999999.99", 99999999999999999),
        (Bare("12.5"), 1250),
        (Bare("12345678901234.89"), 1234567890123489),
    ],
)
def test_amounts_are_exact_fen(text, fen):
    assert Money().deserialize(text) == fen


@pytest.mark.parametrize(
    "text",
    [
        "1e400",
        "1e3",
        "1_000",
        "1,000.00",
        "NaN",
        "Infinity",
        "0x10",
        "+5",
        ".5",
        "5.",
        "9" * 16,
        "1." + "0" * 10,
        "五元",
        "-",
    ],
)
def test_what_is_not_a_decimal_is_refused(text):
    assert code_of(Money(), text) == "decimal"


def test_nothing_is_rounded():
    assert code_of(Money(), "0.001") == "scale"
    assert Quantity(places=3, unit="kWh").deserialize("0.001") == 1


def test_what_a_column_cannot_hold_is_refused():
    assert code_of(Quantity(places=9, unit=""), "9999999999999") == "range"


@pytest.mark.parametrize(
    ("text", "value"), [("true", True), ("false", False), (Bare("true"), True), ("ｔｒｕｅ", True)]
)
def test_booleans_are_true_and_false(text, value):
    assert Flag().deserialize(text) is value


@pytest.mark.parametrize("text", ["True", "FALSE", "1", "0", "on", "Y", "t", "yes", "是", Bare("1")])
def test_other_forms_of_booleans_are_refused(text):
    assert code_of(Flag(), text) == "boolean"


def test_lists_are_arrays_or_bars():
    field = TextList()

    assert field.deserialize("COD|氨氮 | ") == ("COD", "氨氮")
    assert field.deserialize(["COD", " 氨氮"]) == ("COD", "氨氮")
    assert field.deserialize("COD｜氨氮") == ("COD", "氨氮")
    assert code_of(field, Bare("1")) == "type"
    assert code_of(field, ["COD", Bare("1")]) == "type"


def test_text_is_normalised_and_trimmed():
    assert Text().deserialize("\u3000台州（中国）ＡＢＣ\u00a0\ufeff") == "台州(中国)ABC"


def test_text_comes_in_quotes():
    assert code_of(Text(), Bare("12")) == "type"
    assert code_of(Day(), Bare("2026")) == "type"


@pytest.mark.parametrize("field", [Text(), Money(), Flag(), Day(), Count(), Code("a")])
@pytest.mark.parametrize("value", [["a"], {"a": "b"}])
def test_a_single_value_is_no_collection(field, value):
    assert code_of(field, value) == "type"


@pytest.mark.parametrize("text", ["a\x00b", "a\x1fb", "\ud800", "a\x7f"])
def test_control_characters_and_lone_surrogates_are_refused(text):
    assert code_of(Text(), text) == "text-invalid"


def test_text_has_an_end():
    assert Text(longest=3).deserialize("abc") == "abc"
    assert code_of(Text(longest=3), "abcd") == "too-long"


@pytest.mark.parametrize(
    "text",
    [
        CITIZEN,
        f"身份证{CITIZEN}",
        f"负责人({CITIZEN.lower()})，男",
        "身份证号：１１０１０５１９４９１２３１００２Ｘ",
        f"见附件 0571-{CITIZEN}.",
    ],
)
def test_a_citizens_id_number_may_not_stand_in_text(text):
    assert code_of(Text(), text) == "id-number"
    assert code_of(TextList(), ["甲", text]) == "id-number"
    assert code_of(Text(personal=True), text) == "id-number"


@pytest.mark.parametrize(
    "text",
    [
        "110105194912310021",  # wrong check digit: a document number
        "11010519491331002X",  # no thirteenth month
        "911101051949123100",  # no such day inside
        "91331000PDY00001X5",
        "33" + "0" * 16,
        CITIZEN + "1",
    ],
)
def test_other_long_numbers_may(text):
    assert Text().deserialize(text) == text


@pytest.mark.parametrize(("text", "value"), [("33", "330000"), ("3310", "331000"), ("331000", "331000")])
def test_regions_are_six_digits(text, value):
    assert Region().deserialize(text) == value


@pytest.mark.parametrize("text", ["3", "331", "33100", "3310000", "33100A", "浙江"])
def test_what_is_not_a_region_is_refused(text):
    assert code_of(Region(), text) == "region"


days = st.dates(date(1900, 1, 1), date(2199, 12, 31))


@given(days, st.sampled_from(["day", "month", "year"]))
def test_a_written_day_reads_back(day, precision):
    first = day if precision == "day" else day.replace(day=1)
    first = first.replace(month=1) if precision == "year" else first

    value = PartialDay(first, precision)

    assert lexical.read_day(str(value)) == value
    stored = Day().stored(value)
    assert Day().outside(*stored) == str(value)


@given(days)
def test_a_written_month_reads_back(day):
    month = day.replace(day=1)

    assert lexical.read_month(Month().canonical(month)) == month


@given(st.integers(-(10**17) + 1, 10**17 - 1))
def test_a_written_amount_reads_back(fen):
    text = Money().canonical(fen)

    assert Money().deserialize(text) == fen
    assert Decimal(text) * 100 == fen


@given(st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=-(10**9), max_value=10**9))
def test_quantities_are_exact(value):
    field = Quantity(places=3, unit="kWh")

    assert Decimal(field.canonical(field.deserialize(format(value, "f")))) == value


@given(st.integers(0, 10**15 - 1))
def test_a_written_count_reads_back(value):
    assert Count().deserialize(str(Count().canonical(value))) == value


def codes_of(field, text):
    try:
        field.deserialize(text)
    except ValidationError as error:
        return {message.code for message in error.messages}
    return set()


@given(st.text(max_size=40))
def test_a_text_is_read_or_refused_for_a_reason_the_field_names(text):
    for field in (Text(), Day(), Month(), Count(), Money(), Flag(), Region(), Code("a"), TextList()):
        assert codes_of(field, text) <= set(field.faults)


@given(st.text(max_size=40))
def test_accepted_text_is_stable(text):
    try:
        once = Text().deserialize(text)
    except ValidationError:
        return

    assert Text().deserialize(once) == once
