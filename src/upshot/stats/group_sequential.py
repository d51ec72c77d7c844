r"""Group-sequential tests: a few looks, planned length, known total error; and what to report after an early stop.

At every look the repeated confidence interval θ̂_k ± c_k se_k (Jennison & Turnbull 1989, "Interim analyses: the repeated
confidence interval approach", JRSS B 51:305) holds for all looks at once. After a stop the usual estimate is biased
away from the null value, since the experiment stopped because it looked large; ``adjusted_after_stop`` gives the
median-unbiased estimate, interval and p-value of the stage-wise ordering (Fairbanks & Madsen 1982, Biometrika 69:69;
Tsiatis, Rosner & Mehta 1984, Biometrics 40:797), in which an earlier stop is stronger evidence. It needs no looks that
were not taken.

Assumptions: independent increments, which an efficient estimate of final unit values has (``maturity``); approximately
normal estimates; looks chosen without regard to the estimates.
"""

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri

from upshot.core.errors import InvalidInput
from upshot.core.renamed import renamed
from upshot.stats.arguments import chosen, fitting, floats, given, number
from upshot.stats.group_sequential_boundaries import (
    Boundaries,
    GroupSequentialDesign,
    checked_design,
    spending_boundaries,
)
from upshot.stats.group_sequential_recursion import SubDensity, advance, start, tail
from upshot.stats.maturity import (
    MINIMUM_UNITS_GROUP_SEQUENTIAL,
    TOTALS,
    UnitTotals,
    sequential_estimates,
    sequential_reasons,
)
from upshot.stats.result import SCALES, Estimates, FloatArray, IntArray, Reason, Scale
from upshot.stats.tabular import Table

__all__ = [
    "GroupSequentialResult",
    "Outcome",
    "adjusted_after_stop",
    "group_sequential",
    "outcomes",
    "repeated_intervals",
]

_ITERATIONS = 80
_CLOSE_ENOUGH = 1e-10


class Outcome(enum.IntEnum):
    """Where a group-sequential test stands.

    Examples:
        >>> Outcome(3).name
        'FUTILE'
    """

    CONTINUE = 0
    GREATER = 1
    LESS = 2
    FUTILE = 3
    NOT_REJECTED = 4


@dataclass(frozen=True, slots=True, repr=False)
class GroupSequentialResult(Table):
    """A group-sequential analysis of many comparisons over the same K looks.

    Attributes:
        outcome: Values of ``Outcome``, shape (…): NOT_REJECTED is an end of the experiment without rejection.
        stopped_at: Index of the look that ended it, or −1 while it goes on, shape (…).
        repeated: Repeated confidence intervals at every look, shape (…, K); p-values are NaN.
        adjusted: Median-unbiased estimate with interval and p-value for those that ended, shape (…); NOT_IDENTIFIED
            while the experiment goes on, since how it will end is part of the evidence.
        boundaries: What the looks were held against.

    Examples:
        >>> result = group_sequential([0.1, 0.5], [0.2, 0.14], [0.5, 1.0], 5000.0, totals="final")
        >>> Outcome(int(result.outcome)).name, int(result.stopped_at)
        ('GREATER', 1)
    """

    outcome: IntArray
    stopped_at: IntArray
    repeated: Estimates
    adjusted: Estimates
    boundaries: Boundaries

    def columns(self, **labels: Sequence[object]) -> dict[str, list[object]]:
        """One row for each comparison; ``repeated`` and ``boundaries`` are tables of their own, by look.

        Args:
            **labels: What the places along each axis of comparisons are called, as in ``Estimates.columns``.

        Returns:
            The labels, outcome (the name of the ``Outcome``), stopped_at (look, 0 is the first; None while it goes on),
            then ``adjusted``: value, low, high, standard_error, p_value, n and reason.

        Raises:
            InvalidInput: The labels do not fit.
        """
        numbers = self.adjusted.columns(**labels)
        axes = {name: numbers.pop(name) for name in list(numbers)[: self.outcome.ndim]}
        looks = np.ravel(self.stopped_at).tolist()
        outcome: list[object] = [Outcome(code).name for code in np.ravel(self.outcome).tolist()]
        stopped: list[object] = [look if look >= 0 else None for look in looks]
        return {**axes, "outcome": outcome, "stopped_at": stopped, **numbers}

    @property
    def summary(self) -> str:
        """Where it stands, and the adjusted estimate; of many comparisons, how many have which outcome."""
        names = [Outcome(code).name for code in np.ravel(self.outcome).tolist()]
        looks = self.boundaries.fractions.size
        if self.outcome.ndim:
            counted = ", ".join(f"{name} {names.count(name):,}" for name in Outcome.__members__ if name in names)
            return f"{len(names):,} comparisons over {looks} looks: {counted}"
        stopped = f" at look {int(self.stopped_at)} (0 is the first)" if self.stopped_at >= 0 else ""
        return f"{names[0]}{stopped} of {looks}; {self.adjusted.summary}"


