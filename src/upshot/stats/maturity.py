r"""May these data be looked at again and again? Unit totals that still grow, and samples that are too small.

Sequential theory rests on independent increments: what a new look adds is independent of what was there. That holds
when each unit's value is complete once it is counted. It fails when a unit's total (revenue since it entered, days
active so far) keeps growing between looks: the same unit then moves every later look (Kim & Tsiatis 2020, Biometrics
76:1245). Three ways out: count a unit only when its window is complete (``mature``), hand over the covariance between
looks (``longitudinal_difference`` and ``group_sequential_longitudinal``), or be refused (``Reason.GROWING_UNITS``).
"""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from upshot.core.errors import InvalidInput
from upshot.stats.arguments import chosen, floats, number
from upshot.stats.moments import every
from upshot.stats.result import OK, Estimates, FloatArray, IntArray, Reason, Scale

__all__ = [
    "MINIMUM_UNITS",
    "MINIMUM_UNITS_GROUP_SEQUENTIAL",
    "TOTALS",
    "LongitudinalDifference",
    "UnitTotals",
    "longitudinal_difference",
    "mature",
    "minimum_units",
    "sequential_estimates",
    "sequential_reasons",
]

UnitTotals = Literal["final", "growing"]
TOTALS: tuple[UnitTotals, ...] = get_args(UnitTotals)
SequentialMethod = Literal["always-valid", "group-sequential"]
"""``"final"``: a unit's value no longer changes once it is counted (one-off outcomes, or complete windows);
``"growing"``: it may still change between looks."""

MINIMUM_UNITS = 100.0
"""Units in the smaller arm from which always-valid methods keep their error under hourly looks, if skewness is at most
2 (``minimum_units`` for more)."""

MINIMUM_UNITS_GROUP_SEQUENTIAL = 200.0
"""The same for group-sequential tests, if skewness is at most 1. They spend all of alpha, so they have no slack."""


def minimum_units(skewness: ArrayLike, method: SequentialMethod = "always-valid") -> FloatArray:
    """Units that the smaller arm needs before the first look, for a metric of the given skewness.

    max(100, 25 γ²) for confidence sequences and the mixture SPRT, max(200, 200 γ²) for group-sequential tests: for a
    rare proportion about 25, or 200, successes. Rules by simulation, not theorems: from there on the share of false
    alarms under hourly looks over four weeks was at most 5 % up to simulation error, at splits 50/50 and 90/10
    (``bench/calibrate/stats_sequential.py``). Group-sequential tests that start at the smaller n had up to 5.5 %.

    Args:
        skewness: γ = E(x − μ)³/σ³ of one unit's value, any shape.
        method: Which family of methods.

    Returns:
        Units, of the same shape.

    Examples:
        >>> minimum_units([0.0, 10.0]).tolist()
        [100.0, 2500.0]
    """
    chosen("method", method, get_args(SequentialMethod))
    with np.errstate(over="ignore"):
        squared = np.square(floats("skewness", skewness))
    if method == "always-valid":
        return np.asarray(np.maximum(MINIMUM_UNITS, 25.0 * squared), np.float64)
    return np.asarray(np.maximum(MINIMUM_UNITS_GROUP_SEQUENTIAL, 200.0 * squared), np.float64)


def mature(entered_at: ArrayLike, as_of: float, window: float) -> NDArray[np.bool_]:
    """Which units have been in for a whole window, so that their windowed totals are final.

    Args:
        entered_at: When each unit entered, in any unit of time.
        as_of: The time of the look, in the same unit.
        window: Length of the metric's window, above 0, in the same unit. Totals must stop at ``entered_at + window``.

    Examples:
        >>> mature([0.0, 5.0, 9.0], as_of=12.0, window=7.0).tolist()
        [True, True, False]
    """
    as_of, window = number("as_of", as_of), number("window", window, above=0.0)
    return np.asarray(floats("entered_at", entered_at) + window <= as_of)


def sequential_reasons(
    estimate: FloatArray,
    standard_error: FloatArray,
    smallest_n: FloatArray,
    minimum_units: FloatArray | float,
    totals: UnitTotals,
) -> IntArray:
    """Why a sequential method must not answer, of the inputs' broadcast shape (int64, values of ``Reason``).

    Nothing is checked here: callers have, at their door.

    Args:
        estimate: Estimates.
        standard_error: Their standard errors.
        smallest_n: Units in the smaller arm.
        minimum_units: Units that it needs.
        totals: Whether unit totals are final.

    Returns:
        EMPTY, NOT_FINITE, INVALID_STATISTICS, ZERO_VARIANCE, BELOW_VALID_SAMPLE, GROWING_UNITS or OK.
    """
    sound = (standard_error > 0.0) & (np.abs(estimate) + standard_error + smallest_n < np.inf)
    usable: NDArray[np.bool_] = sound & (smallest_n >= minimum_units)
    shape = usable.shape
    match totals:
        case "growing":
            return np.full(shape, np.int64(Reason.GROWING_UNITS))
        case "final":
            if every(usable):
                return np.zeros(shape, np.int64)
    conditions = [
        smallest_n == 0.0,
        ~np.isfinite(smallest_n),
        standard_error < 0.0,
        ~(np.isfinite(estimate) & np.isfinite(standard_error)),
        standard_error == 0.0,
        smallest_n < minimum_units,
    ]
    found = [
        Reason.EMPTY,
        Reason.NOT_FINITE,
        Reason.INVALID_STATISTICS,
        Reason.NOT_FINITE,
        Reason.ZERO_VARIANCE,
        Reason.BELOW_VALID_SAMPLE,
    ]
    shaped = [np.broadcast_to(condition, shape) for condition in conditions]
    return np.asarray(np.select(shaped, [np.int64(code) for code in found], np.int64(Reason.OK)), np.int64)


