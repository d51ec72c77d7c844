r"""Bayesian comparison of two means: a normal prior on the effect meets a normal likelihood.

The effect δ (a difference, or a relative lift) has the prior N(m₀, s₀²); the data say that its estimate d is
N(δ, v). The posterior is normal with precision 1/s₀² + 1/v and a mean that weighs m₀ and d by their precisions
(Gelman et al., "Bayesian Data Analysis", 3rd ed. 2013, eq. 2.10–2.12). Everything reported has a closed form: no draws.

What it promises: if effects of experiments like this one really follow the prior, then of all effects with a 90 %
chance to beat control about 90 % do. The prior is an argument without a default, because it is a claim.

What it does not promise: **nothing about peeking.** An experiment that stops as soon as the chance to beat control is
high finds more false wins than the same experiment read once, as any fixed-sample method does; with a flat prior the
posterior chance is one minus a one-sided p-value. Where looks decide when to stop, use a sequential method.

Assumptions: units are independent, and samples are large enough for the estimate to be nearly normal with a known
variance. Small counts: ``upshot.stats.bayes_conjugate``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, cast, get_args

import numpy as np
from scipy.special import ndtr

from upshot.core.errors import InvalidInput
from upshot.stats.arguments import chosen, compared, fitting, floats, given, number, pair_of, place_of
from upshot.stats.contrast import contrast_variance
from upshot.stats.moments import Moments, every, first_reason, group_reasons
from upshot.stats.result import OK, SCALES, FloatArray, IntArray, NoEstimate, Reason, Scale, Tabular
from upshot.stats.wald import critical_value

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

__all__ = [
    "BETTERS",
    "Better",
    "NormalPrior",
    "Posterior",
    "PosteriorSummary",
    "bayes_difference",
    "bayes_lift",
    "normal_posterior",
    "posterior_of",
]

Better = Literal["higher", "lower"]
BETTERS: tuple[Better, ...] = get_args(Better)
_ROOT_TWO_PI = math.sqrt(2.0 * math.pi)


@dataclass(frozen=True, slots=True)
class NormalPrior:
    """What is believed about the effect before the data: normal, on the scale of the effect.

    Args:
        mean: The effect expected; 0 where up and down are equally likely.
        standard_deviation: How large effects of such changes usually are (0.02: two thirds of all lifts lie within
            ±2 %). ``math.inf`` is the flat prior: the posterior is then the likelihood alone, which overstates large
            effects of small experiments.

    Raises:
        InvalidInput: The standard deviation is not positive, or the mean not finite.

    Examples:
        >>> NormalPrior(0.0, 0.02).standard_deviation
        0.02
    """

    mean: float
    standard_deviation: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "mean", number("mean", self.mean))
        deviation = number("standard_deviation", self.standard_deviation, above=0.0, infinite=True)
        object.__setattr__(self, "standard_deviation", deviation)


@dataclass(frozen=True, slots=True)
class PosteriorSummary:
    """What is believed about one effect after the data; attributes as in ``Posterior``.

    Examples:
        >>> belief = normal_posterior(0.02, 0.01, 5000, prior=NormalPrior(0.0, 0.02)).at()
        >>> round(belief.value, 3)
        0.016
    """

    value: float
    low: float
    high: float
    standard_deviation: float
    chance_to_beat: float
    loss_if_shipped: float
    loss_if_kept: float
    in_rope: float
    level: float
    n: float
    method: str
    scale: Scale


@dataclass(frozen=True, slots=True, repr=False)
class Posterior(Tabular):
    """What is believed about many effects after the data: arrays of one shape.

    Attributes:
        value: Posterior mean of the effect.
        low: Lower end of the equal-tailed credible interval.
        high: Upper end.
        standard_deviation: Of the posterior.
        chance_to_beat: Posterior probability that treatment is better than control, in [0, 1].
        loss_if_shipped: Expected amount by which treatment is worse, counting 0 where it is better: what shipping it
            costs on average, on the effect's scale.
        loss_if_kept: Expected amount by which treatment is better, counting 0 where it is worse: what keeping control
            costs.
        in_rope: Posterior probability of the region of practical equivalence; NaN where none was given.
        n: Units of both groups.
        reason: Values of ``Reason``; where not OK all numbers but ``n`` are NaN.
        level: Posterior probability of the interval.
        method: The public function's name.
        scale: Whether the effect is absolute or relative.

    Examples:
        >>> belief = normal_posterior([0.02, 0.0], 0.01, 5000, prior=NormalPrior(0.0, 0.02))
        >>> bool(belief.chance_to_beat[0] > 0.95), float(belief.chance_to_beat[1])
        (True, 0.5)
    """

    value: FloatArray
    low: FloatArray
    high: FloatArray
    standard_deviation: FloatArray
    chance_to_beat: FloatArray
    loss_if_shipped: FloatArray
    loss_if_kept: FloatArray
    in_rope: FloatArray
    n: FloatArray
    reason: IntArray
    level: float
    method: str
    scale: Scale

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape shared by all arrays."""
        return self.value.shape

    def at(self, *index: int) -> PosteriorSummary | NoEstimate:
        """The comparison at ``index`` (none for a single one): a posterior, or why there is none."""
        index = place_of(index, np.shape(self.reason))
        reason = Reason(int(self.reason[index]))
        if reason is not Reason.OK:
            return NoEstimate(reason, self.method)
        return PosteriorSummary(
            value=float(self.value[index]),
            low=float(self.low[index]),
            high=float(self.high[index]),
            standard_deviation=float(self.standard_deviation[index]),
            chance_to_beat=float(self.chance_to_beat[index]),
            loss_if_shipped=float(self.loss_if_shipped[index]),
            loss_if_kept=float(self.loss_if_kept[index]),
            in_rope=float(self.in_rope[index]),
            level=self.level,
            n=float(self.n[index]),
            method=self.method,
            scale=self.scale,
        )


