r"""Crossing probabilities of a group-sequential boundary, by recursive numerical integration.

After Armitage, McPherson & Rowe (1969), JRSS A 132:235: the score S_k = Z_k √t_k at information fraction t_k is a
Brownian motion with drift η = θ √I_max. Its sub-density over paths that have not yet stopped is carried from look to
look, on Gauss-Legendre nodes, because a Gaussian kernel is integrated to rounding error as soon as the nodes are closer
than its width.

The sub-density is kept at drift zero. At drift η it is that times exp(η s − η² t / 2), the ratio of both densities, so
one pass serves any number of drifts.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri

from upshot.core.errors import InvalidInput
from upshot.stats.arguments import floats
from upshot.stats.result import FloatArray

__all__ = ["Z_CAP", "SubDensity", "advance", "checked_looks", "crossing_probabilities", "solve_bound", "start", "tail"]

Z_CAP = 8.2
"""Bounds beyond this are set to it: Φ(−8.2) = 1.2e−16 is the rounding error of the probabilities themselves."""

_SPACING = 0.6
_FEWEST_NODES = 24
_MOST_NODES = 4000


@dataclass(frozen=True, slots=True)
class SubDensity:
    """Paths that have not stopped by fraction ``t``, at drift zero.

    Attributes:
        t: Information fraction of the last look.
        nodes: Scores s, shape (n,).
        mass: Quadrature weight times sub-density at each node, shape (n,); they add up to the chance of no stop.
    """

    t: float
    nodes: FloatArray
    mass: FloatArray


@lru_cache(maxsize=512)
def _legendre(n: int) -> tuple[FloatArray, FloatArray]:
    nodes, weights = np.polynomial.legendre.leggauss(n)
    return nodes, weights


def start() -> SubDensity:
    """Before the first look all paths are at zero."""
    return SubDensity(0.0, np.zeros(1), np.ones(1))


def tail(density: SubDensity, t: float, z: ArrayLike, drift: ArrayLike, *, upper: bool = True) -> FloatArray:
    """Chance to reach look ``t`` without a stop and to see Z ≥ z there (``upper``), or Z ≤ z.

    Args:
        density: The paths still going after the look before.
        t: Information fraction of this look, above ``density.t``.
        z: Standardised statistics, any shape.
        drift: η, broadcast with ``z``.
        upper: Which side.

    Returns:
        Probabilities of the broadcast shape.
    """
    z_, eta = np.broadcast_arrays(np.asarray(z, np.float64)[..., None], np.asarray(drift, np.float64)[..., None])
    increment = t - density.t
    side = (density.nodes + eta * increment - z_ * np.sqrt(t)) / np.sqrt(increment)
    tilt = np.exp(eta * density.nodes - 0.5 * eta * eta * density.t)
    return np.asarray((tilt * ndtr(side if upper else -side)) @ density.mass)


def advance(density: SubDensity, t: float, lower: float, upper: float, next_increment: float) -> SubDensity:
    """Carry the paths to look ``t`` and keep those with lower < Z < upper.

    Args:
        density: The paths still going after the look before.
        t: This look's information fraction.
        lower: Lower bound on the scale of Z; ``-inf`` for none.
        upper: Upper bound on the scale of Z.
        next_increment: Information between this look and the next; decides how dense the nodes must be.
    """
    root = np.sqrt(t)
    low, high = max(lower, -Z_CAP) * root, min(upper, Z_CAP) * root
    if high <= low:
        return SubDensity(t, np.zeros(1), np.zeros(1))
    increment = t - density.t
    width = np.sqrt(min(increment, next_increment))
    n = int(min(max(_FEWEST_NODES, np.ceil((high - low) / (_SPACING * width))), _MOST_NODES))
    x, w = _legendre(n)
    nodes = 0.5 * (high - low) * x + 0.5 * (high + low)
    distance = (nodes[:, None] - density.nodes[None, :]) / np.sqrt(increment)
    kernel = np.exp(-0.5 * distance * distance)
    value = (kernel @ density.mass) / np.sqrt(2.0 * np.pi * increment)
    return SubDensity(t, nodes, 0.5 * (high - low) * w * value)


def solve_bound(density: SubDensity, t: float, probability: float, *, drift: float = 0.0, upper: bool = True) -> float:
    """The z with ``tail(density, t, z, drift, upper=upper) == probability``, within ±``Z_CAP``.

    Args:
        density: The paths still going after the look before.
        t: This look's information fraction.
        probability: Error to spend at this look on this side.
        drift: η under which it is spent.
        upper: Whether the error lies above z.
    """
    centre = drift * np.sqrt(t)
    far, near = (Z_CAP, -Z_CAP) if upper else (-Z_CAP, Z_CAP)
    if not upper:
        far, near = far + centre, near + centre
    if density.t == 0.0:
        z = -ndtri(probability) if upper else ndtri(probability)
        return float(np.clip(z + centre, min(near, far), max(near, far)))

    increment = t - density.t
    sign = 1.0 if upper else -1.0
    tilted = density.mass * np.exp(drift * density.nodes - 0.5 * drift * drift * density.t)
    mean = sign * (density.nodes + drift * increment) / np.sqrt(increment)
    step = sign * np.sqrt(t / increment)

    def excess(z: float) -> float:
        return float(tilted @ ndtr(mean - step * z)) - probability

    if excess(far) >= 0.0:
        return float(far)
    if excess(near) <= 0.0:
        return float(near)
    return float(brentq(excess, min(near, far), max(near, far), xtol=1e-10, rtol=1e-12))


def crossing_probabilities(
    fractions: ArrayLike, lower: ArrayLike, upper: ArrayLike, drift: ArrayLike = 0.0
) -> tuple[FloatArray, FloatArray]:
    """Chance to stop at each look, through the upper and through the lower bound.

    Args:
        fractions: Information fractions of K looks, increasing, above 0; shape (K,).
        lower: Lower bounds on the scale of Z, shape (K,); ``-inf`` for none.
        upper: Upper bounds on the scale of Z, shape (K,).
        drift: η = effect × √(information at fraction 1), any shape.

    Returns:
        Two arrays of shape (…, K): stops through the upper bound, stops through the lower bound.

    Raises:
        InvalidInput: The fractions do not increase from above 0, or shapes differ.

    Examples:
        >>> up, down = crossing_probabilities([0.5, 1.0], [-1.96, -1.96], [1.96, 1.96])
        >>> float((up + down).sum().round(4))
        0.0831
    """
    t, a, b = checked_looks(fractions), np.asarray(lower, np.float64), np.asarray(upper, np.float64)
    if a.shape != t.shape or b.shape != t.shape:
        raise InvalidInput(f"Bounds of shape {a.shape} and {b.shape} do not fit {t.size} looks; give one bound a look.")
    eta = np.asarray(drift, np.float64)
    above, below = np.empty((*eta.shape, t.size)), np.empty((*eta.shape, t.size))
    above[...], below[...] = 0.0, 0.0
    tested = np.flatnonzero(np.isfinite(a) | np.isfinite(b))
    density = start()
    for k, following in zip(tested, [*tested[1:], tested[-1]] if tested.size else [], strict=True):
        above[..., k] = tail(density, t[k], np.full(eta.shape, b[k]), eta)
        below[..., k] = tail(density, t[k], np.full(eta.shape, a[k]), eta, upper=False)
        if following > k:
            density = advance(density, t[k], a[k], b[k], t[following] - t[k])
    return above, below


def checked_looks(fractions: ArrayLike) -> FloatArray:
    """The information fractions as an array, or a user error if they do not increase from above 0."""
    t = np.atleast_1d(floats("fractions", fractions))
    if t.ndim != 1 or t.size == 0 or not np.all(np.isfinite(t)) or t[0] <= 0.0 or np.any(np.diff(t) <= 0.0):
        raise InvalidInput(
            f"Information fractions must be one increasing row above 0, not {t.tolist()}.",
            hint="Leave out looks at which no new units had come in.",
        )
    return t
