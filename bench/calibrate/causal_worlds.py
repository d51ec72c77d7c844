"""Simulated companies for ``causal_time_series``: series with a launch and the truth about it.

Nothing here is shared with the estimator: a world is made from its own equations, in counts for each day, and most
differ from the estimator's model on purpose (multiplied noise is rounded to counts, levels move in steps, days are
missing, launches come in clusters).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["AHEAD", "WORLDS", "Made", "World"]

Floats = NDArray[np.float64]
AHEAD = 30


@dataclass(frozen=True, slots=True)
class Made:
    """One simulated launch: days, controls of shape (days, k), and the launch's true effect on each later day."""

    y: Floats
    launch: int
    controls: Floats
    effect: Floats
    others: tuple[int, ...] = ()
    changes: tuple[int, ...] = ()
    position: int = 0


@dataclass(frozen=True, slots=True)
class World:
    """A kind of world: whether the design's assumptions hold in it, in words, and how one is made."""

    holds: bool
    words: str
    make: Callable[[np.random.Generator], Made]


@dataclass(frozen=True, slots=True)
class Recipe:
    """What most worlds are made from; factors act in proportion."""

    history: int = 210
    size: float = 1000.0
    noise: float = 0.05
    rho: float = 0.4
    level: float = 0.004
    trend: float = 0.0
    week: float = 0.12
    year: float = 0.0
    shocks: Callable[[np.random.Generator, int], Floats] = field(
        default=lambda rng, days: np.asarray(rng.standard_normal(days))
    )


def _autoregressive(shocks: Floats, rho: float) -> Floats:
    """Unit variance where the shocks have it; started in its stationary law by a long run before."""
    out = np.empty_like(shocks)
    value = shocks[0]
    for day, shock in enumerate(shocks):
        value = rho * value + np.sqrt(1 - rho**2) * shock
        out[day] = value
    return out


def _log_mean(recipe: Recipe, rng: np.random.Generator) -> tuple[Floats, int]:
    days = recipe.history + AHEAD
    t = np.arange(days)
    position = int(rng.integers(0, 365))
    noise = _autoregressive(recipe.shocks(rng, days + 200), recipe.rho)[200:]
    weekday = np.append(rng.normal(0.0, 0.04, 5), [-recipe.week, -recipe.week * 1.4])
    level = np.cumsum(rng.normal(recipe.trend, recipe.level, days)) if recipe.level or recipe.trend else np.zeros(days)
    year = recipe.year * np.sin(2 * np.pi * (t + position) / 365.25)
    return np.log(recipe.size) + level + recipe.noise * noise + weekday[t % 7] + year, position


def _counted(log_mean: Floats, rng: np.random.Generator) -> Floats:
    return rng.poisson(np.exp(np.minimum(log_mean, 15.0))).astype(np.float64)


def _plain(recipe: Recipe) -> Callable[[np.random.Generator], Made]:
    def make(rng: np.random.Generator) -> Made:
        log_mean, position = _log_mean(recipe, rng)
        y = _counted(log_mean, rng)
        return Made(y, recipe.history, np.zeros((len(y), 0)), np.zeros(AHEAD), position=position)

    return make


def _moved(
    recipe: Recipe, move: Callable[[Floats, np.random.Generator, int], None], effect: Floats | None = None
) -> Callable[[np.random.Generator], Made]:
    """A plain world whose log mean is changed by something that is not the launch, or by the launch's own effect."""

    def make(rng: np.random.Generator) -> Made:
        log_mean, position = _log_mean(recipe, rng)
        move(log_mean, rng, recipe.history)
        own = np.zeros(AHEAD) if effect is None else effect
        log_mean[recipe.history :] += np.log1p(own)
        y = _counted(log_mean, rng)
        return Made(y, recipe.history, np.zeros((len(y), 0)), own, position=position)

    return make


def _controlled(
    loading: float, *, broken: float = 0.0, touched: bool = False, useless: int = 0
) -> Callable[[np.random.Generator], Made]:
    """Outcome and control share slow and fast shocks; ``broken``: the control's own jump at the launch."""

    def make(rng: np.random.Generator) -> Made:
        recipe = Recipe(noise=0.03, level=0.003)
        log_mean, position = _log_mean(recipe, rng)
        days, launch = len(log_mean), recipe.history
        shared = np.cumsum(rng.normal(0, 0.012, days)) + 0.04 * _autoregressive(rng.standard_normal(days), 0.5)
        control = 6.0 + shared + 0.02 * rng.standard_normal(days)
        control[launch:] += np.log1p(broken)
        own = np.full(AHEAD, 0.15 if touched else 0.0)
        log_mean = log_mean + loading * shared
        log_mean[launch:] += np.log1p(own)
        if touched:
            control[launch:] += np.log1p(-0.1)
        others = [6.0 + np.cumsum(rng.normal(0, 0.012, days)) for _ in range(useless)]
        controls = np.stack([_counted(x, rng) for x in (control, *others)], axis=1)
        return Made(_counted(log_mean, rng), launch, controls, own, position=position)

    return make


