"""Feature rows: what is known, and the records that prove it."""

from __future__ import annotations

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from creditshare.core.ids import record_reference, referred_record
from creditshare.resources.feature_catalogue import FEATURES
from creditshare.scoring.feature_row import FeatureValue, compute_features, feature_rows, read_row, write_row
from tests.factories.frames import frames, record_of

REGISTRATION = {"firm_name": "甲", "established_on": date(2020, 1, 1)}
ROWS = st.dictionaries(
    st.sampled_from(sorted(FEATURES)),
    st.builds(
        FeatureValue, st.integers(-(2**63) + 1, 2**63 - 1), st.lists(st.text("a2", min_size=1)).map(tuple)
    ),
)


def test_evidence_names_the_record_and_reads_back():
    settled = frames({"registration": [REGISTRATION]})

    row = feature_rows(compute_features(settled), firms=1)[0]

    record = record_of("registration", REGISTRATION)
    assert row["reg_age_months"] == FeatureValue(82, (record_reference(record),))
    assert referred_record(row["reg_age_months"].evidence[0]) == record


def test_firms_keep_their_places():
    settled = frames({"registration": [REGISTRATION | {"firm": 2}]}, firms=3)

    rows = feature_rows(compute_features(settled), firms=3)

    assert [bool(row) for row in rows] == [False, False, True]


def test_what_is_not_known_is_not_in_the_row():
    row = feature_rows(compute_features(frames({"registration": [{"firm_name": "甲"}]})), firms=1)[0]

    assert "reg_age_months" not in row
    assert row["reg_abnormal_open"] == FeatureValue(0, ())


@given(ROWS)
def test_a_written_row_reads_back(row):
    assert read_row(write_row(row)) == row
    assert write_row(dict(reversed(row.items()))) == write_row(row)
