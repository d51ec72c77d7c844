r"""Sufficient statistics: all that the estimators of this room need to know about the units.

An engine forms them in one scan (counts, sums, sums of squares and of products); here they become means, variances and
covariances with the divisor :math:`n - 1`, are merged over disjoint groups of units, and are linearised, so that a
ratio, a weighted mean and a mean of clustered observations all look like a plain mean to whatever comes next.

Sources: Chan, Golub & LeVeque, "Updating formulae …" (1979), for the merge and its covariance form; Cochran, "Sampling
Techniques" (1977), for the linearised ratio; Särndal et al., "Model Assisted Survey Sampling" (1992), for weights.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from upshot.core.errors import InvalidInput
from upshot.stats.arguments import axis_of, fitting, floats, given, numbers, rows, several
from upshot.stats.clusters import cluster_totals
from upshot.stats.merging import LOST, blended, merged, scatter, two_pass, variance_from_sums
from upshot.stats.result import OK, FloatArray, IntArray, Reason
from upshot.stats.shared import Shared
from upshot.stats.shown import Shown
from upshot.stats.weights import checked_weights

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

__all__ = [
    "CovariateMoments",
    "Moments",
    "PairMoments",
    "every",
    "first_reason",
    "group_reasons",
    "reasons",
    "stack_arms",
]

_OK, _MARKS = np.asarray(OK, np.int64), ("mergeable", "yes_no", "shared")


@dataclass(frozen=True, slots=True, init=False, repr=False)
class Moments(Shown):
    """Count, mean and sample variance of one value per unit; arrays that broadcast against each other.

    Args:
        n: Number of independent units (clusters, where observations are clustered), at least 0.
        mean: Mean of the values, in the metric's unit.
        variance: Sample variance (divisor n − 1), so that ``variance / n`` is the squared standard error of ``mean``.
        mergeable: False where the mean was linearised (ratios, weights, clusters): two such cannot be added.
        yes_no: Whether the values are 0 and 1, so that their skewness follows from the mean.
        shared: What the mean shares with other arms' (adjusted means); ``variance`` is then that of the arm's own part
            alone, and ``upshot.stats.contrast`` puts the two together. None for arms that are independent.

    Examples:
        >>> control = Moments.of([1.0, 2.0, 3.0, 4.0])
        >>> float(control.n), float(control.mean), round(float(control.variance), 4)
        (4.0, 2.5, 1.6667)
        >>> halves = Moments.of([1.0, 2.0]) + Moments.of([3.0, 4.0])
        >>> float(halves.mean), round(float(halves.variance), 4)
        (2.5, 1.6667)
    """

    n: FloatArray
    mean: FloatArray
    variance: FloatArray
    mergeable: bool
    yes_no: bool
    shared: Shared | None

    def __init__(
        self,
        n: ArrayLike,
        mean: ArrayLike,
        variance: ArrayLike,
        *,
        mergeable: bool = True,
        yes_no: bool = False,
        shared: Shared | None = None,
    ) -> None:
        count, centre, spread = numbers("n", n), numbers("mean", mean), numbers("variance", variance)
        if count.ndim or centre.ndim or spread.ndim:
            fitting(n=count.shape, mean=centre.shape, variance=spread.shape)
        object.__setattr__(self, "n", count)
        object.__setattr__(self, "mean", centre)
        object.__setattr__(self, "variance", spread)
        object.__setattr__(self, "mergeable", mergeable)
        object.__setattr__(self, "yes_no", yes_no)
        object.__setattr__(self, "shared", shared)

    @classmethod
    def of(cls, values: ArrayLike, weights: ArrayLike | None = None, clusters: ArrayLike | None = None) -> Moments:
        """Moments of raw values along the last axis.

        Args:
            values: Shape (…, n), one value per observation.
            weights: Shape (n,) or (…, n), not negative: design weights. The mean becomes Σwx / Σw, its variance is
                linearised (units drawn with replacement), and only the weights' proportions matter.
            clusters: Shape (n,), labels of the units that were randomised or sampled. ``n`` becomes their number and
                the variance that between clusters, so that the mean stays one per observation.

        Returns:
            Moments of shape (…), float64.

        Raises:
            InvalidInput: A weight is negative, or clusters do not have one label per observation.
        """
        x = rows("values", values)
        if weights is None and clusters is None:
            return cls(*two_pass(x))
        return PairMoments.of(x, np.ones_like(x), weights=weights, clusters=clusters).linearised()

    @classmethod
    def from_sums(cls, n: ArrayLike, total: ArrayLike, squares: ArrayLike, shift: ArrayLike = 0.0) -> Moments:
        """Moments from sums, as an engine returns them.

        The difference of sums of squares loses digits where the mean is large against the spread. Where fewer than
        about 64 units in the last place are left the variance is NaN (``Reason.PRECISION_LOST``), never a wrong number:
        ask the engine for sums around a ``shift`` near the mean instead.

        Args:
            n: Number of units.
            total: Σ(x − shift).
            squares: Σ(x − shift)².
            shift: What was subtracted from each value before summing.

        Examples:
            >>> kept = Moments.from_sums(3, 6.0, 14.0)
            >>> float(kept.mean), float(kept.variance)
            (2.0, 1.0)
            >>> bool(np.isnan(Moments.from_sums(3, 3e9 + 6, 3e18 + 12e9 + 14).variance))
            True
        """
        count, s, q = floats("n", n), floats("total", total), floats("squares", squares)
        fitting(n=count.shape, total=s.shape, squares=q.shape, shift=np.shape(shift))
        with np.errstate(all="ignore"):
            return cls(count, floats("shift", shift) + s / count, variance_from_sums(count, s, q))

    @classmethod
    def of_successes(cls, n: ArrayLike, successes: ArrayLike) -> Moments:
        """Moments of a yes/no value: mean p = successes / n, variance n p (1 − p) / (n − 1)."""
        count, x = floats("n", n), floats("successes", successes)
        fitting(n=count.shape, successes=x.shape)
        with np.errstate(all="ignore"):
            p = x / count
            return cls(count, p, p * (count - x) / (count - 1.0), yes_no=True)

    def __add__(self, other: Moments) -> Moments:
        """The moments of both groups of units together (they must be disjoint), by Chan's pairwise update."""
        if not (self.mergeable and other.mergeable):
            raise InvalidInput(
                "Linearised moments (ratios, weights, clusters) cannot be merged.",
                hint="Merge the PairMoments of numerators and denominators, then linearise.",
            )
        n, mean, (variance,) = merged(
            self.n, other.n, self.mean[..., None], other.mean[..., None], [(self.variance, other.variance, 0, 0)]
        )
        return Moments(n, mean[..., 0], variance, yes_no=self.yes_no and other.yes_no)

    def __getitem__(self, index: object) -> Moments:
        """The moments at an index of the broadcast shape (NumPy indexing)."""
        n, mean, variance = np.broadcast_arrays(self.n, self.mean, self.variance)
        return Moments(
            n[index],  # type: ignore[call-overload]
            mean[index],  # type: ignore[call-overload]
            variance[index],  # type: ignore[call-overload]
            mergeable=self.mergeable,
            yes_no=self.yes_no,
            shared=None if self.shared is None else self.shared.at(index, n.shape),
        )

    @property
    def shape(self) -> tuple[int, ...]:
        """The broadcast shape of the three arrays."""
        if not (self.n.ndim or self.mean.ndim or self.variance.ndim):
            return ()
        return np.broadcast_shapes(self.n.shape, self.mean.shape, self.variance.shape)


