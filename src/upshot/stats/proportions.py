r"""Proportions where samples are small, or nearly all or none converted.

Large samples with both outcomes need none of this: ``difference(Moments.of_successes(…), …)`` is right and faster.
Here are score intervals, which keep their coverage at the edges: Wilson's for one proportion, Newcombe's and Miettinen
and Nurminen's for a difference, Miettinen and Nurminen's for a lift.

Sources: Wilson, JASA 22 (1927); Newcombe, Statistics in Medicine 17 (1998) 873–890, method 10; Miettinen and Nurminen,
"Comparative analysis of two rates", Statistics in Medicine 4 (1985), eq. 8–10; Farrington and Manning, Statistics in
Medicine 9 (1990), appendix, for the closed form of the constrained estimate.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from upshot.stats.arguments import compared, fitting, floats, given, tested
from upshot.stats.moments import Moments, every
from upshot.stats.result import OK, Estimates, FloatArray, IntArray, Reason, Scale
from upshot.stats.score import falling_root, score_reach
from upshot.stats.shown import Shown
from upshot.stats.wald import masked, shaped_estimates, tail_probability

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from upshot.stats.result import Alternative

__all__ = ["Successes", "newcombe_difference", "score_difference", "score_lift", "wilson"]

_NEAR_THE_EDGE = 0.01
"""Below this variance of a proportion, the closed forms' error of 1e-8 matters and Newton's steps remove it."""


@dataclass(frozen=True, slots=True, init=False, repr=False)
class Successes(Shown):
    """How many of n units converted; arrays that broadcast.

    Args:
        n: Units.
        successes: Of those, how many converted, between 0 and n.

    Examples:
        >>> float(Successes(80, 48).share)
        0.6
    """

    n: FloatArray
    successes: FloatArray

    def __init__(self, n: ArrayLike, successes: ArrayLike) -> None:
        units, converted = floats("n", n), floats("successes", successes)
        if units.shape != converted.shape:
            fitting(n=units.shape, successes=converted.shape)
        object.__setattr__(self, "n", units)
        object.__setattr__(self, "successes", converted)

    @property
    def shape(self) -> tuple[int, ...]:
        """The broadcast shape of both arrays."""
        return np.broadcast_shapes(self.n.shape, self.successes.shape)

    @property
    def share(self) -> FloatArray:
        """Successes as a fraction of n; NaN where n is zero."""
        with np.errstate(all="ignore"):
            return np.asarray(self.successes / self.n, np.float64)

    @property
    def moments(self) -> Moments:
        """Mean and variance, for the large-sample methods."""
        return Moments.of_successes(self.n, self.successes)


def wilson(sample: Successes, *, level: float = 0.95, alternative: Alternative = "two-sided") -> Estimates:
    """One proportion with Wilson's score interval.

    Args:
        sample: Units and successes.
        level: Coverage, in (0, 1).
        alternative: One-sided intervals are bounded below (``greater``) or above (``less``).

    Returns:
        Estimates in [0, 1]; the standard error is √(p(1 − p)/n), the p-value NaN. Reasons: EMPTY, NOT_FINITE,
        INVALID_STATISTICS (fewer than 0 or more than n successes).

    Raises:
        InvalidInput: ``level`` is not in (0, 1).

    Examples:
        >>> share = wilson(Successes(10, 10)).at()
        >>> share.low, share.high
        (0.7224..., 1.0)
    """
    given("sample", sample, Successes)
    reach = score_reach(level, alternative)
    low, high = _wilson_bounds(sample.n, sample.successes, reach)
    with np.errstate(all="ignore"):
        error = np.sqrt(sample.share * (1.0 - sample.share) / sample.n)
    if alternative == "greater":
        high = np.ones_like(high)
    elif alternative == "less":
        low = np.zeros_like(low)
    missing = np.full_like(error, np.nan)
    return _estimates(sample.share, low, high, error, missing, sample.n, _reasons(sample), level=level, method="wilson")


def newcombe_difference(
    control: Successes, treatment: Successes, *, level: float = 0.95, alternative: Alternative = "two-sided"
) -> Estimates:
    """Difference of proportions with Newcombe's hybrid score interval (method 10, no continuity correction).

    Closed form, so the fastest of the small-sample intervals. It belongs to no test: the p-value is NaN.

    Args:
        control: Units and successes of control.
        treatment: Of one or many treatments; the two broadcast.
        level: Coverage, in (0, 1).
        alternative: One-sided intervals are bounded on one side only.

    Returns:
        Estimates in [−1, 1]. Reasons: as ``wilson``.

    Raises:
        InvalidInput: ``level`` is not in (0, 1).

    Examples:
        >>> effect = newcombe_difference(Successes(80, 48), Successes(70, 56)).at()
        >>> effect.low, effect.high
        (0.0524..., 0.3338...)
    """
    compared(Successes, control, treatment)
    reach = score_reach(level, alternative)
    low_c, high_c = _wilson_bounds(control.n, control.successes, reach)
    low_t, high_t = _wilson_bounds(treatment.n, treatment.successes, reach)
    p_c, p_t = control.share, treatment.share
    value = p_t - p_c
    low = value - np.hypot(p_t - low_t, high_c - p_c)
    high = value + np.hypot(high_t - p_t, p_c - low_c)
    low, high = _one_sided(low, high, alternative)
    error = _unpooled_error(control, treatment)
    return _estimates(
        value,
        low,
        high,
        error,
        np.full_like(error, np.nan),
        control.n + treatment.n,
        _first(control, treatment),
        level=level,
        method="newcombe_difference",
    )


def score_difference(
    control: Successes,
    treatment: Successes,
    *,
    level: float = 0.95,
    alternative: Alternative = "two-sided",
    null: ArrayLike = 0.0,
) -> Estimates:
    """Difference of proportions with Miettinen and Nurminen's score test and the interval that inverts it.

    Args:
        control: Units and successes of control.
        treatment: Of one or many treatments; the two broadcast.
        level: Coverage, in (0, 1).
        alternative: ``greater`` asks whether treatment exceeds control by more than ``null``.
        null: Difference under the null hypothesis, in (−1, 1).

    Returns:
        Estimates in [−1, 1]; the standard error is the unpooled one, for information. The test's
        p-value at a bound is 1 − level to about 1e-7. Reasons: as ``wilson``, and NOT_CONVERGED.

    Raises:
        InvalidInput: ``level`` is not in (0, 1).

    Examples:
        >>> effect = score_difference(Successes(80, 48), Successes(70, 56)).at()
        >>> effect.low, effect.high, effect.p_value
        (0.0528..., 0.3381..., 0.0082...)
    """
    compared(Successes, control, treatment)
    reach = score_reach(level, alternative)
    n_c, n_t, p_c, p_t = np.broadcast_arrays(control.n, treatment.n, control.share, treatment.share)
    value = p_t - p_c
    under = tested(null, value.shape)
    with np.errstate(all="ignore"):
        gap = value - under
        statistic = np.where(gap == 0.0, 0.0, gap / np.sqrt(_difference_variance(n_t, p_t, n_c, p_c, under)))
        p_value = tail_probability(statistic, alternative)
        # The upper bound is the lower one with the groups exchanged: both are found in one go.
        n_1, n_2, p_1, p_2 = (np.stack(a) for a in ((n_t, n_c), (n_c, n_t), (p_t, p_c), (p_c, p_t)))
        centre = np.minimum(np.maximum(p_1 - p_2, -1.0), 1.0)
        low_1, high_2 = _wilson_bounds(n_1, n_1 * p_1, reach)[0], _wilson_bounds(n_2, n_2 * p_2, reach)[1]
        start = centre - 1.05 * np.hypot(p_1 - low_1, high_2 - p_2)

        def excess(delta: FloatArray) -> FloatArray:
            spread = np.sqrt(_difference_variance(n_1, p_1, n_2, p_2, delta))
            return np.asarray(p_1 - p_2 - delta - reach * spread)

        roots = falling_root(excess, np.full_like(centre, -1.0), centre, start)
    low, high = _one_sided(roots[0], -roots[1], alternative)
    return _estimates(
        value,
        low,
        high,
        _unpooled_error(control, treatment),
        p_value,
        n_c + n_t,
        _first(control, treatment),
        level=level,
        method="score_difference",
    )


def score_lift(
    control: Successes,
    treatment: Successes,
    *,
    level: float = 0.95,
    alternative: Alternative = "two-sided",
    null: ArrayLike = 0.0,
) -> Estimates:
    """Relative lift of a proportion with Miettinen and Nurminen's score test for the ratio, inverted.

    Args:
        control: Units and successes of control.
        treatment: Of one or many treatments; the two broadcast.
        level: Coverage, in (0, 1).
        alternative: ``greater`` asks whether the lift exceeds ``null``.
        null: Lift under the null hypothesis, above −1.

    Returns:
        Estimates as fractions of the baseline, at least −1; the standard error is the delta method's, for information.
        Reasons: as ``wilson``, ZERO_BASELINE (no success in control), NOT_CONVERGED.

    Raises:
        InvalidInput: ``level`` is not in (0, 1).

    Examples:
        >>> effect = score_lift(Successes(80, 48), Successes(70, 56)).at()
        >>> effect.value, effect.low, effect.high
        (0.3333..., 0.0790..., 0.6721...)
    """
    compared(Successes, control, treatment)
    reach = score_reach(level, alternative)
    n_c, n_t, p_c, p_t = np.broadcast_arrays(control.n, treatment.n, control.share, treatment.share)
    with np.errstate(all="ignore"):
        ratio = p_t / p_c
        under = 1.0 + tested(null, ratio.shape)
        part = under / (1.0 + under)
        gap = p_t - under * p_c
        spread = np.sqrt(_ratio_variance(n_t, p_t, n_c, p_c, part)) * (1.0 + under)
        p_value = tail_probability(np.where(gap == 0.0, 0.0, gap / spread), alternative)
        n_1, n_2, p_1, p_2 = (np.stack(a) for a in ((n_t, n_c), (n_c, n_t), (p_t, p_c), (p_c, p_t)))

        def excess(u: FloatArray) -> FloatArray:
            spread = np.sqrt(_ratio_variance(n_1, p_1, n_2, p_2, u))
            return np.asarray((1.0 - u) * p_1 - u * p_2 - reach * spread)

        spread = np.sqrt((1.0 - p_1) / (n_1 * p_1) + (1.0 - p_2) / (n_2 * p_2))
        shrunk = p_1 * np.exp(-1.05 * reach * spread)
        roots = falling_root(excess, np.zeros_like(p_1), p_1 / (p_1 + p_2), shrunk / (shrunk + p_2))
        low, high = _one_sided(roots[0] / (1.0 - roots[0]) - 1.0, (1.0 - roots[1]) / roots[1] - 1.0, alternative)
        error = ratio * np.sqrt((1.0 - p_t) / (n_t * p_t) + (1.0 - p_c) / (n_c * p_c))
    reason = _first(control, treatment)
    reason = np.where((p_c == 0.0) & (reason == OK), np.int64(Reason.ZERO_BASELINE), reason)
    error = np.where(p_t == 0.0, 0.0, error)
    return _estimates(
        *(ratio - 1.0, low, high, error, p_value, n_c + n_t, reason), level=level, method="score_lift", relative=True
    )


def _difference_variance(
    n_1: FloatArray, p_1: FloatArray, n_2: FloatArray, p_2: FloatArray, delta: FloatArray | float
) -> FloatArray:
    """Variance of p₁ − p₂ at the likeliest proportions that differ by ``delta`` (Farrington and Manning, appendix)."""
    theta = n_2 / n_1
    a = 1.0 + theta
    b = -(1.0 + theta + p_1 + theta * p_2 + delta * (theta + 2.0)) / (3.0 * a)
    c = (delta * delta + delta * (2.0 * p_1 + theta + 1.0) + p_1 + theta * p_2) / (3.0 * a)
    d = -p_1 * delta * (1.0 + delta) / (2.0 * a)
    v = b * b * b - 1.5 * b * c + d
    u = np.copysign(np.sqrt(np.maximum(b * b - c, 0.0)), v)
    cosine = np.where(u == 0.0, 0.0, v / np.where(u == 0.0, 1.0, u * u * u))
    w = (np.pi + np.arccos(np.minimum(np.maximum(cosine, -1.0), 1.0))) / 3.0
    first = np.minimum(np.maximum(2.0 * u * np.cos(w) - b, np.maximum(delta, 0.0)), np.minimum(1.0 + delta, 1.0))
    second = np.minimum(np.maximum(first - delta, 0.0), 1.0)
    if not every(np.minimum(first * (1.0 - first), second * (1.0 - second)) > _NEAR_THE_EDGE):
        second = _polished_difference(n_1, p_1, n_2, p_2, delta, second)
        first = second + delta
    total = n_1 + n_2
    spread = first * (1.0 - first) / n_1 + second * (1.0 - second) / n_2
    return np.asarray(spread * total / (total - 1.0))


def _ratio_variance(
    n_1: FloatArray, p_1: FloatArray, n_2: FloatArray, p_2: FloatArray, u: FloatArray | float
) -> FloatArray:
    """Variance of (1 − u) p₁ − u p₂ at the likeliest proportions whose ratio is u / (1 − u) (eq. 10, homogeneous)."""
    rest, total, successes = 1.0 - u, n_1 + n_2, n_1 * p_1 + n_2 * p_2
    b = n_1 * u + n_1 * p_1 * rest + n_2 * rest + n_2 * p_2 * u
    root = b + np.sqrt(np.maximum(b * b - 4.0 * total * u * successes * rest, 0.0))
    scale = 2.0 * successes / root
    if not every(np.minimum(1.0 - u * scale, 1.0 - rest * scale) > _NEAR_THE_EDGE):
        scale = _polished_ratio(n_1, p_1, n_2, p_2, u, scale)
    first, second = np.minimum(u * scale, 1.0), np.minimum(rest * scale, 1.0)
    spread = rest * rest * first * (1.0 - first) / n_1 + u * u * second * (1.0 - second) / n_2
    return np.asarray(spread * total / (total - 1.0))


def _polished_difference(
    n_1: FloatArray, p_1: FloatArray, n_2: FloatArray, p_2: FloatArray, delta: FloatArray | float, second: FloatArray
) -> FloatArray:
    """Newton's steps on the likelihood equation, in a form that does not cancel where hardly any or all converted.

    Near a triple root (nobody or everybody converted) the closed form is off by up to 1e-5 and a step only halves that.
    """
    least, most = np.maximum(0.0, -delta), np.minimum(1.0, 1.0 - delta)
    for _ in range(40):
        first = second + delta
        a, b = first * (1.0 - first), second * (1.0 - second)
        rest_1, rest_2 = n_1 * (p_1 - first), n_2 * (p_2 - second)
        slope = (1.0 - 2.0 * second) * rest_1 - n_1 * b + (1.0 - 2.0 * first) * rest_2 - n_2 * a
        better = second - (b * rest_1 + a * rest_2) / slope
        better = np.where(np.isfinite(better), np.minimum(np.maximum(better, least), most), second)
        converged = np.abs(better - second) <= 1e-9 * np.minimum(better, 1.0 - better)
        second = better
        if every(converged):
            break
    return second


def _polished_ratio(
    n_1: FloatArray, p_1: FloatArray, n_2: FloatArray, p_2: FloatArray, u: FloatArray | float, scale: FloatArray
) -> FloatArray:
    """As ``_polished_difference``: the proportions are u · scale and (1 − u) · scale."""
    rest, successes = 1.0 - u, n_1 * p_1 + n_2 * p_2
    failed_1, failed_2 = n_1 * (1.0 - p_1), n_2 * (1.0 - p_2)
    most = 1.0 / np.maximum(u, rest)
    for _ in range(40):
        first, second = u * scale, rest * scale
        value = successes * (1.0 - first) * (1.0 - second)
        value = value - failed_1 * first * (1.0 - second) - failed_2 * second * (1.0 - first)
        slope = -successes * (u * (1.0 - second) + rest * (1.0 - first))
        slope = slope - failed_1 * u * (1.0 - 2.0 * second) - failed_2 * rest * (1.0 - 2.0 * first)
        better = scale - value / slope
        better = np.where(np.isfinite(better), np.minimum(np.maximum(better, 0.0), most), scale)
        converged = np.abs(better - scale) <= 1e-9 * np.minimum(better, np.abs(most - better))
        scale = better
        if every(converged):
            break
    return scale


def _wilson_bounds(n: FloatArray, x: FloatArray, reach: FloatArray) -> tuple[FloatArray, FloatArray]:
    with np.errstate(all="ignore"):
        squared = reach * reach
        half = reach * np.sqrt(x * (1.0 - x / n) + squared / 4.0)
        low, high = (x + squared / 2.0 - half) / (n + squared), (x + squared / 2.0 + half) / (n + squared)
        # Exact at the edges, where the formula leaves a rounding error.
        low, high = np.where(x == 0.0, 0.0, low), np.where(x == n, 1.0, high)
    return low, high


def _unpooled_error(control: Successes, treatment: Successes) -> FloatArray:
    with np.errstate(all="ignore"):
        p_c, p_t = control.share, treatment.share
        return np.asarray(np.sqrt(p_c * (1.0 - p_c) / control.n + p_t * (1.0 - p_t) / treatment.n))


def _one_sided(low: FloatArray, high: FloatArray, alternative: Alternative) -> tuple[FloatArray, FloatArray]:
    if alternative == "greater":
        return low, np.full_like(high, np.inf)
    return (low, high) if alternative == "two-sided" else (np.full_like(low, -np.inf), high)


def _reasons(sample: Successes) -> IntArray:
    n, x = sample.n[()], sample.successes[()]
    if every((n > 0.0) & (x >= 0.0) & (x <= n) & (n < np.inf)):
        return np.zeros(np.broadcast_shapes(n.shape, x.shape), np.int64)
    n, x = np.broadcast_arrays(n, x)
    conditions = [n == 0.0, ~np.isfinite(n + x), (n < 0.0) | (x < 0.0) | (x > n)]
    codes = [np.int64(Reason.EMPTY), np.int64(Reason.NOT_FINITE), np.int64(Reason.INVALID_STATISTICS)]
    return np.asarray(np.select(conditions, codes, np.int64(Reason.OK)), np.int64)


def _first(control: Successes, treatment: Successes) -> IntArray:
    before, after = _reasons(control), _reasons(treatment)
    return np.where(before == OK, after, before)


def _estimates(
    value: FloatArray,
    low: FloatArray,
    high: FloatArray,
    error: FloatArray,
    p_value: FloatArray,
    n: FloatArray,
    reason: IntArray,
    *,
    level: float,
    method: str,
    relative: bool = False,
) -> Estimates:
    lost = (reason == OK) & (np.isnan(low) | np.isnan(high))
    reason = np.where(lost, np.int64(Reason.NOT_CONVERGED), reason)
    numbers = masked(reason, value, low, high, error, p_value)
    scale: Scale = "relative" if relative else "absolute"
    return shaped_estimates((*numbers, n), reason, level=level, method=method, scale=scale)
