"""What an experiment's arms say: effects from sufficient statistics, by the methods that the product uses.

One experiment at a time, or many at once: every figure is an array, and what a method is chosen by is decided at each
place. The calibration of combinations (``bench/calibrate/combinations.py``) goes through here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from msgspec import UNSET

from upshot.stats import (
    CovariateMoments,
    Estimates,
    Moments,
    PairMoments,
    Successes,
    cuped,
    difference,
    fieller_lift,
    lift,
    mean_difference_sequence,
    minimum_units,
    normal_limit,
    score_difference,
    score_lift,
)
from upshot.stats.contrast import mean_variance

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from upshot.stats import FloatArray, NormalLimit
    from upshot.studies.inputs import ArmValues

__all__ = [
    "ArmStatistics",
    "Readout",
    "adjusted",
    "family_level",
    "few_successes",
    "have_past",
    "read_out",
    "short_of",
    "tails_of",
]

_FEW_SUCCESSES = 50
_SHAKY_BASELINE = 0.03
_TUNED_N = 10_000
_UNEVEN = 0.4
"""Error of a tail that a declared reading does not speak of, as a fraction of the tail's share."""
_LOST = 1e-13
"""Relative rounding of a sum of products of three: what is smaller says nothing about skewness."""
_SECOND = {"ratio": "y", "mean": "b", "proportion": "b"}


@dataclass(frozen=True, slots=True)
class ArmStatistics:
    """A metric's sufficient statistics in all arms, the control first: arrays of shape (…, g).

    Attributes:
        shape: ``mean``, ``proportion`` or ``ratio``.
        share: Planned share of units, shape (g,).
        n: Units.
        means: Of the value (or numerator) and of what stands beside it (denominator, or past), shape (…, g, k), k 1 or
            2.
        covariance: Shape (…, g, k, k), divisor n − 1.
        cubes: Means of products of three, xxx, xxv, xvv, vvv, shape (…, g, 4), or of xxx alone (…, g, 1); NaN where
            they are not known. They say how skewed values are.
    """

    shape: str
    share: FloatArray
    n: FloatArray
    means: FloatArray
    covariance: FloatArray
    cubes: FloatArray

    @classmethod
    def of_values(cls, arms: Sequence[ArmValues], weights: Sequence[float]) -> ArmStatistics:
        """Those of one experiment, as they were collected."""
        shape = arms[0].shape
        v = _SECOND[shape]
        paired = shape == "ratio" or have_past(arms)
        names = ["x", v] if paired else ["x"]
        covariance = [
            [[_figure(arm, f"variance_{a}" if a == b else f"covariance_x{v}") for b in names] for a in names]
            for arm in arms
        ]
        places = 4 if paired else 1
        cubes = [[*(() if arm.cubes is UNSET else arm.cubes), *places * (float("nan"),)][:places] for arm in arms]
        planned = np.asarray(weights, np.float64)
        return cls(
            shape,
            planned / planned.sum(),
            np.asarray([arm.n for arm in arms], np.float64),
            np.asarray([[_figure(arm, f"mean_{name}") for name in names] for arm in arms]),
            np.asarray(covariance),
            np.asarray(cubes),
        )

    @property
    def paired(self) -> bool:
        """Whether something stands beside the value."""
        return bool(self.means.shape[-1] == 2)

    @property
    def pair(self) -> PairMoments:
        """Value and what stands beside it."""
        return CovariateMoments(self.n, self.means, self.covariance).pair(0, 1)

    @property
    def value(self) -> Moments:
        """The value alone."""
        return Moments(self.n, self.means[..., 0], self.covariance[..., 0, 0], yes_no=self.shape == "proportion")

    @property
    def successes(self) -> Successes:
        """Those of a proportion, counted."""
        return Successes(self.n, np.rint(self.means[..., 0] * self.n))


@dataclass(frozen=True, slots=True)
class Readout:
    """Effects of all treatments: shape (…, g − 1); ``method`` in words."""

    absolute: Estimates
    relative: Estimates
    method: str


