"""Quantiles, of units' values or of events that come in clusters (page-load times, several by each unit).

An event's quantile is that of all events together, while units were randomised: events of one unit are not independent.
Woodruff's method, known in experimentation as the outer confidence interval, takes the interval on the scale of shares,
where the variance of "share of events at or below v" is that of a ratio metric, and carries it over to values by two
more quantiles. So an engine needs two scans: the quantile itself, with one row of ratio moments around it; then two
quantiles more. Half the distance between those, in units of the normal quantile, is the standard error, and quantiles
then compare like means.

Values that tie near the quantile (whole numbers, rounded times) have no density there, and half a distance in whole
steps is no standard error: 90th percentiles of Poisson counts differed falsely in a quarter of comparisons.
``Quantiles.of`` notices ties, and a comparison is then made in whole steps: it lies between the differences of the two
quantiles' own bounds, each taken so wide that both hold at once. Such an interval is wide and never falsely narrow, and
has neither standard error nor p-value. Where all values near the quantile tie, the reason is TIED_VALUES.

Sources: Woodruff, "Confidence intervals for medians and other position measures", JASA 47 (1952); Deng, Knoblich and
Lu, "Applying the delta method in metric analytics", KDD (2018), sec. 4 (algorithm 1).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtri

from upshot.core.errors import InvalidInput
from upshot.stats.arguments import compared, fitting, floats, given, number, row
from upshot.stats.difference import difference
from upshot.stats.lift import lift
from upshot.stats.moments import Moments, PairMoments, first_reason, reasons
from upshot.stats.result import Alternative, Estimates, FloatArray, IntArray, Reason, Tabular
from upshot.stats.wald import checked_level, masked, shaped_estimates
from upshot.stats.weights import checked_weights

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

_TIED_SHARE = 0.15
"""Weight of one repeated value, as a share of that between the outer bounds, above which steps show."""

__all__ = ["Quantiles", "outer_shares", "quantile_difference", "quantile_interval", "quantile_lift"]


@dataclass(frozen=True, slots=True, repr=False)
class Quantiles(Tabular):
    """A quantile with its outer bounds; arrays of one shape.

    Attributes:
        n: Independent units (not events).
        value: The quantile.
        low: Quantile at the lower outer share.
        high: Quantile at the upper outer share.
        reason: Why there is none (values of ``Reason``).
        level: Coverage that the outer shares were taken for.
        tied: Whether values tie near the quantile, so that comparisons are made in whole steps; None (an engine's
            quantiles of continuous values) says that none do.
        widest: Quantiles at the outer shares of coverage √level, lower and upper: of two independent samples both hold
            with coverage ``level``. None as ``tied``.
    """

    n: FloatArray
    value: FloatArray
    low: FloatArray
    high: FloatArray
    reason: IntArray
    level: float
    tied: NDArray[np.bool_] | None = None
    widest: tuple[FloatArray, FloatArray] | None = None

    @classmethod
    def of(
        cls,
        values: ArrayLike,
        share: float,
        *,
        clusters: ArrayLike | None = None,
        weights: ArrayLike | None = None,
        level: float = 0.95,
    ) -> Quantiles:
        """The quantile of raw values and its outer bounds; quantiles are observed values (inverse of the ECDF).

        Args:
            values: Shape (n,), one value per event (or per unit).
            share: Which quantile, in (0, 1): 0.9 for the 90th percentile.
            clusters: Shape (n,), the unit of each event; without it each value is a unit of its own.
            weights: Shape (n,), zero or more.
            level: Coverage of the outer bounds; 0.95 also for use in ``quantile_difference``.

        Returns:
            0-d arrays. Reasons: EMPTY, TOO_FEW_UNITS (an outer share beyond 0 or 1, or fewer than two units),
            NOT_FINITE (a value is missing).

        Raises:
            InvalidInput: ``share`` or ``level`` is not in (0, 1), weights or clusters do not fit.

        Examples:
            >>> median = Quantiles.of([float(v) for v in range(1, 102)], 0.5)
            >>> float(median.value), float(median.low), float(median.high)
            (51.0, 41.0, 61.0)
        """
        x = row("values", values)
        share, level = number("share", share, above=0.0, below=1.0), checked_level(level)
        if x.size == 0 or np.isnan(x).any():
            return cls._none(0.0 if x.size == 0 else float(x.size), level)
        w = np.ones_like(x) if weights is None else checked_weights(weights)
        if w.shape != x.shape:
            raise InvalidInput(
                f"values have shape {x.shape}, weights {w.shape}.", hint="Give one weight for each value."
            )
        order = np.argsort(x, kind="stable")
        ranked, cumulated = x[order], np.cumsum(w[order])
        at = _inverse(ranked, cumulated, share)
        pair = PairMoments.of((x <= at).astype(np.float64), np.ones_like(x), weights=w, clusters=clusters)
        first, last, reason = outer_shares(pair, share, level=level)
        further = outer_shares(pair, share, level=level**0.5)[:2]
        outer = (_inverse(ranked, cumulated, float(np.clip(s, 0.0, 1.0))) for s in (first, last, *further))
        value, low, high, lowest, highest = masked(reason, *(np.asarray(bound) for bound in (at, *outer)))
        tied = np.asarray(int(reason) == Reason.OK and _ties(ranked, w[order], (float(low), float(high))))
        return cls(pair.n, value, low, high, reason, level, tied, (lowest, highest))

    @classmethod
    def _none(cls, n: float, level: float) -> Quantiles:
        missing = np.asarray(np.nan)
        reason = Reason.EMPTY if n == 0.0 else Reason.NOT_FINITE
        return cls(np.asarray(n), missing, missing, missing, np.asarray(reason, np.int64), level)

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape shared by all arrays."""
        return self.value.shape

    @property
    def moments(self) -> Moments:
        """As moments whose ``variance / n`` is the squared standard error, ((high − low) / 2z)²."""
        with np.errstate(all="ignore"):
            error = (self.high - self.low) / (2.0 * ndtri(0.5 + self.level / 2.0))
            return Moments(self.n, self.value, error * error * self.n, mergeable=False)


