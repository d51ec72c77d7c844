"""What each way of launching could detect, before anything is shipped."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from upshot.causal.checks import refuse_series, refuse_window
from upshot.causal.fit import calibrated_error, fitted
from upshot.causal.refusal import Refusal, RefusalCode
from upshot.causal.series import Series, Window
from upshot.core.renamed import renamed
from upshot.stats.arguments import given, number, several, whole
from upshot.stats.planning import Plan, minimum_effect
from upshot.stats.planning_baseline import Baseline
from upshot.stats.randomness import seed_of
from upshot.stats.result import NoEstimate

__all__ = ["Detectable", "Split", "Way", "minimal_detectable_effect", "ways_of_launching"]

EVERYONE = "everyone at once"
_LEAST_PLACEBOS = 3
_MOST_INFLATION = 3.0


@dataclass(frozen=True, slots=True)
class Detectable:
    """The smallest effect that a launch to everybody would show.

    Attributes:
        relative: Smallest relative increase found with the power asked for, at the level asked for.
        window: The reading.
        inflation: Factor by which the placebos widened the model's interval.
        placebos: Of how many.
        level: Of the interval.
        power: Chance to find it.
    """

    relative: float
    window: Window
    inflation: float
    placebos: int
    level: float
    power: float


@dataclass(frozen=True, slots=True)
class Split:
    """A launch to a random part of the units: a holdout, a ramp's step or an even split.

    Attributes:
        baseline: The metric of one unit over the reading (``Baseline.of_mean``, ``of_proportion``, ``of_rate``, …).
        units: All units of both parts that the reading would hold.
        treatment_share: Share of them who get it, in (0, 1).
    """

    baseline: Baseline
    units: float
    treatment_share: float

    def __post_init__(self) -> None:
        given("baseline", self.baseline, Baseline)
        object.__setattr__(self, "units", number("units", self.units, least=0.0))
        share = number("treatment_share", self.treatment_share, above=0.0, below=1.0)
        object.__setattr__(self, "treatment_share", share)

    @classmethod
    def of_counts(cls, total: float, treatment_share: float, dispersion: float) -> "Split":
        """From a series of counts alone: what persons do is counted as Poisson events times a dispersion.

        Args:
            total: Events that the reading would hold over all units.
            treatment_share: Share of units who get it.
            dispersion: Variance over mean of what one unit does, at least 1 (1 where each does it once).
        """
        return cls(Baseline.of_rate(1.0, dispersion=dispersion), total, treatment_share)


@dataclass(frozen=True, slots=True)
class Way:
    """One way of launching.

    Attributes:
        name: As it was asked for; ``everyone at once`` for the series.
        grade: The best grade of evidence that it can reach.
        detectable: Smallest relative effect that it finds; None where it cannot tell.
        why_not: Why it cannot tell; None where it can.
    """

    name: str
    grade: Literal["A", "B", "C"]
    detectable: float | None
    why_not: Refusal | NoEstimate | None


@renamed(seed="rng")
def minimal_detectable_effect(
    history: Series,
    window: Window,
    *,
    level: float = 0.95,
    power: float = 0.8,
    placebos: int = 24,
    rng: int | np.random.Generator,
) -> Detectable | Refusal:
    """What a launch to everybody at the history's end could detect, from how well the history forecasts itself.

    Args:
        history: The outcome until now (its ``launch`` is not read), with controls and other launches.
        window: The reading that is planned.
        level: Of the interval.
        power: Chance to find the effect.
        placebos: At most so many launches are pretended.
        rng: Where all random draws come from: a seed or a generator.

    Returns:
        The smallest effect, or why the launch could not be measured.
    """
    given("history", history, Series)
    given("window", window, Window)
    level, power = (number(name, value, above=0.0, below=1.0) for name, value in (("level", level), ("power", power)))
    placebos, seed = whole("placebos", placebos, least=0), seed_of(rng)
    until = len(history.y) - window.last - 1
    others = tuple(day for day in history.others if day <= until - history.rhythm.relearning)
    changes = tuple(day for day in history.changes if day <= until - history.rhythm.relearning)
    pretended = replace(history, launch=max(until, 0), others=others, changes=changes)
    against = refuse_series(pretended) if until > 0 else None
    if until <= 0 or against is None:
        against = refuse_window(pretended, window, planned=True)
    if against is not None:
        return against
    fit = fitted(pretended, (window,), placebos=placebos, seed=seed)
    if isinstance(fit, Refusal):
        return fit
    found = calibrated_error(fit, 0, level)
    if found.error is None:
        numbers = {"missing": float(window.length), "of": float(window.length), "allowed": 0.0}
        return Refusal(RefusalCode.GAPS_AT_LAUNCH, numbers, history.step)
    if len(found.placebos) < _LEAST_PLACEBOS:
        numbers = {"placebos": float(len(found.placebos)), "needed": float(_LEAST_PLACEBOS)}
        return Refusal(RefusalCode.NO_PLACEBOS, numbers, history.step)
    shift = found.calibration.detectable(level, power) * found.error.spread
    relative = float(np.expm1(shift)) if found.error.log else shift / abs(found.error.middle)
    return Detectable(relative, window, found.calibration.inflation, len(found.placebos), level, power)


@renamed(seed="rng")
def ways_of_launching(
    history: Series,
    window: Window,
    splits: Mapping[str, Split],
    *,
    level: float = 0.95,
    power: float = 0.8,
    rng: int | np.random.Generator,
) -> tuple[Way, ...]:
    """Every feasible way beside the others, the most telling first.

    Args:
        history: The outcome until now.
        window: The reading that is planned.
        splits: Randomised ways by name: ``{"holdout of 10 %": Split(…), "half of all": Split(…)}``.
        level: Of the interval.
        power: Chance to find the effect.
        rng: Where all random draws come from: a seed or a generator.
    """
    given("splits", splits, Mapping)
    several("splits", list(splits.values()), Split)
    everyone = minimal_detectable_effect(history, window, level=level, power=power, rng=rng)
    grade: Literal["B", "C"] = "B" if history.controls.shape[1] else "C"
    ways = [
        Way(EVERYONE, grade, None, everyone)
        if isinstance(everyone, Refusal)
        else Way(EVERYONE, grade, everyone.relative, None)
    ]
    for name, split in splits.items():
        plan = Plan(
            split.baseline, scale="relative", alpha=1 - level, power=power, control_share=1 - split.treatment_share
        )
        found = minimum_effect(plan, split.units).at()
        ways.append(Way(name, "A", None, found) if isinstance(found, NoEstimate) else Way(name, "A", found, None))
    return tuple(sorted(ways, key=lambda way: np.inf if way.detectable is None else way.detectable))
