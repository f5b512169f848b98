from datetime import date
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from creditshare.firms.holders import AccountRecord, Holder, holders

ACCOUNT, FIRST, SECOND = UUID(int=1), UUID(int=2), UUID(int=3)


def test_a_later_opening_ends_the_earlier_time_the_day_before():
    found = holders(
        [
            AccountRecord(ACCOUNT, SECOND, date(2025, 7, 1), None),
            AccountRecord(ACCOUNT, FIRST, None, None),
        ]
    )

    assert found == [
        Holder(ACCOUNT, FIRST, None, date(2025, 6, 30)),
        Holder(ACCOUNT, SECOND, date(2025, 7, 1), None),
    ]


def test_a_closing_day_stands():
    assert holders([AccountRecord(ACCOUNT, FIRST, date(2020, 1, 1), date(2021, 1, 1))]) == [
        Holder(ACCOUNT, FIRST, date(2020, 1, 1), date(2021, 1, 1))
    ]


days = st.dates(date(2020, 1, 1), date(2020, 3, 1))
records = st.lists(
    st.builds(AccountRecord, st.just(ACCOUNT), st.sampled_from([FIRST, SECOND]), days, st.none() | days),
    max_size=6,
)


@given(records, st.randoms())
def test_order_does_not_matter_and_no_day_is_without_a_single_holder(given_records, random):
    shuffled = list(given_records)
    random.shuffle(shuffled)

    found = holders(given_records)

    assert found == holders(shuffled)
    for day in range(60):
        on = date(2020, 1, 1).fromordinal(date(2020, 1, 1).toordinal() + day)
        ours = {
            h.means_id for h in found if h.valid_from <= on and (h.valid_until is None or on <= h.valid_until)
        }
        started = {r.means_id for r in given_records if r.opened_on == on}
        assert len(ours) <= max(1, len(started))
