r"""Group-sequential tests of totals that still grow between looks, from the covariance between looks.

Without independent increments the recursion does not hold, but error spending does: at look k the bound c_k is where
P(no crossing before, |Z_k| ≥ c_k) equals the error to be spent, for the joint normal law of Z_1 … Z_k with the
estimated correlation (Lan & DeMets 1983, Biometrika 70:659; Kim & Tsiatis 2020, Biometrics 76:1245, on what fails
otherwise). That probability is taken over simulated normal vectors from a seed; where so little is spent that few of
them would cross, the bound is that of the look alone, which errs on the safe side.

While totals grow, each look estimates its own effect (so far). The repeated intervals hold for those jointly. There is
no adjusted estimate: the looks have no common effect that it could be of.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtri

from upshot.core.errors import InvalidInput
from upshot.core.renamed import renamed
from upshot.stats.arguments import fitting, floats, given, whole
from upshot.stats.group_sequential import Outcome, outcomes, repeated_intervals
from upshot.stats.group_sequential_boundaries import Boundaries, GroupSequentialDesign, checked_design
from upshot.stats.group_sequential_recursion import Z_CAP, checked_looks
from upshot.stats.maturity import MINIMUM_UNITS_GROUP_SEQUENTIAL, LongitudinalDifference
from upshot.stats.randomness import generator_of
from upshot.stats.result import Estimates, FloatArray
from upshot.stats.tabular import Table, without_labels

__all__ = ["LongitudinalResult", "group_sequential_longitudinal", "longitudinal_boundaries", "union_boundaries"]

_FEWEST_CROSSINGS = 50


@dataclass(frozen=True, slots=True, repr=False)
class LongitudinalResult(Table):
    """A group-sequential analysis of growing totals.

    Attributes:
        outcome: Where it stands.
        stopped_at: Index of the look that ended it, or −1.
        repeated: Repeated confidence intervals of each look's own effect, shape (K,).
        boundaries: What the looks were held against.

    Examples:
        >>> from upshot.stats.maturity import longitudinal_difference
        >>> rng = np.random.default_rng(1)
        >>> arms = [np.cumsum(rng.normal(1.0 + shift, 1.0, (400, 2)), axis=1) for shift in (0.0, 1.0)]
        >>> group_sequential_longitudinal(longitudinal_difference(*arms), [0.5, 1.0]).outcome.name
        'GREATER'
    """

    outcome: Outcome
    stopped_at: int
    repeated: Estimates
    boundaries: Boundaries

    def columns(self, **labels: Sequence[object]) -> dict[str, list[object]]:
        """One row for each look: the columns of ``boundaries``, then those of ``repeated``.

        Raises:
            InvalidInput: There are labels: looks are numbered.
        """
        without_labels(labels)
        return self.boundaries.columns() | self.repeated.columns(look=range(self.boundaries.fractions.size))

    @property
    def summary(self) -> str:
        """Where it stands, and after which look."""
        looks = self.boundaries.fractions.size
        stopped = f" at look {self.stopped_at} (0 is the first)" if self.stopped_at >= 0 else ""
        return f"{self.outcome.name}{stopped} of {looks}"


@renamed(vectors="simulations", seed="rng")
def longitudinal_boundaries(
    correlation: ArrayLike,
    fractions: ArrayLike,
    design: GroupSequentialDesign | None = None,
    *,
    final: bool = False,
    simulations: int = 1 << 17,
    rng: int | np.random.Generator = 0,
) -> Boundaries:
    """Error-spending bounds for any correlation between looks.

    Args:
        correlation: Of Z_1 … Z_K under the null hypothesis, shape (K, K), symmetric, ones on the diagonal.
        fractions: Share of the plan (of units, or of time) at each look, shape (K,), increasing. Only the spending
            function reads them.
        design: Alpha, direction, spending; futility bounds are not available here.
        final: Whether the last look ends the experiment short of the plan.
        simulations: Normal vectors that are drawn; the total error has the standard error √(α(1 − α)/simulations),
            0.0006 here.
        rng: Where they come from, a seed or a generator; the same seed gives the same bounds.

    Returns:
        Bounds on the scale of Z.

    Raises:
        InvalidInput: The matrix is no correlation matrix of K looks, or the design has futility bounds.

    Examples:
        >>> independent_increments = [[1.0, 0.5**0.5], [0.5**0.5, 1.0]]
        >>> longitudinal_boundaries(independent_increments, [0.5, 1.0]).efficacy.round(1).tolist()
        [3.0, 2.0]
    """
    simulations, source = whole("simulations", simulations, least=1, most=1 << 24), generator_of(rng)
    given("final", final, bool, np.bool_)
    plan, t = checked_design(design), checked_looks(fractions)
    if plan.futility is not None:
        raise InvalidInput("Futility bounds are not available for totals that grow.", hint="Leave futility out.")
    root = _root(floats("correlation", correlation), t.size)
    shares = np.minimum(t, 1.0)
    if final:
        shares[-1] = 1.0
    two_sided = plan.alternative == "two-sided"
    spent = plan.spending.spent(shares, plan.side_alpha) * (2.0 if two_sided else 1.0)
    z = source.standard_normal((simulations, t.size)) @ root.T
    strength = np.abs(z) if two_sided else z
    efficacy = np.full(t.size, np.inf)
    alive, used = np.ones(simulations, bool), 0.0
    for k in range(t.size):
        share = float(spent[k]) - used
        if share <= 0.0:
            continue
        efficacy[k] = _bound(strength[alive, k], share, simulations, two_sided=two_sided)
        alive &= strength[:, k] < efficacy[k]
        used = float(spent[k])
    return Boundaries(t, efficacy, np.full(t.size, -np.inf), spent, plan.alternative)


def union_boundaries(
    fractions: ArrayLike, design: GroupSequentialDesign | None = None, *, final: bool = False
) -> Boundaries:
    """Error-spending bounds by the union bound: valid whatever the correlation between looks is.

    For totals that grow and whose covariance between looks nobody kept. Look k is tested at the error that is spent
    there, so that the errors of all looks add up to at most alpha (Boole). Many looks make it weak.

    Args:
        fractions: Share of the plan at each look, shape (K,), increasing; only the spending function reads them.
        design: Alpha, direction, spending; two-sided 5 % O'Brien-Fleming-type if None.
        final: Whether the last look ends the experiment short of the plan.

    Returns:
        Bounds on the scale of Z; ``inf`` where a look has nothing to spend.

    Raises:
        InvalidInput: The fractions do not increase, or the design has futility bounds.

    Examples:
        >>> union_boundaries([0.5, 1.0]).efficacy.round(3).tolist()
        [2.963, 1.987]
    """
    given("final", final, bool, np.bool_)
    plan, t = checked_design(design), checked_looks(fractions)
    if plan.futility is not None:
        raise InvalidInput("Futility bounds are not available for totals that grow.", hint="Leave futility out.")
    shares = np.minimum(t, 1.0)
    if final:
        shares[-1] = 1.0
    spent = plan.spending.spent(shares, plan.side_alpha)
    with np.errstate(divide="ignore"):
        efficacy = np.minimum(-ndtri(np.diff(spent, prepend=0.0)), np.inf)
    bounds = np.where(np.isfinite(efficacy), np.minimum(efficacy, Z_CAP), np.inf)
    sides = 2.0 if plan.alternative == "two-sided" else 1.0
    return Boundaries(t, bounds, np.full(t.size, -np.inf), sides * spent, plan.alternative)


@renamed(minimum_n="minimum_units", vectors="simulations", seed="rng")
def group_sequential_longitudinal(
    difference: LongitudinalDifference,
    fractions: ArrayLike,
    *,
    design: GroupSequentialDesign | None = None,
    final: bool = False,
    minimum_units: ArrayLike = MINIMUM_UNITS_GROUP_SEQUENTIAL,
    simulations: int = 1 << 17,
    rng: int | np.random.Generator = 0,
) -> LongitudinalResult:
    """Test a difference of growing totals at each look.

    The null hypothesis is that there is no effect at any look.

    Args:
        difference: Estimates and their covariance between looks, from ``maturity.longitudinal_difference``.
        fractions: Share of the plan at each look, shape (K,), increasing.
        design: Alpha, direction, spending; two-sided 5 % O'Brien-Fleming-type if None.
        final: Whether the last look ends the experiment short of the plan.
        minimum_units: Fewest units in the smaller arm.
        simulations: Normal vectors that are drawn for the bounds.
        rng: Where they come from: a seed or a generator.

    Returns:
        Outcome, repeated intervals, bounds.

    Raises:
        InvalidInput: The fractions do not fit the looks, or the design has futility bounds.

    Examples:
        >>> from upshot.stats.maturity import longitudinal_difference
        >>> days = np.random.default_rng(1).exponential(size=(2, 400, 3)).cumsum(axis=2)
        >>> grown = longitudinal_difference(days[0], days[1] + 1.0)
        >>> group_sequential_longitudinal(grown, [0.4, 0.7, 1.0]).outcome.name
        'GREATER'
    """
    given("difference", difference, LongitudinalDifference)
    least = floats("minimum_units", minimum_units)
    if fitting(looks=difference.estimate.shape, minimum_units=least.shape) != difference.estimate.shape:
        raise InvalidInput(f"minimum_units has shape {least.shape}.", hint="Give one number, or one for each look.")
    plan = checked_design(design)
    variance = np.diagonal(difference.covariance)
    with np.errstate(all="ignore"):
        se = np.sqrt(variance)
        correlation = difference.covariance / np.outer(se, se)
    # A look without spread is refused by ``repeated_intervals``; for the bounds it counts as unrelated to the others.
    usable = np.isfinite(se) & (se > 0.0)
    correlation = np.where(np.outer(usable, usable), correlation, np.eye(se.size))
    bounds = longitudinal_boundaries(correlation, fractions, plan, final=final, simulations=simulations, rng=rng)
    repeated = repeated_intervals(
        difference.estimate,
        se,
        bounds,
        difference.smallest_n,
        totals="final",  # the growth is in the covariance
        minimum_units=least,
        level=1.0 - plan.alpha,
    )
    outcome, stopped_at = outcomes(repeated.value / repeated.standard_error, repeated.reason, bounds, final=final)
    return LongitudinalResult(Outcome(int(outcome)), int(stopped_at), repeated, bounds)


def _root(correlation: FloatArray, looks: int) -> FloatArray:
    """A matrix R with R Rᵀ = correlation; semi-definite ones are fine."""
    if correlation.shape != (looks, looks) or not np.allclose(correlation, correlation.T, atol=1e-9):
        raise InvalidInput(
            f"A correlation of shape {correlation.shape} does not fit {looks} looks, or is not symmetric."
        )
    if not np.allclose(np.diagonal(correlation), 1.0, atol=1e-9):
        raise InvalidInput("A correlation matrix has ones on its diagonal.", hint="Divide by the standard errors.")
    values, vectors = np.linalg.eigh(correlation)
    if values[0] < -1e-6:
        raise InvalidInput(f"The matrix is no correlation matrix: it has the eigenvalue {values[0]:.3g}.")
    root: FloatArray = vectors * np.sqrt(np.maximum(values, 0.0))
    return root


def _bound(alive: FloatArray, share: float, simulations: int, *, two_sided: bool) -> float:
    """The value that the share of all simulations exceeds, among those still going."""
    crossings = int(share * simulations)
    alone = -float(ndtri(share / 2.0 if two_sided else share))
    if crossings < _FEWEST_CROSSINGS or crossings >= alive.size:
        return min(alone, Z_CAP)
    return float(np.partition(alive, alive.size - crossings)[alive.size - crossings])
