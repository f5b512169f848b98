from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from creditshare.intake.versioning import Observation, Outcome, Timeline

DAY_ONE = datetime(2026, 1, 1, tzinfo=UTC)


def said(day, content):
    return Observation(DAY_ONE + timedelta(days=day), content.encode() * 16)


def outcomes(*rows):
    timeline = Timeline()
    return [timeline.place(row)[0] for row in rows], timeline


def test_a_later_content_is_accepted_and_stands():
    found, timeline = outcomes(said(1, "a"), said(2, "b"))

    assert found == [Outcome.ACCEPTED, Outcome.ACCEPTED]
    assert timeline.current == said(2, "b")


def test_an_older_content_is_stale_and_changes_nothing():
    found, timeline = outcomes(said(2, "b"), said(1, "a"))

    assert found == [Outcome.ACCEPTED, Outcome.STALE]
    assert timeline.current == said(2, "b")


def test_a_repeat_is_a_duplicate_and_confirms_up_to_its_own_moment():
    timeline = Timeline()
    timeline.place(said(1, "a"))

    outcome, confirmed = timeline.place(said(3, "a"))

    assert outcome is Outcome.DUPLICATE
    assert confirmed == said(1, "a")
    assert timeline.place(said(2, "b"))[0] is Outcome.STALE
    assert timeline.current == said(1, "a")


def test_the_same_row_again_confirms_nothing():
    timeline = Timeline()
    timeline.place(said(1, "a"))

    assert timeline.place(said(1, "a")) == (Outcome.DUPLICATE, None)


def test_a_repeat_of_history_is_a_duplicate():
    found, timeline = outcomes(said(1, "a"), said(5, "b"), said(2, "a"))

    assert found[-1] is Outcome.DUPLICATE
    assert timeline.current == said(5, "b")


def test_content_that_returns_after_another_is_a_new_version():
    found, timeline = outcomes(said(1, "a"), said(2, "b"), said(3, "a"))

    assert found[-1] is Outcome.ACCEPTED
    assert timeline.current == said(3, "a")


def test_of_two_contents_at_one_moment_the_greater_hash_stands_whichever_came_first():
    for rows in ((said(1, "a"), said(1, "b")), (said(1, "b"), said(1, "a"))):
        assert outcomes(*rows)[1].current == said(1, "b")


rows = st.lists(st.builds(said, st.integers(0, 6), st.sampled_from("abc")), min_size=1, max_size=12)


@given(rows, st.randoms())
def test_what_stands_depends_on_what_was_said_never_on_the_order(said_rows, random):
    shuffled = [*said_rows, *said_rows[: len(said_rows) // 2]]
    random.shuffle(shuffled)

    one, other = outcomes(*said_rows)[1], outcomes(*shuffled)[1]

    assert one.current.content_hash == other.current.content_hash == max(said_rows).content_hash
    assert set(one.observed) == set(other.observed) == set(said_rows)
