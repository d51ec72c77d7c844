r"""Bayesian comparison of two shares or two rates: beta–binomial and gamma–Poisson, without draws.

x of n units converted: with a Beta(a, b) prior the share is Beta(a + x, b + n − x). x events in an exposure e: with a
Gamma prior of shape a and rate b the event rate is Gamma(a + x, b + e) (Gelman et al., "Bayesian Data Analysis", 3rd
ed. 2013, sec. 2.4 and 2.6). Differences and lifts of two such laws are integrated by deterministic quadrature
(``upshot.stats.bayes_laws``), so the same data always give the same digits, and small tails are as exact as large ones.

What it promises and what not: as ``upshot.stats.bayes``. **Nothing about peeking.** These need no large samples; they
need units that convert independently, and events that do not come in clusters (Poisson).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from upshot.stats.arguments import chosen, compared, given, number
from upshot.stats.bayes import BETTERS, checked_rope, shaped_posterior
from upshot.stats.bayes_laws import Comparison, Law
from upshot.stats.proportions import Successes
from upshot.stats.rates import Counts
from upshot.stats.result import SCALES, Reason
from upshot.stats.wald import checked_level

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from upshot.stats.bayes import Better, Posterior
    from upshot.stats.result import FloatArray, Scale

__all__ = ["BetaPrior", "GammaPrior", "beta_binomial", "gamma_poisson"]


@dataclass(frozen=True, slots=True)
class BetaPrior:
    """What is believed about a share before the data, the same for both groups.

    Args:
        a: Successes that the belief is worth, above 0.
        b: Failures that it is worth, above 0. (1, 1) is uniform; (3, 97) says "about 3 %, as if from 100 units".

    Raises:
        InvalidInput: One is not above 0.

    Examples:
        >>> prior = BetaPrior(3.0, 97.0)
        >>> prior.a / (prior.a + prior.b)
        0.03
    """

    a: float
    b: float

    def __post_init__(self) -> None:
        for name in ("a", "b"):
            object.__setattr__(self, name, number(name, getattr(self, name), above=0.0))


@dataclass(frozen=True, slots=True)
class GammaPrior:
    """What is believed about a rate before the data, the same for both groups.

    Args:
        shape: Events that the belief is worth, above 0.
        rate: Exposure in which they would have happened, above 0; shape / rate is the mean.

    Raises:
        InvalidInput: One is not above 0.

    Examples:
        >>> prior = GammaPrior(shape=2.0, rate=20.0)
        >>> prior.shape / prior.rate
        0.1
    """

    shape: float
    rate: float

    def __post_init__(self) -> None:
        for name in ("shape", "rate"):
            object.__setattr__(self, name, number(name, getattr(self, name), above=0.0))


def beta_binomial(
    control: Successes,
    treatment: Successes,
    *,
    prior: BetaPrior,
    scale: Scale = "absolute",
    level: float = 0.95,
    rope: tuple[float, float] | None = None,
    better: Better = "higher",
) -> Posterior:
    """Posterior of the difference or the lift of two shares.

    Args:
        control: Units and successes of control.
        treatment: Of one or many treatments; the two broadcast.
        prior: On each group's share.
        scale: Difference of shares, or relative lift over control's share.
        level: Posterior probability of the equal-tailed interval, in (0, 1).
        rope: Region of practical equivalence, on ``scale``.
        better: Which direction is better.

    Returns:
        The posterior; ``value`` is its mean. The standard deviation of a lift is infinite where control's posterior
        has a first shape of 2 or less. Probabilities are good to about 1e-10; those of an interval or a region to
        1e-5 where it reaches the edge of a share that rests on a handful of successes or failures. Reasons:
        EMPTY, NOT_FINITE,
        INVALID_STATISTICS (fewer than 0 or more than n successes), ZERO_BASELINE (a lift whose mean does not exist:
        prior and control's successes together are worth one success or less), NOT_CONVERGED.

    Raises:
        InvalidInput: ``level`` or ``rope`` is out of range.

    Examples:
        >>> from upshot.stats.proportions import Successes
        >>> effect = beta_binomial(Successes(100, 10), Successes(100, 17), prior=BetaPrior(1, 1)).at()
        >>> round(effect.chance_to_beat, 4), round(effect.loss_if_shipped, 5), round(effect.low, 4)
        (0.9234, 0.00168, -0.0259)
    """
    given("prior", prior, BetaPrior)
    compared(Successes, control, treatment)
    n_c, x_c, n_t, x_t = np.broadcast_arrays(control.n, control.successes, treatment.n, treatment.successes)
    bad = (x_c < 0.0) | (x_t < 0.0) | (x_c > n_c) | (x_t > n_t)
    first = Law("beta", prior.a + x_c, prior.b + n_c - x_c)
    second = Law("beta", prior.a + x_t, prior.b + n_t - x_t)
    return _posterior(
        first,
        second,
        n_c,
        n_t,
        bad,
        fallback=(prior.a + 2.0, prior.b),
        scale=scale,
        level=level,
        rope=rope,
        better=better,
        method="beta_binomial",
    )


def gamma_poisson(
    control: Counts,
    treatment: Counts,
    *,
    prior: GammaPrior,
    scale: Scale = "relative",
    level: float = 0.95,
    rope: tuple[float, float] | None = None,
    better: Better = "higher",
) -> Posterior:
    """Posterior of the difference or the lift of two event rates.

    Args:
        control: Events and exposure of control.
        treatment: Of one or many treatments; the two broadcast.
        prior: On each group's rate, in the same unit of exposure.
        scale: Relative lift over control's rate, or difference of rates.
        level: Posterior probability of the equal-tailed interval, in (0, 1).
        rope: Region of practical equivalence, on ``scale``.
        better: Which direction is better.

    Returns:
        The posterior; ``n`` is the exposure of both groups. Otherwise as ``beta_binomial``.

    Raises:
        InvalidInput: ``level`` or ``rope`` is out of range.

    Examples:
        >>> from upshot.stats.rates import Counts
        >>> effect = gamma_poisson(Counts(100, 1000.0), Counts(80, 1000.0), prior=GammaPrior(1, 10), better="lower")
        >>> summary = effect.at()
        >>> round(summary.value, 4), round(summary.chance_to_beat, 4)
        (-0.19, 0.9315)
    """
    given("prior", prior, GammaPrior)
    compared(Counts, control, treatment)
    e_c, x_c, e_t, x_t = np.broadcast_arrays(control.exposure, control.events, treatment.exposure, treatment.events)
    bad = (x_c < 0.0) | (x_t < 0.0) | (e_c < 0.0) | (e_t < 0.0)
    return _posterior(
        Law("gamma", prior.shape + x_c, prior.rate + e_c),
        Law("gamma", prior.shape + x_t, prior.rate + e_t),
        e_c,
        e_t,
        bad,
        fallback=(prior.shape + 2.0, prior.rate),
        scale=scale,
        level=level,
        rope=rope,
        better=better,
        method="gamma_poisson",
    )


def _posterior(
    control: Law,
    treatment: Law,
    n_c: FloatArray,
    n_t: FloatArray,
    bad: NDArray[np.bool_],
    *,
    fallback: tuple[float, float],
    scale: Scale,
    level: float,
    rope: tuple[float, float] | None,
    better: Better,
    method: str,
) -> Posterior:
    chosen("scale", scale, SCALES)
    chosen("better", better, BETTERS)
    level = checked_level(level)
    relative = scale == "relative"
    total = control.a + control.b + treatment.a + treatment.b + n_c + n_t
    reason = np.select(
        [(n_c == 0.0) | (n_t == 0.0), ~np.isfinite(total), bad, relative & (control.a <= 1.0)],
        [np.int64(r) for r in (Reason.EMPTY, Reason.NOT_FINITE, Reason.INVALID_STATISTICS, Reason.ZERO_BASELINE)],
        np.int64(Reason.OK),
    )
    # Places without an answer are computed with harmless shapes and blanked at the end.
    ok = reason == Reason.OK
    safe = Law(control.kind, np.full(ok.shape, fallback[0]), np.full(ok.shape, fallback[1]))
    with np.errstate(all="ignore"):
        pair = Comparison(control.where(ok, safe), treatment.where(ok, safe), relative=relative)
        value, spread = pair.moments()
        low, high = pair.interval(level)
        above = pair.chance_above(np.zeros(ok.shape))
        lower, higher = pair.losses()
        inside = np.full(ok.shape, np.nan)
        if rope is not None:
            start, end = (np.full(ok.shape, bound) for bound in checked_rope(rope))
            inside = np.clip(pair.chance_above(start) - pair.chance_above(end), 0.0, 1.0)
    lost = ok & (np.isnan(low) | np.isnan(high))
    reason = np.where(lost, np.int64(Reason.NOT_CONVERGED), reason)
    chance, shipped, kept = (above, lower, higher) if better == "higher" else (1.0 - above, higher, lower)
    numbers = (value, low, high, spread, chance, shipped, kept, inside)
    return shaped_posterior(numbers, n_c + n_t, reason, level=level, method=method, scale=scale)
