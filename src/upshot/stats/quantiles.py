"""Quantiles, of units' values or of events that come in clusters (page-load times, several by each unit).

An event's quantile is that of all events together, while units were randomised: events of one unit are not independent.
Woodruff's method, known in experimentation as the outer confidence interval, takes the interval on the scale of shares,
where the variance of "share of events at or below v" is that of a ratio metric, and carries it over to values by two
more quantiles. So an engine needs two scans: the quantile itself, with one row of ratio moments around it; then two
quantiles more. Half the distance between those, in units of the normal quantile, is the standard error, and quantiles
then compare like means.

Assumes that values are continuous near the quantile; where many tie there, the interval collapses and the reason is
ZERO_VARIANCE.

Sources: Woodruff, "Confidence intervals for medians and other position measures", JASA 47 (1952); Deng, Knoblich and
Lu, "Applying the delta method in metric analytics", KDD (2018), sec. 4 (algorithm 1).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtri

from upshot.core.errors import InvalidInput
from upshot.stats.difference import difference
from upshot.stats.lift import lift
from upshot.stats.moments import Moments, PairMoments, first_reason, reasons
from upshot.stats.result import Alternative, Estimates, FloatArray, IntArray, Reason
from upshot.stats.wald import checked_level, masked, shaped_estimates
from upshot.stats.weights import checked_weights

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

__all__ = ["Quantiles", "outer_shares", "quantile_difference", "quantile_interval", "quantile_lift"]


@dataclass(frozen=True, slots=True)
class Quantiles:
    """A quantile with its outer bounds; arrays of one shape.

    Attributes:
        n: Independent units (not events).
        value: The quantile.
        low: Quantile at the lower outer share.
        high: Quantile at the upper outer share.
        reason: Why there is none (values of ``Reason``).
        level: Coverage that the outer shares were taken for.
    """

    n: FloatArray
    value: FloatArray
    low: FloatArray
    high: FloatArray
    reason: IntArray
    level: float

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
        x = np.asarray(values, np.float64)
        _checked_share(share)
        if x.size == 0 or np.isnan(x).any():
            return cls._none(0.0 if x.size == 0 else float(x.size), level)
        w = np.ones_like(x) if weights is None else checked_weights(weights)
        order = np.argsort(x, kind="stable")
        ranked, cumulated = x[order], np.cumsum(w[order])
        at = _inverse(ranked, cumulated, share)
        pair = PairMoments.of((x <= at).astype(np.float64), np.ones_like(x), weights=w, clusters=clusters)
        first, last, reason = outer_shares(pair, share, level=level)
        outer = (_inverse(ranked, cumulated, float(np.clip(s, 0.0, 1.0))) for s in (first, last))
        value, low, high = masked(reason, *(np.asarray(bound) for bound in (at, *outer)))
        return cls(pair.n, value, low, high, reason, level)

    @classmethod
    def _none(cls, n: float, level: float) -> Quantiles:
        missing = np.asarray(np.nan)
        reason = Reason.EMPTY if n == 0.0 else Reason.NOT_FINITE
        return cls(np.asarray(n), missing, missing, missing, np.asarray(reason, np.int64), level)

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
    p = _checked_share(share)
    below = pair.linearised()
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
        Estimates in the values' unit, without p-value. Reasons: the sample's own, ZERO_VARIANCE where values tie.

    Examples:
        >>> quantile_interval(Quantiles.of([float(v) for v in range(1, 102)], 0.5)).at().low
        41.0
    """
    moments = sample.moments
    with np.errstate(all="ignore"):
        error = np.sqrt(moments.variance / moments.n)
    tied = (error == 0.0) & (sample.reason == Reason.OK)
    reason = np.where(tied, np.int64(Reason.ZERO_VARIANCE), sample.reason)
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
        Estimates in the values' unit. Reasons: those of the quantiles, ZERO_VARIANCE where values tie at both.

    Raises:
        InvalidInput: ``level`` is not in (0, 1).

    Examples:
        >>> before = Quantiles.of([float(v) for v in range(1, 102)], 0.5)
        >>> after = Quantiles.of([float(v) for v in range(21, 122)], 0.5)
        >>> quantile_difference(before, after).at().value
        20.0
    """
    found = difference(control.moments, treatment.moments, level=level, alternative=alternative, null=null)
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
        Estimates as fractions of |baseline|. Reasons: as ``quantile_difference``, and ZERO_BASELINE.

    Raises:
        InvalidInput: ``level`` is not in (0, 1).

    Examples:
        >>> before = Quantiles.of([float(v) for v in range(1, 102)], 0.5)
        >>> after = Quantiles.of([1.5 * v for v in range(1, 102)], 0.5)
        >>> quantile_lift(before, after).at().value
        0.5
    """
    found = lift(control.moments, treatment.moments, level=level, alternative=alternative, null=null)
    return _named(found, control, treatment, "quantile_lift")


def _named(found: Estimates, control: Quantiles, treatment: Quantiles, method: str) -> Estimates:
    own = np.broadcast_to(first_reason(control.reason, treatment.reason), found.shape)
    return replace(found, method=method, reason=np.where(own == Reason.OK, found.reason, own))


def _checked_share(share: ArrayLike) -> FloatArray:
    p = np.asarray(share, np.float64)
    if not np.all((p > 0.0) & (p < 1.0)):
        raise InvalidInput(f"A quantile's share of {p} is not between 0 and 1.", hint="0.5 is the median.")
    return p


def _inverse(ranked: FloatArray, cumulated: FloatArray, share: float) -> float:
    """The smallest value with at least ``share`` of the weight at or below it."""
    # A share that a sum of weights should reach exactly may be missed by rounding: allow a few units in the last place.
    reached = share * cumulated[-1] * (1.0 - 8.0 * np.finfo(np.float64).eps)
    return float(ranked[min(int(np.searchsorted(cumulated, reached)), ranked.size - 1)])
