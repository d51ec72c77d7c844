"""Merged and squashed requests, as hosts write them."""

from datetime import UTC, datetime

import pytest

from upshot.outputs.git import Commit
from upshot.outputs.merges import Merge, merge_of
from upshot.outputs.people import Person


def commit(subject: str, body: str = "", *, merges: bool = False) -> Commit:
    at = datetime(2026, 3, 2, tzinfo=UTC)
    parents = ("a" * 40, "b" * 40) if merges else ("a" * 40,)
    return Commit("c" * 40, parents, (Person("Ann", "ann@example.org"),), at, at, subject, body)


@pytest.mark.parametrize(
    ("subject", "body", "expected"),
    [
        ("Merge pull request #7 from ben/cart", "A cart", Merge("A cart", "7")),
        ("Merge pull request #7 from ben/cart", "", Merge("ben/cart", "7")),
        ("Merge branch 'cart' into 'main'", "A cart\n\nSee merge request shop/web!7", Merge("A cart", "7")),
        ("Merge branch 'cart' into 'main'", "See merge request !7", Merge("cart", "7")),
        ("Merge branch 'develop' into 'main'", "A week\n\nSee merge request shop/web!8", Merge("A week", "8")),
        ("Merged in ben/cart (pull request #7)", "A cart\n\nApproved-by: Ann", Merge("A cart", "7")),
        ("Merged in cart (pull request #7)", "Approved-by: Ann", Merge("cart", "7")),
        ("Pull request #7: A cart", "Merge in SHOP/web from cart to main\n\n* commit 'abc':", Merge("A cart", "7")),
        ("Merge pull request #7 in SHOP/web from cart to main", "* commit 'abc':\n  x", Merge("cart", "7")),
        ("Merged PR 7: A cart", "Related work items: #3", Merge("A cart", "7")),
        ("Merge pull request 7 from cart into main", "", Merge("cart", "7")),
        ("Merge pull request 'A cart' (#7) from cart into main", "", Merge("A cart", "7")),
        ("Merge branch 'cart'", "", Merge("cart", "")),
    ],
)
def test_merge_is_known_as_its_host_writes_it(subject: str, body: str, expected: Merge) -> None:
    assert merge_of(commit(subject, body, merges=True)) == expected


@pytest.mark.parametrize(
    ("subject", "body", "expected"),
    [
        ("A cart (#7)", "", Merge("A cart", "7")),
        ('Revert "A cart (#7)" (#9)', "", Merge('Revert "A cart (#7)"', "9")),
        ("A cart (!7)", "", Merge("A cart", "7")),
        ("A cart", "Why\n\nSee merge request shop/web!7", Merge("A cart", "7")),
        ("Merged in cart (pull request #7)", "A cart", Merge("A cart", "7")),
        ("Merged PR 7: A cart", "", Merge("A cart", "7")),
        ("A cart, see #7", "", None),
        ("By hand", "", None),
    ],
)
def test_squashed_request_is_known_as_its_host_writes_it(subject: str, body: str, expected: Merge | None) -> None:
    assert merge_of(commit(subject, body)) == expected


def test_main_line_merged_into_itself_is_no_request() -> None:
    assert merge_of(commit("Merge branch 'main' of git.example.org:shop/web", merges=True)) is None
