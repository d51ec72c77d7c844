r"""Are units split as planned? The sample-ratio check of an experiment that is read once.

A split that differs from the plan by more than chance says that assignment, logging or filtering treats the groups
differently: no other number of the experiment can be trusted then. The test is Pearson's chi-square against the planned
shares. Where an arm expects few units the far tail of chi-square is off (at 10 to 33 expected units an alarm at 0.001
was raised up to twice as often as that), and the test is exact: binomial for two arms, multinomial for more while the
splits can be listed, and beyond that each arm against the rest, corrected for the number of arms.

The usual alarm level is 0.001, because every experiment is checked. An experiment that is watched while it runs needs
``sequential_sample_ratio`` instead.

Sources: Pearson, Philosophical Magazine 50 (1900); Fabijan et al., "Diagnosing sample ratio mismatch in online
controlled experiments" (KDD 2019); Read and Cressie, "Goodness-of-Fit Statistics for Discrete Multivariate Data"
(1988), for the exact test by probabilities.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import bdtr, bdtrc, chdtrc, gammaln

from upshot.core.errors import InvalidInput
from upshot.stats.arguments import floats, number
from upshot.stats.result import FloatArray, IntArray, Reason, Tabular

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["SampleRatio", "sample_ratio"]

_FEW_OF_TWO = 500.0
_FEW_OF_MANY = 100.0
_MOST_OUTCOMES = 200_000
_ALIKE = 1e-9
"""Probabilities that differ by this in the logarithm are the same but for rounding."""


@dataclass(frozen=True, slots=True, repr=False)
class SampleRatio(Tabular):
    """How surely a split differs from its plan; arrays of shape (…), one place for each experiment.

    Attributes:
        p_value: Chance of a split at least as unlikely, if units are assigned as planned; NaN where there is a reason.
        statistic: Pearson's chi-square.
        shares: Observed shares, shape (…, arms).
        n: Units in all arms.
        exact: Whether the p-value is from the exact distribution (binomial or multinomial), not from chi-square.
        reason: Values of ``Reason``: OK, EMPTY, NOT_FINITE, INVALID_STATISTICS (a negative count).

    Examples:
        >>> float(sample_ratio([5000, 5000]).p_value)
        1.0
    """

    p_value: FloatArray
    statistic: FloatArray
    shares: FloatArray
    n: FloatArray
    exact: NDArray[np.bool_]
    reason: IntArray

    def mismatched(self, alpha: float = 0.001) -> NDArray[np.bool_]:
        """Where the check raises an alarm: p-value below ``alpha``. False where there is no p-value."""
        alpha = number("alpha", alpha, above=0.0, below=1.0)
        with np.errstate(invalid="ignore"):
            return np.asarray(self.p_value < alpha)


def sample_ratio(counts: ArrayLike, planned: ArrayLike | None = None) -> SampleRatio:
    """Test whether units are split as planned.

    Args:
        counts: Units by arm along the last axis, shape (…, arms), at least two arms. Units, not events: what was
            assigned.
        planned: Planned weights, shape (arms,), above 0; only their proportions matter. Equal if None.

    Returns:
        The test for each experiment. It is exact where an arm of two expects fewer than 500 units, or one of more arms
        fewer than 100 (each arm against the rest where there are more than 200,000 possible splits); the chi-square
        approximation elsewhere.

    Raises:
        InvalidInput: There are fewer than two arms, or weights do not fit or are not above 0.

    Examples:
        >>> check = sample_ratio([[5000, 5000], [5000, 5300]])
        >>> check.p_value.round(4).tolist(), check.mismatched().tolist()
        ([1.0, 0.0031], [False, False])
        >>> sample_ratio([9, 1]).p_value.round(4).item()
        0.0215
    """
    x = floats("counts", counts)
    if x.ndim == 0 or x.shape[-1] < 2:
        raise InvalidInput(f"Counts of shape {x.shape} have no two arms.", hint="Give counts by arm on the last axis.")
    shares = _planned_shares(planned, x.shape[-1])
    n = x.sum(axis=-1)
    with np.errstate(all="ignore"):
        expected = n[..., None] * shares
        statistic = np.asarray(((x - expected) ** 2 / expected).sum(axis=-1))
        p_value = np.asarray(chdtrc(x.shape[-1] - 1.0, statistic))
        observed = x / n[..., None]
    reason = np.select(
        [~np.isfinite(n), (x < 0.0).any(axis=-1), n == 0.0],
        [np.int64(Reason.NOT_FINITE), np.int64(Reason.INVALID_STATISTICS), np.int64(Reason.EMPTY)],
        np.int64(Reason.OK),
    )
    ok = reason == Reason.OK
    arms = x.shape[-1]
    exact = np.asarray(ok & (n * shares.min() < (_FEW_OF_TWO if arms == 2 else _FEW_OF_MANY)))
    if exact.any():
        exact = np.asarray(exact & (x == np.rint(x)).all(axis=-1))
        listed = exact & (_outcomes(n, arms) <= _MOST_OUTCOMES) & (arms > 2)
        for place in np.argwhere(listed):
            where = tuple(place)
            p_value[where] = _exact(x[where].astype(np.int64), shares)
        rest = exact & ~listed
        if rest.any():
            # Of two arms one says all; of more, the most surprising one, corrected for their number.
            tested = slice(1) if arms == 2 else slice(None)
            each = _binomial(x[rest][:, tested], n[rest][:, None], shares[tested])
            p_value[rest] = np.minimum(each.min(axis=-1) * (1.0 if arms == 2 else arms), 1.0)
    return SampleRatio(
        p_value=np.where(ok, p_value, np.nan),
        statistic=np.where(ok, statistic, np.nan),
        shares=observed,
        n=np.asarray(n),
        exact=exact,
        reason=np.asarray(reason, np.int64),
    )


def _planned_shares(planned: ArrayLike | None, arms: int) -> FloatArray:
    """Planned shares that sum to one.

    Raises:
        InvalidInput: There is not one positive weight for each arm.
    """
    weights = np.ones(arms) if planned is None else floats("planned", planned)
    if weights.shape != (arms,) or not (np.isfinite(weights) & (weights > 0.0)).all():
        raise InvalidInput(
            f"Planned weights {weights.tolist()} do not fit {arms} arms.", hint="One weight above 0 for each arm."
        )
    return np.asarray(weights / weights.sum())


def _outcomes(n: FloatArray, arms: int) -> FloatArray:
    """How many splits of n units into arms there are."""
    with np.errstate(all="ignore"):
        return np.asarray(np.exp(gammaln(n + arms) - gammaln(n + 1.0) - math.lgamma(arms)))


def _binomial(x: FloatArray, n: FloatArray, share: FloatArray) -> FloatArray:
    """Total probability of all counts that are no likelier than x of n at this share, exact."""
    x, n, share = np.broadcast_arrays(x, n, share)
    # Mirrored where needed, so that x lies at the upper end.
    mirrored = x < n * share
    x, share = np.where(mirrored, n - x, x), np.where(mirrored, 1.0 - share, share)
    seen = _log_probability(x, n, share)
    # The largest count below the mode that is no likelier than x: probabilities rise up to the mode.
    low, high = np.full(x.shape, -1.0), np.minimum(np.floor((n + 1.0) * share), x) + 0.0
    while (high - low > 1.0).any():
        middle = np.floor(0.5 * (low + high))
        rarer = _log_probability(middle, n, share) <= seen + _ALIKE
        low, high = np.where(rarer, middle, low), np.where(rarer, high, middle)
    below = np.where(low >= 0.0, bdtr(np.maximum(low, 0.0), n.astype(np.int64), share), 0.0)
    above = np.where(x > 0.0, bdtrc(np.maximum(x - 1.0, 0.0), n.astype(np.int64), share), 1.0)
    # A count at the mode itself is the likeliest of all.
    likeliest = _log_probability(np.floor((n + 1.0) * share), n, share) <= seen + _ALIKE
    return np.asarray(np.where(likeliest, 1.0, np.minimum(below + above, 1.0)))


def _log_probability(x: FloatArray, n: FloatArray, share: FloatArray) -> FloatArray:
    ways = gammaln(n + 1.0) - gammaln(x + 1.0) - gammaln(n - x + 1.0)
    return np.asarray(ways + x * np.log(share) + (n - x) * np.log1p(-share))


def _exact(counts: NDArray[np.int64], shares: FloatArray) -> float:
    """Total probability of all splits that are no likelier than the observed one."""
    n = int(counts.sum())
    splits = _all_splits(n, counts.size)
    logs = math.lgamma(n + 1) - gammaln(splits + 1.0).sum(axis=-1) + splits @ np.log(shares)
    seen = math.lgamma(n + 1) - float(gammaln(counts + 1.0).sum()) + float(counts @ np.log(shares))
    # Splits of the same probability differ by rounding only; they count.
    return min(1.0, float(np.exp(logs[logs <= seen + _ALIKE]).sum()))


def _all_splits(n: int, arms: int) -> NDArray[np.int64]:
    splits = np.arange(n + 1, dtype=np.int64)[:, None]
    for arm in range(2, arms + 1):
        rest = n - splits.sum(axis=-1)
        if arm == arms:
            return np.hstack([splits, rest[:, None]])
        repeats = rest + 1
        grown = np.repeat(splits, repeats, axis=0)
        starts = np.repeat(np.cumsum(repeats) - repeats, repeats)
        splits = np.hstack([grown, (np.arange(grown.shape[0]) - starts)[:, None]])
    return splits
