r"""Stopping boundaries of group-sequential tests, from error spending or of a fixed shape, at any looks.

Bounds are on the scale of Z and point in the favourable direction: "upper" rejects the null hypothesis. A two-sided
test spends alpha/2 on each side and is symmetric. Looks need not be planned and need not be even (Lan & DeMets 1983,
Biometrika 70:659).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri

from upshot.core.errors import InvalidInput
from upshot.core.units import counted
from upshot.stats.arguments import chosen, given, number
from upshot.stats.group_sequential_recursion import (
    Z_CAP,
    SubDensity,
    advance,
    checked_looks,
    crossing_probabilities,
    solve_bound,
    start,
)
from upshot.stats.result import ALTERNATIVES, Alternative, FloatArray
from upshot.stats.spending import OBRIEN_FLEMING, Spending
from upshot.stats.tabular import Table, without_labels

__all__ = [
    "Boundaries",
    "Futility",
    "GroupSequentialDesign",
    "checked_design",
    "spending_boundaries",
    "wang_tsiatis_boundaries",
]

_CLOSEST_LOOKS = 1e-3


@dataclass(frozen=True, slots=True)
class Futility:
    """A bound below which the experiment stops for lack of promise; one-sided tests only.

    Attributes:
        drift: η = hoped-for effect × √(information at fraction 1), above 0; ``planning_sequential`` computes it.
        beta: Error of the second kind to spend in (0, 1).
        spending: How beta is spent (Pampallona, Tsiatis & Kim 2001, Drug Information Journal 35:1113).
        binding: Whether the efficacy bounds take credit for stops at the futility bound. If so, alpha is only kept when
            every such stop is obeyed; not binding is the safe default.

    Examples:
        >>> design = GroupSequentialDesign(alpha=0.025, alternative="greater", futility=Futility(drift=3.0))
        >>> bool(spending_boundaries([0.5, 1.0], design).futility[0] < 1.0)
        True
    """

    drift: float
    beta: float = 0.2
    spending: Spending = OBRIEN_FLEMING
    binding: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "beta", number("beta", self.beta, above=0.0, below=1.0))
        object.__setattr__(self, "drift", number("drift", self.drift, above=0.0, most=40.0))
        given("spending", self.spending, Spending)
        given("binding", self.binding, bool)


@dataclass(frozen=True, slots=True)
class GroupSequentialDesign:
    """What a group-sequential test promises.

    Attributes:
        alpha: Error of the first kind over all looks, in (0, 1); of both sides together if two-sided.
        alternative: Direction in which the null hypothesis can be rejected.
        spending: How alpha is spent.
        futility: Optional futility bounds, for one-sided alternatives.

    Examples:
        >>> GroupSequentialDesign(alpha=0.05).side_alpha
        0.025
    """

    alpha: float = 0.05
    alternative: Alternative = "two-sided"
    spending: Spending = OBRIEN_FLEMING
    futility: Futility | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "alpha", number("alpha", self.alpha, above=0.0, below=1.0))
        chosen("alternative", self.alternative, ALTERNATIVES)
        given("spending", self.spending, Spending)
        given("futility", self.futility, Futility, type(None))
        if self.alternative == "two-sided" and self.futility is not None:
            raise InvalidInput(
                "Futility bounds need a direction, but the alternative is two-sided.",
                hint="Use alternative 'greater' or 'less' with half of alpha.",
            )

    @property
    def side_alpha(self) -> float:
        """Error of one side: alpha, or half of it if two-sided."""
        return self.alpha / 2.0 if self.alternative == "two-sided" else self.alpha


@dataclass(frozen=True, slots=True, repr=False)
class Boundaries(Table):
    """One bound for each look, on the scale of Z in the favourable direction.

    Attributes:
        fractions: Information fractions of the K looks.
        efficacy: Reject where Z ≥ this (or |Z| ≥ this, two-sided), shape (K,); ``inf`` where a look is not tested.
        futility: Stop for futility where Z ≤ this, shape (K,); ``-inf`` without futility bounds.
        alpha_spent: Cumulative error spent, of both sides together if two-sided, shape (K,).
        alternative: As in the design.
        binding: Whether the futility bounds must be obeyed.

    Examples:
        >>> [round(float(z), 2) for z in spending_boundaries([0.5, 1.0]).efficacy]
        [2.96, 1.97]
    """

    fractions: FloatArray
    efficacy: FloatArray
    futility: FloatArray
    alpha_spent: FloatArray
    alternative: Alternative
    binding: bool = False

    @property
    def lower(self) -> FloatArray:
        """The lower bounds that end the experiment: −efficacy if two-sided, else the futility bounds."""
        return -self.efficacy if self.alternative == "two-sided" else self.futility

    @property
    def nominal_p(self) -> FloatArray:
        """The p-value that a fixed-sample test would have to show at each look to stop."""
        one_side = ndtr(-self.efficacy)
        return np.asarray(2.0 * one_side if self.alternative == "two-sided" else one_side)

    def columns(self, **labels: Sequence[object]) -> dict[str, list[object]]:
        """One row for each look.

        Returns:
            look (0 is the first, as in ``stopped_at``), fraction, efficacy, lower (on the scale of Z in the favourable
            direction, infinite where there is no bound), alpha_spent and nominal_p.

        Raises:
            InvalidInput: There are labels: looks are numbered.
        """
        without_labels(labels)
        return {
            "look": list(range(self.fractions.size)),
            "fraction": list(self.fractions.tolist()),
            "efficacy": list(self.efficacy.tolist()),
            "lower": list(self.lower.tolist()),
            "alpha_spent": list(self.alpha_spent.tolist()),
            "nominal_p": list(self.nominal_p.tolist()),
        }

    @property
    def summary(self) -> str:
        """The looks, and what the first and the last one ask for."""
        looks = self.fractions.size
        ends = f"Z from {self.efficacy[0]:.4g} to {self.efficacy[-1]:.4g}" if looks > 1 else f"Z {self.efficacy[0]:.4g}"
        return f"{self.alternative}, {counted(looks, 'look')}, {ends}, alpha {self.alpha_spent[-1]:.4g} spent"


def spending_boundaries(
    fractions: ArrayLike, design: GroupSequentialDesign | None = None, *, final: bool = False
) -> Boundaries:
    """Boundaries by error spending at the looks that were taken.

    Args:
        fractions: Information (for means: units) at each look over the planned total, increasing, above 0. More than 1
            is an experiment that ran over: all of alpha is spent at the first look at or above 1, and a look after
            that one is not tested.
        design: Alpha, direction, spending; a two-sided 5 % O'Brien-Fleming-type test if None.
        final: Whether the last look ends the experiment although less than the plan came in; it then spends all that
            is left. Must not depend on the results.

    Returns:
        The boundaries. A look that adds less than a thousandth of the information so far is not tested (``inf``), its
        share of alpha goes to the next. Bounds beyond 8.2 are 8.2.

    Raises:
        InvalidInput: The fractions do not increase from above 0.

    Examples:
        >>> spending_boundaries([0.2, 0.4, 0.6, 0.8, 1.0]).efficacy.round(3).tolist()
        [4.877, 3.357, 2.68, 2.29, 2.031]
    """
    t = checked_looks(fractions)
    given("final", final, bool, np.bool_)
    return _spending_boundaries(tuple(t.tolist()), checked_design(design), bool(final))


def checked_design(design: GroupSequentialDesign | None) -> GroupSequentialDesign:
    """The design, or the usual one.

    Raises:
        InvalidInput: It is none.
    """
    given("design", design, GroupSequentialDesign, type(None))
    return design or GroupSequentialDesign()


@lru_cache(maxsize=256)
def _spending_boundaries(t: tuple[float, ...], design: GroupSequentialDesign, final: bool) -> Boundaries:
    shares = np.minimum(np.asarray(t), 1.0)
    if final:
        shares[-1] = 1.0
    spent = design.spending.spent(shares, design.side_alpha)
    spent[shares >= 1.0] = design.side_alpha
    tested = _tested(t, shares)
    futility = design.futility
    binding = futility is not None and futility.binding
    lower = np.full(len(t), -np.inf)
    if not binding:
        efficacy = _efficacy(t, spent, tested, two_sided=design.alternative == "two-sided")
        if futility is not None:
            lower = _futility(t, tested, efficacy, futility, shares)
    else:
        assert futility is not None  # noqa: S101 - mypy: binding implies it
        efficacy, lower = _binding(t, spent, tested, futility, shares)
    scale = 2.0 if design.alternative == "two-sided" else 1.0
    done = np.where(tested, spent, 0.0)
    for array in (efficacy, lower):
        array.flags.writeable = False
    alpha_spent = scale * np.maximum.accumulate(done)
    return Boundaries(np.asarray(t), efficacy, lower, alpha_spent, design.alternative, binding)


def _tested(t: tuple[float, ...], shares: FloatArray) -> NDArray[np.bool_]:
    """Looks with enough new information, none after all of alpha is gone."""
    tested = np.zeros(len(t), bool)
    last = 0.0
    for k, now in enumerate(t):
        tested[k] = now - last >= _CLOSEST_LOOKS * now
        if tested[k]:
            last = now
        if shares[k] >= 1.0 and tested[k]:
            break
    return tested


def _next_increment(t: tuple[float, ...], tested: NDArray[np.bool_], k: int) -> float:
    following = np.flatnonzero(tested[k + 1 :])
    return t[k + 1 + int(following[0])] - t[k] if following.size else t[k]


def _efficacy(
    t: tuple[float, ...],
    spent: FloatArray,
    tested: NDArray[np.bool_],
    *,
    two_sided: bool,
) -> FloatArray:
    bounds = np.full(len(t), np.inf)
    density, used = start(), 0.0
    for k in np.flatnonzero(tested):
        bounds[k] = solve_bound(density, t[k], float(spent[k]) - used)
        used = float(spent[k])
        low = -bounds[k] if two_sided else -np.inf
        density = advance(density, t[k], low, bounds[k], _next_increment(t, tested, int(k)))
    return bounds


def _futility(
    t: tuple[float, ...],
    tested: NDArray[np.bool_],
    efficacy: FloatArray,
    futility: Futility,
    shares: FloatArray,
) -> FloatArray:
    """Futility bounds for given efficacy bounds; at the end both meet."""
    lower = np.full(len(t), -np.inf)
    density, used = start(), 0.0
    for k in np.flatnonzero(tested):
        lower[k], used = _next_futility(density, t[k], float(shares[k]), used, float(efficacy[k]), futility)
        density = advance(density, t[k], lower[k], efficacy[k], _next_increment(t, tested, int(k)))
    return lower


def _binding(
    t: tuple[float, ...],
    spent: FloatArray,
    tested: NDArray[np.bool_],
    futility: Futility,
    shares: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """Efficacy and futility bounds together: the paths below the futility bound no longer count for alpha."""
    efficacy, lower = np.full(len(t), np.inf), np.full(len(t), -np.inf)
    density, alpha_used, beta_used = start(), 0.0, 0.0
    for k in np.flatnonzero(tested):
        efficacy[k] = solve_bound(density, t[k], float(spent[k]) - alpha_used)
        alpha_used = float(spent[k])
        lower[k], beta_used = _next_futility(density, t[k], float(shares[k]), beta_used, float(efficacy[k]), futility)
        density = advance(density, t[k], lower[k], efficacy[k], _next_increment(t, tested, int(k)))
    return efficacy, lower


def _next_futility(
    density: SubDensity, t: float, share: float, used: float, efficacy: float, futility: Futility
) -> tuple[float, float]:
    if share >= 1.0:
        return efficacy, futility.beta
    spent = float(futility.spending.spent(share, futility.beta))
    bound = solve_bound(density, t, spent - used, drift=futility.drift, upper=False)
    return min(bound, efficacy), spent


def wang_tsiatis_boundaries(
    fractions: ArrayLike, *, alpha: float = 0.05, delta: float = 0.0, alternative: Alternative = "two-sided"
) -> Boundaries:
    """Boundaries of a fixed shape, c·t^(Δ − 1/2), t relative to the last look (Wang & Tsiatis 1987, Biometrics 43:193).

    Args:
        fractions: Information fractions of all looks, planned in advance; increasing, above 0.
        alpha: Total error, in (0, 1).
        delta: 0 is O'Brien & Fleming (1979), 0.5 is Pocock (1977).
        alternative: Direction.

    Returns:
        The boundaries. The shape must be planned: with looks that were not, use ``spending_boundaries``.

    Raises:
        InvalidInput: The fractions do not increase from above 0.

    Examples:
        >>> wang_tsiatis_boundaries([1, 2, 3, 4, 5], delta=0.5).efficacy[0].round(3).item()
        2.413
    """
    chosen("alternative", alternative, ALTERNATIVES)
    alpha = number("alpha", alpha, above=0.0, below=1.0)
    delta = number("delta", delta, least=-2.0, most=2.0)
    t = checked_looks(fractions)
    shape = (t / t[-1]) ** (delta - 0.5)
    two_sided = alternative == "two-sided"

    def error(constant: float) -> float:
        upper = constant * shape
        above, below = crossing_probabilities(t, -upper if two_sided else np.full(t.size, -np.inf), upper)
        return float(above.sum() + below.sum()) - alpha

    least = -float(ndtri(alpha / 2.0 if two_sided else alpha))
    constant = float(brentq(error, least - 1e-9, Z_CAP / shape.min(), xtol=1e-10))
    upper = constant * shape
    above, below = crossing_probabilities(t, -upper if two_sided else np.full(t.size, -np.inf), upper)
    return Boundaries(t, upper, np.full(t.size, -np.inf), np.cumsum(above + below), alternative)