def outer_shares(
    pair: PairMoments, share: ArrayLike, *, level: float = 0.95
) -> tuple[FloatArray, FloatArray, IntArray]:
    """The two shares whose quantiles bound the quantile at ``share``: share ± z √v (Deng et al., algorithm 1).

    Args:
        pair: By unit: the events at or below the sample quantile (x), and all events (y).
        share: Which quantile, in (0, 1).
        level: Coverage, in (0, 1).

    Returns:
        Lower share, upper share, and reasons: TOO_FEW_UNITS where a share falls outside of (0, 1) or no event lies
        above the quantile, and those of the moments.

    Raises:
        InvalidInput: ``share`` or ``level`` is not in (0, 1).

    Examples:
        >>> low, high, _ = outer_shares(PairMoments.of([1.0, 0.0] * 50, [1.0] * 100), 0.5)
        >>> round(float(low), 3), round(float(high), 3)
        (0.402, 0.598)
    """
    given("pair", pair, PairMoments)
    p = _checked_share(share)
    below = pair.linearised()
    fitting(pair=below.shape, share=p.shape)
    with np.errstate(all="ignore"):
        reach = ndtri(0.5 + checked_level(level) / 2.0) * np.sqrt(below.variance / below.n)
        low, high = p - reach, p + reach
        # Where every event or none lies at or below the quantile, the sample does not reach beyond it.
        beyond = np.where(
            (low > 0.0) & (high < 1.0) & (below.variance != 0.0), np.int64(Reason.OK), np.int64(Reason.TOO_FEW_UNITS)
        )
    return low, high, first_reason(reasons(below), beyond)


def quantile_interval(sample: Quantiles) -> Estimates:
    """One quantile with Woodruff's interval (its outer bounds; asymmetric where the distribution is).

    Args:
        sample: See ``Quantiles.of``; its level is the interval's.

    Returns:
        Estimates in the values' unit, without p-value. Reasons: the sample's own, TIED_VALUES where all near it
        are equal.

    Examples:
        >>> quantile_interval(Quantiles.of([float(v) for v in range(1, 102)], 0.5)).at().low
        41.0
    """
    given("sample", sample, Quantiles)
    moments = sample.moments
    with np.errstate(all="ignore"):
        error = np.sqrt(moments.variance / moments.n)
    tied = (error == 0.0) & (sample.reason == Reason.OK)
    reason = np.where(tied, np.int64(Reason.TIED_VALUES), sample.reason)
    numbers = masked(reason, sample.value, sample.low, sample.high, error)
    missing = np.full(sample.value.shape, np.nan)
    return shaped_estimates(
        (*numbers, missing, sample.n), reason, level=sample.level, method="quantile_interval", scale="absolute"
    )


def quantile_difference(
    control: Quantiles,
    treatment: Quantiles,
    *,
    level: float = 0.95,
    alternative: Alternative = "two-sided",
    null: FloatArray | float = 0.0,
) -> Estimates:
    """Difference of a quantile between treatment and control.

    Args:
        control: See ``Quantiles.of``.
        treatment: Of one or many treatments; the two broadcast.
        level: Coverage of the interval, in (0, 1).
        alternative: ``greater`` asks whether treatment's quantile exceeds control's by more than ``null``.
        null: Difference under the null hypothesis.

    Returns:
        Estimates in the values' unit. Reasons: those of the quantiles, TIED_VALUES where all values near both
        quantiles are equal, NOT_IDENTIFIED where values tie and ``level`` is above that of the quantiles. Where values
        tie standard error and p-value are NaN; the interval says whether ``null`` is excluded.

    Raises:
        InvalidInput: ``level`` is not in (0, 1).

    Examples:
        >>> before = Quantiles.of([float(v) for v in range(1, 102)], 0.5)
        >>> after = Quantiles.of([float(v) for v in range(21, 122)], 0.5)
        >>> quantile_difference(before, after).at().value
        20.0
    """
    compared(Quantiles, control, treatment)
    found = difference(control.moments, treatment.moments, level=level, alternative=alternative, null=null)
    found = _in_steps(found, control, treatment, alternative)
    return _named(found, control, treatment, "quantile_difference")