@renamed(minimum_n="minimum_units")
def group_sequential(
    estimate: ArrayLike,
    standard_error: ArrayLike,
    fractions: ArrayLike,
    smallest_n: ArrayLike,
    *,
    totals: UnitTotals,
    design: GroupSequentialDesign | None = None,
    final: bool = False,
    null: float = 0.0,
    minimum_units: ArrayLike = MINIMUM_UNITS_GROUP_SEQUENTIAL,
    scale: Scale = "absolute",
) -> GroupSequentialResult:
    """Test at each look, stop at the first bound that is crossed, report what stopping did to the estimate.

    Args:
        estimate: Cumulative estimates, looks along the last axis, shape (…, K).
        standard_error: Their standard errors, shape (…, K).
        fractions: Units at each look over the planned total, shape (K,), increasing; looks need not be planned.
        smallest_n: Units in the smaller arm at each look, broadcast to (…, K).
        totals: Whether unit totals are final when counted; growing ones are refused here: count mature windows, or use
            ``group_sequential_longitudinal``.
        design: Alpha, direction, spending, futility; two-sided 5 % O'Brien-Fleming-type if None.
        final: Whether the last look ends the experiment short of the plan.
        null: Effect under the null hypothesis.
        minimum_units: Fewest units in the smaller arm; a look below it is not tested, which errs on the safe side.
        scale: Whether the estimate is absolute or relative.

    Returns:
        Outcome, repeated intervals and adjusted estimate.

    Raises:
        InvalidInput: The fractions do not increase, or do not fit the estimates.

    Examples:
        >>> found = group_sequential(
        ...     [0.30, 0.28], [0.1, 0.08], [0.5, 0.8], [500, 800], totals="final"
        ... )
        >>> Outcome(int(found.outcome)).name, int(found.stopped_at), found.adjusted.value.round(3).item()
        ('GREATER', 0, 0.3)
    """
    plan = checked_design(design)
    null = number("null", null)
    bounds = spending_boundaries(fractions, plan, final=final)
    repeated = repeated_intervals(
        estimate,
        standard_error,
        bounds,
        smallest_n,
        totals=totals,
        minimum_units=minimum_units,
        scale=scale,
        level=1 - plan.alpha,
    )
    z = (repeated.value - null) / repeated.standard_error
    outcome, stopped_at = outcomes(z, repeated.reason, bounds, final=final)
    ended = _at_stop(repeated, stopped_at)
    adjusted = adjusted_after_stop(ended, stopped_at, bounds, null=null)
    return GroupSequentialResult(outcome, stopped_at, repeated, adjusted, bounds)