@dataclass(frozen=True, slots=True, init=False, repr=False)
class PairMoments(Shown):
    """Counts, means, variances and covariance of two values per unit: a ratio's parts, or a metric and its covariate.

    Args:
        n: Number of units.
        mean_x: Mean of the first value (a ratio's numerator, or the metric).
        mean_y: Mean of the second value (a ratio's denominator, or the covariate).
        variance_x: Sample variance of the first value.
        variance_y: Sample variance of the second value.
        covariance: Sample covariance, divisor n − 1.

    Examples:
        >>> orders = PairMoments.of([2.0, 0.0, 4.0], [4.0, 1.0, 7.0])
        >>> float(orders.covariance), float(orders.linearised().mean)
        (6.0, 0.5)
    """

    n: FloatArray
    mean_x: FloatArray
    mean_y: FloatArray
    variance_x: FloatArray
    variance_y: FloatArray
    covariance: FloatArray

    def __init__(
        self,
        n: ArrayLike,
        mean_x: ArrayLike,
        mean_y: ArrayLike,
        variance_x: ArrayLike,
        variance_y: ArrayLike,
        covariance: ArrayLike,
    ) -> None:
        columns = (n, mean_x, mean_y, variance_x, variance_y, covariance)
        for field, value in zip(fields(type(self)), columns, strict=True):
            object.__setattr__(self, field.name, numbers(field.name, value))
        if any(getattr(self, field.name).ndim for field in fields(self)):
            fitting(**{field.name: getattr(self, field.name).shape for field in fields(self)})

    @classmethod
    def of(
        cls,
        x: ArrayLike,
        y: ArrayLike,
        weights: ArrayLike | None = None,
        clusters: ArrayLike | None = None,
    ) -> PairMoments:
        """Moments of raw pairs along the last axis; with clusters, of the clusters' totals.

        Args:
            x: Shape (…, n).
            y: Shape (…, n).
            weights: Shape (n,) or (…, n), not negative; both values are multiplied by them, which is right for ratios.
            clusters: Shape (n,), labels; values are totalled within each label first, and ``n`` counts labels.

        Raises:
            InvalidInput: A weight is negative, or clusters do not have one label per observation.
        """
        first, second = rows("x", x), rows("y", y)
        fitting(x=first.shape, y=second.shape)
        a, b = np.broadcast_arrays(first, second)
        if weights is not None:
            w = checked_weights(weights)
            fitting(values=a.shape, weights=w.shape)
            a, b = w * a, w * b
        if clusters is not None:
            a, b = cluster_totals(a, clusters), cluster_totals(b, clusters)
        return CovariateMoments.of(np.stack([a, b], axis=-1)).pair(0, 1)

    @classmethod
    def from_sums(
        cls, n: ArrayLike, x: ArrayLike, y: ArrayLike, xx: ArrayLike, yy: ArrayLike, xy: ArrayLike
    ) -> PairMoments:
        """Moments from Σx, Σy, Σx², Σy² and Σxy; NaN where cancellation left no digits (see ``Moments.from_sums``)."""
        parts = {"n": n, "x": x, "y": y, "xx": xx, "yy": yy, "xy": xy}
        count, sx, sy, sxx, syy, sxy = sums = tuple(floats(name, part) for name, part in parts.items())
        fitting(**{name: part.shape for name, part in zip(parts, sums, strict=True)})
        with np.errstate(all="ignore"):
            variance_x = variance_from_sums(count, sx, sxx)
            variance_y = variance_from_sums(count, sy, syy)
            covariance = (sxy - sx * (sy / count)) / (count - 1.0)
            # Rounding may exceed the Cauchy–Schwarz bound by a few units in the last place; the truth never does.
            bound = np.sqrt(variance_x * variance_y)
            return cls(count, sx / count, sy / count, variance_x, variance_y, np.clip(covariance, -bound, bound))

    def __add__(self, other: PairMoments) -> PairMoments:
        """The moments of both groups of units together (they must be disjoint)."""
        n, mean, (vx, vy, cov) = merged(
            self.n,
            other.n,
            np.stack(np.broadcast_arrays(self.mean_x, self.mean_y), -1),
            np.stack(np.broadcast_arrays(other.mean_x, other.mean_y), -1),
            [
                (self.variance_x, other.variance_x, 0, 0),
                (self.variance_y, other.variance_y, 1, 1),
                (self.covariance, other.covariance, 0, 1),
            ],
        )
        return PairMoments(n, mean[..., 0], mean[..., 1], vx, vy, cov)

    def __getitem__(self, index: object) -> PairMoments:
        """The moments at an index of the broadcast shape (NumPy indexing): ``[:, None]`` makes an axis of arms."""
        arrays = np.broadcast_arrays(*(getattr(self, field.name) for field in fields(self)))
        return PairMoments(*(array[index] for array in arrays))  # type: ignore[call-overload]

    @property
    def shape(self) -> tuple[int, ...]:
        """The broadcast shape of the six arrays."""
        return np.broadcast_shapes(*(getattr(self, field.name).shape for field in fields(self)))

    @property
    def x(self) -> Moments:
        """Moments of the first value alone."""
        return Moments(self.n, self.mean_x, self.variance_x)

    @property
    def y(self) -> Moments:
        """Moments of the second value alone."""
        return Moments(self.n, self.mean_y, self.variance_y)

    def linearised(self) -> Moments:
        """The ratio R = mean_x / mean_y as a mean: variance (s²x − 2 R sxy + R² s²y) / mean_y² (Cochran, eq. 6.13).

        The mean is NaN where mean_y is zero. First-order: good where n is large and mean_y is many standard errors
        from zero.
        """
        with np.errstate(all="ignore"):
            ratio = np.where(self.mean_y == 0.0, np.nan, self.mean_x / self.mean_y)
            spread = self.variance_x - 2.0 * ratio * self.covariance + ratio * ratio * self.variance_y
            scale = self.variance_x + ratio * ratio * self.variance_y
            # A ratio that is the same in every unit leaves only rounding behind.
            spread = np.where(np.abs(spread) <= LOST * scale, 0.0, spread)
            return Moments(self.n, ratio, spread / (self.mean_y * self.mean_y), mergeable=False)


