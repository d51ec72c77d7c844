from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upshot.outputs.effort import Activity, author_days

MONDAY = date(2026, 3, 2)


def test_nobody_works_more_than_five_days_a_week() -> None:
    week = [Activity("ann", MONDAY + timedelta(days=n), "a") for n in range(7)]
    assert author_days(week)["a"] == pytest.approx(5.0)
    assert author_days([*week, Activity("ben", MONDAY, "a")])["a"] == pytest.approx(6.0)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(("ann", "ben")),
            st.integers(0, 20).map(lambda n: MONDAY + timedelta(days=n)),
            st.sampled_from("xyz"),
        )
    )
)
def test_days_of_outputs_add_up_to_the_days_of_people(activity: list[tuple[str, date, str]]) -> None:
    whole = author_days(Activity(author, day, "all") for author, day, _ in activity)
    assert sum(author_days(Activity(*did) for did in activity).values()) == pytest.approx(whole.get("all", 0.0))


@given(
    st.lists(
        st.tuples(
            st.sampled_from(("ann", "ben")),
            st.integers(0, 20).map(lambda n: MONDAY + timedelta(days=n)),
            st.sampled_from("xyz"),
            st.sampled_from((0.0, 0.25, 0.5, 1.0)),
        )
    )
)
def test_days_of_disjoint_parts_add_up_to_the_days_of_people(activity: list[tuple[str, date, str, float]]) -> None:
    whole = author_days(Activity(author, day, "all") for author, day, _, _ in activity)
    one = author_days(Activity(*did) for did in activity)
    other = author_days(Activity(author, day, output, 1 - share) for author, day, output, share in activity)
    assert sum(one.values()) + sum(other.values()) == pytest.approx(whole.get("all", 0.0))
