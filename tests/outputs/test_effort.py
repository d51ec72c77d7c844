from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upshot.outputs.effort import author_days

MONDAY = date(2026, 3, 2)


def test_nobody_works_more_than_five_days_a_week() -> None:
    week = [("ann", MONDAY + timedelta(days=n), "a") for n in range(7)]
    assert author_days(week)["a"] == pytest.approx(5.0)
    assert author_days([*week, ("ben", MONDAY, "a")])["a"] == pytest.approx(6.0)


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
    whole = author_days((author, day, "all") for author, day, _ in activity)
    assert sum(author_days(activity).values()) == pytest.approx(whole.get("all", 0.0))
