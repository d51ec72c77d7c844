from __future__ import annotations

import numpy as np
import pytest

from upshot.core.errors import InvalidInput
from upshot.stats.score import falling_root, score_reach


def test_falling_root_finds_all_roots_at_once() -> None:
    target = np.linspace(0.1, 7.9, 40)
    roots = falling_root(lambda x: target - x**3, np.zeros(40), np.full(40, 2.0))
    np.testing.assert_allclose(roots, np.cbrt(target), rtol=1e-13)


def test_falling_root_of_a_flat_start_and_a_steep_end_settles() -> None:
    root = falling_root(lambda x: 1e-12 - x**9, np.asarray(0.0), np.asarray(1.0))
    assert float(root) == pytest.approx(1e-12 ** (1 / 9), rel=1e-9)


def test_falling_root_at_the_left_end_is_found() -> None:
    assert float(falling_root(lambda x: -x, np.asarray(0.0), np.asarray(1.0))) == 0.0


def test_falling_root_does_not_stop_at_a_zero_on_the_right() -> None:
    root = falling_root(lambda x: -x - np.sqrt(-x) * 0.5, np.asarray(-1.0), np.asarray(0.0))
    assert float(root) == pytest.approx(-0.25)


def test_falling_root_of_no_number_is_no_number() -> None:
    roots = falling_root(lambda x: np.asarray([np.nan, 0.5]) - x, np.zeros(2), np.ones(2))
    assert np.isnan(roots[0])
    assert roots[1] == pytest.approx(0.5)


def test_score_reach_refuses_a_one_sided_level_below_one_half() -> None:
    assert float(score_reach(0.4, "two-sided")) > 0.0
    with pytest.raises(InvalidInput, match="below one half"):
        score_reach(0.4, "less")