@renamed(minimum_n="minimum_units")
def repeated_intervals(
    estimate: ArrayLike,
    standard_error: ArrayLike,
    boundaries: Boundaries,
    smallest_n: ArrayLike,
    *,
    totals: UnitTotals,
    minimum_units: ArrayLike = MINIMUM_UNITS_GROUP_SEQUENTIAL,
    scale: Scale = "absolute",
    level: float = 0.95,
) -> Estimates:
    """Repeated confidence intervals θ̂_k ± c_k se_k (Jennison & Turnbull 1989): all of them hold together.

    They hold whether or not the stopping rule is obeyed. A look that is not tested has the whole line.

    Args:
        estimate: Shape (…, K).
        standard_error: Shape (…, K).
        boundaries: K bounds that spend 1 − ``level``.
        smallest_n: Units in the smaller arm, broadcast to (…, K).
        totals: Whether unit totals are final when counted.
        minimum_units: Fewest units in the smaller arm.
        scale: Whether the estimate is absolute or relative.
        level: Joint coverage that the boundaries were made for.

    Returns:
        Estimates of shape (…, K), p-values NaN; one-sided intervals for one-sided boundaries.

    Raises:
        InvalidInput: The last axis is not one look each.

    Examples:
        >>> bounds = spending_boundaries([0.5, 1.0])
        >>> repeated_intervals([0.3, 0.28], [0.1, 0.07], bounds, 500, totals="final").low.round(3).tolist()
        [0.004, 0.142]
    """
    given("boundaries", boundaries, Boundaries)
    chosen("totals", totals, TOTALS)
    chosen("scale", scale, SCALES)
    level = number("level", level, above=0.0, below=1.0)
    value, error = floats("estimate", estimate), floats("standard_error", standard_error)
    size, least = floats("smallest_n", smallest_n), floats("minimum_units", minimum_units)
    fitting(estimate=value.shape, standard_error=error.shape)
    theta, se = np.broadcast_arrays(value, error)
    if theta.ndim == 0 or theta.shape[-1] != boundaries.fractions.size:
        raise InvalidInput(
            f"Estimates of shape {theta.shape} do not fit {boundaries.fractions.size} looks.",
            hint="Put the looks along the last axis.",
        )
    if fitting(estimate=theta.shape, smallest_n=size.shape, minimum_units=least.shape) != theta.shape:
        raise InvalidInput(
            f"smallest_n of shape {size.shape} or minimum_units of shape {least.shape} are more than "
            f"estimates of shape {theta.shape}.",
            hint="Give one for each look.",
        )
    n = np.broadcast_to(size, theta.shape)
    with np.errstate(all="ignore"):
        radius = se * boundaries.efficacy
        reason = sequential_reasons(theta, se, n, least, totals)
    low = theta - radius if boundaries.alternative != "less" else np.full(theta.shape, -np.inf)
    high = theta + radius if boundaries.alternative != "greater" else np.full(theta.shape, np.inf)
    return sequential_estimates(
        theta,
        low,
        high,
        se,
        np.full(theta.shape, np.nan),
        n,
        reason,
        level=level,
        method="repeated_intervals",
        scale=scale,
    )


def adjusted_after_stop(
    naive: Estimates, stopped_at: ArrayLike, boundaries: Boundaries, *, null: float = 0.0
) -> Estimates:
    """Median-unbiased estimate, interval and p-value after a stop, by the stage-wise ordering.

    P_θ(evidence at least as strong) = Σ_{j<k} P_θ(stop above at j) + P_θ(no stop before k, Z_k ≥ z). The estimate makes
    it 1/2, the limits 1 − level split over the two sides, the p-value is its value at the null hypothesis.

    Args:
        naive: The usual estimates at the looks where the experiments ended, shape (…); value, standard error, n, level,
            scale and reason are read. An experiment that ended at a look without crossing is fine.
        stopped_at: Index of that look, shape (…); −1 where there was none.
        boundaries: The bounds that the experiments were held against; futility bounds count only if they are binding.
        null: Effect under the null hypothesis.

    Returns:
        Estimates of shape (…); the standard error is that of the usual estimate. NOT_CONVERGED where the data lie
        further from the null value than the numbers reach.

    Examples:
        >>> from upshot.stats.confidence_sequences import asymptotic_confidence_sequence
        >>> bounds = spending_boundaries([0.5, 1.0])
        >>> at_end = asymptotic_confidence_sequence([0.2], [0.07], 1000, totals="final", tuned_units=1000)
        >>> adjusted_after_stop(at_end, [1], bounds).value.round(4).tolist()
        [0.1973]
    """
    given("naive", naive, Estimates)
    given("boundaries", boundaries, Boundaries)
    null = number("null", null)
    looks = boundaries.fractions.size
    at = floats("stopped_at", stopped_at, least=-1.0, most=looks - 1.0)
    if not (at == np.rint(at)).all():
        raise InvalidInput("stopped_at holds something else than the index of a look.", hint="−1 where there was none.")
    look = at.astype(np.int64)
    fitting(naive=naive.shape, stopped_at=look.shape)
    shape = np.broadcast_shapes(naive.shape, look.shape)
    theta, se, n = (np.broadcast_to(a, shape) for a in (naive.value, naive.standard_error, naive.n))
    look = np.broadcast_to(look, shape)
    reason = np.where((look < 0) & (naive.reason == 0), np.int64(Reason.NOT_IDENTIFIED), naive.reason)
    reason = np.array(np.broadcast_to(reason, shape))
    value, low, high, p = (np.full(shape, np.nan) for _ in range(4))
    sign = -1.0 if boundaries.alternative == "less" else 1.0
    targets = _targets(boundaries, 1.0 - naive.level)
    for k in np.unique(look[reason == 0]).tolist():
        here = (look == k) & (reason == 0)
        path = _path(_key(boundaries), k)
        times, per_drift = boundaries.fractions, se[here] * np.sqrt(boundaries.fractions[k])
        z = sign * (theta[here] - null) / se[here]
        found = [_drift_at(path, times, boundaries.efficacy, z, target) for target in targets]
        low[here], value[here], high[here] = (null + sign * eta * per_drift for eta in found)
        p[here] = _exceedance(path, times, boundaries.efficacy, z, np.zeros(z.shape))
        reason[here] = np.where(np.isnan(sum(found)), np.int64(Reason.NOT_CONVERGED), np.int64(0))
    if boundaries.alternative == "two-sided":
        p = 2.0 * np.minimum(p, 1.0 - p)
    if sign < 0.0:
        low, high = high, low
    return sequential_estimates(
        value, low, high, se, p, n, reason, level=naive.level, method="adjusted_after_stop", scale=naive.scale
    )


