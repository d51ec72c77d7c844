"""Sampling intervals around a series: Wilson's for shares of units, the delta method's for means and ratios.

They say within which bounds the number would lie for other people of the same kind on the same days. A count of
everything that happened has none: nothing was sampled.
"""

from datetime import date
from typing import Literal, TypeAlias

import msgspec

from upshot.api.metrics import Point
from upshot.core.time import Grain
from upshot.engines.values import QueryResult
from upshot.metrics.definition import Metric
from upshot.metrics.unit_sums import has_moments

__all__ = [
    "LEVEL",
    "Bounds",
    "Found",
    "Group",
    "Method",
    "Numbers",
    "bounded",
    "delta_bounds",
    "method_of",
    "wilson_bounds",
]

Method: TypeAlias = Literal["", "wilson", "delta"]
Group: TypeAlias = tuple[str | None, ...]
Numbers: TypeAlias = tuple[float | None, float | None, float | None]
Found: TypeAlias = dict[tuple[Group, date | None], Numbers]
"""Value, numerator and denominator of each group and period."""
Bounds: TypeAlias = dict[tuple[Group, date | None], tuple[float, float]]

LEVEL = 0.95
_LEAST_UNITS = 2


def method_of(metric: Metric, grain: Grain) -> Method:
    """How the metric's intervals are made; empty where it has none."""
    if metric.is_a.interval == "wilson":
        return "wilson"
    return "delta" if has_moments(metric, grain) else ""


def bounded(point: Point, bounds: tuple[float, float] | None) -> Point:
    """The point with its interval."""
    if bounds is None or point.value is None:
        return point
    return msgspec.structs.replace(point, low=bounds[0], high=bounds[1])


def wilson_bounds(found: Found) -> Bounds:
    """Of shares of units that did it (numerator) among those who could (denominator)."""
    from upshot.stats.proportions import Successes, wilson

    keys = [key for key, (_, _, below) in found.items() if below]
    estimates = wilson(
        Successes([found[key][2] or 0.0 for key in keys], [found[key][1] or 0.0 for key in keys]), level=LEVEL
    )
    return {
        key: (float(low), float(high))
        for key, low, high, reason in zip(keys, estimates.low, estimates.high, estimates.reason, strict=True)
        if not reason
    }


def delta_bounds(moments: QueryResult, groups: int, found: Found) -> Bounds:
    """Of ratios of sums over units, around the values in ``found``.

    Args:
        moments: Rows of ``compile_moments``.
        groups: How many columns tell groups apart.
        found: The series' values.
    """
    import numpy as np

    from upshot.stats.moments import PairMoments
    from upshot.stats.wald import critical_value

    at = {name: place for place, name in enumerate(moments.columns)}
    rows = [row for row in moments.rows if int(str(row[at["units"]])) >= _LEAST_UNITS]
    if not rows:
        return {}
    columns = (np.array([row[at[name]] for row in rows], np.float64) for name in ("units", "x", "y", "xx", "yy", "xy"))
    ratio = PairMoments.from_sums(*columns).linearised()
    with np.errstate(all="ignore"):
        reach = critical_value(LEVEL, "two-sided", ratio.n - 1.0) * np.sqrt(ratio.variance / ratio.n)
    bounds: Bounds = {}
    for row, half in zip(rows, reach, strict=True):
        period = row[at["period"]]
        group = tuple(None if (part := row[at[f"group_{i}"]]) is None else str(part) for i in range(groups))
        key = (group, period if isinstance(period, date) else None)
        value = found.get(key, (None, None, None))[0]
        if value is not None and np.isfinite(half):
            bounds[key] = (value - float(half), value + float(half))
    return bounds