def bayes_difference(
    control: Moments,
    treatment: Moments,
    *,
    prior: NormalPrior,
    level: float = 0.95,
    rope: tuple[float, float] | None = None,
    better: Better = "higher",
) -> Posterior:
    """Posterior of the difference of two means (treatment − control).

    Args:
        control: Moments of the control group; adjusted (CUPED) and linearised ones work alike.
        treatment: Moments of one or many treatment groups; the two broadcast.
        prior: On the difference, in the metric's unit.
        level: Posterior probability of the credible interval, in (0, 1).
        rope: Region of practical equivalence, (low, high) in the metric's unit.
        better: Which direction ``chance_to_beat`` and the losses take as better.

    Returns:
        The posterior. Reasons: EMPTY, TOO_FEW_UNITS, ZERO_VARIANCE (both groups), NOT_FINITE, INVALID_STATISTICS.

    Raises:
        InvalidInput: ``level`` or ``rope`` is out of range.

    Examples:
        >>> prior = NormalPrior(0.0, 0.5)
        >>> effect = bayes_difference(Moments(1000, 10.0, 4.0), Moments(1000, 10.2, 4.0), prior=prior).at()
        >>> round(effect.value, 4), round(effect.chance_to_beat, 4), round(effect.loss_if_shipped, 5)
        (0.1938, 0.9861, 0.00043)
    """
    compared(Moments, control, treatment)
    n_c, n_t = control.n[()], treatment.n[()]
    with np.errstate(all="ignore"):
        variance = contrast_variance(control, treatment)
        gap = treatment.mean[()] - control.mean[()]
    return posterior_of(
        gap,
        variance,
        n_c + n_t,
        group_reasons(control, treatment),
        prior=prior,
        level=level,
        rope=rope,
        better=better,
        method="bayes_difference",
        scale="absolute",
    )


