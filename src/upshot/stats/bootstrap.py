r"""Bootstrap intervals of a difference or a lift of two means, for samples that the normal limit does not fit.

Units are drawn again with replacement, within each group. Two intervals: **bootstrap-t**, which redraws the t-statistic
and so learns its skewness (second-order accurate; the best choice for means), and **BCa**, which corrects the plain
percentiles for bias and acceleration and respects transformations (a good choice for lifts).

Equal values are drawn together (multinomial counts of the distinct values), so that a metric with few distinct values
costs almost nothing, however many units there are; ``counts`` takes values that are aggregated already.

Draws come from the seed or generator that is passed in: the same seed gives the same interval.

Sources: Efron, "Better bootstrap confidence intervals", JASA 82 (1987), eq. 2.3 and 6.6; Hall, "The Bootstrap and
Edgeworth Expansion" (1992), sec. 3.5, for the percentile-t; Efron and Tibshirani, "An Introduction to the Bootstrap"
(1993), sec. 12.5 and 14.3.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from upshot.core.errors import InvalidInput
from upshot.core.renamed import renamed
from upshot.stats.arguments import chosen, floats, given, whole
from upshot.stats.bootstrap_ends import at_rank, bca_ends, checked_tail
from upshot.stats.randomness import generator_of
from upshot.stats.result import SCALES, Estimates, FloatArray, Reason, Scale
from upshot.stats.wald import shaped_estimates

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["Sample", "bootstrap_bca", "bootstrap_t"]

_T = TypeVar("_T", float, FloatArray)
_CHUNK = 4_000_000
_LEAST_UNITS = 3
_MOST_RESAMPLES = 10_000_000


@dataclass(frozen=True, slots=True)
class Sample:
    """Values of one group's units, equal ones together.

    Attributes:
        values: Distinct values, shape (m,).
        counts: How many units have each, shape (m,), whole.
    """

    values: FloatArray
    counts: NDArray[np.int64]

    @classmethod
    def of(cls, values: ArrayLike, counts: ArrayLike | None = None) -> Sample:
        """A sample of raw values, one for each unit, or of distinct values with counts.

        Raises:
            InvalidInput: Values are not one row, or counts do not fit them or are negative.

        Examples:
            >>> Sample.of([1.0, 0.0, 0.0]).counts.tolist()
            [2, 1]
        """
        x = floats("values", values)
        if x.ndim != 1:
            raise InvalidInput(f"Values have shape {x.shape}.", hint="Give one row, a value for each unit.")
        if counts is None:
            distinct, how_many = np.unique(x, return_counts=True)
            return cls(distinct, how_many.astype(np.int64))
        weights = floats("counts", counts, least=0.0)
        if weights.shape != x.shape or not (weights == np.rint(weights)).all():
            raise InvalidInput("Counts do not fit the values.", hint="One whole number, 0 or more, for each value.")
        return cls(x, weights.astype(np.int64))

    @property
    def n(self) -> int:
        """Number of units."""
        return int(self.counts.sum())

    def moments(self) -> tuple[float, float]:
        """Mean, and variance of the mean."""
        share = self.counts / self.n
        mean = float(share @ self.values)
        return mean, float(share @ (self.values - mean) ** 2) / (self.n - 1)

    def redrawn(self, resamples: int, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
        """Means, and variances of the mean, of redrawn samples; shape (resamples,) each."""
        n, centre = self.n, float(self.counts @ self.values) / self.n
        shifted = self.values - centre
        share = self.counts / n
        means, squares = np.empty(resamples), np.empty(resamples)
        step = max(1, _CHUNK // shifted.size)
        for start in range(0, resamples, step):
            part = slice(start, min(start + step, resamples))
            drawn = rng.multinomial(n, share, size=part.stop - part.start)
            means[part] = drawn @ shifted / n
            squares[part] = drawn @ (shifted * shifted) / n
        return means + centre, np.maximum(squares - means * means, 0.0) / (n - 1)


@renamed(generator="rng", replicates="resamples")
def bootstrap_t(
    control: Sample,
    treatment: Sample,
    *,
    rng: int | np.random.Generator,
    scale: Scale = "absolute",
    level: float = 0.95,
    resamples: int = 4000,
) -> Estimates:
    """Difference or lift of two means with the bootstrap-t interval.

    Args:
        control: Control's units.
        treatment: The treatment's units.
        rng: Where the draws come from: a seed or a generator.
        scale: Difference, or relative lift over control's mean.
        level: Coverage, in (0, 1).
        resamples: Number of redrawn experiments; the ends of a 95 % interval rest on 2.5 % of them each.

    Returns:
        A single estimate (0-d). The two-sided p-value counts redrawn t-statistics beyond the observed one on each side,
        so it is at least 2/(resamples + 1). Reasons: EMPTY, TOO_FEW_UNITS (fewer than 3 in a group), NOT_FINITE,
        ZERO_VARIANCE, ZERO_BASELINE.

    Raises:
        InvalidInput: ``level`` is not in (0, 1), or resamples are too few for it.

    Examples:
        >>> rng = np.random.default_rng(1)
        >>> control, treatment = Sample.of(rng.exponential(1.0, 200)), Sample.of(rng.exponential(1.5, 40))
        >>> effect = bootstrap_t(control, treatment, rng=rng).at()
        >>> effect.low < effect.value < effect.high
        True
    """
    _checked(control, treatment, scale)
    source = generator_of(rng)
    resamples = whole("resamples", resamples, least=1, most=_MOST_RESAMPLES)
    tail = checked_tail(level, resamples)
    reason = _reason(control, treatment, scale)
    if reason is not Reason.OK:
        return _none(reason, control, treatment, level, "bootstrap_t", scale)
    value, error = _effect(control.moments(), treatment.moments(), scale)
    drawn = control.redrawn(resamples, source), treatment.redrawn(resamples, source)
    with np.errstate(all="ignore"):
        values, errors = _effect(*drawn, scale)
        t = (values - value) / errors
    # A redrawn sample in which nothing varies has no t-statistic: it counts as beyond every bound, on both sides.
    lost = ~np.isfinite(t)
    ordered_low, ordered_high = np.sort(np.where(lost, -np.inf, t)), np.sort(np.where(lost, np.inf, t))
    highest, lowest = at_rank(ordered_high, np.asarray(1.0 - tail)), at_rank(ordered_low, np.asarray(tail))
    low, high = value - float(highest) * error, value - float(lowest) * error
    seen = value / error
    above, below = (ordered_high >= seen).sum(), (ordered_low <= seen).sum()
    p_value = min(1.0, 2.0 * (min(above, below) + 1.0) / (resamples + 1.0))
    return _single(value, low, high, error, p_value, control, treatment, level, "bootstrap_t", scale)


@renamed(generator="rng", replicates="resamples")
def bootstrap_bca(
    control: Sample,
    treatment: Sample,
    *,
    rng: int | np.random.Generator,
    scale: Scale = "absolute",
    level: float = 0.95,
    resamples: int = 4000,
) -> Estimates:
    """Difference or lift of two means with the bias-corrected and accelerated interval.

    Args:
        control: Control's units.
        treatment: The treatment's units.
        rng: Where the draws come from: a seed or a generator.
        scale: Difference, or relative lift over control's mean.
        level: Coverage, in (0, 1).
        resamples: Number of redrawn experiments.

    Returns:
        A single estimate (0-d), without a p-value. Reasons: as ``bootstrap_t``, and UNBOUNDED (redrawn baselines of
        zero reach into the interval).

    Raises:
        InvalidInput: ``level`` is not in (0, 1), or resamples are too few for it.

    Examples:
        >>> rng = np.random.default_rng(1)
        >>> control, treatment = Sample.of(rng.exponential(1.0, 200)), Sample.of(rng.exponential(1.5, 200))
        >>> effect = bootstrap_bca(control, treatment, rng=rng, scale="relative").at()
        >>> effect.low < effect.value < effect.high
        True
    """
    _checked(control, treatment, scale)
    source = generator_of(rng)
    resamples = whole("resamples", resamples, least=1, most=_MOST_RESAMPLES)
    tail = checked_tail(level, resamples)
    reason = _reason(control, treatment, scale)
    if reason is not Reason.OK:
        return _none(reason, control, treatment, level, "bootstrap_bca", scale)
    value, error = _effect(control.moments(), treatment.moments(), scale)
    with np.errstate(all="ignore"):
        drawn = _effect(control.redrawn(resamples, source), treatment.redrawn(resamples, source), scale)[0]
    low, high = bca_ends(drawn, np.asarray(value), np.asarray(_acceleration(control, treatment, scale)), tail)
    if not (np.isfinite(low) and np.isfinite(high)):
        return _none(Reason.UNBOUNDED, control, treatment, level, "bootstrap_bca", scale)
    return _single(value, float(low), float(high), error, np.nan, control, treatment, level, "bootstrap_bca", scale)


def _effect(control: tuple[_T, _T], treatment: tuple[_T, _T], scale: Scale) -> tuple[_T, _T]:
    """Effect and standard error of means with their variances."""
    (m_c, v_c), (m_t, v_t) = control, treatment
    if scale == "absolute":
        return m_t - m_c, (v_t + v_c) ** 0.5
    ratio = m_t / m_c
    return (m_t - m_c) / abs(m_c), (v_t + ratio * ratio * v_c) ** 0.5 / abs(m_c)


def _acceleration(control: Sample, treatment: Sample, scale: Scale) -> float:
    """Σu³ / (6 (Σu²)^{3/2}) over the units' influences on the effect (Efron 1987, eq. 6.6)."""
    (m_c, _), (m_t, _) = control.moments(), treatment.moments()
    pull = 1.0 if scale == "absolute" else m_t / m_c
    of_t, of_c = (treatment.values - m_t) / treatment.n, -pull * (control.values - m_c) / control.n
    if scale == "relative" and m_c < 0.0:
        of_t, of_c = -of_t, -of_c
    cubes = float(treatment.counts @ of_t**3 + control.counts @ of_c**3)
    squares = float(treatment.counts @ of_t**2 + control.counts @ of_c**2)
    return cubes / (6.0 * math.sqrt(squares) * squares)


