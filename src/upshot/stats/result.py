"""What every estimator returns: estimates, or a named reason why there is none.

Results are arrays of one shape: the broadcast shape of the inputs, so that thousands of comparisons are one call.
Where ``reason`` is not ``Reason.OK``, the numbers at that place are NaN and mean nothing; ``at`` turns one place into
an ``Estimate`` or a ``NoEstimate``, which cannot be mistaken for each other.
"""

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from upshot.core.errors import InvalidInput
from upshot.core.units import counted
from upshot.stats.arguments import place_of, several
from upshot.stats.tabular import Table, amount, plain, probability

__all__ = [
    "ALTERNATIVES",
    "NUMBERS",
    "SCALES",
    "Alternative",
    "Estimate",
    "Estimates",
    "FloatArray",
    "IntArray",
    "NoEstimate",
    "Reason",
    "Scale",
    "Tabular",
]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
Scale = Literal["absolute", "relative"]
Alternative = Literal["two-sided", "greater", "less"]
ALTERNATIVES: tuple[Alternative, ...] = get_args(Alternative)
SCALES: tuple[Scale, ...] = get_args(Scale)
NUMBERS = ("value", "low", "high", "standard_error", "p_value", "n")
"""What an estimate says in numbers, in the order of a table's columns."""


class Reason(enum.IntEnum):
    """Why there is no number, or how far the number holds.

    Examples:
        >>> Reason(4).name, Reason.ZERO_BASELINE.sentence
        ('ZERO_BASELINE', 'The baseline is zero, so a relative change has no meaning.')
    """

    OK = 0
    EMPTY = 1
    TOO_FEW_UNITS = 2
    ZERO_VARIANCE = 3
    ZERO_BASELINE = 4
    NOT_FINITE = 5
    UNBOUNDED = 6
    NOT_CONVERGED = 7
    INVALID_STATISTICS = 8
    GROWING_UNITS = 9
    BELOW_VALID_SAMPLE = 10
    NOT_IDENTIFIED = 11
    PRECISION_LOST = 12
    NOT_REACHED = 13
    CONSTANT_STATISTIC = 14
    TIED_VALUES = 15
    SEPARATED_GROUPS = 16

    @property
    def sentence(self) -> str:
        """The reason in one plain sentence."""
        return _SENTENCES[self]


_SENTENCES = {
    Reason.OK: "There is an estimate.",
    Reason.EMPTY: "There are no units.",
    Reason.TOO_FEW_UNITS: "There are too few units for an interval.",
    Reason.ZERO_VARIANCE: "The values do not vary within a group, so their spread cannot be estimated.",
    Reason.ZERO_BASELINE: "The baseline is zero, so a relative change has no meaning.",
    Reason.NOT_FINITE: "The inputs contain a value that is not a finite number.",
    Reason.UNBOUNDED: "The baseline cannot be told from zero, so the relative change has no bounds.",
    Reason.NOT_CONVERGED: "The calculation did not settle on an answer.",
    Reason.INVALID_STATISTICS: "The statistics contradict each other (for example a negative variance).",
    Reason.GROWING_UNITS: "Units' totals still grow between looks, which this method does not allow.",
    Reason.BELOW_VALID_SAMPLE: "The sample is below the size from which the method keeps its promise.",
    Reason.NOT_IDENTIFIED: "The data do not determine this quantity.",
    Reason.PRECISION_LOST: "Cancellation left no digit of the variance to trust: form the sums around a shift.",
    Reason.NOT_REACHED: "No size or length that was asked about gets there.",
    Reason.CONSTANT_STATISTIC: (
        "The statistic comes out the same in every redrawn sample, so its spread cannot be estimated."
    ),
    Reason.TIED_VALUES: "The values around the quantile are all equal, so its spread cannot be estimated.",
    Reason.SEPARATED_GROUPS: (
        "Every value of one group exceeds every one of the other, so the comparison's spread cannot be estimated."
    ),
}

