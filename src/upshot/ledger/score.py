"""Did what happened fall into the range that was foretold?

A range is to hold the true effect four times in five. The true effect is never known, its estimate has an error. So it
is as expected where the truth most probably lies in the range, given the estimate; and not as expected where the
estimate's whole interval lies beside the range. Nothing is said in between: a range inside a wide interval is not
refuted by it.
"""

import math

from upshot.catalog.kinds import Expectation
from upshot.catalog.verdict import Effect

__all__ = ["chance_in_range", "expectation_met"]

_SURE = 0.8


def chance_in_range(effect: Effect, expectation: Expectation) -> float | None:
    """The chance that the true relative effect lies in the expected range; None where that cannot be said.

    The estimate's error is taken as normal, its size from the interval.
    """
    found, low, high = effect.relative, expectation.low, expectation.high
    if found is None or not expectation.relative or low is None or high is None or expectation.metric != effect.metric:
        return None
    spread = (found.high - found.low) / (2.0 * _normal_quantile((1.0 + effect.level) / 2.0))
    if not spread > 0:
        return 1.0 if low <= found.value <= high else 0.0
    return _below((high - found.value) / spread) - _below((low - found.value) / spread)


def expectation_met(effect: Effect | None, expectation: Expectation | None) -> bool | None:
    """Whether the truth most probably lies in the range (80 % or more), or the interval lies beside it; None otherwise.

    A wider range is never refuted where a narrower one inside it is not.
    """
    if effect is None or expectation is None:
        return None
    chance = chance_in_range(effect, expectation)
    found, low, high = effect.relative, expectation.low, expectation.high
    if chance is None or found is None or low is None or high is None:
        return None
    if chance >= _SURE:
        return True
    return False if found.high < low or found.low > high else None


def _below(z: float) -> float:
    return 0.5 * math.erfc(-z / math.sqrt(2.0))


def _normal_quantile(p: float) -> float:
    from statistics import NormalDist

    return NormalDist().inv_cdf(p)