def _checked(control: Sample, treatment: Sample, scale: Scale) -> None:
    given("control", control, Sample)
    given("treatment", treatment, Sample)
    chosen("scale", scale, SCALES)


def _reason(control: Sample, treatment: Sample, scale: Scale) -> Reason:
    smallest = min(control.n, treatment.n)
    if smallest < _LEAST_UNITS:
        return Reason.EMPTY if smallest == 0 else Reason.TOO_FEW_UNITS
    if not (np.isfinite(control.values).all() and np.isfinite(treatment.values).all()):
        return Reason.NOT_FINITE
    (m_c, v_c), (_, v_t) = control.moments(), treatment.moments()
    if scale == "relative" and m_c == 0.0:
        return Reason.ZERO_BASELINE
    return Reason.OK if v_c + v_t > 0.0 else Reason.ZERO_VARIANCE


def _single(
    value: float,
    low: float,
    high: float,
    error: float,
    p_value: float,
    control: Sample,
    treatment: Sample,
    level: float,
    method: str,
    scale: Scale,
) -> Estimates:
    numbers = [np.asarray(a, np.float64) for a in (value, low, high, error, p_value, control.n + treatment.n)]
    return shaped_estimates(numbers, np.asarray(Reason.OK, np.int64), level=level, method=method, scale=scale)


def _none(reason: Reason, control: Sample, treatment: Sample, level: float, method: str, scale: Scale) -> Estimates:
    numbers = [*[np.asarray(np.nan)] * 5, np.asarray(float(control.n + treatment.n))]
    return shaped_estimates(numbers, np.asarray(reason, np.int64), level=level, method=method, scale=scale)