def bayes_lift(
    control: Moments,
    treatment: Moments,
    *,
    prior: NormalPrior,
    level: float = 0.95,
    rope: tuple[float, float] | None = None,
    better: Better = "higher",
) -> Posterior:
    """Posterior of the relative lift, (treatment − control) / |control|, with the delta method's variance.

    Args:
        control: Moments of the control group, its mean many standard errors from zero.
        treatment: Moments of one or many treatment groups; the two broadcast.
        prior: On the lift, as a fraction: ``NormalPrior(0, 0.02)`` says that two thirds of lifts lie within ±2 %.
        level: Posterior probability of the credible interval, in (0, 1).
        rope: Region of practical equivalence as fractions, such as (−0.01, 0.01).
        better: Which direction ``chance_to_beat`` and the losses take as better.

    Returns:
        The posterior, as fractions. Reasons: as ``bayes_difference``, and ZERO_BASELINE.

    Raises:
        InvalidInput: ``level`` or ``rope`` is out of range.

    Examples:
        >>> prior = NormalPrior(0.0, 0.02)
        >>> effect = bayes_lift(Moments(1000, 10.0, 4.0), Moments(1000, 10.2, 4.0), prior=prior, rope=(-0.01, 0.01))
        >>> summary = effect.at()
        >>> round(summary.value, 4), round(summary.chance_to_beat, 4), round(summary.in_rope, 4)
        (0.0166, 0.9782, 0.2104)
    """
    compared(Moments, control, treatment)
    n_c, n_t, base = control.n[()], treatment.n[()], control.mean[()]
    with np.errstate(all="ignore"):
        ratio = treatment.mean[()] / base
        variance = contrast_variance(control, treatment, ratio) / (base * base)
        gap = (treatment.mean[()] - base) / np.abs(base)
    reason = group_reasons(control, treatment)
    none = base == 0.0
    if not every(~none):
        reason = first_reason(reason, np.where(none, np.int64(Reason.ZERO_BASELINE), np.int64(Reason.OK)))
    return posterior_of(
        gap,
        variance,
        n_c + n_t,
        reason,
        prior=prior,
        level=level,
        rope=rope,
        better=better,
        method="bayes_lift",
        scale="relative",
    )


def normal_posterior(
    estimate: ArrayLike,
    standard_error: ArrayLike,
    n: ArrayLike,
    *,
    prior: NormalPrior,
    level: float = 0.95,
    rope: tuple[float, float] | None = None,
    better: Better = "higher",
    scale: Scale = "absolute",
) -> Posterior:
    """Posterior of any effect that has a nearly normal estimate and a standard error.

    Args:
        estimate: Estimates, any shape.
        standard_error: Their standard errors, above 0.
        n: Units that entered; reported only.
        prior: On the effect, on its scale.
        level: Posterior probability of the credible interval, in (0, 1).
        rope: Region of practical equivalence on the effect's scale.
        better: Which direction is better.
        scale: Of the estimate.

    Returns:
        The posterior. Reasons: ZERO_VARIANCE, NOT_FINITE, INVALID_STATISTICS (a negative standard error).

    Raises:
        InvalidInput: ``level`` or ``rope`` is out of range.

    Examples:
        >>> half_way = normal_posterior(2.0, 1.0, 100, prior=NormalPrior(0.0, 1.0)).at()
        >>> half_way.value, round(half_way.standard_deviation, 4)
        (1.0, 0.7071)
    """
    d, error = floats("estimate", estimate)[()], floats("standard_error", standard_error)[()]
    units = floats("n", n)[()]
    with np.errstate(over="ignore"):
        variance = error * error
    shape = fitting(estimate=d.shape, standard_error=error.shape, n=units.shape)
    reason = np.where(error < 0.0, np.int64(Reason.INVALID_STATISTICS), np.int64(Reason.OK))
    return posterior_of(
        np.broadcast_to(d, shape)[()],
        variance,
        np.broadcast_to(units, shape)[()],
        reason,
        prior=prior,
        level=level,
        rope=rope,
        better=better,
        method="normal_posterior",
        scale=scale,
    )


