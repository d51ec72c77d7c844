"""What all people share on a day: growth, season, weekday, holidays and shocks, as multipliers around 1."""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from upshot.demo.tempo.draws import Draws, Purpose
from upshot.demo.tempo.world import Trouble, World

__all__ = ["COUNTRIES", "Calendar", "calendar"]

Floats = NDArray[np.float64]

COUNTRIES = ("DE", "FR", "US", "BR")
_WEEKDAY = np.array([0.95, 0.94, 0.95, 0.99, 1.08, 1.08, 1.01])
_SOUTHERN = {"BR"}
_HOLIDAYS = {
    "DE": {(1, 1), (5, 1), (10, 3), (12, 24), (12, 25), (12, 26), (12, 31)},
    "FR": {(1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 11), (12, 25)},
    "US": {(1, 1), (7, 4), (11, 11), (12, 24), (12, 25), (12, 31)},
    "BR": {(1, 1), (4, 21), (9, 7), (10, 12), (11, 2), (11, 15), (12, 25)},
}
_DIP_DAYS = 21
_CAMPAIGN_DAYS = 45


@dataclass(frozen=True, slots=True)
class Calendar:
    """Multipliers by day.

    Attributes:
        arrivals: Expected share of all sign-ups; sums to 1 but for what a campaign adds; shape (days,).
        listening: Of the odds that a person listens; shape (days, countries).
        podcasts: Of the chance that a person plays a podcast; shape (days, countries).
        buying: Of the chance to begin a trial or subscribe; shape (days,).
    """

    arrivals: Floats
    listening: Floats
    podcasts: Floats
    buying: Floats


def _season(days: list[date], southern: bool) -> Floats:
    phase = np.array([(d - date(d.year, 1, 15)).days / 365.25 for d in days])
    wave = np.cos(2 * np.pi * phase)
    return 1.0 + 0.06 * (-wave if southern else wave)


def _holidays(days: list[date], country: str) -> Floats:
    return np.array([0.86 if (d.month, d.day) in _HOLIDAYS[country] else 1.0 for d in days])


def _autoregressive(draw: np.random.Generator, days: int, sd: float, rho: float) -> Floats:
    noise = draw.normal(0.0, sd * np.sqrt(1 - rho * rho), size=days)
    shock = np.empty(days)
    shock[0] = draw.normal(0.0, sd)
    for day in range(1, days):
        shock[day] = rho * shock[day - 1] + noise[day]
    return shock


def calendar(world: World, draws: Draws) -> Calendar:
    """What the world's days have in common; the same whether or not the launch happens."""
    days = [world.first_day + timedelta(days=i) for i in range(world.days)]
    age = np.arange(world.days) / max(world.days - 1, 1)
    weekday = _WEEKDAY[[d.weekday() for d in days]]
    draw = draws.generator(Purpose.SHOCKS)
    shared = _autoregressive(draw, world.days, world.shock_sd, world.shock_autocorrelation)
    own = _autoregressive(draw, world.days, world.shock_sd * 0.6, world.shock_autocorrelation)
    podcast_own = _autoregressive(draw, world.days, world.shock_sd * 0.8, world.shock_autocorrelation)
    by_country = np.stack([weekday * _season(days, c in _SOUTHERN) * _holidays(days, c) for c in COUNTRIES], axis=1)
    new_year = np.array([1.12 if d.month == 1 else (1.06 if d.month in (11, 12) else 1.0) for d in days])
    arrivals = np.exp(2.3 * age) * weekday * new_year
    arrivals /= arrivals.sum()
    buying = new_year * np.exp(0.5 * shared)
    music = shared + own
    listening = by_country * np.exp(music)[:, None]
    podcasts = by_country * np.exp(shared + podcast_own)[:, None]
    launch, size = world.launch, world.trouble_size
    if world.trouble is Trouble.SHIPPED_IN_A_DIP:
        listening[max(0, launch - _DIP_DAYS) : launch] *= 1 - 0.15 * size
        buying[max(0, launch - _DIP_DAYS) : launch] *= 1 - 0.20 * size
    if world.trouble is Trouble.CAMPAIGN_AT_LAUNCH:
        arrivals[launch : launch + _CAMPAIGN_DAYS] *= 1 + 0.4 * size
        buying[launch : launch + _CAMPAIGN_DAYS] *= 1 + 0.25 * size
    if world.trouble is Trouble.PRICE_CHANGE_AT_LAUNCH:
        buying[launch:] *= 1 - 0.15 * size
    if world.trouble is Trouble.CONTROL_BREAKS:
        podcasts[launch + 5 :] *= 1 - 0.25 * size
    return Calendar(arrivals=arrivals, listening=listening, podcasts=podcasts, buying=buying)
