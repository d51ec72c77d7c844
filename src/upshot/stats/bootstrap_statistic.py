r"""Bootstrap intervals of any statistic: medians, correlations, shares of the top, ratios of all of these.

The statistic is a function that is handed thousands of redrawn samples at once and returns a value for each, or many
values (one for each column, say): all of them rest on the same draws, and no loop runs in Python. Rows are redrawn with
replacement within each group, a row staying whole.

Two intervals: plain **percentiles**, and **BCa**, which corrects them for bias and acceleration: better where the
statistic is skewed or biased. For a difference of means use ``bootstrap_t``, which is more exact for
means and far faster.

The acceleration comes from leaving out one unit at a time; beyond 1,000 units of a group from leaving out one of 1,000
random blocks, since third moments of sums of independent parts add up.

Sources: Efron, "Better bootstrap confidence intervals", JASA 82 (1987), eq. 2.3 and 6.6; Efron and Tibshirani, "An
Introduction to the Bootstrap" (1993), sec. 8.3 (several samples), 13.3 (percentiles), eq. 14.9, 14.10 and 14.15 (BCa).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from upshot.core.errors import InvalidInput
from upshot.core.renamed import renamed
from upshot.stats.arguments import chosen, floats, several, whole
from upshot.stats.bootstrap_ends import bca_ends, checked_tail, percentile_ends
from upshot.stats.randomness import generator_of
from upshot.stats.result import SCALES, Estimates, FloatArray, IntArray, Reason, Scale
from upshot.stats.wald import masked, shaped_estimates

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

__all__ = ["BootstrapMethod", "Statistic", "bootstrap_statistic"]

BootstrapMethod = Literal["bca", "percentile"]
Statistic = Callable[..., "ArrayLike"]

_CHUNK = 4_000_000
_BLOCKS = 1000
_LEAST_UNITS = 3


@renamed(generator="rng", replicates="resamples")
def bootstrap_statistic(
    groups: Sequence[ArrayLike],
    statistic: Statistic,
    *,
    rng: int | np.random.Generator,
    method: BootstrapMethod = "bca",
    scale: Scale = "absolute",
    level: float = 0.95,
    resamples: int = 4000,
) -> Estimates:
    """Any statistic of one or more groups, with a bootstrap interval.

    Args:
        groups: Rows of each group, a row for each unit: shape (units,), or (units, columns) where a statistic needs
            several values of one unit.
        statistic: Takes as many arrays as there are groups, each of shape (samples, units) or (samples, units,
            columns), and returns shape (samples,), or (samples, …) for several statistics at once. It must treat every
            sample by itself: ``np.median(x, axis=1)``, not ``np.median(x)``.
        rng: Where the draws come from, a seed or a generator; the same seed gives the same interval.
        method: ``bca``, or ``percentile``.
        scale: What the statistic is: in the metric's unit, or a relative change.
        level: Coverage, in (0, 1).
        resamples: Number of redrawn samples; the ends of a 95 % interval rest on 2.5 % of them each.

    Returns:
        Estimates of the shape that the statistic returns for one sample; the standard error is the draws' standard
        deviation, and there is no p-value. Reasons: EMPTY, TOO_FEW_UNITS (fewer than 3 in a group), NOT_FINITE (the
        statistic has no value, and some value given is missing), NOT_IDENTIFIED (it has none in the sample, or in so
        many draws that an end has none), ZERO_VARIANCE (the units of each group are all alike), CONSTANT_STATISTIC
        (they are not, but it is the same in all draws, as is a median where most values are equal).

    Raises:
        InvalidInput: There is no group, the statistic fails or returns another shape, a sample's value depends on the
            samples beside it, or an argument is out of range.

    Examples:
        >>> rng = np.random.default_rng(1)
        >>> waits, faster = rng.exponential(1.0, 300), rng.exponential(0.7, 300)
        >>> def medians(control, treatment):
        ...     return np.median(treatment, axis=1) / np.median(control, axis=1) - 1.0
        >>> effect = bootstrap_statistic([waits, faster], medians, rng=rng, scale="relative").at()
        >>> effect.low < effect.value < effect.high < 0.0
        True
    """
    chosen("method", method, get_args(BootstrapMethod))
    chosen("scale", scale, SCALES)
    resamples = whole("resamples", resamples, least=1, most=10_000_000)
    tail = checked_tail(level, resamples)
    samples, source = _samples(groups), generator_of(rng)
    units = np.asarray([sample.shape[0] for sample in samples])
    if units.min() < _LEAST_UNITS:
        early = Reason.EMPTY if units.min() == 0 else Reason.TOO_FEW_UNITS
        return _estimates([np.asarray(np.nan)] * 4, early, units, level, method, scale)
    value = _applied(statistic, [sample[None].copy() for sample in samples])[0]
    drawn = _drawn(statistic, samples, source, resamples, value.shape)
    with np.errstate(all="ignore"):
        error = np.asarray(drawn.std(axis=0, ddof=1))
        if method == "bca":
            low, high = bca_ends(drawn, value, _acceleration(statistic, samples, source, value.shape), tail)
        else:
            low, high = percentile_ends(drawn, tail)
    missing = any(not np.isfinite(sample).all() for sample in samples)
    varied = any((sample != sample[0]).any() for sample in samples)
    reason = np.select(
        [
            ~np.isfinite(value),
            (drawn == drawn[0]).all(axis=0),
            ~(np.isfinite(low) & np.isfinite(high)),
        ],
        [
            np.int64(Reason.NOT_FINITE if missing else Reason.NOT_IDENTIFIED),
            np.int64(Reason.CONSTANT_STATISTIC if varied else Reason.ZERO_VARIANCE),
            np.int64(Reason.NOT_IDENTIFIED),
        ],
        np.int64(Reason.OK),
    )
    return _estimates([value, low, high, error], reason, units, level, method, scale)


def _samples(groups: object) -> list[FloatArray]:
    found = [
        floats(f"groups[{place}]", group) for place, group in enumerate(several("groups", groups, object, least=1))
    ]
    for place, sample in enumerate(found):
        if sample.ndim not in {1, 2}:
            raise InvalidInput(
                f"groups[{place}] has shape {sample.shape}.",
                hint="Give a row for each unit: (units,) or (units, columns).",
            )
    return found


def _applied(statistic: Statistic, samples: list[FloatArray]) -> FloatArray:
    """The statistic's values, shape (samples, …)."""
    count = samples[0].shape[0]
    shapes = " and ".join(str(sample.shape) for sample in samples)
    try:
        with np.errstate(all="ignore"):
            found = np.asarray(statistic(*samples), np.float64)
    except Exception as error:  # whatever the caller's own function raises
        raise InvalidInput(
            f"statistic fails on samples of shape {shapes}.", hint=f"It says: {type(error).__name__}: {error}."
        ) from error
    if found.ndim == 0 or found.shape[0] != count:
        raise InvalidInput(
            f"statistic returns shape {found.shape} for samples of shape {shapes}.",
            hint="Reduce the units along axis 1, so that one value (or row of values) is left for each sample.",
        )
    return found


