"""Does an experiment of the planned size succeed as often as planned? Simulated from units' values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bench.calibrate.row import CalibrationRow, calibrated
from upshot.stats.confidence_sequences import difference_and_error, mean_difference_sequence
from upshot.stats.group_sequential_boundaries import GroupSequentialDesign, spending_boundaries
from upshot.stats.moments import Moments
from upshot.stats.planning import Equivalence, NonInferiority, Plan, Superiority, sample_size
from upshot.stats.planning_baseline import Baseline
from upshot.stats.power import FIXED, AlwaysValid, Fixed, GroupSequential, Monitoring, even_looks

if TYPE_CHECKING:
    from collections.abc import Callable

    from upshot.stats.result import FloatArray, Scale

__all__ = ["rows"]

POWER = 0.8
ROUNDING = 0.015
"""Planned power is a normal limit at a few thousand units, with the plan's variance for the estimated one."""


@dataclass(frozen=True, slots=True)
class Setting:
    """A metric and an effect to plan for.

    Attributes:
        name: In words.
        baseline: What is known before.
        scale: Of the effect.
        effect: True effect.
        control: Sums over so many units of the control, for a generator, a number of units and a number of simulations.
        treatment: The same for the treatment.
    """

    name: str
    baseline: Baseline
    scale: Scale
    effect: float
    control: Callable[[np.random.Generator, int, int], tuple[FloatArray, FloatArray]]
    treatment: Callable[[np.random.Generator, int, int], tuple[FloatArray, FloatArray]]


def _binomial(p: float) -> Callable[[np.random.Generator, int, int], tuple[FloatArray, FloatArray]]:
    def draw(rng: np.random.Generator, units: int, simulations: int) -> tuple[FloatArray, FloatArray]:
        hits = rng.binomial(units, p, simulations).astype(np.float64)
        return hits, hits

    return draw


def _gamma(mean: float, shape: float) -> Callable[[np.random.Generator, int, int], tuple[FloatArray, FloatArray]]:
    def draw(rng: np.random.Generator, units: int, simulations: int) -> tuple[FloatArray, FloatArray]:
        values = rng.gamma(shape, mean / shape, (simulations, units))
        return values.sum(axis=1), (values * values).sum(axis=1)

    return draw


def _poisson(rate: float) -> Callable[[np.random.Generator, int, int], tuple[FloatArray, FloatArray]]:
    def draw(rng: np.random.Generator, units: int, simulations: int) -> tuple[FloatArray, FloatArray]:
        values = rng.poisson(rate, (simulations, units)).astype(np.float64)
        return values.sum(axis=1), (values * values).sum(axis=1)

    return draw


GAMMA = Baseline.of_mean(10.0, float(np.sqrt(50.0)))
SETTINGS = (
    Setting(
        "proportion 10 %, lift 10 %", Baseline.of_proportion(0.1), "relative", 0.1, _binomial(0.1), _binomial(0.11)
    ),
    Setting("gamma mean 10, sd 7, effect 0.7", GAMMA, "absolute", 0.7, _gamma(10.0, 2.0), _gamma(10.7, 10.7**2 / 50)),
    Setting("Poisson rate 0.5, lift 8 %", Baseline.of_rate(0.5), "relative", 0.08, _poisson(0.5), _poisson(0.54)),
)
WAYS: tuple[tuple[str, Monitoring], ...] = (
    ("fixed", FIXED),
    ("4 looks, O'Brien-Fleming-type", GroupSequential(even_looks(4))),
    ("always-valid, 14 looks", AlwaysValid(even_looks(14))),
)


def rows(*, simulations: int, seed: int) -> list[CalibrationRow]:
    """The table's rows.

    Args:
        simulations: Simulated experiments for each line.
        seed: Of all that is random.
    """
    found = []
    for i, setting in enumerate(SETTINGS):
        for j, (way, monitoring) in enumerate(WAYS):
            plan = Plan(setting.baseline, Superiority(), scale=setting.scale, power=POWER, monitoring=monitoring)
            rng = np.random.default_rng([seed, i, j])
            hits = _successes(plan, setting, simulations, rng)
            scenario = f"{setting.name}; {way}"
            found.append(calibrated("sample_size", scenario, "power", POWER, hits, simulations, tolerance=ROUNDING))
    return found + _margin_rows(simulations, np.random.default_rng([seed, 99]))


def _successes(plan: Plan, setting: Setting, simulations: int, rng: np.random.Generator) -> int:
    size = sample_size(plan, setting.effect).at()
    assert isinstance(size, float)
    looks = (1.0,) if isinstance(plan.monitoring, Fixed) else plan.monitoring.looks
    units = np.ceil(size / 2 * np.array(looks)).astype(int)
    control, treatment = (_moments(draw, units, simulations, rng) for draw in (setting.control, setting.treatment))
    match plan.monitoring:
        case AlwaysValid(tuned_fraction=tuned):
            found = mean_difference_sequence(
                control, treatment, totals="final", tuned_units=tuned * size, scale=plan.scale, minimum_units=2
            )
            return int((found.p_value < plan.alpha).any(axis=1).sum())
        case GroupSequential(spending=spending):
            bounds = spending_boundaries(looks, GroupSequentialDesign(plan.alpha, spending=spending))
        case Fixed():
            bounds = spending_boundaries(looks, GroupSequentialDesign(plan.alpha))
    value, se, _ = difference_and_error(control, treatment, plan.scale)
    return int((np.abs(value / se) >= bounds.efficacy).any(axis=1).sum())


def _moments(
    draw: Callable[[np.random.Generator, int, int], tuple[FloatArray, FloatArray]],
    units: np.ndarray[tuple[int], np.dtype[np.int_]],
    simulations: int,
    rng: np.random.Generator,
) -> Moments:
    """Moments at each look, shape (simulations, looks), from independent batches between looks."""
    parts = [draw(rng, int(step), simulations) for step in np.diff(units, prepend=0)]
    total, squares = (np.cumsum(np.stack([part[i] for part in parts], axis=1), axis=1) for i in (0, 1))
    return Moments.from_sums(units.astype(np.float64), total, squares)


def _margin_rows(simulations: int, rng: np.random.Generator) -> list[CalibrationRow]:
    result = []
    questions = (("non-inferiority", NonInferiority(0.8)), ("equivalence", Equivalence(0.8)))
    for name, question in questions:
        size = sample_size(Plan(GAMMA, question, power=POWER), 0.0).at()
        assert isinstance(size, float)
        arm = np.array([int(np.ceil(size / 2))])
        control, treatment = (_moments(_gamma(10, 2), arm, simulations, rng) for _ in range(2))
        value, se, _ = difference_and_error(control, treatment, "absolute")
        good = value - 1.6448536 * se > -0.8
        if isinstance(question, Equivalence):
            good &= value + 1.6448536 * se < 0.8
        scenario = f"gamma, {name}, margin 0.8"
        hits = int(good.sum())
        result.append(calibrated("sample_size", scenario, "power", POWER, hits, simulations, tolerance=ROUNDING))
    return result
