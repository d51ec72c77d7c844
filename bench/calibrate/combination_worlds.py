"""Units whose values have few possible outcomes, so that many experiments can be drawn at once, exactly.

A world says how a unit's value and what stands beside it (its past, or a ratio's denominator) are distributed jointly:
a list of cells with probabilities. An arm is then one multinomial draw of how many units fell into each cell, whatever
the arm's size, and its sufficient statistics and the true effect follow from the cells, not from a sample.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy import stats

from upshot.studies.readout import ArmStatistics

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from upshot.stats import FloatArray

__all__ = ["EFFECTS", "WORLDS", "Cells", "World", "arm_statistics", "drawn"]

_EARLY = """Nothing is promised here: values of a skewness of 10 need some 25,000 units in a small arm before tails are
even. The verdict's check of even tails says so; this is what it costs."""
EFFECTS = (-0.9, -0.5, 0.0, 0.2, 1.0, 2.0)
Shape = Literal["mean", "proportion", "ratio"]


@dataclass(frozen=True, slots=True)
class Cells:
    """The outcomes of one unit: values of shape (K, k), the value itself and what stands beside it; shares (K,)."""

    values: FloatArray
    shares: FloatArray

    @property
    def means(self) -> FloatArray:
        """True means, shape (k,)."""
        return np.asarray(self.shares @ self.values)

    @property
    def covariance(self) -> FloatArray:
        """True covariance, shape (k, k)."""
        centred = self.values - self.means
        return np.asarray((centred * self.shares[:, None]).T @ centred)


@dataclass(frozen=True, slots=True)
class World:
    """A kind of metric.

    Attributes:
        name: In words.
        shape: As in ``ArmStatistics``.
        cells: Of a unit, by relative effect.
        effects: That are possible here.
        smallest: Units in the smallest arm on a declared reading.
        why_early: Why a declared reading promises nothing at that size; empty where it does.
    """

    name: str
    shape: Shape
    cells: Callable[[float], Cells]
    effects: tuple[float, ...] = EFFECTS
    smallest: int = 1_000
    why_early: str = ""

    def level(self, effect: float) -> float:
        """The metric's true value under an effect."""
        means = self.cells(effect).means
        return float(means[0] / means[1]) if self.shape == "ratio" else float(means[0])

    def drift(self, effect: float, units: Sequence[float]) -> float:
        """True absolute effect in standard errors of the readout at the end, for control and treatment units.

        Arms have one slope in common, as CUPED has it; a ratio is linearised at each arm's own.
        """
        both = [self.cells(0.0), self.cells(effect)]
        if self.shape == "ratio":
            slopes = [float(each.means[0] / each.means[1]) for each in both]
            scales = [float(each.means[1]) for each in both]
        elif both[0].values.shape[1] == 2:
            weights = [float(n) for n in units]
            cross = sum(n * each.covariance[0, 1] for n, each in zip(weights, both, strict=True))
            slopes = [float(cross / sum(n * c.covariance[1, 1] for n, c in zip(weights, both, strict=True)))] * 2
            scales = [1.0, 1.0]
        else:
            slopes, scales = [0.0, 0.0], [1.0, 1.0]
        squares = 0.0
        for each, slope, scale, n in zip(both, slopes, scales, units, strict=True):
            part = np.asarray([1.0, -slope])[: each.values.shape[1]]
            squares += float(part @ each.covariance @ part) / scale**2 / n
        return float((self.level(effect) - self.level(0.0)) / squares**0.5)


def drawn(
    rng: np.random.Generator, cells: Sequence[Cells], added: NDArray[np.int64], simulations: int
) -> list[NDArray[np.int64]]:
    """Units by cell at each look, for each arm: shape (simulations, looks, K).

    Args:
        rng: Where chance comes from.
        cells: Of each arm, the control first.
        added: Units that join between the looks, shape (looks, arms).
        simulations: How many experiments.
    """
    joined = [
        np.stack([rng.multinomial(n, each.shares, simulations) for n in added[:, arm].tolist()], axis=1)
        for arm, each in enumerate(cells)
    ]
    return [np.cumsum(each, axis=1) for each in joined]


def arm_statistics(
    shape: Shape, split: FloatArray, cells: Sequence[Cells], counts: Sequence[NDArray[np.int64]]
) -> ArmStatistics:
    """What the product would have collected of these units: arrays of shape (…, arms)."""
    means, covariances, cubes, sizes = [], [], [], []
    for each, count in zip(cells, counts, strict=True):
        number = count.astype(np.float64)
        n = number.sum(axis=-1)
        k = each.values.shape[1]
        mean = number @ each.values / n[..., None]
        centred = each.values - each.means
        products = np.stack([centred[:, a] * centred[:, b] for a in range(k) for b in range(k)], axis=-1)
        off = mean - each.means
        scatter = (number @ products).reshape(*n.shape, k, k) - n[..., None, None] * off[..., :, None] * off[
            ..., None, :
        ]
        x, v = each.values[:, 0], each.values[:, -1]
        thirds = [x**3] if k == 1 else [x**3, x * x * v, x * v * v, v**3]
        means.append(mean)
        covariances.append(scatter / (n - 1.0)[..., None, None])
        cubes.append(number @ np.stack(thirds, axis=-1) / n[..., None])
        sizes.append(n)
    return ArmStatistics(
        shape,
        np.asarray(split / split.sum()),
        np.stack(sizes, axis=-1),
        np.stack(means, axis=-2),
        np.stack(covariances, axis=-3),
        np.stack(cubes, axis=-2),
    )