def read_out(arms: ArmStatistics, *, level: float, final: bool) -> Readout:
    """Absolute and relative effects of each treatment against the control.

    On a declared reading Welch's interval (score intervals where successes or failures are few; Fieller's set where the
    baseline is shaky); on any other day always-valid ones, which speak from ``first_look_units`` on.

    Args:
        arms: Sufficient statistics.
        level: Coverage of each interval, in (0, 1).
        final: Whether this is a declared reading.
    """
    moments, how, slope = adjusted(arms)
    control, treated = moments[..., :1], moments[..., 1:]
    if not final:
        skewness = _skewness(arms, slope)
        share = arms.share[1:] / (arms.share[1:] + arms.share[0])
        absolute, relative = (
            mean_difference_sequence(
                control,
                treated,
                totals="final",
                tuned_units=_TUNED_N,
                treatment_share=share,
                level=level,
                scale=scale,
                skewness_control=skewness[..., :1],
                skewness_treatment=skewness[..., 1:],
            )
            for scale in ("absolute", "relative")
        )
        return Readout(absolute, relative, f"always-valid{how}")
    with np.errstate(all="ignore"):
        shaky = np.sqrt(mean_variance(control)) > _SHAKY_BASELINE * np.abs(control.mean)
    absolute = difference(control, treated, level=level)
    relative = _chosen(shaky, fieller_lift(control, treated, level=level), lift(control, treated, level=level))
    if arms.shape != "proportion":
        return Readout(absolute, relative, f"Welch{how}")
    few = few_successes(arms)
    if not few.any():
        return Readout(absolute, relative, f"Welch{how}")
    counted = arms.successes
    without, having = (Successes(counted.n[..., s], counted.successes[..., s]) for s in (slice(1), slice(1, None)))
    return Readout(
        _chosen(few, score_difference(without, having, level=level), absolute),
        _chosen(few, score_lift(without, having, level=level), relative),
        "score interval",
    )


def tails_of(arms: ArmStatistics, *, level: float) -> NormalLimit:
    """How far the tails of a declared reading's intervals are off where values are skewed: shape (…, g − 1).

    Args:
        arms: Sufficient statistics of a mean or a ratio; proportions with few successes have intervals of their own.
        level: Coverage of each interval, in (0, 1).

    Returns:
        The prediction; NOT_FINITE where the skewness is not known.
    """
    moments, _, slope = adjusted(arms)
    skewness = _skewness(arms, slope)
    control, treated = moments[..., :1], moments[..., 1:]
    return normal_limit(control, treated, skewness[..., :1], skewness[..., 1:], level=level, tolerance=_UNEVEN)


def short_of(arms: ArmStatistics) -> tuple[FloatArray, FloatArray]:
    """Skewness of the most skewed arm and the units that each arm then needs, where the smallest has fewer; else NaN.

    An estimate of skewness is bounded by the root of the units and mostly too low, so who is short by it surely is.

    Args:
        arms: Sufficient statistics of a mean or a ratio.

    Returns:
        Two arrays of shape (…): skewness in absolute value, and ``minimum_units`` for it.
    """
    _, _, slope = adjusted(arms)
    skewness = np.abs(_skewness(arms, slope))
    most = np.fmax.reduce(np.where(np.isfinite(skewness), skewness, np.nan), axis=-1)
    least = minimum_units(most)
    short = arms.n.min(axis=-1) < np.where(least > minimum_units(0.0), least, 0.0)
    return np.where(short, most, np.nan), np.where(short, least, np.nan)


def family_level(level: float, family: int) -> float:
    """Coverage of each of ``family`` intervals, so that all of them together keep ``level`` (Bonferroni)."""
    return 1.0 - (1.0 - level) / family


def _figure(arm: ArmValues, name: str) -> float:
    found: float | None = getattr(arm, name)
    return 0.0 if found is None else float(found)


def have_past(arms: Sequence[ArmValues]) -> bool:
    """Whether every arm knows what its units did before, and that varies."""
    known = [arm.mean_b is not None and float(arm.variance_b or 0.0) > 0.0 and arm.n > 2 for arm in arms]
    return all(known)


