r"""Rates: events per unit of exposure (per user-day, per session hour).

Three models, from narrow to wide. **Poisson**: events come independently of each other; exact for the lift, score for
the difference. **Quasi-Poisson**: their variance is the mean times a dispersion, estimated from units. **None**: where
events by unit are at hand, ``ratio_difference`` and ``ratio_lift`` (events over exposure) assume only that units are
independent, and are the better choice for large samples.

Sources: Przyborowski and Wileński, Biometrika 31 (1940), for the conditional test; Clopper and Pearson, Biometrika 26
(1934), for its interval; Krishnamoorthy and Lee, "Inference for functions of parameters in discrete distributions based
on fiducial approach", J. Stat. Plan. Inference 140 (2010), sec. 4, for the constrained estimate of the difference;
McCullagh and Nelder, "Generalized Linear Models" (2nd ed., 1989), sec. 6.2.3 and eq. 4.23, for the dispersion.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import betainc, betaincc, betaincinv

from upshot.stats.arguments import chosen, compared, fitting, floats, given, rows, tested
from upshot.stats.moments import every
from upshot.stats.result import ALTERNATIVES, Alternative, Estimates, FloatArray, IntArray, Reason, Scale
from upshot.stats.score import falling_root, score_reach
from upshot.stats.shown import Shown
from upshot.stats.wald import checked_level, critical_value, masked, shaped_estimates, tail_probability

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

__all__ = ["Counts", "Dispersion", "quasi_rate_lift", "rate_difference", "rate_lift"]


@dataclass(frozen=True, slots=True, init=False, repr=False)
class Counts(Shown):
    """How many events happened in how much exposure; arrays that broadcast.

    Args:
        events: Number of events, whole, at least 0.
        exposure: What they are counted against (users, user-days, hours), above 0.

    Examples:
        >>> float(Counts(60, 1000.0).rate)
        0.06
    """

    events: FloatArray
    exposure: FloatArray

    def __init__(self, events: ArrayLike, exposure: ArrayLike) -> None:
        happened, against = floats("events", events), floats("exposure", exposure)
        if happened.shape != against.shape:
            fitting(events=happened.shape, exposure=against.shape)
        object.__setattr__(self, "events", happened)
        object.__setattr__(self, "exposure", against)

    @property
    def shape(self) -> tuple[int, ...]:
        """The broadcast shape of both arrays."""
        return np.broadcast_shapes(self.events.shape, self.exposure.shape)

    @property
    def rate(self) -> FloatArray:
        """Events per unit of exposure; NaN or infinite without exposure."""
        with np.errstate(all="ignore"):
            return np.asarray(self.events / self.exposure, np.float64)


@dataclass(frozen=True, slots=True, init=False, repr=False)
class Dispersion(Shown):
    """How much wider than Poisson the events of units spread.

    Args:
        pearson: Σ (x − λe)² / (λe) over units, λ being the rate of the unit's own group.
        df: Units minus groups.
    """

    pearson: FloatArray
    df: FloatArray

    def __init__(self, pearson: ArrayLike, df: ArrayLike) -> None:
        squares, freedom = floats("pearson", pearson), floats("df", df)
        fitting(pearson=squares.shape, df=freedom.shape)
        object.__setattr__(self, "pearson", squares)
        object.__setattr__(self, "df", freedom)

    @classmethod
    def of(cls, events: ArrayLike, exposure: ArrayLike = 1.0) -> Dispersion:
        """Of one group's units, along the last axis; units without exposure are left out.

        Examples:
            >>> both = Dispersion.of([0.0, 1.0, 2.0, 9.0]) + Dispersion.of([1.0, 1.0, 2.0, 0.0])
            >>> float(both.factor), float(both.df)
            (3.1111..., 6.0)
        """
        x, e = rows("events", events), floats("exposure", exposure)
        fitting(events=x.shape, exposure=e.shape)
        x, e = np.broadcast_arrays(x, e)
        there = e > 0.0
        with np.errstate(all="ignore"):
            expected = x.sum(axis=-1, where=there) / e.sum(axis=-1, where=there)
            expected = expected[..., None] * e
            pearson = np.where(there & (expected > 0.0), (x - expected) ** 2 / expected, 0.0).sum(axis=-1)
        return cls(pearson, there.sum(axis=-1) - 1.0)

    def __add__(self, other: Dispersion) -> Dispersion:
        """Of two groups together, each around its own rate."""
        return Dispersion(self.pearson + other.pearson, self.df + other.df)

    @property
    def factor(self) -> FloatArray:
        """Variance as a multiple of the mean: 1 for Poisson; NaN without degrees of freedom."""
        with np.errstate(all="ignore"):
            return np.asarray(np.where(self.df > 0.0, self.pearson / self.df, np.nan), np.float64)


def rate_difference(
    control: Counts,
    treatment: Counts,
    *,
    level: float = 0.95,
    alternative: Alternative = "two-sided",
    null: ArrayLike = 0.0,
) -> Estimates:
    """Difference of two Poisson rates with the score test and the interval that inverts it.

    Args:
        control: Events and exposure of control.
        treatment: Of one or many treatments; the two broadcast.
        level: Coverage, in (0, 1).
        alternative: ``greater`` asks whether treatment's rate exceeds control's by more than ``null``.
        null: Difference under the null hypothesis, events per unit of exposure.

    Returns:
        Estimates in events per unit of exposure; ``n`` is the exposure. Reasons: EMPTY (no exposure), NOT_FINITE,
        INVALID_STATISTICS (negative events or exposure), ZERO_VARIANCE (no event in either group), NOT_CONVERGED.

    Raises:
        InvalidInput: ``level`` is not in (0, 1).

    Examples:
        >>> effect = rate_difference(Counts(60, 1000.0), Counts(90, 1000.0)).at()
        >>> effect.value, effect.low, effect.high
        (0.03, 0.0060..., 0.0546...)
    """
    compared(Counts, control, treatment)
    reach = score_reach(level, alternative)
    e_c, e_t, r_c, r_t = np.broadcast_arrays(control.exposure, treatment.exposure, control.rate, treatment.rate)
    under = tested(null, e_c.shape)
    with np.errstate(all="ignore"):
        value = r_t - r_c
        gap = value - under
        statistic = np.where(gap == 0.0, 0.0, gap / np.sqrt(_constrained_variance(e_t, r_t, e_c, r_c, under)))
        p_value = tail_probability(statistic, alternative)
        e_1, e_2, r_1, r_2 = (np.stack(a) for a in ((e_t, e_c), (e_c, e_t), (r_t, r_c), (r_c, r_t)))

        def excess(delta: FloatArray) -> FloatArray:
            return np.asarray(r_1 - r_2 - delta - reach * np.sqrt(_constrained_variance(e_1, r_1, e_2, r_2, delta)))

        # V(d − k) ≤ r₁/e₁ + (r₂ + k)/e₂, so beyond this k the distance outgrows the spread.
        farthest = reach * reach / e_2 + reach * np.sqrt(r_1 / e_1 + r_2 / e_2)
        roots = falling_root(excess, r_1 - r_2 - farthest, r_1 - r_2)
        error = np.sqrt(r_t / e_t + r_c / e_c)
    reason = _first(control, treatment)
    reason = np.where((r_t == 0.0) & (r_c == 0.0) & (reason == Reason.OK), np.int64(Reason.ZERO_VARIANCE), reason)
    bounds = _one_sided(roots[0], -roots[1], alternative)
    return _estimates(
        (value, *bounds, error, p_value, e_c + e_t), reason, level=level, method="rate_difference", scale="absolute"
    )


def rate_lift(
    control: Counts,
    treatment: Counts,
    *,
    level: float = 0.95,
    alternative: Alternative = "two-sided",
    null: ArrayLike = 0.0,
) -> Estimates:
    """Relative lift of a Poisson rate, exact: given all events, those of treatment are binomial.

    Covers at least its level at any sample size, so it is wider than it need be where events are few. The two-sided
    p-value is twice the smaller tail, which the interval inverts.

    Args:
        control: Events and exposure of control.
        treatment: Of one or many treatments; the two broadcast.
        level: Coverage, in (0, 1).
        alternative: ``greater`` asks whether the lift exceeds ``null``.
        null: Lift under the null hypothesis, above −1.

    Returns:
        Estimates as fractions of the baseline; ``n`` is the exposure. Reasons: as ``rate_difference``, and
        ZERO_BASELINE (no event in control).

    Raises:
        InvalidInput: ``level`` is not in (0, 1).

    Examples:
        >>> effect = rate_lift(Counts(60, 1000.0), Counts(90, 1000.0)).at()
        >>> effect.value, effect.low, effect.high
        (0.5, 0.0700..., 1.1156...)
    """
    compared(Counts, control, treatment)
    chosen("alternative", alternative, ALTERNATIVES)
    probability = 0.5 - checked_level(level) / 2.0 if alternative == "two-sided" else 1.0 - checked_level(level)
    x_c, x_t = control.events, treatment.events
    with np.errstate(all="ignore"):
        relative_exposure = treatment.exposure / control.exposure
        low = np.where(x_t > 0.0, betaincinv(x_t, x_c + 1.0, probability), 0.0)
        high = betaincinv(x_t + 1.0, x_c, 1.0 - probability)
        bounds = _one_sided(
            low / (1.0 - low) / relative_exposure - 1.0, high / (1.0 - high) / relative_exposure - 1.0, alternative
        )
        odds = (1.0 + tested(null, np.shape(relative_exposure))) * relative_exposure
        share = odds / (1.0 + odds)
        # Binomial tails as incomplete beta functions, which take billions of events in stride.
        upper = np.where(x_t > 0.0, betainc(x_t, x_c + 1.0, share), 1.0)
        lower = betaincc(x_t + 1.0, x_c, share)
        tails = {"greater": upper, "less": lower, "two-sided": np.minimum(2.0 * np.minimum(upper, lower), 1.0)}
        ratio = treatment.rate / control.rate
        error = ratio * np.sqrt(1.0 / x_t + 1.0 / x_c)
    reason = _with_baseline(_first(control, treatment), control)
    error = np.where(x_t == 0.0, 0.0, error)
    n = control.exposure + treatment.exposure
    return _estimates(
        (ratio - 1.0, *bounds, error, tails[alternative], n), reason, level=level, method="rate_lift", scale="relative"
    )


def quasi_rate_lift(
    control: Counts,
    treatment: Counts,
    dispersion: Dispersion,
    *,
    level: float = 0.95,
    alternative: Alternative = "two-sided",
    null: ArrayLike = 0.0,
) -> Estimates:
    """Relative lift of a rate whose variance is a multiple of its mean (quasi-Poisson, on the log scale).

    Standard error of log(ratio): √(φ (1/x_t + 1/x_c)); Student's t with the dispersion's degrees of freedom. This is
    the quasi-Poisson regression on a treatment indicator with the logarithm of exposure as offset.

    Args:
        control: Events and exposure of control.
        treatment: Of one or many treatments; the two broadcast.
        dispersion: Of the units of all groups (``Dispersion.of`` each, added).
        level: Coverage, in (0, 1).
        alternative: ``greater`` asks whether the lift exceeds ``null``.
        null: Lift under the null hypothesis, above −1.

    Returns:
        Estimates as fractions of the baseline. Reasons: as ``rate_lift``, TOO_FEW_UNITS (no degrees of freedom),
        ZERO_VARIANCE (no event in treatment, or no dispersion).

    Raises:
        InvalidInput: ``level`` is not in (0, 1).

    Examples:
        >>> effect = quasi_rate_lift(Counts(60, 1000.0), Counts(90, 1000.0), Dispersion(3990.0, 1998.0)).at()
        >>> effect.low, effect.high
        (-0.0548..., 1.3806...)
    """
    chosen("alternative", alternative, ALTERNATIVES)
    compared(Counts, control, treatment)
    given("dispersion", dispersion, Dispersion)
    shape = fitting(control=control.shape, treatment=treatment.shape, dispersion=dispersion.factor.shape)
    with np.errstate(all="ignore"):
        ratio = treatment.rate / control.rate
        error = np.sqrt(dispersion.factor * (1.0 / treatment.events + 1.0 / control.events))
        statistic = np.log(ratio / (1.0 + tested(null, shape))) / error
        p_value = tail_probability(statistic, alternative, dispersion.df)
        reach = critical_value(level, alternative, dispersion.df) * error
        bounds = _one_sided(ratio * np.exp(-reach) - 1.0, ratio * np.exp(reach) - 1.0, alternative)
        spread = ratio * error
    reason = _with_baseline(_first(control, treatment), control)
    few = np.where(dispersion.df > 0.0, np.int64(Reason.OK), np.int64(Reason.TOO_FEW_UNITS))
    flat = np.where((error > 0.0) & (treatment.events > 0.0), np.int64(Reason.OK), np.int64(Reason.ZERO_VARIANCE))
    for code in (few, flat):
        reason = np.where(reason == Reason.OK, code, reason)
    return _estimates(
        (ratio - 1.0, *bounds, spread, p_value, control.exposure + treatment.exposure),
        reason,
        level=level,
        method="quasi_rate_lift",
        scale="relative",
    )


def _constrained_variance(
    e_1: FloatArray, r_1: FloatArray, e_2: FloatArray, r_2: FloatArray, delta: FloatArray | float
) -> FloatArray:
    """Variance of r₁ − r₂ at the likeliest rates that differ by ``delta``."""
    total = e_1 + e_2
    b = total * delta - (e_1 * r_1 + e_2 * r_2)
    root = np.sqrt(np.maximum(b * b + 4.0 * total * e_2 * r_2 * delta, 0.0))
    # Of the two forms of the same root, the one that does not subtract nearly equal numbers.
    second = np.where(b < 0.0, (root - b) / (2.0 * total), 2.0 * e_2 * r_2 * delta / (root + b))
    second = np.maximum(np.where(np.isnan(second), 0.0, second), np.maximum(-delta, 0.0))
    return (second + delta) / e_1 + second / e_2


def _one_sided(low: FloatArray, high: FloatArray, alternative: Alternative) -> tuple[FloatArray, FloatArray]:
    if alternative == "greater":
        return low, np.full_like(high, np.inf)
    return (low, high) if alternative == "two-sided" else (np.full_like(low, -np.inf), high)


def _first(control: Counts, treatment: Counts) -> IntArray:
    before, after = _reasons(control), _reasons(treatment)
    return np.where(before == Reason.OK, after, before)


def _reasons(sample: Counts) -> IntArray:
    x, e = sample.events[()], sample.exposure[()]
    if every((e > 0.0) & (x >= 0.0) & (x + e < np.inf)):
        return np.zeros(np.broadcast_shapes(x.shape, e.shape), np.int64)
    x, e = np.broadcast_arrays(x, e)
    conditions = [~np.isfinite(x + e), (x < 0.0) | (e < 0.0) | ((e == 0.0) & (x > 0.0)), e == 0.0]
    codes = [np.int64(Reason.NOT_FINITE), np.int64(Reason.INVALID_STATISTICS), np.int64(Reason.EMPTY)]
    return np.asarray(np.select(conditions, codes, np.int64(Reason.OK)), np.int64)


def _with_baseline(reason: IntArray, control: Counts) -> IntArray:
    return np.where((control.events == 0.0) & (reason == Reason.OK), np.int64(Reason.ZERO_BASELINE), reason)


def _estimates(
    numbers: tuple[FloatArray, ...], reason: IntArray, *, level: float, method: str, scale: Scale
) -> Estimates:
    value, low, high, error, p_value, n = numbers
    lost = (reason == Reason.OK) & (np.isnan(low) | np.isnan(high))
    reason = np.where(lost, np.int64(Reason.NOT_CONVERGED), reason)
    kept = masked(reason, value, low, high, error, p_value)
    return shaped_estimates((*kept, n), reason, level=level, method=method, scale=scale)
