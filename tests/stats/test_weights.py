from __future__ import annotations

import pytest

from upshot.core.errors import InvalidInput
from upshot.stats.weights import checked_weights, effective_size


def test_effective_size_counts_equal_weights_fully_and_zeros_not_at_all() -> None:
    assert effective_size([[2.0, 2.0, 2.0], [1.0, 0.0, 0.0]]).tolist() == [pytest.approx(3.0), pytest.approx(1.0)]


def test_effective_size_of_no_weight_is_zero() -> None:
    assert float(effective_size([0.0, 0.0])) == 0.0


@pytest.mark.parametrize("wrong", [[-1.0], [float("nan")]])
def test_weights_below_zero_or_missing_are_refused(wrong: list[float]) -> None:
    with pytest.raises(InvalidInput, match=r"weights holds -1.0|weights are one number"):
        checked_weights(wrong)