@dataclass(frozen=True, slots=True, init=False, repr=False)
class CovariateMoments(Shown):
    """Means and covariances of k values per unit, jointly: a metric's parts first, then its covariates.

    Args:
        n: Number of units, shape (…).
        means: Shape (…, k).
        covariance: Shape (…, k, k), divisor n − 1, symmetric.

    Examples:
        >>> units = CovariateMoments.of([[1.0, 10.0], [2.0, 30.0], [3.0, 20.0]])
        >>> units.means.tolist(), float(units.pair(0, 1).covariance)
        ([2.0, 20.0], 5.0)
    """

    n: FloatArray
    means: FloatArray
    covariance: FloatArray

    def __init__(self, n: ArrayLike, means: ArrayLike, covariance: ArrayLike) -> None:
        object.__setattr__(self, "n", floats("n", n))
        object.__setattr__(self, "means", floats("means", means))
        object.__setattr__(self, "covariance", floats("covariance", covariance))
        k = self.means.shape[-1:]
        if not k or self.covariance.shape[-2:] != k + k:
            raise InvalidInput(
                f"Means of shape {self.means.shape} do not fit a covariance of shape {self.covariance.shape}.",
                hint="Give means (…, k) and covariance (…, k, k).",
            )
        fitting(n=self.n.shape, means=self.means.shape[:-1], covariance=self.covariance.shape[:-2])

    @classmethod
    def of(cls, columns: ArrayLike) -> CovariateMoments:
        """Moments of raw columns: shape (…, n, k), one row per unit."""
        rows = floats("columns", columns)
        if rows.ndim < 2:
            raise InvalidInput(f"columns have shape {rows.shape}.", hint="Give one row per unit: shape (…, n, k).")
        count = rows.shape[-2]
        with np.errstate(all="ignore"):
            means = rows.sum(axis=-2) / np.float64(count)
            centred = rows - means[..., None, :]
            # What rounding left of the sum is taken out of both (Chan et al., eq. 1.7): beside huge means it counts.
            slip = centred.sum(axis=-2)
            products = np.swapaxes(centred, -1, -2) @ centred
            products -= slip[..., :, None] * slip[..., None, :] / np.float64(count)
            means = means + slip / np.float64(count)
            covariance = products / np.float64(count - 1)
        return cls(np.full(means.shape[:-1], float(count)), means, covariance)

    def __add__(self, other: CovariateMoments) -> CovariateMoments:
        """The moments of both groups of units together (they must be disjoint)."""
        with np.errstate(all="ignore"):
            n = self.n + other.n
            mine, theirs = self.n / n, other.n / n
            means = blended(self.means, other.means, mine[..., None], theirs[..., None])
            gap = np.where((mine * theirs)[..., None] > 0, other.means - self.means, 0.0)
            spread = (
                scatter(self.covariance, self.n[..., None, None])
                + scatter(other.covariance, other.n[..., None, None])
                + gap[..., :, None] * gap[..., None, :] * (self.n * theirs)[..., None, None]
            )
            return CovariateMoments(n, means, spread / (n - 1.0)[..., None, None])

    @property
    def size(self) -> int:
        """How many values each unit has (k)."""
        return int(self.means.shape[-1])

    def column(self, index: int) -> Moments:
        """Moments of one value."""
        index = axis_of("index", index, self.size)
        return Moments(self.n, self.means[..., index], self.covariance[..., index, index])

    def pair(self, first: int, second: int) -> PairMoments:
        """Moments of two of the values."""
        c, first, second = self.covariance, axis_of("first", first, self.size), axis_of("second", second, self.size)
        return PairMoments(
            self.n,
            self.means[..., first],
            self.means[..., second],
            c[..., first, first],
            c[..., second, second],
            c[..., first, second],
        )