def _at_stop(looks: Estimates, stopped_at: IntArray) -> Estimates:
    """The estimates of the looks that ended the experiments; a reason where none did."""
    at = np.maximum(stopped_at, 0)[..., None]

    def there(part: FloatArray) -> FloatArray:
        return np.take_along_axis(part, at, -1)[..., 0]

    return sequential_estimates(
        there(looks.value),
        there(looks.low),
        there(looks.high),
        there(looks.standard_error),
        there(looks.p_value),
        there(looks.n),
        np.where(stopped_at < 0, _why_open(looks.reason), np.int64(0)),
        level=looks.level,
        method=looks.method,
        scale=looks.scale,
    )


def _targets(boundaries: Boundaries, alpha: float) -> tuple[float, float, float]:
    """Exceedance probabilities at the lower limit, the median and the upper limit, in the favourable direction."""
    if boundaries.alternative == "two-sided":
        return alpha / 2.0, 0.5, 1.0 - alpha / 2.0
    return alpha, 0.5, 1.0


def _why_open(reason: IntArray) -> IntArray:
    """Why a comparison has not ended: it goes on, or none of its looks could be used."""
    usable = (reason == 0).any(axis=-1)
    return np.asarray(np.where(usable, np.int64(Reason.NOT_IDENTIFIED), reason[..., -1]))


def outcomes(z: FloatArray, reason: IntArray, bounds: Boundaries, *, final: bool) -> tuple[IntArray, IntArray]:
    """Outcome and index of the look that ended each experiment.

    Args:
        z: Standardised estimates, shape (…, K); NaN where a look is not tested.
        reason: Why a look is not tested, shape (…, K); values of ``Reason``.
        bounds: The bounds of the K looks.
        final: Whether the last look ends the experiment short of the plan.

    Returns:
        Values of ``Outcome`` and indices (−1 while it goes on), both of shape (…).
    """
    favour = -z if bounds.alternative == "less" else z
    with np.errstate(invalid="ignore"):
        rejected_up = favour >= bounds.efficacy
        rejected_down = favour <= -bounds.efficacy if bounds.alternative == "two-sided" else np.zeros(z.shape, bool)
        futile = (favour <= bounds.futility) & ~rejected_up
    over = np.zeros(z.shape, bool)
    over |= (bounds.fractions >= 1.0) & (reason == 0)
    if final:
        over[..., -1] = reason[..., -1] == 0
    futile &= ~over
    ends = rejected_up | rejected_down | futile | over
    first = np.argmax(ends, axis=-1)
    stopped_at = np.where(ends.any(axis=-1), first, -1)

    def there(
        flags: NDArray[np.bool_],
    ) -> NDArray[np.bool_]:
        return np.take_along_axis(flags, first[..., None], -1)[..., 0]

    up, down = (Outcome.LESS, Outcome.GREATER) if bounds.alternative == "less" else (Outcome.GREATER, Outcome.LESS)
    outcome = np.select(
        [stopped_at < 0, there(rejected_up), there(rejected_down), there(futile)],
        [np.int64(Outcome.CONTINUE), np.int64(up), np.int64(down), np.int64(Outcome.FUTILE)],
        np.int64(Outcome.NOT_REJECTED),
    )
    return np.asarray(outcome, np.int64), np.asarray(stopped_at, np.int64)


