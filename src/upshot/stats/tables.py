r"""Do groups spread differently over several categories? The likelihood-ratio test (G-test) of a table of counts.

Which plan was chosen, which star was given, where a checkout was left: a row of counts for each group, a column for
each category. The statistic is G = 2 Σ O ln(O/E), with E the counts expected if all groups had the shares of all rows
together. It is compared with χ² on (rows - 1)(columns - 1) degrees of freedom. G runs too large where few are expected;
Williams' factor q brings its mean back to that of χ², to order 1/n:

    q = 1 + (n Σ 1/row - 1)(n Σ 1/column - 1) / (6 n (rows - 1)(columns - 1))

Sources: Wilks, "The large-sample distribution of the likelihood ratio for testing composite hypotheses", Annals of
Mathematical Statistics 9 (1938):60; Williams, "Improved likelihood ratio tests for complete contingency tables",
Biometrika 63 (1976):33; Sokal and Rohlf, "Biometry" (3rd ed., 1995), sec. 17.4, for the factor as written.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import chdtrc, xlog1py

from upshot.core.errors import InvalidInput
from upshot.stats.arguments import floats, given
from upshot.stats.result import FloatArray, IntArray, Reason, Tabular
from upshot.stats.wald import masked

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

__all__ = ["TableTest", "g_test"]

_REASONS = (Reason.NOT_FINITE, Reason.INVALID_STATISTICS, Reason.EMPTY, Reason.ZERO_VARIANCE)


@dataclass(frozen=True, slots=True, repr=False)
class TableTest(Tabular):
    """How surely groups spread differently over categories; arrays of shape (…), one place for each table.

    Attributes:
        p_value: Chance of a statistic at least as large, if all groups have the same shares; NaN where there is a
            reason.
        statistic: G, divided by Williams' factor unless that was declined.
        df: Degrees of freedom; categories in which nobody is do not count.
        least_expected: The smallest count that is expected in a cell of a category that occurs.
        n: Units in all groups.
        reason: Values of ``Reason``: OK, EMPTY (a group has no units), ZERO_VARIANCE (all units are in one category),
            NOT_FINITE, INVALID_STATISTICS (a count is negative or not whole).

    Examples:
        >>> float(g_test([[30, 10], [30, 10]]).p_value)
        1.0
    """

    p_value: FloatArray
    statistic: FloatArray
    df: FloatArray
    least_expected: FloatArray
    n: FloatArray
    reason: IntArray


def g_test(counts: ArrayLike, *, williams: bool = True) -> TableTest:
    """Test whether groups spread alike over categories, by the likelihood ratio.

    Args:
        counts: Units by group and category, shape (…, groups, categories), two or more of each. Units, not events: each
            unit is in one category of one group.
        williams: Whether G is divided by Williams' factor. Without it the test is SciPy's
            ``chi2_contingency(lambda_="log-likelihood", correction=False)``, and rejects too often in small tables.

    Returns:
        The test of each table. In simulations a 5 % test erred in 4 to 6 of 100 tables where 5 or more are expected in
        each cell (``least_expected``), in up to 9 where 2 or 3 are, and rarely below that: merge rare categories before
        looking at the groups, or for two by two use ``boschloo_test``.

    Raises:
        InvalidInput: Counts have fewer than two groups or two categories.

    Examples:
        >>> found = g_test([[120, 60, 20], [100, 62, 38]])
        >>> round(float(found.statistic), 3), float(found.df), round(float(found.p_value), 4)
        (7.482, 2.0, 0.0237)
    """
    given("williams", williams, bool)
    x = floats("counts", counts)
    if x.ndim < 2 or min(x.shape[-2:]) < 2:
        raise InvalidInput(
            f"counts has shape {x.shape}.", hint="Give counts by group and category: two rows and two columns or more."
        )
    with np.errstate(all="ignore"):
        rows, columns = x.sum(axis=-1), x.sum(axis=-2)
        n = np.asarray(rows.sum(axis=-1))
        used = columns > 0.0
        df = np.asarray((x.shape[-2] - 1.0) * (used.sum(axis=-1) - 1.0))
        expected = rows[..., :, None] * (columns / n[..., None])[..., None, :]
        # Each term E((1+d) ln(1+d) - d) is 0 or more: nothing cancels between cells, however many units there are.
        beyond = (x - expected) / expected
        terms = np.where(used[..., None, :], expected * (xlog1py(1.0 + beyond, beyond) - beyond), 0.0)
        statistic = np.asarray(2.0 * np.maximum(terms, 0.0).sum(axis=(-2, -1)))
        if williams:
            statistic = np.asarray(statistic / _factor(rows, columns, n, df))
        p_value = np.asarray(chdtrc(df, statistic))
        least = np.asarray(np.where(used[..., None, :], expected, np.inf).min(axis=(-2, -1)))
        reason = np.select(
            [
                ~np.isfinite(n),
                (x < 0.0).any(axis=(-2, -1)) | (x != np.rint(x)).any(axis=(-2, -1)),
                (rows == 0.0).any(axis=-1),
                df == 0.0,
            ],
            [np.int64(code) for code in _REASONS],
            np.int64(Reason.OK),
        )
    p_value, statistic, df, least = masked(reason, p_value, statistic, df, least)
    return TableTest(p_value, statistic, df, least, n, reason)


def _factor(rows: FloatArray, columns: FloatArray, n: FloatArray, df: FloatArray) -> FloatArray:
    """Williams' q, over the categories that occur."""
    of_rows = n * (1.0 / rows).sum(axis=-1) - 1.0
    of_columns = n * np.where(columns > 0.0, 1.0 / columns, 0.0).sum(axis=-1) - 1.0
    return np.asarray(1.0 + of_rows * of_columns / (6.0 * n * df))
