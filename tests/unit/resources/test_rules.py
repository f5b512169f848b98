"""Rules across fields: what rejects a row, what is only remarked on."""

from __future__ import annotations

import pytest

from creditshare.resources.catalogue import ALL_KINDS, kind_named


def broken(kind_name, **texts):
    """Return {rule: severity} of the rules that the values break."""
    kind = kind_named(kind_name)
    values = {name: kind.own_fields[name].deserialize(text) for name, text in texts.items()}
    return {rule.name: rule.severity for rule in kind.rules if not rule.holds(values)}


@pytest.mark.parametrize(
    ("kind", "earlier", "later"),
    [
        ("registration", "term_from", "term_to"),
        ("shareholder", "since_on", "until_on"),
        ("abnormal-listing", "listed_on", "removed_on"),
        ("pledge", "registered_on", "ended_on"),
        ("administrative-licence", "valid_from", "valid_until"),
        ("administrative-penalty", "decided_on", "public_until"),
        ("administrative-penalty", "occurred_on", "decided_on"),
        ("court-enforcement", "filed_on", "performed_on"),
        ("court-enforcement", "occurred_on", "ended_on"),
        ("intellectual-property", "applied_on", "granted_on"),
        ("qualification", "issued_on", "expires_on"),
        ("tax-filing", "period_start", "period_end"),
        ("utility-account", "opened_on", "closed_on"),
        ("discharge-permit", "valid_from", "valid_until"),
        ("loan-application", "applied_on", "decided_on"),
    ],
)
def test_days_in_the_wrong_order_reject_the_row(kind, earlier, later):
    rule = f"{earlier}-before-{later}"

    assert broken(kind, **{earlier: "2025-03-02", later: "2025-03-01"})[rule] == "error"
    assert rule not in broken(kind, **{earlier: "2025-03-01", later: "2025-03-01"})
    assert rule not in broken(kind, **{earlier: "2025-03-01"})


def test_unknown_parts_of_a_day_get_the_benefit_of_the_doubt():
    rule = "filed_on-before-performed_on"

    assert rule not in broken("court-enforcement", filed_on="2025-03-15", performed_on="2025-03")
    assert rule not in broken("court-enforcement", filed_on="2025", performed_on="2025-01-01")
    assert rule in broken("court-enforcement", filed_on="2025-03-15", performed_on="2025-02")
    assert rule in broken("court-enforcement", filed_on="2025", performed_on="2024-12-31")


@pytest.mark.parametrize(
    ("kind", "values", "rule"),
    [
        ("tax-filing", {"period_start": "2025-03-05", "period_end": "2025-03-31"}, "period-not-whole-months"),
        ("tax-filing", {"tax_due": "10", "tax_paid": "11"}, "tax_paid-above-tax_due"),
        ("tax-filing", {"deduction": "-0.04"}, "deduction-negative"),
        ("tax-filing", {"rate": "24", "rate_unit": "ratio"}, "rate-above-one"),
        ("social-insurance", {"due": "10", "paid": "10.01"}, "paid-above-due"),
        ("housing-fund", {"due": "10", "paid": "10.01"}, "paid-above-due"),
        (
            "registration",
            {"registered_capital": "1", "paid_in_capital": "2"},
            "paid_in_capital-above-registered_capital",
        ),
        ("registration", {"industry": "机械制造"}, "industry-form"),
        ("shareholder", {"share_ratio": "1.01"}, "share_ratio-above-scale"),
        ("shareholder", {"holder_uscc": "91331000PDY00001X6"}, "holder_uscc-valid"),
        ("annual-report", {"total_assets": "10", "total_liabilities": "4", "equity": "7"}, "balance"),
        ("environment-rating", {"scheme": "national-2013", "colour": "black"}, "colour-in-scheme"),
        ("soft-observation", {"confidence": "1.5"}, "confidence-above-scale"),
        ("tax-rating", {"points": "101"}, "points-above-scale"),
    ],
)
def test_what_is_implausible_is_remarked_on(kind, values, rule):
    assert broken(kind, **values) == {rule: "remark"}


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("tax-filing", {"period_start": "2025-01-01", "period_end": "2025-03-31"}),
        ("tax-filing", {"period_start": "2024-02-01", "period_end": "2024-02-29"}),
        ("tax-filing", {"rate": "24", "rate_unit": "yuan-per-unit"}),
        ("registration", {"industry": "C3484"}),
        ("registration", {"industry": "C"}),
        ("shareholder", {"share_ratio": "1", "holder_uscc": "９１３３１０００PDY00001X5"}),
        ("annual-report", {"total_assets": "10", "total_liabilities": "4"}),
        ("environment-rating", {"scheme": "five-colour", "colour": "black"}),
    ],
)
def test_what_is_plausible_is_not(kind, values):
    assert broken(kind, **values) == {}


@pytest.mark.parametrize("kind", ALL_KINDS, ids=lambda kind: kind.name)
def test_rules_speak_of_fields_that_are_there_and_forgive_absence(kind):
    names = [rule.name for rule in kind.rules]

    assert len(names) == len(set(names))
    assert {rule.pointer.removeprefix("/") for rule in kind.rules} <= set(kind.own_fields)
    assert all(rule.holds({}) for rule in kind.rules)