OK = int(Reason.OK)
"""The code to compare arrays of reasons with: with an enumeration's member it takes NumPy five times as long."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """One estimate with its interval.

    Attributes:
        value: Point estimate, in the metric's unit where ``scale`` is absolute, as a fraction of the baseline where it
            is relative (0.1 is +10 %).
        low: Lower bound; ``-inf`` for a one-sided interval.
        high: Upper bound; ``inf`` for a one-sided interval.
        standard_error: Of ``value``; NaN where the method has none.
        p_value: Of the null hypothesis that the method states; NaN where the method has none.
        level: Nominal coverage of the interval, in (0, 1).
        n: Units that entered.
        method: The method's name, as its function's.
        scale: Whether ``value`` is absolute or relative.

    Examples:
        >>> effect = Estimate(0.02, 0.01, 0.03, 0.005, 0.0001, 0.95, 5000.0, "lift", "relative")
        >>> effect.low <= effect.value <= effect.high
        True
    """

    value: float
    low: float
    high: float
    standard_error: float
    p_value: float
    level: float
    n: float
    method: str
    scale: Scale


@dataclass(frozen=True, slots=True)
class NoEstimate:
    """Why there is no estimate.

    Examples:
        >>> NoEstimate(Reason.EMPTY, "lift").sentence
        'There are no units.'
    """

    reason: Reason
    method: str

    @property
    def sentence(self) -> str:
        """The reason in one plain sentence."""
        return self.reason.sentence


@dataclass(frozen=True, slots=True, repr=False)
class Estimates(Table):
    """Arrays of one shape; attributes as in ``Estimate``, plus ``reason`` (int64, values of ``Reason``).

    Examples:
        >>> from upshot.stats.difference import difference
        >>> from upshot.stats.moments import Moments
        >>> many = difference(Moments(9, 1.0, 1.0), Moments([9, 0], [2.0, np.nan], [1.0, np.nan]))
        >>> many.shape, many.at(0).value, many.at(1).sentence
        ((2,), 1.0, 'There are no units.')
    """

    value: FloatArray
    low: FloatArray
    high: FloatArray
    standard_error: FloatArray
    p_value: FloatArray
    n: FloatArray
    reason: IntArray
    level: float
    method: str
    scale: Scale

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape shared by all arrays."""
        return self.value.shape

    def at(self, *index: int) -> Estimate | NoEstimate:
        """The comparison at ``index`` (none for a single one): an estimate, or why there is none."""
        index = place_of(index, np.shape(self.reason))
        reason = Reason(int(self.reason[index]))
        if reason is not Reason.OK:
            return NoEstimate(reason, self.method)
        return Estimate(
            value=float(self.value[index]),
            low=float(self.low[index]),
            high=float(self.high[index]),
            standard_error=float(self.standard_error[index]),
            p_value=float(self.p_value[index]),
            level=self.level,
            n=float(self.n[index]),
            method=self.method,
            scale=self.scale,
        )

    def columns(self, **labels: Sequence[object]) -> dict[str, list[object]]:
        """One row for each comparison; ``to_pandas``, ``to_polars`` and ``to_arrow`` take the same labels.

        Args:
            **labels: What the places along each axis are called, in the order of the axes:
                ``found.columns(segment=["all", "new"], metric=["orders", "visits"])``.

        Returns:
            The labels, then ``value``, ``low``, ``high``, ``standard_error``, ``p_value`` and ``n`` (None where there
            is no number), and ``reason`` in words (None where there is an estimate). Unlabelled axes are numbered
            ``axis_0``, ``axis_1``, …

        Raises:
            InvalidInput: There are more labels than axes, or as many as the axis has no places.

        Examples:
            >>> from upshot.stats.difference import difference
            >>> from upshot.stats.moments import Moments
            >>> many = difference(Moments(9, 1.0, 1.0), Moments([9, 0], [2.0, np.nan], [1.0, np.nan]))
            >>> rows = many.columns(country=["DE", "FR"])
            >>> rows["country"], rows["value"], rows["reason"]
            (['DE', 'FR'], [1.0, None], [None, 'There are no units.'])
        """
        return _table(self.reason, {name: getattr(self, name) for name in NUMBERS}, labels)

    @property
    def summary(self) -> str:
        """The effect with its interval, or the reason; of many places, how many have an estimate."""
        head = f"{self.method}, {self.level:.4g} interval"
        if self.shape:
            answers = int((self.reason == OK).sum())
            return f"{head}: {_places(self.reason.size)}, {answers:,} with an estimate"
        found = self.at()
        if isinstance(found, NoEstimate):
            return f"{self.method}: {found.sentence}"
        relative = found.scale == "relative"
        value, low, high = (amount(number, relative=relative) for number in (found.value, found.low, found.high))
        p_value = "" if np.isnan(found.p_value) else f", p {probability(found.p_value)}"
        return f"{head}: {value}, {low} to {high}{p_value}, n {found.n:,.10g}"