def few_successes(arms: ArmStatistics) -> NDArray[np.bool_]:
    """Whether any arm has few successes or few failures, shape (…, 1)."""
    share = arms.means[..., 0]
    fewest = np.minimum(share * arms.n, (1.0 - share) * arms.n)
    return np.asarray((fewest < _FEW_SUCCESSES).any(axis=-1, keepdims=True))


def adjusted(arms: ArmStatistics) -> tuple[Moments, str, FloatArray]:
    """One mean for each arm, how it was made, and a for which x − a v is what varies in it, shape (…, g)."""
    if arms.shape == "ratio":
        ratio = arms.pair.linearised()
        return ratio, ", ratio of means", np.asarray(ratio.mean)
    if arms.paired:
        pair = arms.pair
        narrowed = cuped(pair)
        with np.errstate(all="ignore"):
            freedom = np.maximum(arms.n - 1.0, 0.0)
            cross = (freedom * pair.covariance).sum(axis=-1, keepdims=True)
            slope = cross / (freedom * pair.variance_y).sum(axis=-1, keepdims=True)
        return narrowed, ", adjusted by what units did before (CUPED)", slope + np.zeros_like(arms.n)
    return arms.value, "", np.zeros_like(arms.n)


def _skewness(arms: ArmStatistics, slope: FloatArray) -> FloatArray:
    """Skewness of what varies in each arm, shape (…, g), at least that of the value itself; NaN where neither is known.

    Infinite where the value has not varied yet, though its past may have: such an arm has shown nothing.
    """
    own = _skewness_along(arms, np.zeros_like(slope))
    if arms.shape == "proportion":
        share = arms.means[..., 0]
        with np.errstate(all="ignore"):
            own = np.asarray((1.0 - 2.0 * share) / np.sqrt(share * (1.0 - share)))
    if arms.paired:
        along = np.abs(_skewness_along(arms, slope))
        # A ratio's numerator alone says little: what varies is numerator less ratio times denominator.
        own = along if arms.shape == "ratio" else np.fmax(np.abs(own), along)
    return np.where(arms.covariance[..., 0, 0] == 0.0, np.inf, own)


def _skewness_along(arms: ArmStatistics, slope: FloatArray) -> FloatArray:
    """Skewness of x − a v in each arm, shape (…, g); NaN where it is not known."""
    with np.errstate(all="ignore"):
        if not arms.paired:
            mean, variance, cubes = arms.means[..., 0], arms.covariance[..., 0, 0], arms.cubes[..., 0]
            size = np.abs(cubes)
        else:
            mean = arms.means[..., 0] - slope * arms.means[..., 1]
            c = arms.covariance
            variance = c[..., 0, 0] - 2.0 * slope * c[..., 0, 1] + slope * slope * c[..., 1, 1]
            parts = arms.cubes * np.stack([np.ones_like(slope), -3.0 * slope, 3.0 * slope**2, -(slope**3)], axis=-1)
            cubes, size = parts.sum(axis=-1), np.abs(parts).sum(axis=-1)
        spread = variance * (arms.n - 1.0) / arms.n
        third = cubes - 3.0 * mean * spread - mean**3
        known = (spread > 0.0) & (_LOST * (size + np.abs(mean) ** 3) < 0.01 * spread**1.5)
        return np.asarray(np.where(known, third / spread**1.5, np.nan))


def _chosen(first: NDArray[np.bool_], when: Estimates, otherwise: Estimates) -> Estimates:
    """At each place one of two estimates."""
    if first.all():
        return when
    if not first.any():
        return otherwise
    return Estimates(
        value=np.where(first, when.value, otherwise.value),
        low=np.where(first, when.low, otherwise.low),
        high=np.where(first, when.high, otherwise.high),
        standard_error=np.where(first, when.standard_error, otherwise.standard_error),
        p_value=np.where(first, when.p_value, otherwise.p_value),
        n=np.where(first, when.n, otherwise.n),
        reason=np.where(first, when.reason, otherwise.reason),
        level=when.level,
        method=f"{when.method} or {otherwise.method}",
        scale=when.scale,
    )
