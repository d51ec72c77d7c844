r"""What a comparison promises on one's own data: simulated A/A experiments, and power at a given lift.

Units of a frame are split at random many times, as if an experiment ran on them in which nothing happened. How often
the comparison finds something all the same is its false alarm rate on these values, with their skewness, ties, clusters
and covariates; exact bounds say how well that is known. The same splits with a lift put into the treatment say how
often it would be found, and how often the interval holds it.

The lift multiplies the metric of each treated unit. A yes/no metric stays one: some units that were no become yes (or
the other way round), each by the same chance, so that the expected share is (1 + lift) times what it was.

Sources: Kohavi, Tang and Xu, "Trustworthy Online Controlled Experiments" (2020), ch. 19, for A/A tests on splits of
past data; Clopper and Pearson, Biometrika 26 (1934), for the bounds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from upshot.core.errors import InvalidInput
from upshot.core.renamed import renamed
from upshot.stats.arguments import chosen, floats, number, whole
from upshot.stats.clusters import cluster_totals
from upshot.stats.exact import clopper_pearson
from upshot.stats.frame_rows import METHODS, adjusted_arms, read_rows
from upshot.stats.proportions import Successes
from upshot.stats.randomness import generator_of
from upshot.stats.result import ALTERNATIVES, Alternative, Estimates, FloatArray, NoEstimate
from upshot.stats.tabular import Table, without_labels
from upshot.stats.wald import checked_level

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from upshot.stats.frame_rows import CompareMethod, Frame

__all__ = ["SimulatedSplits", "simulate_splits"]


@dataclass(frozen=True, slots=True, repr=False)
class SimulatedSplits(Table):
    """How a comparison fared on random splits; shares in [0, 1] with exact 95 % bounds (Clopper and Pearson).

    Attributes:
        metric: What was compared.
        method: By which method.
        level: Coverage that its intervals promise.
        units: Units that were split (clusters, where rows are clustered).
        simulations: Number of splits.
        false_alarms: Share of the splits without an effect in which one was found, 0-d; 1 - ``level`` is promised. The
            ``n`` is how many splits had an answer; where none had, there is no estimate.
        lifts: Lifts that were put in, shape (lifts,).
        power: Share of the splits in which the lift was found, in its direction; shape (lifts,).
        held: Share of the splits whose interval holds the lift, shape (lifts,). Large lifts are held more often than
            promised: intervals are about a population, the splits about fixed units, which a lift makes more unlike.

    Examples:
        >>> rng = np.random.default_rng(1)
        >>> frame = {"minutes": rng.gamma(2.0, 3.0, 400)}
        >>> simulate_splits(frame, metric="minutes", lifts=[0.2], simulations=500, rng=rng)
        minutes: 500 random splits of 400 units, fieller_lift, 0.95 interval
        without an effect one is found in 5.8% (3.9% to 8.2%) of splits, 5.0% are promised
        a lift of +20.0% is found in 77.2% (73.3% to 80.8%), and held by 94.2% (91.8% to 96.1%) of intervals
    """

    metric: str
    method: str
    level: float
    units: int
    simulations: int
    false_alarms: Estimates
    lifts: FloatArray
    power: Estimates
    held: Estimates

    def columns(self, **labels: Sequence[object]) -> dict[str, list[object]]:
        """One row for each share that was simulated.

        Returns:
            question ("false alarms" once, "power" and "held" for each lift), lift (0 without an effect), then the
            share as ``Estimates.columns`` gives it: value, low, high, standard_error, p_value, n and reason.

        Raises:
            InvalidInput: There are labels: the lifts have theirs.
        """
        without_labels(labels)
        lifts: list[object] = self.lifts.tolist()
        found: dict[str, list[object]] = {
            "question": ["false alarms", *["power"] * len(lifts), *["held"] * len(lifts)],
            "lift": [0.0, *lifts, *lifts],
        }
        parts = [self.false_alarms.columns(), self.power.columns(lift=lifts), self.held.columns(lift=lifts)]
        for name in parts[0]:
            found[name] = [value for part in parts for value in part[name]]
        return found

    @property
    def summary(self) -> str:
        """The false alarms, and the power of each lift, in one line."""
        powers = "".join(f"; {lift:+.1%}: {_share(self.power, i)}" for i, lift in enumerate(self.lifts.tolist()))
        return f"{self.metric}, {self.method}, false alarms: {_share(self.false_alarms)}{powers}"

    def __repr__(self) -> str:
        head = f"{self.metric}: {self.simulations:,} random splits of {self.units:,} units, {self.method}"
        alarms = f"without an effect one is found in {_share(self.false_alarms)} of splits"
        lines = [f"{head}, {self.level:.4g} interval", f"{alarms}, {1.0 - self.level:.1%} are promised"]
        lines += [
            f"a lift of {lift:+.1%} is found in {_share(self.power, place)}, "
            f"and held by {_share(self.held, place)} of intervals"
            for place, lift in enumerate(self.lifts.tolist())
        ]
        return "\n".join(lines)


@renamed(generator="rng", runs="simulations")
def simulate_splits(
    frame: Frame,
    *,
    metric: str,
    rng: int | np.random.Generator,
    lifts: ArrayLike = (),
    treatment_share: float = 0.5,
    covariate: str | Sequence[str] | None = None,
    denominator: str | None = None,
    clusters: str | None = None,
    weights: str | None = None,
    method: CompareMethod = "fieller_lift",
    level: float = 0.95,
    alternative: Alternative = "two-sided",
    simulations: int = 2000,
) -> SimulatedSplits:
    """Split the units of a frame at random many times, and see what ``compare`` would say.

    Args:
        frame: Columns by name, one row per unit; no variant is needed.
        metric: As in ``compare``, without missing values.
        rng: Where the splits come from, a seed or a generator; the same seed gives the same answer.
        lifts: Lifts whose power is wanted, as fractions (0.02 is +2 %), each -1 or more and not 0. The same splits
            serve all of them.
        treatment_share: Chance of a unit to be in the treatment, in (0, 1).
        covariate: As in ``compare``.
        denominator: As in ``compare``; a lift is put into the numerator.
        clusters: As in ``compare``; whole clusters are split.
        weights: As in ``compare``.
        method: As in ``compare``.
        level: As in ``compare``.
        alternative: As in ``compare``.
        simulations: Number of splits. With 2,000 a rate of 5 % is known to about ± 1 %.

    Returns:
        Rates with exact bounds. They are about these units: what a population with heavier tails would do, they cannot
        say.

    Raises:
        NotFound: No such column.
        InvalidInput: A value is missing, there are fewer than four units, lifts are given and the metric's mean is 0, a
            yes/no metric would exceed one with a lift, or an argument is none that is allowed.

    Examples:
        >>> rng = np.random.default_rng(2)
        >>> frame = {"ordered": rng.random(1000) < 0.2}
        >>> found = simulate_splits(frame, metric="ordered", lifts=0.3, simulations=400, rng=rng)
        >>> found.false_alarms.at().low < 0.05 < found.false_alarms.at().high
        True
    """
    source = generator_of(rng)
    chosen("method", method, tuple(METHODS))
    chosen("alternative", alternative, ALTERNATIVES)
    level = checked_level(level)
    share = number("treatment_share", treatment_share, above=0.0, below=1.0)
    simulations = whole("simulations", simulations, least=1, most=10_000_000)
    effects = _checked_lifts(lifts)
    rows = read_rows(frame, metric, covariate, denominator, clusters, weights)
    if not np.isfinite(rows.columns).all():
        raise InvalidInput(
            f"Columns of {metric!r} have missing or infinite values.",
            hint="Say first whether a missing one means 0 or no unit.",
        )
    units = rows.columns if rows.clusters is None else cluster_totals(rows.columns.T, rows.clusters).T
    if units.shape[0] < 4:
        raise InvalidInput(f"There are {units.shape[0]} units.", hint="Give four or more, to be split in two arms.")
    plans = [_Effect.of(units, float(lift), plain=rows.plain) for lift in effects]
    truths = np.asarray([0.0, *(plan.truth(method) for plan in plans)])
    seen = np.zeros((3, truths.size))
    for _ in range(simulations):
        treated = np.asarray(source.random(units.shape[0]) < share)
        luck = source.random(int(treated.sum())) if any(plan.yes_no for plan in plans) else None
        for place, truth in enumerate(truths.tolist()):
            arm = units[treated]
            if place:
                arm[:, 0] = plans[place - 1].put_into(arm[:, 0], luck)
            moments = adjusted_arms([units[~treated], arm], plain=rows.plain)
            found = METHODS[method](moments[0], moments[1], level=level, alternative=alternative)
            seen[:, place] += _verdict(found, truth, level)
    alarms = clopper_pearson(Successes(seen[0, 0], seen[1, 0]))
    power, held = (clopper_pearson(Successes(seen[0, 1:], seen[row, 1:])) for row in (1, 2))
    title = metric if denominator is None else f"{metric} / {denominator}"
    return SimulatedSplits(title, method, level, units.shape[0], simulations, alarms, effects, power, held)


@dataclass(frozen=True, slots=True)
class _Effect:
    """A lift and how it is put into units: ``chance`` of a unit to change where the metric is yes/no."""

    lift: float
    baseline: float
    yes_no: bool
    chance: float

    @classmethod
    def of(cls, units: FloatArray, lift: float, *, plain: bool) -> _Effect:
        total, below = float(units[:, 0].sum()), float(units[:, 1].sum())
        if total == 0.0 or below == 0.0:
            raise InvalidInput("The metric's mean is 0 or has no denominator.", hint="Leave out lifts: they need one.")
        baseline = total / below
        yes_no = plain and bool(np.isin(units[:, 0], (0.0, 1.0)).all())
        if not yes_no:
            return cls(lift, baseline, False, 0.0)
        if baseline * (1.0 + lift) > 1.0:
            raise InvalidInput(
                f"lifts holds {lift}, and {baseline:.1%} are yes already.",
                hint=f"Give lifts of {1.0 / baseline - 1.0:.4g} or less.",
            )
        chance = -lift if lift < 0.0 else baseline * lift / max(1.0 - baseline, 1e-300)
        return cls(lift, baseline, True, chance)

    def truth(self, method: CompareMethod) -> float:
        """The effect on the method's scale; relative ones are over the baseline's absolute value."""
        return self.lift * (self.baseline if method == "difference" else float(np.sign(self.baseline)))

    def put_into(self, values: FloatArray, luck: FloatArray | None) -> FloatArray:
        if luck is None or not self.yes_no:
            return values * (1.0 + self.lift)
        changes = luck < self.chance
        return np.asarray(np.where(changes, 0.0 if self.lift < 0.0 else 1.0, values))


def _verdict(found: Estimates, truth: float, level: float) -> tuple[bool, bool, bool]:
    """Whether there is an answer, whether it finds an effect (of the truth's sign, if any), and holds the truth."""
    effect = found.at()
    if isinstance(effect, NoEstimate):
        return False, False, False
    significant = effect.p_value < 1.0 - level and effect.value * truth >= 0.0
    return True, significant, effect.low <= truth <= effect.high


def _checked_lifts(lifts: object) -> FloatArray:
    found = floats("lifts", lifts, least=-1.0)
    if found.ndim > 1:
        raise InvalidInput(f"lifts has shape {found.shape}.", hint="Give one lift, or a row of them.")
    if not (np.isfinite(found) & (found != 0.0)).all():
        raise InvalidInput(
            "lifts holds 0, or one that is not finite.", hint="The splits without an effect are there by themselves."
        )
    return np.atleast_1d(found)


def _share(rates: Estimates, *place: int) -> str:
    rate = rates.at(*place)
    if isinstance(rate, NoEstimate):
        return "no split with an answer"
    return f"{rate.value:.1%} ({rate.low:.1%} to {rate.high:.1%})"