def _drawn(
    statistic: Statistic,
    samples: list[FloatArray],
    rng: np.random.Generator,
    resamples: int,
    shape: tuple[int, ...],
) -> FloatArray:
    """Values of redrawn samples, shape (resamples, …)."""
    found = np.empty((resamples, *shape))
    step = max(2, _CHUNK // max(sum(sample.size for sample in samples), 1))
    for start in range(0, resamples, step):
        part = slice(start, min(start + step, resamples))
        count = part.stop - start
        redrawn = [sample[rng.integers(0, sample.shape[0], size=(count, sample.shape[0]))] for sample in samples]
        first = [sample[:1].copy() for sample in redrawn]
        found[part] = _checked_shape(_applied(statistic, redrawn), shape)
        if start == 0:
            _checked_alone(statistic, first, found[0])
    return found


def _checked_shape(values: FloatArray, shape: tuple[int, ...]) -> FloatArray:
    if values.shape[1:] != shape:
        raise InvalidInput(
            f"statistic returns {values.shape[1:]} values for a sample among several, {shape} for one alone.",
            hint="Let it return the same shape for each sample.",
        )
    return values


def _checked_alone(statistic: Statistic, first: list[FloatArray], value: FloatArray) -> None:
    """Refuse a statistic that mixes the samples it is handed (or is random itself)."""
    alone = _checked_shape(_applied(statistic, first), value.shape)
    if not np.allclose(alone[0], value, rtol=1e-6, atol=1e-12, equal_nan=True):
        raise InvalidInput(
            "statistic gives a sample another value when others are beside it.",
            hint="Reduce along axis 1 only, and draw nothing at random in it.",
        )


def _acceleration(
    statistic: Statistic, samples: list[FloatArray], rng: np.random.Generator, shape: tuple[int, ...]
) -> FloatArray:
    """Σu³ / (6 (Σu²)^{3/2}) over the influences of all groups' units (or blocks of them), by the jackknife."""
    cubes, squares = np.zeros(shape), np.zeros(shape)
    for place, sample in enumerate(samples):
        size = math.ceil(sample.shape[0] / _BLOCKS)
        values = _left_out(statistic, samples, place, size, rng, shape)
        influences = (1.0 - size / sample.shape[0]) * (values.mean(axis=0) - values)
        cubes += (influences**3).sum(axis=0)
        squares += (influences**2).sum(axis=0)
    return np.asarray(np.where(squares == 0.0, 0.0, cubes / (6.0 * squares**1.5)))


def _left_out(
    statistic: Statistic,
    samples: list[FloatArray],
    place: int,
    size: int,
    rng: np.random.Generator,
    shape: tuple[int, ...],
) -> FloatArray:
    """Values without one block of one group's units, shape (blocks, …)."""
    units = samples[place].shape[0]
    order = np.arange(units) if size == 1 else rng.permutation(units)
    blocks = units // size
    found = np.empty((blocks, *shape))
    step = max(1, _CHUNK // max(sum(sample.size for sample in samples), 1))
    kept = np.arange(units - size)
    for start in range(0, blocks, step):
        block = np.arange(start, min(start + step, blocks))
        rest = order[kept + size * (kept >= size * block[:, None])]
        around = [np.repeat(sample[None], block.size, axis=0) for sample in samples]
        around[place] = samples[place][rest]
        found[block] = _checked_shape(_applied(statistic, around), shape)
    return found


def _estimates(
    numbers: list[FloatArray],
    reason: Reason | IntArray,
    units: IntArray,
    level: float,
    method: BootstrapMethod,
    scale: Scale,
) -> Estimates:
    codes = np.asarray(reason, np.int64)
    value, low, high, error = masked(codes, *numbers)
    none, n = np.asarray(np.nan), np.asarray(float(units.sum()))
    return shaped_estimates(
        (value, low, high, error, none, n), codes, level=level, method=f"bootstrap_{method}", scale=scale
    )
