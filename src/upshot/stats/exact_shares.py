r"""Two shares compared exactly, without fixing how many succeeded in all: Boschloo's and Barnard's tests.

Fisher's test counts only tables with the observed number of successes, and so errs far more rarely than it may. These
count all tables of the observed group sizes: the p-value is the largest chance, over every common share π, of a table
at least as extreme. What counts as extreme is Fisher's one-sided p-value for Boschloo, which is therefore never weaker
than Fisher, and the pooled z statistic for Barnard.

Sources: Barnard, "Significance tests for 2 × 2 tables", Biometrika 34 (1947):123; Boschloo, "Raised conditional level
of significance for the 2 × 2-table when testing the equality of two probabilities", Statistica Neerlandica 24 (1970):1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import gammaln, xlogy

from upshot.core.errors import InvalidInput
from upshot.stats.arguments import chosen, compared
from upshot.stats.exact import ExactTest
from upshot.stats.proportions import Successes
from upshot.stats.result import ALTERNATIVES, Reason

if TYPE_CHECKING:
    from collections.abc import Callable

    from upshot.stats.result import Alternative, FloatArray

__all__ = ["barnard_test", "boschloo_test"]

_MOST_TABLES = 250_000
_SAME = 1e-10
_SHARES = 256


def boschloo_test(control: Successes, treatment: Successes, *, alternative: Alternative = "two-sided") -> ExactTest:
    """Boschloo's exact test of two shares: holds its level in every sample, and finds more than Fisher's.

    Args:
        control: Units and successes of control, a single comparison.
        treatment: Of the treatment.
        alternative: ``greater`` asks whether treatment's share is larger. Two-sided: twice the smaller one.

    Returns:
        A single test. Reasons: EMPTY, NOT_FINITE, INVALID_STATISTICS, as for ``fisher_test``.

    Raises:
        InvalidInput: There are more than 250,000 tables (as with 500 units a group).

    Examples:
        >>> found = boschloo_test(Successes(9, 1), Successes(8, 6))
        >>> round(float(found.p_value), 4)
        0.0131
    """
    chosen("alternative", alternative, ALTERNATIVES)
    if alternative != "two-sided":
        return _tested(control, treatment, lambda n_c, n_t: _fisher(n_c, n_t, alternative))
    more = boschloo_test(control, treatment, alternative="greater")
    fewer = boschloo_test(control, treatment, alternative="less")
    p = np.minimum(1.0, 2.0 * np.minimum(more.p_value, fewer.p_value))
    return ExactTest(np.asarray(p), more.statistic, True, more.reason)


def barnard_test(control: Successes, treatment: Successes, *, alternative: Alternative = "two-sided") -> ExactTest:
    """Barnard's exact test of two shares, by the pooled z statistic.

    Args:
        control: Units and successes of control, a single comparison.
        treatment: Of the treatment.
        alternative: ``greater`` asks whether treatment's share is larger.

    Returns:
        A single test. Reasons: EMPTY, NOT_FINITE, INVALID_STATISTICS, as for ``fisher_test``.

    Raises:
        InvalidInput: There are more than 250,000 tables (as with 500 units a group).

    Examples:
        >>> round(float(barnard_test(Successes(9, 1), Successes(8, 6)).p_value), 4)
        0.0127
    """
    chosen("alternative", alternative, ALTERNATIVES)
    return _tested(control, treatment, lambda n_c, n_t: _pooled(n_c, n_t, alternative))


def _tested(control: Successes, treatment: Successes, extreme: Callable[[int, int], FloatArray]) -> ExactTest:
    """The test by which the tables with the smaller values of ``extreme`` count against equality."""
    compared(Successes, control, treatment, single=True)
    n_c, x_c, n_t, x_t = (float(a) for a in (control.n, control.successes, treatment.n, treatment.successes))
    numbers = np.asarray([n_c, x_c, n_t, x_t])
    nothing = np.asarray(np.nan)
    if not np.isfinite(numbers).all():
        return ExactTest(nothing, nothing, True, np.asarray(int(Reason.NOT_FINITE), np.int64))
    if 0.0 in (n_c, n_t):
        return ExactTest(nothing, nothing, True, np.asarray(int(Reason.EMPTY), np.int64))
    if (numbers != np.rint(numbers)).any() or not (0.0 <= x_c <= n_c and 0.0 <= x_t <= n_t):
        return ExactTest(nothing, nothing, True, np.asarray(int(Reason.INVALID_STATISTICS), np.int64))
    if (n_c + 1.0) * (n_t + 1.0) > _MOST_TABLES:
        raise InvalidInput(
            f"{n_c:,.0f} and {n_t:,.0f} units make {(n_c + 1.0) * (n_t + 1.0):,.0f} tables.",
            hint=f"Give groups that make {_MOST_TABLES:,} at most, or use score_difference.",
        )
    order = extreme(int(n_c), int(n_t))
    seen = order[int(x_c), int(x_t)]
    region = np.asarray(order <= seen + _SAME * abs(seen), np.float64)
    p = _largest(region, int(n_c), int(n_t))
    gap = np.asarray(x_t / n_t - x_c / n_c)
    return ExactTest(np.asarray(p), gap, True, np.asarray(0, np.int64))


def _largest(region: FloatArray, n_c: int, n_t: int) -> float:
    """The largest chance of the region over all common shares: on a grid, then around its best points."""

    def chance(share: float) -> float:
        return float(_binomial(n_c, np.asarray([share]))[0] @ region @ _binomial(n_t, np.asarray([share]))[0])

    shares = np.sin(np.linspace(0.0, np.pi / 2.0, _SHARES + 1)) ** 2
    chances = np.einsum("si,ij,sj->s", _binomial(n_c, shares), region, _binomial(n_t, shares), optimize=True)
    best = float(chances.max())
    for place in np.argsort(chances)[-3:]:
        around = shares[max(place - 1, 0)], shares[min(place + 1, _SHARES)]
        found = minimize_scalar(lambda share: -chance(share), bounds=around, method="bounded", options={"xatol": 1e-10})
        best = max(best, -float(found.fun))
    return min(best, 1.0)


def _binomial(n: int, shares: FloatArray) -> FloatArray:
    """Chances of 0 to n successes, shape (shares, n + 1)."""
    k = np.arange(n + 1.0)
    logarithm = _choose(n, k) + xlogy(k, shares[:, None]) + xlogy(n - k, 1.0 - shares[:, None])
    return np.asarray(np.exp(logarithm))


def _choose(n: float | FloatArray, k: FloatArray) -> FloatArray:
    return np.asarray(gammaln(n + 1.0) - gammaln(k + 1.0) - gammaln(n - k + 1.0))


def _fisher(n_c: int, n_t: int, alternative: Alternative) -> FloatArray:
    """Fisher's one-sided p-value of every table, shape (n_c + 1, n_t + 1)."""
    found = np.empty((n_c + 1, n_t + 1))
    for total in range(n_c + n_t + 1):
        x_t = np.arange(max(0, total - n_c), min(n_t, total) + 1)
        x_c = total - x_t
        ways = _choose(n_c, x_c.astype(np.float64)) + _choose(n_t, x_t.astype(np.float64))
        chances = np.exp(ways - _choose(n_c + n_t, np.asarray(float(total))))
        toward = np.cumsum(chances[::-1])[::-1] if alternative == "greater" else np.cumsum(chances)
        found[x_c, x_t] = np.minimum(toward, 1.0)
    return found


def _pooled(n_c: int, n_t: int, alternative: Alternative) -> FloatArray:
    """The pooled z statistic of every table, the more against equality the smaller; 0 where nobody or all succeed."""
    x_c, x_t = np.arange(n_c + 1.0)[:, None], np.arange(n_t + 1.0)[None, :]
    share = (x_c + x_t) / (n_c + n_t)
    spread = np.sqrt(share * (1.0 - share) * (1.0 / n_c + 1.0 / n_t))
    with np.errstate(all="ignore"):
        z = np.where(spread > 0.0, (x_t / n_t - x_c / n_c) / spread, 0.0)
    z[np.abs(z) < _SAME] = 0.0
    match alternative:
        case "two-sided":
            return np.asarray(-np.abs(z))
        case "greater":
            return np.asarray(-z)
        case "less":
            return np.asarray(z)