def quantile_lift(
    control: Quantiles,
    treatment: Quantiles,
    *,
    level: float = 0.95,
    alternative: Alternative = "two-sided",
    null: FloatArray | float = 0.0,
) -> Estimates:
    """Relative lift of a quantile, by the delta method; arguments as ``quantile_difference``, ``null`` a fraction.

    Returns:
        Estimates as fractions of |baseline|. Reasons: as ``quantile_difference``, ZERO_BASELINE, and UNBOUNDED where
        values tie and the baseline cannot be told from zero.

    Raises:
        InvalidInput: ``level`` is not in (0, 1).

    Examples:
        >>> before = Quantiles.of([float(v) for v in range(1, 102)], 0.5)
        >>> after = Quantiles.of([1.5 * v for v in range(1, 102)], 0.5)
        >>> quantile_lift(before, after).at().value
        0.5
    """
    compared(Quantiles, control, treatment)
    found = lift(control.moments, treatment.moments, level=level, alternative=alternative, null=null)
    found = _in_steps(found, control, treatment, alternative)
    return _named(found, control, treatment, "quantile_lift")


def _ties(ranked: FloatArray, weights: FloatArray, bounds: tuple[float, float]) -> bool:
    """Whether one value that stands several times has more than 15 % of the weight between the bounds."""
    first, last = np.searchsorted(ranked, bounds[0], "left"), np.searchsorted(ranked, bounds[1], "right")
    inside, weight = ranked[first:last], weights[first:last]
    starts = np.flatnonzero(np.diff(inside, prepend=-np.inf) > 0.0)
    counts = np.diff(starts, append=inside.size)
    shares = np.add.reduceat(weight, starts)[counts > 1]
    return bool(shares.size and shares.max() > _TIED_SHARE * weight.sum())


def _in_steps(found: Estimates, control: Quantiles, treatment: Quantiles, alternative: Alternative) -> Estimates:
    """Where values tie: bounds from both quantiles' own, so wide that both hold at once."""
    if control.tied is None and treatment.tied is None:
        return found
    tied = np.broadcast_to(
        np.asarray(False if control.tied is None else control.tied)
        | np.asarray(False if treatment.tied is None else treatment.tied),
        found.shape,
    )
    if not tied.any():
        return found
    (low_c, high_c), (low_t, high_t) = (each.widest or (each.low, each.high) for each in (control, treatment))
    enough = max(control.level, treatment.level) >= found.level
    steps = np.where(enough, np.int64(Reason.OK), np.int64(Reason.NOT_IDENTIFIED))
    if found.scale == "absolute":
        low, high = low_t - high_c, high_t - low_c
    else:
        with np.errstate(all="ignore"):
            corners = np.stack(np.broadcast_arrays(low_t / low_c, low_t / high_c, high_t / low_c, high_t / high_c))
        ends = np.sign(control.value) * (np.stack([corners.min(axis=0), corners.max(axis=0)]) - 1.0)
        low, high = ends.min(axis=0), ends.max(axis=0)
        steps = first_reason(steps, np.where(low_c * high_c > 0.0, np.int64(Reason.OK), np.int64(Reason.UNBOUNDED)))
    low = low if alternative != "less" else np.full_like(low, -np.inf)
    high = high if alternative != "greater" else np.full_like(high, np.inf)
    reason = np.where(tied, first_reason(found.reason + 0 * steps, steps), found.reason)
    missing = np.where(tied, np.nan, found.p_value), np.where(tied, np.nan, found.standard_error)
    low, high = (np.where(tied, *pair) for pair in ((low, found.low), (high, found.high)))
    value, low, high = masked(reason, found.value, low, high)
    return replace(found, value=value, low=low, high=high, p_value=missing[0], standard_error=missing[1], reason=reason)


def _named(found: Estimates, control: Quantiles, treatment: Quantiles, method: str) -> Estimates:
    own = np.broadcast_to(first_reason(control.reason, treatment.reason), found.shape)
    late = np.where(found.reason == Reason.ZERO_VARIANCE, np.int64(Reason.TIED_VALUES), found.reason)
    return replace(found, method=method, reason=np.where(own == Reason.OK, late, own))


def _checked_share(share: ArrayLike) -> FloatArray:
    return floats("share", share, above=0.0, below=1.0)


def _inverse(ranked: FloatArray, cumulated: FloatArray, share: float) -> float:
    """The smallest value with at least ``share`` of the weight at or below it."""
    # A share that a sum of weights should reach exactly may be missed by rounding: allow a few units in the last place.
    reached = share * cumulated[-1] * (1.0 - 8.0 * np.finfo(np.float64).eps)
    return float(ranked[min(int(np.searchsorted(cumulated, reached)), ranked.size - 1)])