_M = TypeVar("_M", Moments, PairMoments, CovariateMoments)


def stack_arms(arms: Sequence[_M]) -> _M:
    """Moments of several arms (or strata) as one, along a new last axis.

    Args:
        arms: All of one type; their shapes broadcast.

    Returns:
        Moments of shape (…, g); of ``CovariateMoments`` the axis comes before those of the columns.

    Examples:
        >>> both = stack_arms([Moments.of([1.0, 2.0]), Moments.of([3.0, 4.0, 5.0])])
        >>> both.n.tolist(), both.mean.tolist()
        ([2.0, 3.0], [1.5, 4.0])
    """
    first = several("arms", arms, object, least=1)[0]
    given("arms", first, Moments, PairMoments, CovariateMoments)
    arms = several("arms", arms, type(arms[0]))
    first = arms[0]
    if isinstance(first, CovariateMoments):
        fields_and_axes = [("n", -1), ("means", -2), ("covariance", -3)]
    else:
        fields_and_axes = [(f.name, -1) for f in fields(first) if f.name not in _MARKS]
    stacked = [
        np.stack(np.broadcast_arrays(*(getattr(arm, name) for arm in arms)), axis=axis)
        for name, axis in fields_and_axes
    ]
    if isinstance(first, Moments):
        return type(first)(
            *stacked,
            mergeable=all(arm.mergeable for arm in arms),
            yes_no=all(arm.yes_no for arm in arms),
            shared=Shared.stacked([(arm.shared, arm.shape) for arm in arms]),
        )
    return type(first)(*stacked)