def posterior_of(
    estimate: FloatArray,
    variance: FloatArray,
    n: FloatArray,
    reason: IntArray,
    *,
    prior: NormalPrior,
    level: float,
    rope: tuple[float, float] | None,
    better: Better,
    method: str,
    scale: Scale,
) -> Posterior:
    """The normal posterior of estimates with their variances; the last step of the functions above.

    Args:
        estimate: Estimates.
        variance: Their squared standard errors.
        n: Units.
        reason: Why there is no estimate, where there is none.
        prior: On the effect.
        level: Of the interval.
        rope: Region of practical equivalence.
        better: Which direction is better.
        method: The public function's name.
        scale: Of the estimate.
    """
    given("prior", prior, NormalPrior)
    chosen("better", better, BETTERS)
    chosen("scale", scale, SCALES)
    reach = critical_value(level, "two-sided")
    trust = 1.0 / (prior.standard_deviation * prior.standard_deviation)
    with np.errstate(all="ignore"):
        # The prior's share of the mean; written so that a flat prior and a zero variance need no special case.
        pull = variance * trust
        mean = (estimate + pull * prior.mean) / (1.0 + pull)
        spread = cast("FloatArray", np.sqrt(variance / (1.0 + pull)))
        z = mean / spread
        above = ndtr(z)
        density = np.exp(-0.5 * z * z) / _ROOT_TWO_PI
        down = spread * np.maximum(density - z * ndtr(-z), 0.0)
        up = spread * np.maximum(density + z * above, 0.0)
        inside = np.full_like(z, np.nan) if rope is None else _between(mean, spread, *checked_rope(rope))
        usable = (variance > 0.0) & (np.abs(estimate) + variance < np.inf)
    chance, lost, missed = (above, down, up) if better == "higher" else (ndtr(-z), up, down)
    if not every(usable & (reason == OK)):
        late = np.where(usable, Reason.OK, np.where(variance == 0.0, Reason.ZERO_VARIANCE, Reason.NOT_FINITE))
        reason = first_reason(reason, late)
    low, high = mean - reach * spread, mean + reach * spread
    return shaped_posterior(
        (mean, low, high, spread, chance, lost, missed, inside), n, reason, level=level, method=method, scale=scale
    )


def shaped_posterior(
    numbers: tuple[FloatArray, ...], n: FloatArray, reason: IntArray, *, level: float, method: str, scale: Scale
) -> Posterior:
    """A posterior of one shape, NaN wherever there is a reason.

    Args:
        numbers: Value, low, high, standard deviation, chance, loss if shipped, loss if kept, in rope.
        n: Units.
        reason: Codes.
        level: As in ``Posterior``.
        method: As in ``Posterior``.
        scale: As in ``Posterior``.
    """
    if not every(reason == OK):
        ok = reason == OK
        numbers = tuple(np.where(ok, number, np.nan) for number in numbers)
    shape = numbers[0].shape
    if reason.shape != shape:
        shape = np.broadcast_shapes(shape, reason.shape)
        numbers = tuple(np.broadcast_to(number, shape) for number in numbers)
        reason = np.broadcast_to(reason, shape)
    count = np.asarray(n) if n.shape == shape else np.broadcast_to(n, shape)
    value, low, high, spread, chance, lost, missed, inside = (np.asarray(number) for number in numbers)
    return Posterior(
        *(value, low, high, spread, chance, lost, missed, inside, count, np.asarray(reason)), level, method, scale
    )


def checked_rope(rope: tuple[float, float]) -> tuple[float, float]:
    """The region of practical equivalence, if it is one.

    Raises:
        InvalidInput: Its lower end is not below its upper end.
    """
    low, high = pair_of("rope", rope)
    if not low < high:
        raise InvalidInput(f"A region from {low} to {high} is empty.", hint="Give (low, high) with low below high.")
    return low, high


def _between(mean: FloatArray, spread: FloatArray, low: float, high: float) -> FloatArray:
    # Both ends on the side of the mean where the normal distribution function keeps its digits.
    flip = np.where(mean > 0.5 * (low + high), -1.0, 1.0)
    first, second = flip * (low - mean) / spread, flip * (high - mean) / spread
    return np.asarray(np.abs(ndtr(-first) - ndtr(-second)))
