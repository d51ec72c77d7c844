"""Student's t without SciPy gives SciPy's numbers."""

import math

import pytest
from scipy.special import stdtr, stdtrit

from upshot.objectives.student import chance_below, quantile

DEGREES = [*range(1, 60), 301, 302]


@pytest.mark.parametrize("value", [-math.inf, -1e300, -40.0, -3.0, -0.1, 0.0, 0.01, 1.3, 5.0, 1e9, math.inf])
def test_chance_is_that_of_scipy(value: float) -> None:
    assert [chance_below(d, value) for d in DEGREES] == pytest.approx(stdtr(DEGREES, value).tolist(), abs=1e-14)


@pytest.mark.parametrize("chance", [0.5, 0.6, 0.9, 0.975, 0.999])
def test_quantile_is_that_of_scipy(chance: float) -> None:
    expected = [0.0] * len(DEGREES) if chance == 0.5 else stdtrit(DEGREES, chance).tolist()
    assert [quantile(d, chance) for d in DEGREES] == pytest.approx(expected, rel=1e-12)