class Tabular(Table):
    """A result of arrays of one shape, beside which ``reason`` says where there is no number."""

    __slots__ = ()

    def columns(self, **labels: Sequence[object]) -> dict[str, list[object]]:
        """One row for each place; ``to_pandas``, ``to_polars`` and ``to_arrow`` take the same labels.

        Args:
            **labels: What the places along each axis are called, as in ``Estimates.columns``.

        Returns:
            The labels, then each attribute that has one value for each place (None where there is no number), and
            ``reason`` in words (None where there is an answer). What has another shape (shares by group) is left out.

        Raises:
            InvalidInput: There are more labels than axes, or as many as the axis has no places.
        """
        return _table(*self._parts(), labels)

    @property
    def summary(self) -> str:
        """The numbers, or the reason; of many places, how many have an answer."""
        reason, numbers = self._parts()
        if reason.shape:
            answers = int((reason == OK).sum())
            return f"{', '.join(numbers)}: {_places(reason.size)}, {answers:,} with an answer"
        if reason != OK:
            return Reason(int(reason)).sentence
        return ", ".join(f"{name} {number.item():.4g}" for name, number in numbers.items())

    def _parts(self) -> tuple[IntArray, dict[str, NDArray[np.generic]]]:
        names = tuple(getattr(self, "__dataclass_fields__", ()))
        parts: dict[str, object] = {name: getattr(self, name) for name in names}
        reason = np.asarray(parts.pop("reason"), np.int64)
        # A result of one place may hold plain numbers instead of arrays.
        arrays = {name: np.asarray(part) for name, part in parts.items() if isinstance(part, np.ndarray | np.generic)}
        return reason, {name: part for name, part in arrays.items() if part.shape == reason.shape}


def _places(size: int) -> str:
    return counted(size, "place")


def _table(
    reason: IntArray, numbers: dict[str, NDArray[np.generic]], labels: dict[str, Sequence[object]]
) -> dict[str, list[object]]:
    shape = reason.shape
    if len(labels) > len(shape):
        raise InvalidInput(f"There are {len(labels)} labels, the comparisons have {len(shape)} axes.")
    named = {name: list(several(name, places, object)) for name, places in labels.items()}
    if nested := [name for name, places in named.items() if any(isinstance(place, np.ndarray) for place in places)]:
        raise InvalidInput(f"{nested[0]} has more than one axis.", hint="Give one row of labels.")
    for axis, size in enumerate(shape):
        name = list(named)[axis] if axis < len(named) else f"axis_{axis}"
        places = named.setdefault(name, list(range(size)))
        if len(places) != size:
            raise InvalidInput(
                f"{name} has {len(places)} labels, its axis {size} places.", hint="Give a label for each place."
            )
    where = np.indices(shape).reshape(len(shape), reason.size)
    found: dict[str, list[object]] = {
        name: [places[int(place)] for place in where[axis]] for axis, (name, places) in enumerate(named.items())
    }
    there = (reason.ravel() == OK).tolist()
    for name, array in numbers.items():
        values = plain(array.ravel().tolist())
        found[name] = [value if ok else None for value, ok in zip(values, there, strict=True)]
    found["reason"] = [None if code == OK else Reason(code).sentence for code in reason.ravel().tolist()]
    return found
