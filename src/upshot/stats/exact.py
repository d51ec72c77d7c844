r"""Tests that need no large sample: permutation of units, Fisher's test of two shares, and an exact share.

Exact intervals and tests for event rates are in ``upshot.stats.rates``; score intervals for shares, which are shorter
than exact ones and usually preferable, in ``upshot.stats.proportions``.

Sources: Janssen, "Studentized permutation tests for non-i.i.d. hypotheses and the generalized Behrens–Fisher problem",
Statistics & Probability Letters 36 (1997), for the studentised statistic; Phipson and Smyth, "Permutation p-values
should never be zero", Stat. Appl. Genet. Mol. Biol. 9 (2010), for (b + 1)/(m + 1); Fisher, J. R. Stat. Soc. 98 (1935);
Clopper and Pearson, Biometrika 26 (1934).
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import betaincinv, gammaln

from upshot.core.errors import InvalidInput
from upshot.core.renamed import renamed
from upshot.stats.arguments import chosen, compared, floats, given, whole
from upshot.stats.proportions import Successes
from upshot.stats.randomness import generator_of
from upshot.stats.result import ALTERNATIVES, FloatArray, IntArray, Reason, Tabular
from upshot.stats.wald import checked_level, masked, shaped_estimates

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from upshot.stats.result import Alternative, Estimates

__all__ = ["ExactTest", "clopper_pearson", "fisher_test", "permutation_test"]

_MOST_SPLITS = 20_000
_CHUNK = 4_000_000
_SAME = 1e-10


@dataclass(frozen=True, slots=True, repr=False)
class ExactTest(Tabular):
    """P-values of a test without an interval; arrays of one shape.

    Attributes:
        p_value: In (0, 1]; NaN where there is a reason.
        statistic: What was compared: Welch's t for permutations, the difference of shares for Fisher's test.
        complete: Whether all arrangements were counted (Fisher's always; permutations where there are few).
        reason: Values of ``Reason``.

    Examples:
        >>> from upshot.stats.proportions import Successes
        >>> bool(fisher_test(Successes(5, 0), Successes(5, 5)).complete)
        True
    """

    p_value: FloatArray
    statistic: FloatArray
    complete: bool
    reason: IntArray


@renamed(generator="rng", permutations="resamples")
def permutation_test(
    control: ArrayLike,
    treatment: ArrayLike,
    *,
    rng: int | np.random.Generator,
    alternative: Alternative = "two-sided",
    resamples: int = 10_000,
) -> ExactTest:
    """Would the groups differ as much if units were dealt out again at random?

    The statistic is Welch's t. So the test is exact where treatment does nothing to anyone, and right in large samples
    where only the means are equal (Janssen, 1997). All arrangements are counted where they are at most 20,000.

    Args:
        control: Values of control's units, shape (n_c,).
        treatment: Values of the treatment's units, shape (n_t,).
        rng: Where random arrangements come from: a seed or a generator.
        alternative: ``greater`` asks whether treatment exceeds control.
        resamples: Number of random arrangements; the smallest p-value is 1/(resamples + 1).

    Returns:
        A single test (0-d). Reasons: EMPTY, TOO_FEW_UNITS (fewer than two in a group), NOT_FINITE, ZERO_VARIANCE.

    Raises:
        InvalidInput: Values are not one row each.

    Examples:
        >>> test = permutation_test([1, 2, 3, 4], [7, 8, 9, 10], rng=np.random.default_rng(1))
        >>> round(float(test.p_value), 4), test.complete
        (0.0286, True)
    """
    source = generator_of(rng)
    chosen("alternative", alternative, ALTERNATIVES)
    resamples = whole("resamples", resamples, least=1, most=10_000_000)
    c, t = floats("control", control), floats("treatment", treatment)
    if c.ndim != 1 or t.ndim != 1:
        raise InvalidInput(f"Values have shapes {c.shape} and {t.shape}.", hint="Give one row for each group.")
    together = np.concatenate([t, c])
    reason = _permutation_reason(c, t, together)
    if reason is not Reason.OK:
        missing = np.asarray(np.nan)
        return ExactTest(missing, missing, False, np.asarray(reason, np.int64))
    together = together - together.mean()
    complete = math.comb(together.size, t.size) <= _MOST_SPLITS
    arrangements = _all_splits(together.size, t.size) if complete else None
    seen = float(_welch(together, np.arange(t.size)[None, :])[0])
    reached, counted = 0, 0
    step = max(1, _CHUNK // together.size)
    total = resamples if arrangements is None else arrangements.shape[0]
    for start in range(0, total, step):
        size = min(step, total - start)
        if arrangements is None:
            dealt = source.permuted(np.tile(np.arange(together.size), (size, 1)), axis=1)[:, : t.size]
        else:
            dealt = arrangements[start : start + size]
        reached += int(_as_extreme(_welch(together, dealt), seen, alternative).sum())
        counted += size
    p_value = reached / counted if complete else (reached + 1.0) / (counted + 1.0)
    return ExactTest(np.asarray(p_value), np.asarray(seen), complete, np.asarray(Reason.OK, np.int64))


def fisher_test(control: Successes, treatment: Successes, *, alternative: Alternative = "two-sided") -> ExactTest:
    """Fisher's exact test of two shares: what are the chances of this table, given its margins?

    Never wrong too often, whatever the sample; often far too rarely (conservative), which is why score tests are
    preferred from a handful of successes on.

    Args:
        control: Units and successes of control.
        treatment: Of one or many treatments; the two broadcast.
        alternative: ``greater`` asks whether treatment's share is larger. Two-sided: all tables no likelier than the
            observed one.

    Returns:
        Tests of the broadcast shape. Reasons: EMPTY, NOT_FINITE, INVALID_STATISTICS (counts that are not whole,
        negative, or more successes than units).

    Examples:
        >>> from upshot.stats.proportions import Successes
        >>> round(float(fisher_test(Successes(9, 1), Successes(8, 6)).p_value), 4)
        0.0152
    """
    compared(Successes, control, treatment)
    chosen("alternative", alternative, ALTERNATIVES)
    n_c, x_c, n_t, x_t = np.broadcast_arrays(control.n, control.successes, treatment.n, treatment.successes)
    whole = (n_c == np.rint(n_c)) & (n_t == np.rint(n_t)) & (x_c == np.rint(x_c)) & (x_t == np.rint(x_t))
    bounded = (x_c >= 0.0) & (x_t >= 0.0) & (x_c <= n_c) & (x_t <= n_t)
    reason = np.select(
        [~np.isfinite(n_c + x_c + n_t + x_t), (n_c == 0.0) | (n_t == 0.0), ~(whole & bounded)],
        [np.int64(Reason.NOT_FINITE), np.int64(Reason.EMPTY), np.int64(Reason.INVALID_STATISTICS)],
        np.int64(Reason.OK),
    )
    p_value = np.full(reason.shape, np.nan)
    for place in np.ndindex(reason.shape):
        if reason[place] == Reason.OK:
            p_value[place] = _fisher(int(n_c[place]), int(x_c[place]), int(n_t[place]), int(x_t[place]), alternative)
    with np.errstate(all="ignore"):
        gap = np.where(reason == Reason.OK, x_t / n_t - x_c / n_c, np.nan)
    return ExactTest(p_value, gap, True, np.asarray(reason, np.int64))


def clopper_pearson(sample: Successes, *, level: float = 0.95) -> Estimates:
    """One share with the exact interval of Clopper and Pearson: it covers at least ``level``, usually more.

    Args:
        sample: Units and successes.
        level: Coverage that is guaranteed, in (0, 1).

    Returns:
        Estimates in [0, 1]; the p-value is NaN. Reasons: EMPTY, NOT_FINITE, INVALID_STATISTICS.

    Raises:
        InvalidInput: ``level`` is not in (0, 1).

    Examples:
        >>> from upshot.stats.proportions import Successes
        >>> share = clopper_pearson(Successes(10, 0)).at()
        >>> share.low, round(share.high, 4)
        (0.0, 0.3085)
    """
    given("sample", sample, Successes)
    tail = (1.0 - checked_level(level)) / 2.0
    n, x = np.broadcast_arrays(sample.n, sample.successes)
    reason = np.select(
        [~np.isfinite(n + x), n == 0.0, (x < 0.0) | (x > n)],
        [np.int64(Reason.NOT_FINITE), np.int64(Reason.EMPTY), np.int64(Reason.INVALID_STATISTICS)],
        np.int64(Reason.OK),
    )
    with np.errstate(all="ignore"):
        low = np.where(x == 0.0, 0.0, betaincinv(np.where(x > 0.0, x, 1.0), n - x + 1.0, tail))
        high = np.where(x == n, 1.0, betaincinv(x + 1.0, np.where(x < n, n - x, 1.0), 1.0 - tail))
        share = x / n
        error = np.sqrt(share * (1.0 - share) / n)
    reason = np.asarray(reason, np.int64)
    numbers = masked(reason, share, low, high, error, np.full(reason.shape, np.nan))
    return shaped_estimates((*numbers, n), reason, level=level, method="clopper_pearson", scale="absolute")


def _permutation_reason(c: FloatArray, t: FloatArray, together: FloatArray) -> Reason:
    if min(c.size, t.size) < 2:
        return Reason.EMPTY if min(c.size, t.size) == 0 else Reason.TOO_FEW_UNITS
    if not np.isfinite(together).all():
        return Reason.NOT_FINITE
    return Reason.OK if np.ptp(together) > 0.0 else Reason.ZERO_VARIANCE


def _all_splits(n: int, size: int) -> NDArray[np.int64]:
    return np.asarray(list(itertools.combinations(range(n), size)), np.int64)


def _welch(together: FloatArray, dealt: NDArray[np.int64]) -> FloatArray:
    """Welch's t of each arrangement; infinite where both groups of an arrangement do not vary."""
    n_t = dealt.shape[-1]
    n_c = together.size - n_t
    chosen = together[dealt]
    total, squares = together.sum(), (together * together).sum()
    sum_t, squares_t = chosen.sum(axis=-1), (chosen * chosen).sum(axis=-1)
    mean_t, mean_c = sum_t / n_t, (total - sum_t) / n_c
    v_t = np.maximum(squares_t - n_t * mean_t**2, 0.0) / (n_t - 1) / n_t
    v_c = np.maximum(squares - squares_t - n_c * mean_c**2, 0.0) / (n_c - 1) / n_c
    # Rounding of sums leaves about 1e-16 of the squares where there is no variance at all.
    spread = np.where(v_t + v_c > 1e-14 * squares, v_t + v_c, 0.0)
    gap = mean_t - mean_c
    with np.errstate(all="ignore"):
        return np.asarray(np.where(np.abs(gap) <= _SAME * np.sqrt(squares), 0.0, gap / np.sqrt(spread)))


def _as_extreme(t: FloatArray, seen: float, alternative: Alternative) -> NDArray[np.bool_]:
    # Arrangements that differ by rounding only count as equally extreme.
    slack = _SAME * max(abs(seen), 1.0) if math.isfinite(seen) else 0.0
    match alternative:
        case "two-sided":
            return np.asarray(np.abs(t) >= abs(seen) - slack)
        case "greater":
            return np.asarray(t >= seen - slack)
        case "less":
            return np.asarray(t <= seen + slack)


def _fisher(n_c: int, x_c: int, n_t: int, x_t: int, alternative: Alternative) -> float:
    total = x_c + x_t
    support = np.arange(max(0, total - n_c), min(n_t, total) + 1, dtype=np.float64)
    logs = _log_choose(n_t, support) + _log_choose(n_c, total - support) - _log_choose(n_c + n_t, np.float64(total))
    chances = np.exp(logs)
    match alternative:
        case "greater":
            chosen = support >= x_t
        case "less":
            chosen = support <= x_t
        case "two-sided":
            chosen = logs <= logs[int(x_t - support[0])] + 1e-7
    return min(1.0, float(chances[chosen].sum()))


def _log_choose(n: int, k: FloatArray | np.float64) -> FloatArray:
    return np.asarray(gammaln(n + 1.0) - gammaln(k + 1.0) - gammaln(n - k + 1.0))
