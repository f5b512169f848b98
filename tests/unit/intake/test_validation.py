from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from creditshare.core.encryption import Keyring
from creditshare.firms.models import SubjectForm
from creditshare.intake.identity import Identifier
from creditshare.intake.validation import Accepted, Refused, RowValidator
from creditshare.resources.catalogue import kind_named
from creditshare.resources.lexical import Bare

USCC = "91331000PDY00001X5"
OWNER = UUID(int=7)
NOW = datetime(2026, 11, 22, tzinfo=UTC)
FILING = {
    "uscc": USCC,
    "tax_type": "增值税",
    "period_start": "2026-01-01",
    "period_end": "2026-01-31",
    "tax_due": "100.00",
}


def check(kind="tax-filing", **values):
    validator = RowValidator(
        kind_named(kind), participant_id=OWNER, revised_at=NOW, received_on=date(2026, 11, 23)
    )
    return validator.validate(values, 1)


def reasons(checked):
    assert isinstance(checked, Refused), checked
    return [(fault.pointer, fault.code) for fault in checked.faults]


def test_a_row_in_order():
    checked = check(**FILING)

    assert isinstance(checked, Accepted)
    assert checked.values["tax_due"] == 10000
    assert checked.named.subject.value == USCC
    assert checked.revised_at == NOW


def test_full_width_digits_are_digits():
    wide = str.maketrans({chr(c): chr(c + 0xFEE0) for c in range(0x21, 0x7F)})

    checked = check(**{name: value.translate(wide) for name, value in FILING.items()})

    assert isinstance(checked, Accepted)
    assert checked.named.subject.value == USCC
    assert checked.values == check(**FILING).values


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        pytest.param({"period_end": "2026-02-30"}, [("/period_end", "date")], id="no such day"),
        pytest.param({"tax_due": Bare("1e400")}, [("/tax_due", "decimal")], id="exponent"),
        pytest.param({"tax_due": "100.005"}, [("/tax_due", "scale")], id="never rounded"),
        pytest.param({"tax_due": []}, [("/tax_due", "type")], id="list"),
        pytest.param({"tax_type": Bare("5")}, [("/tax_type", "type")], id="number for text"),
        pytest.param({"tax_type": "a\x00b"}, [("/tax_type", "text-invalid")], id="nul"),
        pytest.param({"tax_type": "x" * 101}, [("/tax_type", "too-long")], id="long"),
        pytest.param({"tax_type": ""}, [("/tax_type", "required")], id="empty is absent"),
        pytest.param({"colour": "red"}, [("/colour", "unknown-field")], id="unknown field"),
        pytest.param({"period_end": "2025-12-31"}, [("/period_end", "rule")], id="order"),
        pytest.param({"uscc": "无"}, [("", "subject-missing")], id="placeholder"),
        pytest.param({"revised_at": "2026-01-01T00:00:00"}, [("/revised_at", "moment")], id="no zone"),
        pytest.param({"operation": "delete"}, [("/operation", "code-list")], id="operation"),
        pytest.param({"item": "办税人 11010519491231002X"}, [("/item", "id-number")], id="citizen id"),
    ],
)
def test_a_faulty_row_says_where_and_what(values, expected):
    assert reasons(check(**{**FILING, **values})) == expected


def test_all_faults_are_found_at_once():
    assert len(reasons(check(uscc=USCC, tax_due="x", rate="y", colour="z"))) == 6


@pytest.mark.parametrize(
    ("uscc", "code"),
    [
        ("91331000PDY00001X6", "uscc-check-digit"),
        ("9133****PDY00001X5", "uscc-masked"),
        ("9133", "uscc-malformed"),
    ],
)
def test_a_doubtful_code_waits_for_review(uscc, code):
    checked = check(**{**FILING, "uscc": uscc})

    assert reasons(checked) == [("/uscc", code)]
    assert checked.doubtful


def test_a_code_and_an_organisation_code_that_differ_wait_for_review():
    assert reasons(check(**FILING, organisation_code="10000000X"))[-1][1] in {
        "codes-differ",
        "organisation-code-check-digit",
    }


def test_nothing_besides_the_key_is_refused_but_not_for_kinds_whose_key_is_the_fact():
    assert reasons(check(uscc=USCC, tax_type="a", period_start="2026-01", period_end="2026-01")) == [
        ("", "own-field-missing")
    ]
    assert isinstance(check("utility-account", uscc=USCC, service="water", account_no="1"), Accepted)


def test_a_withdrawal_needs_its_key_only():
    by_key = check(
        uscc=USCC, tax_type="a", period_start="2026-01-01", period_end="2026-01-31", operation="withdraw"
    )
    by_source = check(source_key="k", operation="withdraw")

    assert by_key.withdrawn
    assert by_source.withdrawn
    assert by_source.named.subject is None


def test_implausible_rows_are_kept_with_a_remark():
    checked = check(**{**FILING, "tax_paid": "200", "period_end": "2026-01-30", "deduction": "-1"})

    assert set(checked.remarks) == {"tax_paid-above-tax_due", "deduction-negative", "period-not-whole-months"}


def test_the_subject_is_the_strongest_identifier():
    checked = check(**FILING, subject_no="77", firm_name="甲公司", region="33")

    assert checked.named.subject.form is SubjectForm.USCC
    assert [key.form for key in checked.named.weaker] == [SubjectForm.SUBJECT_NO, SubjectForm.NAME]


class TestIdentity:
    identifier = Identifier(kind_named("tax-filing"), participant_id=OWNER, keyring=Keyring(bytes(32)))

    def test_the_same_content_has_the_same_hash_however_it_was_written(self):
        one, other = (
            check(**FILING),
            check(**{**FILING, "tax_due": Bare("100"), "revised_at": "2026-01-01T00:00:00Z"}),
        )

        assert self.identifier.content_hash(one) == self.identifier.content_hash(other)
        assert self.identifier.record_id(one) == self.identifier.record_id(other)

    def test_in_lines_kinds_different_lines_stand_side_by_side(self):
        one, other = check(**FILING), check(**{**FILING, "tax_due": "5"})

        assert self.identifier.record_id(one) != self.identifier.record_id(other)

    def test_a_line_number_makes_the_later_row_a_correction(self):
        one, other = check(**FILING, line_no="1"), check(**{**FILING, "tax_due": "5"}, line_no="1")

        assert self.identifier.record_id(one) == self.identifier.record_id(other)
        assert self.identifier.content_hash(one) != self.identifier.content_hash(other)

    def test_a_source_key_is_the_record_whatever_the_subject(self):
        one = check(**FILING, source_key="k")
        other = check(**{**FILING, "uscc": None, "subject_no": "77"}, source_key="k")

        assert self.identifier.record_id(one) == self.identifier.record_id(other)

    def test_another_participant_has_another_record(self):
        foreign = Identifier(kind_named("tax-filing"), participant_id=UUID(int=8), keyring=Keyring(bytes(32)))

        assert self.identifier.record_id(check(**FILING)) != foreign.record_id(check(**FILING))
