r"""Chance to reject, and the drift that it takes, for fixed-sample, group-sequential and always-valid tests.

A plan needs to know of an effect only its drift η = effect / standard error at the planned end. The three ways
of looking turn a drift into power; ``planning`` turns metrics, allocations and questions into drifts.

Fixed: Φ(η − z) + Φ(−η − z), or the noncentral t. Group-sequential and always-valid tests: recursive integration over
the looks (``group_sequential_recursion``), so that a power is a number, not a simulation.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq
from scipy.special import gammainccinv, gammaincinv, gammaln, nctdtr, ndtr, ndtri, stdtrit

from upshot.core.errors import InvalidInput
from upshot.stats.arguments import chosen, fitting, floats, given, number, whole
from upshot.stats.confidence_sequences import mixture_radius, tuned_rho_squared
from upshot.stats.group_sequential_boundaries import Boundaries, GroupSequentialDesign, spending_boundaries
from upshot.stats.group_sequential_recursion import checked_looks, crossing_probabilities
from upshot.stats.result import ALTERNATIVES, Alternative, FloatArray
from upshot.stats.spending import OBRIEN_FLEMING, Spending

__all__ = [
    "FIXED",
    "AlwaysValid",
    "Fixed",
    "GroupSequential",
    "Monitoring",
    "even_looks",
    "expected_fraction",
    "rejection_probability",
    "required_drift",
    "t_test_power",
]

_NODES = 400


@dataclass(frozen=True, slots=True)
class Fixed:
    """One look, at the planned end.

    Examples:
        >>> round(float(rejection_probability(2.8, monitoring=Fixed())), 2)
        0.8
    """


@dataclass(frozen=True, slots=True)
class GroupSequential:
    """Looks at these fractions of the plan, bounds by error spending.

    Attributes:
        looks: Information fractions, increasing, the last one 1.
        spending: How alpha is spent.

    Examples:
        >>> bool(rejection_probability(2.8, monitoring=GroupSequential()) < rejection_probability(2.8))
        True
    """

    looks: tuple[float, ...] = (0.25, 0.5, 0.75, 1.0)
    spending: Spending = OBRIEN_FLEMING

    def __post_init__(self) -> None:
        object.__setattr__(self, "looks", _checked_plan(self.looks))
        given("spending", self.spending, Spending)


@dataclass(frozen=True, slots=True)
class AlwaysValid:
    """An asymptotic confidence sequence, looked at at these fractions of the plan.

    Attributes:
        looks: Information fractions, increasing, the last one 1. More looks give more power, never more error.
        tuned_fraction: Where the sequence is tightest, as a fraction of the plan.

    Examples:
        >>> len(AlwaysValid(looks=even_looks(8)).looks)
        8
    """

    looks: tuple[float, ...] = tuple(k / 28 for k in range(1, 29))
    tuned_fraction: float = 1.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "looks", _checked_plan(self.looks))
        object.__setattr__(self, "tuned_fraction", number("tuned_fraction", self.tuned_fraction, above=0.0))


Monitoring = Fixed | GroupSequential | AlwaysValid
FIXED = Fixed()


def even_looks(count: int) -> tuple[float, ...]:
    """Fractions of ``count`` evenly spaced looks, the last one 1.

    Examples:
        >>> even_looks(4)
        (0.25, 0.5, 0.75, 1.0)
    """
    count = whole("count", count, least=1, most=10_000)
    if count < 1:
        raise InvalidInput(f"There are {count} looks; at least one is needed.")
    return tuple(k / count for k in range(1, count + 1))


def rejection_probability(
    drift: ArrayLike,
    *,
    alpha: float = 0.05,
    alternative: Alternative = "two-sided",
    monitoring: Monitoring = FIXED,
) -> FloatArray:
    """Chance to reject the null hypothesis by the planned end.

    Args:
        drift: η = (effect − null) / standard error at the planned end, any shape.
        alpha: Error of the first kind over all looks, in (0, 1).
        alternative: Direction; two-sided counts a rejection on either side.
        monitoring: How often one looks, against which bounds.

    Returns:
        Probabilities of the shape of ``drift``.

    Raises:
        InvalidInput: alpha is out of range.

    Examples:
        >>> rejection_probability([0.0, 2.8016]).round(4).tolist()
        [0.05, 0.8]
        >>> rejection_probability(2.8016, monitoring=AlwaysValid()).round(3).item()
        0.501
    """
    chosen("alternative", alternative, ALTERNATIVES)
    given("monitoring", monitoring, Fixed, GroupSequential, AlwaysValid)
    eta = floats("drift", drift)
    if alternative == "less":
        return rejection_probability(-eta, alpha=alpha, alternative="greater", monitoring=monitoring)
    match monitoring:
        case Fixed():
            z = -float(ndtri(_checked_alpha(alpha) / (2.0 if alternative == "two-sided" else 1.0)))
            power = ndtr(eta - z)
            return np.asarray(power + ndtr(-eta - z) if alternative == "two-sided" else power)
        case GroupSequential() | AlwaysValid():
            bounds = _bounds(monitoring, _checked_alpha(alpha), alternative)
            finite = np.where(np.isnan(eta), 0.0, np.clip(eta, -40.0, 40.0))
            above, below = crossing_probabilities(bounds.fractions, bounds.lower, bounds.efficacy, finite)
            total = above.sum(axis=-1)
            if alternative == "two-sided":
                total = total + below.sum(axis=-1)
            return np.asarray(np.where(np.isnan(eta), np.nan, np.minimum(total, 1.0)))


def required_drift(
    power: float,
    *,
    alpha: float = 0.05,
    alternative: Alternative = "two-sided",
    monitoring: Monitoring = FIXED,
) -> float:
    """The least drift η > 0 at which the chance to reject is ``power``.

    Its square over that of the fixed test is the inflation factor: how many more units the looks cost at most.

    Args:
        power: Wanted chance, above alpha, below 1.
        alpha: Error of the first kind.
        alternative: Direction; "less" gives the size of the negative drift.
        monitoring: How often one looks.

    Returns:
        The drift, above 0.

    Raises:
        InvalidInput: ``power`` is not between alpha and 1.

    Examples:
        >>> round(required_drift(0.8), 4)
        2.8016
        >>> weekly = GroupSequential(even_looks(4))
        >>> round((required_drift(0.8, monitoring=weekly) / required_drift(0.8)) ** 2, 3)
        1.02
    """
    chosen("alternative", alternative, ALTERNATIVES)
    given("monitoring", monitoring, Fixed, GroupSequential, AlwaysValid)
    power = number("power", power, above=0.0, below=1.0)
    alpha = _checked_alpha(alpha)
    one_way: Alternative = "two-sided" if alternative == "two-sided" else "greater"
    if not _checked_alpha(alpha) < power < 1.0:
        raise InvalidInput(f"The power is {power}; it must be above alpha ({alpha}) and below 1.")
    return _required_drift(power, alpha, one_way, monitoring)


@lru_cache(maxsize=1024)
def _required_drift(power: float, alpha: float, alternative: Alternative, monitoring: Monitoring) -> float:
    def gap(drift: float) -> float:
        found = rejection_probability(drift, alpha=alpha, alternative=alternative, monitoring=monitoring)
        return float(found) - power

    return float(brentq(gap, 1e-9, 30.0, xtol=1e-10))


def expected_fraction(
    drift: ArrayLike,
    *,
    alpha: float = 0.05,
    alternative: Alternative = "two-sided",
    monitoring: Monitoring,
) -> FloatArray:
    """Mean share of the plan that is used up before the stop, at each drift.

    Args:
        drift: η, any shape.
        alpha: Error of the first kind.
        alternative: Direction.
        monitoring: How often one looks.

    Returns:
        Fractions in (0, 1] of the shape of ``drift``.

    Examples:
        >>> expected_fraction([0.0, 4.0], monitoring=GroupSequential(even_looks(4))).round(3).tolist()
        [0.994, 0.669]
    """
    chosen("alternative", alternative, ALTERNATIVES)
    given("monitoring", monitoring, Fixed, GroupSequential, AlwaysValid)
    eta = floats("drift", drift)
    if isinstance(monitoring, Fixed):
        return np.ones(eta.shape)
    if alternative == "less":
        return expected_fraction(-eta, alpha=alpha, alternative="greater", monitoring=monitoring)
    bounds = _bounds(monitoring, _checked_alpha(alpha), alternative)
    above, below = crossing_probabilities(bounds.fractions, bounds.lower, bounds.efficacy, np.clip(eta, -40.0, 40.0))
    stops = above + below if alternative == "two-sided" else above
    return np.asarray(1.0 - stops @ (1.0 - bounds.fractions))


def t_test_power(
    drift: ArrayLike, degrees_of_freedom: ArrayLike, *, alpha: float = 0.05, alternative: Alternative = "two-sided"
) -> FloatArray:
    """Power of a fixed-sample t-test, by the noncentral t distribution; for samples too small for the normal one.

    Args:
        drift: Noncentrality: effect / standard error.
        degrees_of_freedom: Above 0, broadcast with ``drift``.
        alpha: Error of the first kind.
        alternative: Direction.

    Returns:
        Probabilities of the broadcast shape.

    Examples:
        >>> t_test_power(2.8016, [10, 1000]).round(3).tolist()
        [0.714, 0.799]
    """
    chosen("alternative", alternative, ALTERNATIVES)
    eta, df = floats("drift", drift), floats("degrees_of_freedom", degrees_of_freedom, above=0.0)
    fitting(drift=eta.shape, degrees_of_freedom=df.shape)
    if alternative == "less":
        return t_test_power(-eta, df, alpha=alpha, alternative="greater")
    two_sided = alternative == "two-sided"
    critical = -stdtrit(df, _checked_alpha(alpha) / (2.0 if two_sided else 1.0))
    power = 1.0 - nctdtr(df, eta, critical)
    if two_sided:
        power = power + nctdtr(df, eta, -critical)
    # Its series fails for large noncentralities; the integral over the standard deviation does not.
    lost = np.isnan(power) & ~np.isnan(eta) & (df > 0.0)
    if lost.any():
        wide = np.broadcast_arrays(eta, df, critical)
        power = np.array(power, np.float64)
        power[lost] = _power_by_quadrature(*(np.atleast_1d(a[lost]) for a in wide), two_sided=two_sided)
    return np.asarray(power)


def _power_by_quadrature(eta: FloatArray, df: FloatArray, critical: FloatArray, *, two_sided: bool) -> FloatArray:
    """P(T > c), or P(|T| > c), for T = (Z + η)/S: Gauss–Legendre over S = √(χ²/df) between its far quantiles."""
    half = 0.5 * np.minimum(df, 1e12)
    first, last = (np.sqrt(inverse(half, 1e-18) / half) for inverse in (gammaincinv, gammainccinv))
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    reach = 0.5 * (last - first)
    s = first[:, None] + reach[:, None] * (nodes + 1.0)
    h, c = half[:, None], critical[:, None]
    log_density = np.log(2.0) + h * np.log(h) - gammaln(h) + (2.0 * h - 1.0) * np.log(s) - h * s * s
    rejected = ndtr(eta[:, None] - c * s)
    if two_sided:
        rejected = rejected + ndtr(-eta[:, None] - c * s)
    density = np.exp(log_density) * weights
    # Divided by the density's own integral: the digits that gammaln loses for many degrees of freedom cancel.
    return np.asarray((density * rejected).sum(axis=-1) / density.sum(axis=-1))


@lru_cache(maxsize=256)
def _bounds(monitoring: GroupSequential | AlwaysValid, alpha: float, alternative: Alternative) -> Boundaries:
    match monitoring:
        case GroupSequential():
            design = GroupSequentialDesign(alpha, alternative, monitoring.spending)
            return spending_boundaries(monitoring.looks, design)
        case AlwaysValid():
            t = np.asarray(monitoring.looks)
            time = t * tuned_rho_squared(monitoring.tuned_fraction, alpha, alternative)
            radius = mixture_radius(time, alpha, alternative)
            return Boundaries(t, radius, np.full(t.size, -np.inf), np.full(t.size, np.nan), alternative)


def _checked_alpha(alpha: float) -> float:
    return number("alpha", alpha, above=0.0, below=1.0)


def _checked_plan(looks: tuple[float, ...]) -> tuple[float, ...]:
    found = checked_looks(looks)
    if abs(found[-1] - 1.0) > 1e-9:
        raise InvalidInput(f"The last planned look is at {found[-1]} of the plan.", hint="It must be at 1.")
    return tuple(found.tolist())
