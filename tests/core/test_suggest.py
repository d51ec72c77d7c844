"""The nearest right words for a mistyped one."""

import pytest

from upshot.core.suggest import nearest

METRICS = ["revenue", "retention_day_7", "orders", "active_users", "Revenue per user", "conversion"]


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("revnue", "revenue"),
        ("REVENUE", "revenue"),
        ("retention", "retention_day_7"),
        ("ordres", "orders"),
        ("actve_user", "active_users"),
        ("revenue per usr", "Revenue per user"),
    ],
)
def test_slip_of_a_name_finds_it_first(word: str, meant: str) -> None:
    assert nearest(word, METRICS)[0] == meant


def test_word_like_none_finds_none() -> None:
    assert nearest("zzz", METRICS) == ()
    assert nearest("revenue", []) == ()


def test_names_that_differ_in_case_are_one_and_no_more_than_asked_for_come() -> None:
    assert nearest("signup", ["Signup", "SIGNUP", "signups", "sign_up", "signed_up"], limit=2) == ("Signup", "signups")


def test_nearest_among_many_names_is_the_one_that_differs_least() -> None:
    names = [f"event_{number:05d}" for number in range(5_000)]
    assert nearest("event_04711", names)[0] == "event_04711"
    assert nearest("event_4711", names)[0] == "event_04711"
