"""Who signs up, when, and what they are like; drawn before anything is launched, so launches cannot change it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from upshot.demo.tempo.calendar import COUNTRIES, Calendar
from upshot.demo.tempo.draws import Draws, Purpose
from upshot.demo.tempo.world import Trouble, World

__all__ = ["PEOPLE_AT_SCALE_1", "People", "people"]

PEOPLE_AT_SCALE_1 = 58_000
_MIX_FIRST = np.array([0.46, 0.24, 0.20, 0.10])
_MIX_LAST = np.array([0.30, 0.20, 0.24, 0.26])
_BUYING_BY_COUNTRY = np.array([1.10, 1.0, 1.25, 0.62])
_TOURISTS = 0.52

Floats = NDArray[np.float32]
Ints = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class People:
    """Persons in order of arrival; every array has shape (people,).

    Attributes:
        arrival: Day of sign-up, counted from the first day of the world.
        arrived: People who have signed up by the end of each day; shape (days,).
        country: Index into ``COUNTRIES``.
        ios: Whether the phone is an iPhone; else Android.
        listening: Log odds of listening on an ordinary day.
        churn: Daily chance to leave.
        saving: Chance to engage with saved songs on a day of listening, before the launch.
        podcasts: Chance to play a podcast on an ordinary day; 0 for most.
        buying: Chance to begin a trial or subscribe, on a day of listening without a plan.
        staying: Chance to renew after a month.
        account: The family's or the person's own account.
        adoption_days: Days from a release until this person's phone has it.
    """

    arrival: Ints
    arrived: Ints
    country: NDArray[np.int8]
    ios: NDArray[np.bool_]
    listening: Floats
    churn: Floats
    saving: Floats
    podcasts: Floats
    buying: Floats
    staying: Floats
    account: Ints
    adoption_days: Floats

    @property
    def count(self) -> int:
        """How many people ever sign up."""
        return len(self.arrival)


def _countries(world: World, arrival: Ints, draws: Draws) -> NDArray[np.int8]:
    progress = arrival / max(world.days - 1, 1)
    mix = _MIX_FIRST + (_MIX_LAST - _MIX_FIRST) * progress[:, None]
    if world.trouble is Trouble.MIX_REVERSAL:
        tilt = np.array([-0.18, -0.10, -0.12, 0.40]) * world.trouble_size
        mix = np.clip(mix + tilt * (arrival >= world.launch)[:, None], 0.01, None)
    until = np.cumsum(mix / mix.sum(axis=1, keepdims=True), axis=1)
    u = draws.generator(Purpose.COUNTRY).random(len(arrival))
    passed: NDArray[np.int64] = np.sum(u[:, None] >= until, axis=1)
    return np.minimum(passed, len(COUNTRIES) - 1).astype(np.int8)


def _accounts(country: NDArray[np.int8], draws: Draws) -> Ints:
    """One account each, except for every ninth person, who joins the account of somebody of the same country."""
    count = len(country)
    account = np.arange(count, dtype=np.int32)
    draw = draws.generator(Purpose.FAMILIES)
    joins = draw.random(count) < 0.12
    reach = draw.integers(1, 400, size=count)
    host = np.clip(np.arange(count) - reach, 0, None)
    fits = joins & ~joins[host] & (country[host] == country)
    account[fits] = host[fits]
    return account


def people(world: World, days: Calendar, draws: Draws) -> People:
    """Draw the world's people."""
    expected = days.arrivals * PEOPLE_AT_SCALE_1 * world.scale * world.days / 1_096
    arrivals = draws.generator(Purpose.ARRIVALS).poisson(expected)
    arrival = np.repeat(np.arange(world.days, dtype=np.int32), arrivals)
    count = len(arrival)
    country = _countries(world, arrival, draws)
    draw = draws.generator(Purpose.TRAITS)
    taste = draw.normal(size=count)
    tourist = draw.random(count) < _TOURISTS
    fond_of_podcasts = draw.random(count) < 0.30
    return People(
        arrival=arrival,
        arrived=np.cumsum(arrivals).astype(np.int32),
        country=country,
        ios=draws.generator(Purpose.PLATFORM).random(count) < np.array([0.38, 0.35, 0.58, 0.18])[country],
        listening=(-0.75 + 0.85 * taste).astype(np.float32),
        churn=np.where(tourist, 0.075, 0.0042 * np.exp(-0.35 * taste)).astype(np.float32),
        saving=np.clip(draw.beta(1.4, 5.2, size=count) * np.exp(0.12 * taste), 0, 0.7).astype(np.float32),
        podcasts=np.where(fond_of_podcasts, draw.beta(2.0, 8.0, size=count), 0.0).astype(np.float32),
        buying=(0.070 * _BUYING_BY_COUNTRY[country] * draw.gamma(1.6, 1 / 1.6, size=count)).astype(np.float32),
        staying=draw.beta(6.0, 2.0, size=count).astype(np.float32),
        account=_accounts(country, draws),
        adoption_days=(
            draw.exponential(4.0, size=count)
            * (np.exp(-0.9 * taste) if world.trouble is Trouble.HEAVY_USERS_FIRST else 1.0)
        ).astype(np.float32),
    )