def every(mask: NDArray[np.bool_] | np.bool_) -> bool:
    """Whether all are true, without the cost of a reduction for a single one."""
    return bool(mask) if mask.ndim == 0 else bool(mask.all())


def first_reason(*codes: IntArray) -> IntArray:
    """Of several arrays of reasons, at each place the first that is not ``OK``."""
    chosen = codes[0]
    for code in codes[1:]:
        chosen = np.where(chosen == OK, code, chosen)
    return chosen


def reasons(moments: Moments, least_n: float = 2.0) -> IntArray:
    """Why each place of ``moments`` cannot be used (values of ``Reason``; ``OK`` where it can).

    Args:
        moments: Any moments.
        least_n: Fewest units that the method needs.

    Returns:
        int64 array of the moments' shape: EMPTY (n = 0), NOT_IDENTIFIED (a linearised mean that
        is NaN: no denominator, no comparable stratum), NOT_FINITE, TOO_FEW_UNITS, PRECISION_LOST (no variance
        although mean and n are there), INVALID_STATISTICS (negative n or variance). A variance of zero is OK here: not
        every method needs a positive one.
    """
    if every(_sound(moments, least_n)):
        return np.zeros(moments.shape, np.int64)
    n, mean, variance = np.broadcast_arrays(moments.n, moments.mean, moments.variance)
    conditions = {
        Reason.EMPTY: n == 0.0,
        Reason.NOT_IDENTIFIED: (n >= 1.0) & np.isnan(mean) & (not moments.mergeable),
        Reason.NOT_FINITE: ~np.isfinite(n) | ((n >= 1.0) & ~np.isfinite(mean)) | np.isinf(variance),
        Reason.INVALID_STATISTICS: (n < 0.0) | ((n >= 2.0) & (variance < 0.0)),
        Reason.TOO_FEW_UNITS: n < least_n,
        Reason.PRECISION_LOST: np.isnan(variance),
    }
    codes = [np.int64(code) for code in conditions]
    return np.asarray(np.select(list(conditions.values()), codes, np.int64(Reason.OK)), np.int64)


def group_reasons(control: Moments, treatment: Moments, least_n: float = 2.0) -> IntArray:
    """Why each pair of groups cannot be compared: the control's reason first, then the treatment's.

    Returns:
        int64 array that broadcasts with both; a single ``OK`` where all can be compared.
    """
    if every(_sound(control, least_n)) and every(_sound(treatment, least_n)):
        return _OK
    return first_reason(reasons(control, least_n), reasons(treatment, least_n))


def _sound(moments: Moments, least_n: float) -> NDArray[np.bool_]:
    n, mean, variance = moments.n[()], moments.mean[()], moments.variance[()]
    # NaN fails every comparison, infinity the last.
    return (n >= least_n) & (variance >= 0.0) & (variance + np.abs(mean) + n < np.inf)
