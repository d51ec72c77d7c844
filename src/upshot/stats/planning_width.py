"""Planning for an interval of a given width, before an experiment and in its middle.

Where no test is meant, what counts is how well the effect will be known. A standard error falls with the square root of
the units, so that a width that is known at one size is known at every other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from upshot.core.errors import InvalidInput
from upshot.stats.arguments import fitting, floats, given
from upshot.stats.planning import Plan, Planned
from upshot.stats.power import FIXED
from upshot.stats.result import Estimates, Reason
from upshot.stats.wald import critical_value

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from upshot.stats.result import FloatArray

__all__ = ["interval_units", "more_units"]


def interval_units(plan: Plan, half_width: ArrayLike) -> Planned:
    """Units of the whole experiment whose two-sided interval reaches so far to each side.

    Args:
        plan: The experiment, looked at once; the interval's level is one minus its alpha (divided among its
            treatments), and its power and question are not read.
        half_width: On the plan's scale, above 0, any shape: 0.01 for ± 1 point of a share, or ± 1 % where it is
            relative.

    Returns:
        Whole units. ZERO_BASELINE where a relative effect has no baseline, NOT_FINITE where a value is not finite.

    Raises:
        InvalidInput: The plan looks more than once: its interval then depends on when it stops.

    Examples:
        >>> from upshot.stats.planning_baseline import Baseline
        >>> interval_units(Plan(Baseline.of_proportion(0.10)), [0.01, 0.005]).value.tolist()
        [13830.0, 55318.0]
    """
    given("plan", plan, Plan)
    if plan.monitoring != FIXED:
        raise InvalidInput("The plan looks more than once.", hint="Plan the width of an interval for FIXED monitoring.")
    width = floats("half_width", half_width, above=0.0)
    fitting(half_width=width.shape, baseline=plan.baseline.mean.shape)
    with np.errstate(all="ignore"):
        variance = plan.baseline.unit_variance(np.zeros(()), plan.scale, *plan.shares)
        reach = critical_value(1.0 - plan.comparison_alpha, "two-sided")
        units = np.ceil(variance * (reach / width) ** 2)
    baseless = np.broadcast_to((plan.baseline.mean == 0.0) & (plan.scale == "relative"), units.shape)
    return _planned(units, baseless)


def more_units(found: Estimates, half_width: ArrayLike) -> Planned:
    """How many more units an experiment needs for intervals that reach only so far to each side.

    Takes what has come in so far as what will come: the same split, spread and method. Exact for intervals that narrow
    with the square root of the units; of a confidence sequence it is the least that will be needed.

    Args:
        found: Results of any method with two-sided intervals.
        half_width: On the results' scale, above 0; broadcasts against them.

    Returns:
        Whole units on top of those that entered, 0 where the interval is narrow enough. NOT_FINITE where there is no
        interval.

    Raises:
        InvalidInput: The intervals are one-sided, or a width is not above 0.

    Examples:
        >>> from upshot.stats.difference import difference
        >>> from upshot.stats.moments import Moments
        >>> found = difference(Moments(1000, 10.0, 4.0), Moments(1000, 10.1, 4.0))
        >>> more_units(found, [0.1, 0.2]).value.tolist()
        [4154.0, 0.0]
    """
    given("found", found, Estimates)
    width = floats("half_width", half_width, above=0.0)
    fitting(found=found.shape, half_width=width.shape)
    there = found.reason == Reason.OK
    if (there & np.isinf(found.high - found.low)).any():
        raise InvalidInput("An interval has no bound on one side.", hint="Give results of a two-sided comparison.")
    with np.errstate(all="ignore"):
        ratio = (found.high - found.low) / (2.0 * width)
        more = np.where(there, np.maximum(0.0, np.ceil(found.n * (ratio * ratio - 1.0))), np.nan)
    return _planned(np.asarray(more), np.zeros(more.shape, np.bool_))


def _planned(units: FloatArray, baseless: NDArray[np.bool_]) -> Planned:
    codes = np.where(np.isfinite(units), np.int64(Reason.OK), np.int64(Reason.NOT_FINITE))
    reason = np.asarray(np.where(baseless, np.int64(Reason.ZERO_BASELINE), codes), np.int64)
    return Planned(np.asarray(np.where(reason == Reason.OK, units, np.nan)), reason)
