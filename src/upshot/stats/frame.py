"""Comparing variants straight from a data frame.

Anything whose columns are reached by name will do: a dictionary of arrays, a pandas or Polars frame, an Arrow table.
None of those libraries is needed; a column only has to become a NumPy array. One row is one unit, unless ``clusters``
says which rows belong together.

Covariates enter as in ``cuped_many`` and ``ratio_cuped``; with weights or clusters as totals around the mean of all
rows. A missing covariate is a category of its own (an indicator beside the covariates), so that units without a past
stay in.

Sources: those of the methods that do the work, ``fieller_lift``, ``lift``, ``difference`` and ``cuped``.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from upshot.core.errors import InvalidInput, NotFound
from upshot.stats.arguments import chosen, given
from upshot.stats.clusters import cluster_totals
from upshot.stats.comparison import Comparison
from upshot.stats.frame_rows import METHODS, adjusted_arms, coded, read_rows
from upshot.stats.result import ALTERNATIVES, Alternative, Estimates, FloatArray, IntArray, Reason
from upshot.stats.wald import checked_level, masked

if TYPE_CHECKING:
    from collections.abc import Sequence

    from upshot.stats.frame_rows import CompareMethod, Frame, Rows
    from upshot.stats.moments import Moments


__all__ = ["compare"]


def compare(
    frame: Frame,
    *,
    variant: str,
    metric: str,
    control: object,
    covariate: str | Sequence[str] | None = None,
    denominator: str | None = None,
    clusters: str | None = None,
    weights: str | None = None,
    method: CompareMethod = "fieller_lift",
    level: float = 0.95,
    alternative: Alternative = "two-sided",
) -> Comparison:
    """Each treatment against control, from one row per unit.

    Args:
        frame: Columns by name: a dictionary of arrays, a pandas or Polars frame, an Arrow table.
        variant: Column that says which variant a row belongs to.
        metric: Column of the value, or of the numerator. Yes/no values count as 1 and 0.
        control: The control's label in the column ``variant``.
        covariate: Column or columns known before the treatment could act; missing values are allowed.
        denominator: Column to divide by: the metric is then a ratio of sums (clicks per session).
        clusters: Column of the unit that was randomised, where a row is only a part of one (users of an account).
        weights: Column of design weights, zero or more.
        method: ``fieller_lift`` and ``lift`` for relative changes, ``difference`` for absolute ones. Fieller's set
            keeps its coverage where values are skewed or the baseline is small; that of ``lift`` loses some.
        level: Coverage of the interval, in (0, 1).
        alternative: ``greater`` asks whether treatment exceeds control.

    Returns:
        One row per treatment. A missing value of the metric makes its arm NOT_FINITE: say first whether it means 0 or
        no unit. p-values are not corrected for several treatments (see ``holm``).

    Raises:
        NotFound: No such column or control.
        InvalidInput: ``method``, ``level`` or ``alternative`` is none that is allowed, a column does not fit, a
            label is missing, a cluster is in two variants, or no treatment is there.

    Examples:
        >>> frame = {"group": ["old", "new"] * 4, "orders": [2, 4, 3, 3, 2, 5, 3, 4], "past": [1, 3, 3, 2, 2, 4, 3, 4]}
        >>> compare(frame, variant="group", metric="orders", control="old")
        orders: against 'old' (n = 4), fieller_lift, 0.95 interval
        treatment  n    value            interval       p  note
        new        4  +60.00%  +9.31% to +138.67%  0.0245
        >>> compare(frame, variant="group", metric="orders", control="old", covariate="past")["new"].low
        0.0523...
    """
    given("variant", variant, str)
    chosen("method", method, tuple(METHODS))
    chosen("alternative", alternative, ALTERNATIVES)
    level = checked_level(level)
    there, codes = coded(frame, variant)
    rows = read_rows(frame, metric, covariate, denominator, clusters, weights, length=codes.size)
    labels = _ordered(there, control)
    units, moments, broken = _arms(rows, clusters, codes, [there.index(label) for label in labels])
    found = METHODS[method](moments[0], moments[1:], level=level, alternative=alternative)
    title = metric if denominator is None else f"{metric} / {denominator}"
    return Comparison(title, labels[0], tuple(labels[1:]), units, _refused(found, units, broken))


def _arms(
    rows: Rows, clusters: str | None, codes: IntArray, order: list[int]
) -> tuple[FloatArray, Moments, list[bool]]:
    """Units, adjusted moments and whether a value is not finite, by arm. Arms that are broken enter without units."""
    if rows.clusters is not None:
        pairs = np.unique(np.stack([rows.clusters, codes]), axis=1)
        if pairs.shape[1] > np.unique(rows.clusters).size:
            raise InvalidInput(
                f"A cluster of {clusters!r} has rows in more than one variant.",
                hint="Clusters are the units that were randomised; leave out those that saw several variants.",
            )
    tables, units, broken = [], [], []
    for code in order:
        mask = codes == code
        columns = rows.columns[mask]
        if rows.clusters is not None:
            columns = cluster_totals(columns.T, rows.clusters[mask]).T
        units.append(columns.shape[0])
        broken.append(not bool(np.isfinite(columns).all()))
        tables.append(columns[: 0 if broken[-1] else None])
    return np.asarray(units, np.float64), adjusted_arms(tables, plain=rows.plain), broken


def _refused(found: Estimates, units: FloatArray, broken: list[bool]) -> Estimates:
    bad = np.asarray(broken[1:]) | broken[0]
    reason = np.where(bad, np.int64(Reason.NOT_FINITE), found.reason)
    numbers = found.value, found.low, found.high, found.standard_error, found.p_value
    value, low, high, error, p_value = masked(reason, *numbers)
    return replace(
        found,
        value=value,
        low=low,
        high=high,
        standard_error=error,
        p_value=p_value,
        n=units[0] + units[1:],
        reason=reason,
    )


def _ordered(labels: list[object], control: object) -> list[object]:
    if control not in labels:
        raise NotFound("variant", str(control), map(str, labels), hint=f"There are {sorted(map(str, labels))}.")
    if len(labels) < 2:
        raise InvalidInput(f"All rows are of {control!r}.", hint="Give rows of at least one treatment.")
    return [control, *sorted((label for label in labels if label != control), key=str)]
