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

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, Protocol, cast

import numpy as np

from upshot.core.errors import InvalidInput, NotFound
from upshot.stats.adjust import cuped, cuped_many, ratio_cuped
from upshot.stats.arguments import chosen, given, several
from upshot.stats.clusters import cluster_totals
from upshot.stats.comparison import Comparison
from upshot.stats.difference import difference
from upshot.stats.lift import fieller_lift, lift
from upshot.stats.moments import CovariateMoments, Moments, stack_arms
from upshot.stats.result import ALTERNATIVES, Alternative, Estimates, FloatArray, IntArray, Reason
from upshot.stats.wald import checked_level, masked
from upshot.stats.weights import checked_weights

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

__all__ = ["CompareMethod", "Frame", "compare"]

CompareMethod = Literal["fieller_lift", "lift", "difference"]

_METHODS = {"fieller_lift": fieller_lift, "lift": lift, "difference": difference}


class Frame(Protocol):
    """What ``compare`` asks of a data frame: columns by name, each of which NumPy can turn into an array.

    Examples:
        >>> frame: Frame = {"variant": ["old", "new"], "revenue": [1.0, 2.0]}
        >>> frame["revenue"]
        [1.0, 2.0]
    """

    def __getitem__(self, name: str, /) -> object:
        """The column of that name."""


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
    for name, column in (("variant", variant), ("metric", metric)):
        given(name, column, str)
    for name, other in (("denominator", denominator), ("clusters", clusters), ("weights", weights)):
        given(name, other, str, type(None))
    chosen("method", method, tuple(_METHODS))
    chosen("alternative", alternative, ALTERNATIVES)
    level = checked_level(level)
    names = _named(covariate)
    rows = _read(frame, variant, metric, names, denominator, clusters, weights)
    labels = _ordered(rows.labels, control)
    units, moments, broken = _arms(rows, [rows.labels.index(label) for label in labels])
    found = _METHODS[method](moments[0], moments[1:], level=level, alternative=alternative)
    title = metric if denominator is None else f"{metric} / {denominator}"
    return Comparison(title, labels[0], tuple(labels[1:]), units, _refused(found, units, broken))


def _named(covariate: object) -> list[str]:
    if covariate is None:
        return []
    return [covariate] if isinstance(covariate, str) else list(several("covariate", covariate, str))


@dataclass(frozen=True, slots=True)
class _Rows:
    """Columns are numerator, denominator, then covariates and their indicators; ``plain`` if the denominator is 1."""

    labels: list[object]
    codes: IntArray
    columns: FloatArray
    clusters: IntArray | None
    plain: bool


def _read(
    frame: Frame,
    variant: str,
    metric: str,
    covariates: list[str],
    denominator: str | None,
    clusters: str | None,
    weights: str | None,
) -> _Rows:
    labels, codes = _coded(frame, variant)
    numerator = _numbers(frame, metric, codes.size)
    below = np.ones(codes.size) if denominator is None else _numbers(frame, denominator, codes.size)
    w = np.ones(codes.size) if weights is None else checked_weights(_numbers(frame, weights, codes.size))
    past = [part for name in covariates for part in _centred(_numbers(frame, name, codes.size), w)]
    belonging = None
    if clusters is not None:
        _, belonging = _coded(frame, clusters)
        _checked_length(clusters, belonging.size, codes.size)
        if np.unique(np.stack([belonging, codes]), axis=1).shape[1] > np.unique(belonging).size:
            raise InvalidInput(
                f"A cluster of {clusters!r} has rows in more than one variant.",
                hint="Clusters are the units that were randomised; leave out those that saw several variants.",
            )
    columns = np.stack([numerator, below, *past], axis=-1) * w[:, None]
    return _Rows(labels, codes, columns, belonging, denominator is None and weights is None and clusters is None)