def _campaign(log_mean: Floats, _rng: np.random.Generator, launch: int) -> None:
    log_mean[launch : launch + 14] += np.log1p(0.15)


def _dip(log_mean: Floats, _rng: np.random.Generator, launch: int) -> None:
    log_mean[launch - 7 : launch] += np.log1p(-0.25)


def _small_dip(log_mean: Floats, _rng: np.random.Generator, launch: int) -> None:
    log_mean[launch - 10 : launch] += np.log1p(-0.10)


def _jumps(log_mean: Floats, rng: np.random.Generator, _launch: int) -> None:
    for day in np.flatnonzero(rng.random(len(log_mean)) < 1 / 60):
        log_mean[day:] += rng.normal(0.0, 0.12)


def _spikes(log_mean: Floats, rng: np.random.Generator, _launch: int) -> None:
    hit = rng.random(len(log_mean)) < 0.02
    log_mean[hit] += rng.normal(0.6, 0.2, int(hit.sum()))


def _growing_noise(log_mean: Floats, rng: np.random.Generator, _launch: int) -> None:
    t = np.arange(len(log_mean))
    log_mean += rng.standard_normal(len(t)) * (0.02 + 0.10 * t / len(t))


def _weekend_noise(log_mean: Floats, rng: np.random.Generator, _launch: int) -> None:
    t = np.arange(len(log_mean))
    log_mean += rng.standard_normal(len(t)) * np.where(t % 7 >= 5, 0.15, 0.02)


