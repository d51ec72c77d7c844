"""Rows of a data frame as the methods take them: columns by name from any library, adjusted moments of arms of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol, cast

import numpy as np

from upshot.core.errors import InvalidInput, NotFound
from upshot.stats.adjust import cuped, cuped_many, ratio_cuped
from upshot.stats.arguments import given, several
from upshot.stats.difference import difference
from upshot.stats.lift import fieller_lift, lift
from upshot.stats.moments import CovariateMoments, Moments, stack_arms
from upshot.stats.weights import checked_weights

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from upshot.stats.result import FloatArray, IntArray

__all__ = [
    "METHODS",
    "CompareMethod",
    "Frame",
    "Rows",
    "adjusted_arms",
    "checked_length",
    "coded",
    "numbers_of",
    "read_rows",
]

CompareMethod = Literal["fieller_lift", "lift", "difference"]
METHODS = {"fieller_lift": fieller_lift, "lift": lift, "difference": difference}
"""What compares two arms, by name."""


class Frame(Protocol):
    """What ``compare`` asks of a data frame: columns by name, each of which NumPy can turn into an array.

    Examples:
        >>> frame: Frame = {"variant": ["old", "new"], "revenue": [1.0, 2.0]}
        >>> frame["revenue"]
        [1.0, 2.0]
    """

    def __getitem__(self, name: str, /) -> object:
        """The column of that name."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows as the methods take them.

    Attributes:
        columns: Numerator, denominator, then covariates and their indicators; shape (rows, columns).
        clusters: Which unit each row belongs to, shape (rows,), or None where each is one.
        plain: Whether the denominator is 1.
    """

    columns: FloatArray
    clusters: IntArray | None
    plain: bool


def read_rows(
    frame: Frame,
    metric: str,
    covariate: str | Sequence[str] | None,
    denominator: str | None,
    clusters: str | None,
    weights: str | None,
    *,
    length: int | None = None,
) -> Rows:
    """The columns of a frame that enter a comparison, as the arguments of ``compare`` name them.

    Args:
        frame: As in ``compare``.
        metric: As in ``compare``.
        covariate: As in ``compare``.
        denominator: As in ``compare``.
        clusters: As in ``compare``.
        weights: As in ``compare``.
        length: Rows of the frame, where they are known; as many as the metric has otherwise.

    Raises:
        NotFound: No such column.
        InvalidInput: A name is no text, or a column does not fit.
    """
    given("metric", metric, str)
    for name, other in (("denominator", denominator), ("clusters", clusters), ("weights", weights)):
        given(name, other, str, type(None))
    covariates = _named(covariate)
    numerator = numbers_of(frame, metric, length)
    size = numerator.size
    below = np.ones(size) if denominator is None else numbers_of(frame, denominator, size)
    w = np.ones(size) if weights is None else checked_weights(numbers_of(frame, weights, size))
    past = [part for name in covariates for part in _centred(numbers_of(frame, name, size), w)]
    belonging = None
    if clusters is not None:
        _, belonging = coded(frame, clusters)
        checked_length(clusters, belonging.size, size)
    columns = np.stack([numerator, below, *past], axis=-1) * w[:, None]
    return Rows(columns, belonging, denominator is None and weights is None and clusters is None)


def adjusted_arms(tables: list[FloatArray], *, plain: bool) -> Moments:
    """Moments of the arms, shape (arms,), adjusted for what was known before.

    Args:
        tables: Columns of each arm's units, as in ``Rows``, shape (units, columns).
        plain: As in ``Rows``.
    """
    if plain and tables[0].shape[1] == 2:
        return stack_arms([Moments.of(columns[:, 0]) for columns in tables])
    arms = stack_arms([CovariateMoments.of(columns) for columns in tables])
    if not plain:
        return ratio_cuped(arms) if arms.size > 2 else arms.pair(0, 1).linearised()
    if arms.size == 3:
        return cuped(arms.pair(0, 2))
    kept = [0, *range(2, arms.size)]
    return cuped_many(CovariateMoments(arms.n, arms.means[..., kept], arms.covariance[..., kept, :][..., kept]))


def _named(covariate: object) -> list[str]:
    if covariate is None:
        return []
    return [covariate] if isinstance(covariate, str) else list(several("covariate", covariate, str))


def _centred(covariate: FloatArray, weights: FloatArray) -> list[FloatArray]:
    """Deviations from the mean of all rows, 0 where missing; and which are missing, where any is."""
    known = np.isfinite(covariate)
    total = float(weights[known].sum())
    centre = float(weights[known] @ covariate[known]) / total if total > 0.0 else 0.0
    missing = np.isnan(covariate)
    deviation = np.where(missing, 0.0, covariate - centre)
    return [deviation, missing - float(missing.mean())] if missing.any() else [deviation]


def _column(frame: Frame, name: str) -> ArrayLike:
    try:
        return cast("ArrayLike", frame[name])
    except Exception as error:  # each library has an exception of its own for a column that is not there
        known = list(frame) if isinstance(frame, dict) else ()
        raise NotFound("column", name, known, hint="Give a column of the frame.") from error


def numbers_of(frame: Frame, name: str, length: int | None) -> FloatArray:
    """A column of numbers, NaN where one is missing, of ``length`` rows where that is known."""
    try:
        numbers = np.asarray(_column(frame, name), np.float64)
    except (TypeError, ValueError) as error:
        raise InvalidInput(f"Column {name!r} holds something else than numbers.", hint=str(error)) from error
    if numbers.ndim != 1:
        raise InvalidInput(f"Column {name!r} has shape {numbers.shape}.", hint="Give one number per row.")
    if length is not None:
        checked_length(name, numbers.size, length)
    return numbers


def checked_length(name: str, size: int, length: int) -> None:
    """Refuse a column that is longer or shorter than the others."""
    if size != length:
        raise InvalidInput(f"Column {name!r} has {size} rows, others {length}.", hint="Give columns of one length.")


def coded(frame: Frame, name: str) -> tuple[list[object], IntArray]:
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
