r"""Are units split as planned? The sample-ratio check of an experiment that is read once.

A split that differs from the plan by more than chance says that assignment, logging or filtering treats the groups
differently: no other number of the experiment can be trusted then. The test is Pearson's chi-square against the planned
shares; where an arm expects few units, the exact multinomial test.

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
from scipy.special import chdtrc, gammaln

from upshot.core.errors import InvalidInput
from upshot.stats.result import FloatArray, IntArray, Reason

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["SampleRatio", "sample_ratio"]

_FEW = 10.0
_MOST_OUTCOMES = 200_000


@dataclass(frozen=True, slots=True)
class SampleRatio:
    """How surely a split differs from its plan; arrays of shape (…), one place for each experiment.

    Attributes:
        p_value: Chance of a split at least as unlikely, if units are assigned as planned; NaN where there is a reason.
        statistic: Pearson's chi-square.
        shares: Observed shares, shape (…, arms).
        n: Units in all arms.
        exact: Whether the p-value is the exact multinomial one.
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
        with np.errstate(invalid="ignore"):
            return np.asarray(self.p_value < alpha)


def sample_ratio(counts: ArrayLike, planned: ArrayLike | None = None) -> SampleRatio:
    """Test whether units are split as planned.

    Args:
        counts: Units by arm along the last axis, shape (…, arms), at least two arms. Units, not events: what was
            assigned.
        planned: Planned weights, shape (arms,), above 0; only their proportions matter. Equal if None.

    Returns:
        The test for each experiment. It is exact where an arm expects fewer than 10 units and the possible splits can
        be listed (200,000 at most); the chi-square approximation elsewhere.

    Raises:
        InvalidInput: There are fewer than two arms, or weights do not fit or are not above 0.

    Examples:
        >>> check = sample_ratio([[5000, 5000], [5000, 5300]])
        >>> check.p_value.round(4).tolist(), check.mismatched().tolist()
        ([1.0, 0.0031], [False, False])
        >>> sample_ratio([9, 1]).p_value.round(4).item()
        0.0215
    """
    x = np.asarray(counts, np.float64)
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
    exact = np.asarray(ok & (n * shares.min() < _FEW))
    if exact.any():
        exact = np.asarray(exact & (_outcomes(n, x.shape[-1]) <= _MOST_OUTCOMES) & (x == np.rint(x)).all(axis=-1))
        for place in np.argwhere(exact):
            where = tuple(place)
            p_value[where] = _exact(x[where].astype(np.int64), shares)
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
    weights = np.ones(arms) if planned is None else np.asarray(planned, np.float64)
    if weights.shape != (arms,) or not (np.isfinite(weights) & (weights > 0.0)).all():
        raise InvalidInput(
            f"Planned weights {weights.tolist()} do not fit {arms} arms.", hint="One weight above 0 for each arm."
        )
    return np.asarray(weights / weights.sum())


def _outcomes(n: FloatArray, arms: int) -> FloatArray:
    """How many splits of n units into arms there are."""
    with np.errstate(all="ignore"):
        return np.asarray(np.exp(gammaln(n + arms) - gammaln(n + 1.0) - math.lgamma(arms)))


def _exact(counts: NDArray[np.int64], shares: FloatArray) -> float:
    """Total probability of all splits that are no likelier than the observed one."""
    n = int(counts.sum())
    splits = _all_splits(n, counts.size)
    logs = math.lgamma(n + 1) - gammaln(splits + 1.0).sum(axis=-1) + splits @ np.log(shares)
    seen = math.lgamma(n + 1) - float(gammaln(counts + 1.0).sum()) + float(counts @ np.log(shares))
    # Splits of the same probability differ by rounding only; they count.
    return min(1.0, float(np.exp(logs[logs <= seen + 1e-9]).sum()))


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