def _new_weekdays(log_mean: Floats, _rng: np.random.Generator, launch: int) -> None:
    t = np.arange(len(log_mean))
    log_mean += np.where(t % 7 >= 5, 0.3, 0.0) * np.clip((t - launch // 2) / (launch // 2), 0.0, None)


def _trend_turns(log_mean: Floats, _rng: np.random.Generator, launch: int) -> None:
    t = np.arange(len(log_mean))
    log_mean += 0.003 * np.minimum(t, launch - 45)


def _holiday(log_mean: Floats, _rng: np.random.Generator, launch: int) -> None:
    log_mean[launch + 10 : launch + 17] += np.log(0.6)


def _nothing(_log_mean: Floats, _rng: np.random.Generator, _launch: int) -> None:
    """The launch's own effect is all there is."""


def _chosen_low(rng: np.random.Generator) -> Made:
    """The team launches when the last week was the worst of three months: regression to the mean."""
    recipe = Recipe(history=330, rho=0.9, noise=0.08)
    log_mean, position = _log_mean(recipe, rng)
    week = np.convolve(log_mean, np.ones(7) / 7, mode="valid")
    day = 210 + int(np.argmin(week[203 : recipe.history - 6]))
    y = _counted(log_mean[: day + AHEAD], rng)
    return Made(y, day, np.zeros((len(y), 0)), np.zeros(AHEAD), position=position)


def _clustered(*, known: bool) -> Callable[[np.random.Generator], Made]:
    """Launches every week or two, each with an effect of its own; the one that is measured has none."""

    def make(rng: np.random.Generator) -> Made:
        recipe = Recipe()
        log_mean, position = _log_mean(recipe, rng)
        days = np.cumsum(rng.integers(5, 18, 40))
        others = tuple(int(day) for day in days[days < len(log_mean)])
        for day in others:
            log_mean[day:] += rng.normal(0.0, 0.05)
        y = _counted(log_mean, rng)
        empty = np.zeros((len(y), 0))
        return Made(y, recipe.history, empty, np.zeros(AHEAD), others=others if known else (), position=position)

    return make


def _logging(*, known: bool) -> Callable[[np.random.Generator], Made]:
    """The metric counts 20 % less from two days after the launch on."""

    def make(rng: np.random.Generator) -> Made:
        recipe = Recipe()
        log_mean, position = _log_mean(recipe, rng)
        day = recipe.history + 2
        log_mean[day:] += np.log(0.8)
        y = _counted(log_mean, rng)
        empty = np.zeros((len(y), 0))
        return Made(y, recipe.history, empty, np.zeros(AHEAD), changes=(day,) if known else (), position=position)

    return make


def _few_launches(rng: np.random.Generator) -> Made:
    """Four known launches in the history, the nearest five weeks before, each with an effect of its own."""
    recipe = Recipe()
    log_mean, position = _log_mean(recipe, rng)
    others = (25, 75, 120, 175)
    for day in others:
        log_mean[day:] += rng.normal(0.0, 0.1)
    y = _counted(log_mean, rng)
    return Made(y, recipe.history, np.zeros((len(y), 0)), np.zeros(AHEAD), others=others, position=position)


def _gaps(rng: np.random.Generator) -> Made:
    made = _plain(Recipe())(rng)
    made.y[rng.random(len(made.y)) < 0.08] = np.nan
    return made


def _heavy(rng: np.random.Generator, days: int) -> Floats:
    return np.asarray(rng.standard_t(3, days) / np.sqrt(3.0))


FADING = 0.25 * np.exp(-np.arange(AHEAD) / 6.0)

WORLDS: dict[str, World] = {
    "plain": World(True, "drifting level, weekdays, noise with autocorrelation 0.4", _plain(Recipe())),
    "white": World(True, "drifting level, weekdays, white noise", _plain(Recipe(rho=0.0))),
    "still": World(True, "level that stands still, white noise", _plain(Recipe(rho=0.0, level=0.0))),
    "rho6": World(True, "noise with autocorrelation 0.6", _plain(Recipe(rho=0.6))),
    "rho9": World(True, "noise with autocorrelation 0.9", _plain(Recipe(rho=0.9))),
    "drifting": World(True, "level that drifts three times as fast", _plain(Recipe(level=0.012))),
    "trend": World(True, "growth of 0.3 % a day", _plain(Recipe(trend=0.003))),
    "year": World(True, "yearly season of ±20 %, 800 days of history", _plain(Recipe(history=800, year=0.2))),
    "weekdays": World(True, "weekends 45 % lower", _plain(Recipe(week=0.5))),
    "counts": World(True, "counts of about 30 a day", _plain(Recipe(size=30.0))),
    "few_launches": World(True, "four known launches in the history, each with its own effect", _few_launches),
    "gaps": World(True, "8 % of days without a value", _gaps),
    "control": World(True, "one control that shares the shocks", _controlled(1.0)),
    "control_half": World(True, "one control at half strength and two useless ones", _controlled(0.5, useless=2)),
    "useless": World(True, "a control that has nothing to do with it", _controlled(0.0)),
    "fades": World(True, "effect of +25 % that fades within weeks", _moved(Recipe(), _nothing, FADING)),
    "heavy": World(False, "heavy-tailed noise (t with 3 degrees)", _plain(Recipe(shocks=_heavy))),
    "spikes": World(False, "one day in 50 is 80 % higher", _moved(Recipe(), _spikes)),
    "growing_noise": World(False, "noise that grows sixfold", _moved(Recipe(noise=0.01), _growing_noise)),
    "weekend_noise": World(False, "weekends eight times as noisy", _moved(Recipe(noise=0.01), _weekend_noise)),
    "new_weekdays": World(False, "weekend pattern that changes", _moved(Recipe(), _new_weekdays)),
    "rho95": World(False, "noise with autocorrelation 0.95, twice as large", _plain(Recipe(rho=0.95, noise=0.1))),
    "rho99": World(
        False, "noise with autocorrelation 0.99, three times as large", _plain(Recipe(rho=0.99, noise=0.15))
    ),
    "short": World(False, "only 120 days of history", _plain(Recipe(history=120))),
    "shortest": World(False, "only 75 days of history", _plain(Recipe(history=75))),
    "young_year": World(False, "yearly season of ±20 %, one year of history", _plain(Recipe(history=365, year=0.2))),
    "trend_turns": World(False, "growth of 0.3 % a day that ended 45 days before", _moved(Recipe(), _trend_turns)),
    "jumps": World(False, "unknown jumps of the level (12 %) every other month", _moved(Recipe(), _jumps)),
    "low": World(False, "counts of about 3 a day", _plain(Recipe(size=3.0))),
    "zeros": World(False, "counts of about 0.4 a day", _plain(Recipe(size=0.4))),
    "holiday": World(False, "a holiday week (-40 %) in the reading, not told", _moved(Recipe(), _holiday)),
    "campaign": World(False, "a campaign (+15 %, two weeks) begins with the launch", _moved(Recipe(), _campaign)),
    "dip": World(False, "a week of -25 % before the launch", _moved(Recipe(), _dip)),
    "small_dip": World(False, "ten days of -10 % before the launch", _moved(Recipe(), _small_dip)),
    "chosen_low": World(False, "launched when the week was the worst of three months", _chosen_low),
    "control_breaks": World(False, "the control loses 20 % at the launch", _controlled(1.0, broken=-0.2)),
    "control_touched": World(False, "the launch (+15 %) takes 10 % from its control", _controlled(1.0, touched=True)),
    "clustered": World(False, "launches every week or two, known", _clustered(known=True)),
    "clustered_unknown": World(False, "launches every week or two, unknown", _clustered(known=False)),
    "logging": World(False, "logging loses 20 % two days later, known", _logging(known=True)),
    "logging_unknown": World(False, "logging loses 20 % two days later, unknown", _logging(known=False)),
}