def _key(bounds: Boundaries) -> tuple[tuple[float, float, float], ...]:
    lower = (
        bounds.lower if bounds.alternative == "two-sided" or bounds.binding else np.full(bounds.efficacy.size, -np.inf)
    )
    return tuple(zip(bounds.fractions.tolist(), lower.tolist(), bounds.efficacy.tolist(), strict=True))


@lru_cache(maxsize=256)
def _path(key: tuple[tuple[float, float, float], ...], k: int) -> tuple[tuple[int, SubDensity], ...]:
    """For each tested look up to k (k itself always): its index and the paths still going before it."""
    looks = [j for j, (_, low, high) in enumerate(key[:k]) if np.isfinite(low) or np.isfinite(high)] + [k]
    density = start()
    path = [(looks[0], density)]
    for j, following in pairwise(looks):
        t, low, high = key[j]
        density = advance(density, t, low, high, key[following][0] - t)
        path.append((following, density))
    return tuple(path)


def _exceedance(
    path: tuple[tuple[int, SubDensity], ...], times: FloatArray, upper: FloatArray, z: FloatArray, drift: FloatArray
) -> FloatArray:
    total = np.zeros(z.shape)
    for j, density in path[:-1]:
        total += tail(density, float(times[j]), upper[j], drift)
    last, density = path[-1]
    return np.asarray(total + tail(density, float(times[last]), z, drift))


def _drift_at(
    path: tuple[tuple[int, SubDensity], ...], times: FloatArray, upper: FloatArray, z: FloatArray, target: float
) -> FloatArray:
    """The drift whose exceedance probability is ``target``: a safeguarded secant on the probit scale."""
    if target >= 1.0:
        return np.full(z.shape, np.inf)
    goal = float(ndtri(target))

    def gap(drift: FloatArray) -> FloatArray:
        share = _exceedance(path, times, upper, z, drift)
        return np.asarray(ndtri(np.clip(share, 1e-15, 1.0 - 1e-15)) - goal)

    first, last = times[path[0][0]], times[path[-1][0]]
    low, high = (z - 9.0) / np.sqrt(last), (np.maximum(z, 0.0) + 9.0) / np.sqrt(last)
    low = np.minimum(low, -9.0 / np.sqrt(first))
    at_low, at_high = gap(low), gap(high)
    bracketed = (at_low <= 0.0) & (at_high >= 0.0)
    drift, side = z / np.sqrt(last), np.zeros(z.shape)
    for _ in range(_ITERATIONS):
        drift = np.clip(drift, low, high)
        here = gap(drift)
        now = np.where(here < 0.0, -1.0, 1.0)
        # Illinois: the end that stays twice has its value halved, so that the secant cannot stick to it.
        at_low = np.where(now < 0.0, here, np.where(side > 0.0, 0.5 * at_low, at_low))
        at_high = np.where(now > 0.0, here, np.where(side < 0.0, 0.5 * at_high, at_high))
        low, high, side = np.where(now < 0.0, drift, low), np.where(now > 0.0, drift, high), now
        if np.all((np.abs(here) < _CLOSE_ENOUGH) | ~bracketed):
            return np.where(bracketed, drift, np.nan)
        with np.errstate(all="ignore"):
            step = low - at_low * (high - low) / (at_high - at_low)
        drift = np.where(np.isfinite(step), step, 0.5 * (low + high))
    return np.where(bracketed & (np.abs(here) < 1e3 * _CLOSE_ENOUGH), drift, np.nan)
