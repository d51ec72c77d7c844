"""A line in a notebook: short at any size, and written so that it can be read back."""

from collections.abc import Callable

import numpy as np
import pytest

import upshot.stats as s

ROWS = np.random.default_rng(1).normal(size=(50, 60, 3))


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (s.Moments(1_234_567, 2.99383192, 3.1), "Moments(n=1234567, mean=2.99383, variance=3.1)"),
        (s.Moments([5, 0], [1.0, np.nan], np.inf), "Moments(n=[5, 0], mean=[1, nan], variance=inf)"),
        (s.Successes(80, 48), "Successes(n=80, successes=48)"),
        (s.Counts(60, 1000.0), "Counts(events=60, exposure=1000)"),
        (
            s.Plan(s.Baseline.of_proportion(0.1)),
            (
                "Plan(baseline=Baseline(kind='binomial', mean=0.1, variance=0.09, adjustment=1), "
                "question=Superiority(alternative='two-sided'), scale='absolute', alpha=0.05, power=0.8, "
                "monitoring=Fixed(), variants=1)"
            ),
        ),
        (
            s.CovariateMoments.of(ROWS),
            (
                "CovariateMoments(n=array of shape (50,), means=array of shape (50, 3), "
                "covariance=array of shape (50, 3, 3))"
            ),
        ),
    ],
)
def test_inputs_are_shown_in_one_line(value: object, words: str) -> None:
    assert repr(value) == words


@pytest.mark.parametrize(
    "many",
    [lambda: s.Moments.of(ROWS), lambda: s.PairMoments.of(ROWS, ROWS), lambda: s.cuped(s.PairMoments.of(ROWS, ROWS))],
)
def test_line_does_not_grow_with_the_places(many: Callable[[], object]) -> None:
    words = repr(many())
    assert len(words) < 250
    assert "\n" not in words