def _arms(rows: _Rows, order: list[int]) -> tuple[FloatArray, Moments, list[bool]]:
    """Units, adjusted moments and whether a value is not finite, by arm. Arms that are broken enter without units."""
    tables, units, broken = [], [], []
    for code in order:
        mask = rows.codes == code
        columns = rows.columns[mask]
        if rows.clusters is not None:
            columns = cluster_totals(columns.T, rows.clusters[mask]).T
        units.append(columns.shape[0])
        broken.append(not bool(np.isfinite(columns).all()))
        tables.append(columns[: 0 if broken[-1] else None])
    return np.asarray(units, np.float64), _adjusted(tables, plain=rows.plain), broken


def _adjusted(tables: list[FloatArray], *, plain: bool) -> Moments:
    if plain and tables[0].shape[1] == 2:
        return stack_arms([Moments.of(columns[:, 0]) for columns in tables])
    arms = stack_arms([CovariateMoments.of(columns) for columns in tables])
    if not plain:
        return ratio_cuped(arms) if arms.size > 2 else arms.pair(0, 1).linearised()
    if arms.size == 3:
        return cuped(arms.pair(0, 2))
    kept = [0, *range(2, arms.size)]
    return cuped_many(CovariateMoments(arms.n, arms.means[..., kept], arms.covariance[..., kept, :][..., kept]))


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


def _centred(covariate: FloatArray, weights: FloatArray) -> list[FloatArray]:
    """Deviations from the mean of all rows, 0 where missing; and which are missing, where any is."""
    known = np.isfinite(covariate)
    total = float(weights[known].sum())
    centre = float(weights[known] @ covariate[known]) / total if total > 0.0 else 0.0
    missing = np.isnan(covariate)
    deviation = np.where(missing, 0.0, covariate - centre)
    return [deviation, missing - float(missing.mean())] if missing.any() else [deviation]


def _ordered(labels: list[object], control: object) -> list[object]:
    if control not in labels:
        raise NotFound("variant", str(control), map(str, labels), hint=f"There are {sorted(map(str, labels))}.")
    if len(labels) < 2:
        raise InvalidInput(f"All rows are of {control!r}.", hint="Give rows of at least one treatment.")
    return [control, *sorted((label for label in labels if label != control), key=str)]


def _column(frame: Frame, name: str) -> ArrayLike:
    try:
        return cast("ArrayLike", frame[name])
    except Exception as error:  # each library has an exception of its own for a column that is not there
        known = list(frame) if isinstance(frame, dict) else ()
        raise NotFound("column", name, known, hint="Give a column of the frame.") from error


def _numbers(frame: Frame, name: str, length: int) -> FloatArray:
    try:
        numbers = np.asarray(_column(frame, name), np.float64)
    except (TypeError, ValueError) as error:
        raise InvalidInput(f"Column {name!r} holds something else than numbers.", hint=str(error)) from error
    if numbers.ndim != 1:
        raise InvalidInput(f"Column {name!r} has shape {numbers.shape}.", hint="Give one number per row.")
    _checked_length(name, numbers.size, length)
    return numbers


def _checked_length(name: str, given: int, length: int) -> None:
    if given != length:
        raise InvalidInput(f"Column {name!r} has {given} rows, others {length}.", hint="Give columns of one length.")


def _coded(frame: Frame, name: str) -> tuple[list[object], IntArray]:
    """The labels of a column in order of appearance, and each row's index into them."""
    column = np.asarray(_column(frame, name))
    if column.ndim != 1:
        raise InvalidInput(f"Column {name!r} has shape {column.shape}.", hint="Give one label per row.")
    seen: dict[object, int] = {}
    codes = np.fromiter((seen.setdefault(label, len(seen)) for label in column.tolist()), np.int64, column.size)
    if any(_missing(label) for label in seen):
        raise InvalidInput(f"Column {name!r} has missing labels.", hint="Leave out those rows, or name what they are.")
    return list(seen), codes


def _missing(label: object) -> bool:
    try:
        return label is None or bool(label != label)  # NaN and NaT differ from themselves
    except TypeError:  # and the missing value of pandas does not say
        return True