def _middles(number: int) -> FloatArray:
    return (np.arange(number) + 0.5) / number


def _standard(values: FloatArray) -> FloatArray:
    return np.asarray((values - values.mean()) / values.std())


def _past(correlation: float) -> Callable[[float], Cells]:
    """Mean 1, standard deviation 1, a past of its own skewness, an effect that is added to each unit."""

    @cache
    def cells(effect: float) -> Cells:
        past = _standard(stats.gamma.ppf(_middles(12), 2.0))
        rest = _standard(stats.norm.ppf(_middles(8)))
        b, e = (grid.ravel() for grid in np.meshgrid(past, rest, indexing="ij"))
        x = 1.0 + effect + correlation * b + np.sqrt(1.0 - correlation**2) * e
        return Cells(np.stack([x, 3.0 + b], axis=-1), np.full(x.size, 1.0 / x.size))

    return cells


@cache
def _orders(effect: float) -> Cells:
    """Orders now and before of units with rates of their own, as Poisson counts."""
    rates = stats.gamma.ppf(_middles(8), 1.0)
    now, before = np.arange(24), np.arange(11)
    x, b = (grid.ravel().astype(np.float64) for grid in np.meshgrid(now, before, indexing="ij"))
    shares = np.zeros(x.size)
    for rate in rates:
        shares += np.outer(stats.poisson.pmf(now, rate * (1.0 + effect)), stats.poisson.pmf(before, rate)).ravel()
    kept = shares > 1e-9
    return Cells(np.stack([x, b], axis=-1)[kept], shares[kept] / shares[kept].sum())


def _money(share: float) -> Callable[[float], Cells]:
    """Few buyers, log-normal amounts."""

    @cache
    def cells(effect: float) -> Cells:
        amounts = stats.lognorm.ppf(_middles(30), 1.0)
        values = np.concatenate([[0.0], (1.0 + effect) * amounts])
        return Cells(values[:, None], np.concatenate([[1.0 - share], np.full(30, share / 30)]))

    return cells


def _share(share: float) -> Callable[[float], Cells]:
    @cache
    def cells(effect: float) -> Cells:
        p = share * (1.0 + effect)
        return Cells(np.asarray([[0.0], [1.0]]), np.asarray([1.0 - p, p]))

    return cells


def _share_with_past(share: float, agreement: float) -> Callable[[float], Cells]:
    """Who did before does again more often: a part ``agreement`` of the way from independence to all that can."""

    @cache
    def cells(effect: float) -> Cells:
        p, q = share * (1.0 + effect), share
        both = agreement * min(p, q) + (1.0 - agreement) * p * q
        values = np.asarray([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
        return Cells(values, np.asarray([1.0 - p - q + both, q - both, p - both, both]))

    return cells


@cache
def _clicks(effect: float) -> Cells:
    """Clicks and sessions: who comes often clicks less, each with a taste of their own."""
    shares: dict[tuple[float, float], float] = {}
    for taste in stats.beta.ppf(_middles(5), 4.0, 16.0):
        for sessions in range(1, 9):
            visited = stats.nbinom.pmf(sessions - 1, 2.0, 0.3 + taste)
            for clicks in range(sessions + 1):
                probability = visited * stats.binom.pmf(clicks, sessions, taste * (1.0 + effect))
                shares[clicks, sessions] = shares.get((clicks, sessions), 0.0) + float(probability)
    weights = np.asarray(list(shares.values()))
    return Cells(np.asarray(list(shares), np.float64), weights / weights.sum())


WORLDS = (
    *(World(f"amounts, past with correlation {rho}", "mean", _past(rho)) for rho in (0.5, 0.9, 0.97)),
    World("orders, with past", "mean", _orders),
    World("revenue, 5 % buy", "mean", _money(0.05), smallest=25_000),
    World("few units' revenue, 5 % buy", "mean", _money(0.05), why_early=_EARLY),
    *(World(f"conversion {p:.1%}", "proportion", _share(p)) for p in (0.002, 0.01, 0.1)),
    World("conversion 60.0%", "proportion", _share(0.6), (-0.9, -0.5, 0.0, 0.2)),
    World("conversion 1.0%, with past", "proportion", _share_with_past(0.01, 0.5)),
    World("conversion 20.0%, with past", "proportion", _share_with_past(0.2, 0.8)),
    World("clicks per session", "ratio", _clicks),
)
"""What the product reads out, each in the way that it does: ratios and bare metrics plain, others with CUPED."""