def sequential_estimates(
    value: FloatArray,
    low: FloatArray,
    high: FloatArray,
    standard_error: FloatArray,
    p_value: FloatArray,
    n: FloatArray,
    reason: IntArray,
    *,
    level: float,
    method: str,
    scale: Scale,
) -> Estimates:
    """The parts as ``Estimates`` of one shape, NaN wherever there is a reason."""
    parts = [np.asarray(part, np.float64) for part in (value, low, high, standard_error, p_value, n)]
    shape = reason.shape
    if not every(reason == OK) or [part.shape for part in parts] != [shape] * len(parts):
        shape = np.broadcast_shapes(shape, *(part.shape for part in parts))
        reason = np.array(np.broadcast_to(reason, shape))
        parts = [np.where(reason == OK, part, np.nan) for part in parts]
    return Estimates(parts[0], parts[1], parts[2], parts[3], parts[4], parts[5], reason, level, method, scale)


@dataclass(frozen=True, slots=True)
class LongitudinalDifference:
    """A difference of means at K looks with the covariance between looks.

    Attributes:
        estimate: Treatment minus control at each look, shape (K,).
        covariance: Of the estimates, shape (K, K), symmetric, positive semi-definite.
        n: Units of both arms at each look, shape (K,).
        smallest_n: Units of the smaller arm at each look, shape (K,).

    Examples:
        >>> grown = longitudinal_difference([[0.0, 1.0], [2.0, 5.0]], [[1.0, 2.0], [3.0, 4.0]])
        >>> grown.smallest_n.tolist()
        [2.0, 2.0]
    """

    estimate: FloatArray
    covariance: FloatArray
    n: FloatArray
    smallest_n: FloatArray


def longitudinal_difference(control: ArrayLike, treatment: ArrayLike) -> LongitudinalDifference:
    """Differences of means of growing totals, with their covariance between looks.

    A unit counts from the look at which it has entered. With m_j units in an arm by look j and C_jk the covariance of
    their totals at looks j ≤ k, Cov(mean_j, mean_k) = C_jk / m_k: the units that enter between j and k are independent
    of the earlier ones. No model of growth is assumed.

    Args:
        control: Cumulative totals, shape (units, K); NaN before a unit has entered, and never NaN after.
        treatment: The same for the treatment.

    Returns:
        Estimates and their covariance; NaN where an arm has fewer than two units at the first look.

    Raises:
        InvalidInput: A unit leaves again, or the numbers of looks differ.

    Examples:
        >>> grown = longitudinal_difference([[0.0, 1.0], [2.0, 5.0], [np.nan, 3.0]], [[1.0, 2.0], [3.0, 4.0]])
        >>> grown.estimate.tolist(), grown.covariance.round(2).tolist()
        ([1.0, 0.0], [[2.0, 2.33], [2.33, 2.33]])
    """
    arms = [floats("control", control), floats("treatment", treatment)]
    if any(arm.ndim != 2 for arm in arms) or arms[0].shape[1] != arms[1].shape[1]:
        raise InvalidInput(f"Totals of shape {arms[0].shape} and {arms[1].shape}; both must be (units, looks).")
    (n_c, mean_c, cov_c), (n_t, mean_t, cov_t) = (_arm(arm) for arm in arms)
    return LongitudinalDifference(mean_t - mean_c, cov_c + cov_t, n_c + n_t, np.minimum(n_c, n_t))


def _arm(totals: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Units, means and the covariance of the means at each look."""
    here = ~np.isnan(totals)
    if np.any(here[:, :-1] & ~here[:, 1:]):
        raise InvalidInput("A unit has a total at one look and none at a later one; once in, a unit stays.")
    n = here.sum(axis=0).astype(np.float64)
    filled = np.where(here, totals, 0.0)
    with np.errstate(all="ignore"):
        mean = filled.sum(axis=0) / n
        covariance = np.empty((n.size, n.size))
        for j in range(n.size):
            early = filled[here[:, j], j:]
            centred = early - early.mean(axis=0) if len(early) else early
            row = centred[:, 0] @ centred / (n[j] - 1.0) / n[j:]
            covariance[j, j:] = covariance[j:, j] = np.where(n[j] >= 2.0, row, np.nan)
    return n, mean, covariance
