r"""Posteriors of shares and rates, and deterministic quadrature over two of them.

A Beta law is smooth on the log-odds scale and a Gamma law on the log scale; there the trapezoidal rule converges
exponentially (Trefethen and Weideman, "The exponentially convergent trapezoidal rule", SIAM Review 56 (2014), sec. 5).
A sinh map spends the nodes where the mass is and still reaches slow tails. The narrower of the two laws is summed over
nodes; the other enters through its distribution function and its partial expectations, both known exactly:

    E[(x − X)₊] = (x − m) F(x) + m g(x),    E[(X − x)₊] = (m − x) S(x) + m g(x),    g(x) = F(x) − F₊(x),

where m is the mean of X and F₊ the law with its first shape raised by one. All terms are positive or nearly so: small
losses keep their digits. With 73 nodes the error was below 1e-10 wherever a closed form could be compared.
Where a shifted share meets the edge of [0, 1] the integrand has a kink; with a handful of successes or failures the
error of a probability was 4e-6 there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy.special import betainc, digamma, expit, gammainc, gammaincc, gammaln, ndtri, polygamma

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from upshot.stats.result import FloatArray

__all__ = ["Comparison", "Law"]

_NODES = np.linspace(-4.0, 4.0, 73)
_OFFSETS, _STEPS = np.sinh(_NODES), np.cosh(_NODES) * (_NODES[1] - _NODES[0])
_MOST_STEPS = 60
_NOTHING = 1e-30
"""Weight of a node below which it adds to no probability."""
_CONVERGED = 1e-10


@dataclass(frozen=True, slots=True)
class Law:
    """A Beta(a, b) law of a share, or a Gamma law of a rate with shape a and rate b.

    Args:
        kind: Which of the two.
        a: Shape, above 0.
        b: Second shape, or rate; above 0.
    """

    kind: Literal["beta", "gamma"]
    a: FloatArray
    b: FloatArray

    @property
    def mean(self) -> FloatArray:
        """Mean."""
        return np.asarray(self.a / (self.a + self.b) if self.kind == "beta" else self.a / self.b)

    @property
    def variance(self) -> FloatArray:
        """Variance."""
        a, b = self.a, self.b
        return np.asarray(a * b / ((a + b) ** 2 * (a + b + 1.0)) if self.kind == "beta" else a / (b * b))

    @property
    def width(self) -> FloatArray:
        """Width on the scale of integration (log-odds, or log)."""
        return np.asarray(np.sqrt(1.0 / self.a + (1.0 / self.b if self.kind == "beta" else 0.0)))

    def spread(self, *, relative: bool) -> FloatArray:
        """Variance, or about that of the logarithm, to tell which of two laws is narrower."""
        if not relative:
            return self.variance
        return np.asarray(self.b / (self.a * (self.a + self.b)) if self.kind == "beta" else 1.0 / self.a)

    @property
    def log_moments(self) -> tuple[FloatArray, FloatArray]:
        """Mean and variance of the logarithm."""
        mean, variance = digamma(self.a), polygamma(1, self.a)
        if self.kind == "gamma":
            return np.asarray(mean - np.log(self.b)), np.asarray(variance)
        total = self.a + self.b
        return np.asarray(mean - digamma(total)), np.asarray(variance - polygamma(1, total))

    def inverse_moment(self, power: int) -> FloatArray:
        """E[X^−power] for 1 or 2; infinite where the shape is not above the power."""
        total = self.a + self.b if self.kind == "beta" else None
        value = np.ones_like(self.a)
        for k in range(1, power + 1):
            value = value * ((total - k) if total is not None else self.b) / (self.a - k)
        return np.asarray(np.where(self.a > power, value, np.inf))

    def where(self, mask: NDArray[np.bool_], other: Law) -> Law:
        """This law where the mask is true, the other elsewhere."""
        return Law(self.kind, np.where(mask, self.a, other.a), np.where(mask, self.b, other.b))

    def nodes(self) -> tuple[FloatArray, FloatArray]:
        """Nodes along a new last axis, and weights that sum to one."""
        a, b, s = self.a[..., None], self.b[..., None], self.width[..., None]
        u = s * _OFFSETS
        if self.kind == "beta":
            share = a / (a + b)
            # Density against that at the mode, on the log-odds scale; the two branches keep exp in range.
            rise = np.where(
                u < 0.0,
                a * u - (a + b) * np.log1p(share * np.expm1(np.minimum(u, 0.0))),
                -b * u - (a + b) * np.log1p((1.0 - share) * np.expm1(-np.maximum(u, 0.0))),
            )
            x = expit(np.log(a / b) + u)
        else:
            rise, x = a * (u - np.expm1(u)), a / b * np.exp(u)
        weights = np.exp(rise) * _STEPS
        return x, weights / weights.sum(axis=-1, keepdims=True)

    def tail(self, x: FloatArray, upper: NDArray[np.bool_], counts: NDArray[np.bool_]) -> FloatArray:
        """P(X > x) where ``upper``, P(X ≤ x) elsewhere, 0 where it does not count; the law gets a new last axis."""
        a, b = self.a[..., None], self.b[..., None]
        if self.kind == "gamma":
            scaled = np.maximum(b * x, 0.0)
            return np.asarray(np.where(upper, gammaincc(a, scaled), gammainc(a, scaled)))
        z = np.clip(x, 0.0, 1.0)
        first, second, cut = np.where(upper, b, a), np.where(upper, a, b), np.where(upper, 1.0 - z, z)
        found = np.zeros(np.broadcast_shapes(first.shape, cut.shape, counts.shape))
        return np.asarray(betainc(first, second, cut, out=found, where=counts))

    def gap(self, x: FloatArray) -> FloatArray:
        """g(x) = F(x) − F₊(x): x^a (1 − x)^b / (a B(a, b)), or (bx)^a e^(−bx) / Γ(a + 1)."""
        a, b = self.a[..., None], self.b[..., None]
        if self.kind == "gamma":
            part = np.maximum(b * x, 0.0) / a
            exponent = a * (np.log(part) + 1.0 - part) - 0.5 * np.log(2.0 * np.pi * a) - _stirling_error(a)
            return np.asarray(np.exp(exponent))
        z, n = np.clip(x, 0.0, 1.0), a + b
        exponent = a * np.log1p((z * n - a) / a) + b * np.log1p((a - z * n) / b)
        constant = (
            0.5 * np.log(b / (2.0 * np.pi * n * a)) + _stirling_error(n) - _stirling_error(a) - _stirling_error(b)
        )
        return np.asarray(np.exp(exponent + constant))

    def density(self, x: FloatArray) -> FloatArray:
        """Density at x; 0 outside the support."""
        a = self.a[..., None]
        inside = (x > 0.0) & (x < 1.0) if self.kind == "beta" else x > 0.0
        z = np.where(inside, x, 0.5)
        scale = z * (1.0 - z) if self.kind == "beta" else z
        return np.asarray(np.where(inside, a * self.gap(z) / scale, 0.0))


class Comparison:
    """Two independent laws of the same kind: control's and treatment's.

    Args:
        control: Of control, arrays of one shape.
        treatment: Of treatment, of the same shape.
        relative: Whether the effect is T / C − 1 or T − C.
    """

    def __init__(self, control: Law, treatment: Law, *, relative: bool) -> None:
        self.control, self.treatment, self.relative = control, treatment, relative
        # Narrower on the scale of the effect, not on that of the nodes: the law of a share near 0 or 1 may be wide in
        # log-odds and yet a step to the other one, which no rule with a fixed number of nodes sums.
        over_control = control.spread(relative=relative) <= treatment.spread(relative=relative)
        self._over_control = over_control[..., None]
        self._outer = treatment.where(over_control, control)
        self._x, self._weights = control.where(over_control, treatment).nodes()
        self._counts = self._weights > _NOTHING

    def chance_above(self, effect: FloatArray) -> FloatArray:
        """P(effect of treatment > ``effect``)."""
        tails = self._outer.tail(self._partner(effect), self._over_control, self._counts)
        # Weights sum to one only up to rounding.
        return np.asarray(np.minimum((self._weights * tails).sum(axis=-1), 1.0))

    def density(self, effect: FloatArray) -> FloatArray:
        """Posterior density of the effect."""
        at = self._outer.density(self._partner(effect))
        if self.relative:
            ratio = 1.0 + effect[..., None]
            at = at * np.where(self._over_control, self._x, self._x / (ratio * ratio))
        return np.asarray((self._weights * at).sum(axis=-1))

    def losses(self) -> tuple[FloatArray, FloatArray]:
        """Expected amounts by which treatment is lower, and by which it is higher, than control."""
        x, outer, over_control = self._x, self._outer, self._over_control
        mean, gap = outer.mean[..., None], outer.gap(x)
        # The smaller side to its last digit; the other one is then 1 less it, to its last digit too.
        upper = x > mean
        smaller = outer.tail(x, upper, self._counts)
        below, above = np.where(upper, 1.0 - smaller, smaller), np.where(upper, smaller, 1.0 - smaller)
        # Of the outer law against the node: E[(x − X)₊] and E[(X − x)₊].
        short, excess = (x - mean) * below + mean * gap, (mean - x) * above + mean * gap
        lower, higher = np.where(over_control, short, excess), np.where(over_control, excess, short)
        if self.relative:
            a = outer.a[..., None]
            inverse = self.control.inverse_moment(1)[..., None]
            raised = gap * a / (a - 1.0)
            lower = np.where(over_control, short / x, above * (1.0 - inverse * x) + raised)
            higher = np.where(over_control, excess / x, below * (inverse * x - 1.0) + raised)
        totals = ((self._weights * np.maximum(part, 0.0)).sum(axis=-1) for part in (lower, higher))
        down, up = totals
        return np.asarray(down), np.asarray(up)

    def moments(self) -> tuple[FloatArray, FloatArray]:
        """Mean and standard deviation of the effect; infinite where they do not exist."""
        c, t = self.control, self.treatment
        if not self.relative:
            return np.asarray(t.mean - c.mean), np.asarray(np.sqrt(t.variance + c.variance))
        first, second = c.inverse_moment(1), c.inverse_moment(2)
        ratio = t.mean * first
        # E[T²] E[C⁻²] − E[T]² E[C⁻¹]², without the difference of two nearly equal products.
        spread = t.variance * second + t.mean**2 * (_inverse_variance(c))
        return np.asarray(ratio - 1.0), np.asarray(np.where(np.isinf(second), np.inf, np.sqrt(spread)))

    def interval(self, level: float) -> tuple[FloatArray, FloatArray]:
        """Both ends of the equal-tailed interval; NaN where one was not found.

        Newton's method on the probit of the distribution function, which is nearly straight, inside a bracket; both
        ends at once.
        """
        reach = float(ndtri(0.5 + level / 2.0))
        target = np.asarray([-reach, reach]).reshape(2, *([1] * self.control.a.ndim))
        at, low, high = self._start(target)
        done = np.zeros(at.shape, bool)
        for _ in range(_MOST_STEPS):
            effect = self._effect(at)
            probit = -ndtri(self.chance_above(effect))
            low, high = np.where(probit < target, at, low), np.where(probit >= target, at, high)
            slope = self.density(effect) * (1.0 + effect if self.relative else 1.0)
            slope = slope * np.sqrt(2.0 * np.pi) * np.exp(0.5 * probit * probit)
            step = at - (probit - target) / slope
            moved = np.where((step >= low) & (step <= high), step, 0.5 * (low + high))
            converged = np.abs(moved - at) * slope <= _CONVERGED
            done = done | converged | (high - low <= 1e-15 * np.abs(at))
            at = moved
            if done.all():
                break
        ends = np.where(done, self._effect(at), np.nan)
        return np.asarray(ends[0]), np.asarray(ends[1])

    def _start(self, z: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """First guess and bracket: on the log scale for a ratio, where its probit is straighter."""
        c, t = self.control, self.treatment
        if self.relative:
            (mean_c, var_c), (mean_t, var_t) = c.log_moments, t.log_moments
            middle, spread = mean_t - mean_c, np.sqrt(var_c + var_t)
        else:
            middle, spread = t.mean - c.mean, np.sqrt(t.variance + c.variance)
        low, high, guess = middle - 60.0 * spread, middle + 60.0 * spread, middle + z * spread
        if c.kind == "beta" and not self.relative:
            low, high = np.maximum(low, -1.0), np.minimum(high, 1.0)
            guess = np.where((guess > low) & (guess < high), guess, 0.5 * (low + high))
        return guess, np.broadcast_to(low, guess.shape), np.broadcast_to(high, guess.shape)

    def _effect(self, at: FloatArray) -> FloatArray:
        return np.asarray(np.expm1(at)) if self.relative else at

    def _partner(self, effect: FloatArray) -> FloatArray:
        """Where the outer law is cut at each node: T against x + d or x ρ, C against y − d or y / ρ."""
        d = effect[..., None]
        if self.relative:
            ratio = 1.0 + d
            return np.asarray(np.where(self._over_control, self._x * ratio, self._x / ratio))
        return np.asarray(np.where(self._over_control, self._x + d, self._x - d))


def _inverse_variance(law: Law) -> FloatArray:
    """Variance of 1/X where it exists."""
    a, b = law.a, law.b
    if law.kind == "gamma":
        return np.asarray(b * b / ((a - 1.0) ** 2 * (a - 2.0)))
    total = a + b - 1.0
    return np.asarray(total * b / ((a - 1.0) ** 2 * (a - 2.0)))


def _stirling_error(z: FloatArray) -> FloatArray:
    """Log Γ(z) minus Stirling's formula; a series where the difference itself would lose digits."""
    large = np.maximum(z, 15.0)
    square = large * large
    series = (1.0 / 12.0 - (1.0 / 360.0 - (1.0 / 1260.0 - 1.0 / (1680.0 * square)) / square) / square) / large
    small = np.minimum(z, 15.0)
    exact = gammaln(small) - ((small - 0.5) * np.log(small) - small + 0.5 * np.log(2.0 * np.pi))
    return np.asarray(np.where(z > 15.0, series, exact))
