"""Where an objective stands, upwards and downwards, before, during and after."""

from datetime import date

import pytest

from upshot.objectives.progress import Aim, Status, judge, path_at
from upshot.objectives.tree import children_of, in_order, rolled_up
from upshot.objectives.words import sentence

START, DUE, HALF = date(2026, 1, 1), date(2026, 4, 11), date(2026, 2, 20)
UP = Aim(100.0, 200.0, START, DUE)
DOWN = Aim(100.0, 50.0, START, DUE, "down")


@pytest.mark.parametrize(
    ("aim", "value", "today", "status", "share"),
    [
        (UP, 150.0, HALF, Status.ON_COURSE, 0.5),
        (UP, 141.0, HALF, Status.ON_COURSE, 0.41),
        (UP, 139.0, HALF, Status.BEHIND, 0.39),
        (UP, 161.0, HALF, Status.AHEAD, 0.61),
        (UP, 90.0, HALF, Status.BEHIND, -0.1),
        (UP, 200.0, HALF, Status.REACHED, 1.0),
        (UP, 199.0, date(2026, 4, 12), Status.MISSED, 0.99),
        (UP, 201.0, date(2026, 4, 12), Status.REACHED, 1.01),
        (UP, 150.0, date(2025, 12, 1), Status.NOT_STARTED, 0.5),
        (DOWN, 75.0, HALF, Status.ON_COURSE, 0.5),
        (DOWN, 99.0, HALF, Status.BEHIND, 0.02),
        (DOWN, 49.0, HALF, Status.REACHED, 1.02),
        (DOWN, 51.0, date(2026, 4, 12), Status.MISSED, 0.98),
        (Aim(5.0, 5.0, START, DUE, "down"), 5.0, HALF, Status.REACHED, None),
        (Aim(5.0, 5.0, START, DUE, "down"), 6.0, HALF, Status.BEHIND, None),
    ],
)
def test_status_follows_from_value_and_day(
    aim: Aim, value: float, today: date, status: Status, share: float | None
) -> None:
    on = min(today, aim.due)
    found = judge(aim, value, on, today)
    assert found.status is status
    assert found.share == (None if share is None else pytest.approx(share))
    assert sentence(aim, found, value, on, 28, lambda number: f"{number:g}").endswith(".")


def test_no_value_is_no_number_that_means_failed() -> None:
    assert judge(UP, None, HALF, HALF).status is Status.NO_DATA
    assert judge(UP, None, HALF, HALF).share is None
    assert judge(UP, None, HALF, date(2025, 1, 1)).status is Status.NOT_STARTED


def test_noise_widens_what_counts_as_on_course() -> None:
    assert judge(UP, 135.0, HALF, HALF).status is Status.BEHIND
    assert judge(UP, 135.0, HALF, HALF, noise=20.0).status is Status.ON_COURSE


@pytest.mark.parametrize(
    ("value", "chance", "status"),
    [
        (150.0, 0.2, Status.BEHIND),
        (180.0, 0.2, Status.BEHIND),
        (110.0, 0.9, Status.ON_COURSE),
        (180.0, 0.9, Status.AHEAD),
        (150.0, 0.5, Status.ON_COURSE),
        (150.0, 0.496, Status.ON_COURSE),
        (150.0, 0.494, Status.BEHIND),
        (200.0, 0.1, Status.REACHED),
    ],
)
def test_forecast_decides_whether_it_is_on_course(value: float, chance: float, status: Status) -> None:
    found = judge(UP, value, HALF, HALF, chance=chance)
    assert found.status is status
    said = sentence(UP, found, value, HALF, 28, lambda number: f"{number:g}")
    assert (f"the chance of the target is {chance:.0%}." in said) == (status is not Status.REACHED)


def test_chance_decides_nothing_before_the_start_and_after_the_end() -> None:
    assert judge(UP, 150.0, HALF, date(2025, 12, 1), chance=0.9).status is Status.NOT_STARTED
    assert judge(UP, 150.0, DUE, date(2026, 4, 12), chance=0.9).status is Status.MISSED


def test_target_to_stay_at_is_judged_by_its_chance() -> None:
    stay = Aim(5.0, 5.0, START, DUE, "down")
    assert judge(stay, 6.0, HALF, HALF, chance=0.7).status is Status.ON_COURSE
    assert judge(stay, 6.0, HALF, HALF, chance=0.3).status is Status.BEHIND


def test_value_of_an_earlier_day_is_compared_with_the_path_of_that_day() -> None:
    late = judge(UP, 120.0, date(2026, 1, 21), HALF)
    assert late.status is Status.ON_COURSE
    assert late.expected == pytest.approx(0.2)


def test_path_is_straight_from_start_to_due() -> None:
    assert [path_at(UP, day) for day in (date(2025, 12, 31), START, HALF, DUE, date(2026, 4, 12))] == [
        None,
        100.0,
        150.0,
        200.0,
        None,
    ]


def test_tree_is_told_parents_first_and_survives_lost_parents_and_circles() -> None:
    parents = {"c": "b", "b": "a", "a": "", "x": "gone", "y": "z", "z": "y"}
    assert in_order(parents) == ("a", "b", "c", "x", "y", "z")
    children = children_of(parents)
    assert children["a"] == ("b",)
    statuses = dict.fromkeys(parents, Status.BEHIND) | {"c": Status.NO_DATA}
    assert rolled_up("a", children, statuses) == "Of 2 objectives below it, 1 is behind and 1 has no data."
    assert rolled_up("c", children, statuses) == ""
    assert rolled_up("y", children, statuses) == "Of 1 objective below it, 1 is behind."
