"""Day by day: who listens, saves, begins a trial, subscribes, pays, leaves and comes back."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from upshot.demo.tempo.calendar import Calendar, calendar
from upshot.demo.tempo.draws import Draws, Purpose
from upshot.demo.tempo.launches import EXPERIMENTS, Arms, SavedSongs, saved_songs
from upshot.demo.tempo.people import People, people
from upshot.demo.tempo.world import Trouble, World

__all__ = ["PLANS", "Day", "History", "simulate"]

Index = NDArray[np.intp]
Plans = NDArray[np.int8]
Bools = NDArray[np.bool_]

PLANS = ("free", "trial", "paid", "family", "family member")
_FREE, _TRIAL, _PAID, _FAMILY, _MEMBER = range(5)
_TRIAL_DAYS = 7
_MONTH = 30
_DIRECT = 0.35
_BROKEN_FROM, _BROKEN_UNTIL = -200, -197
_KARAOKE_FROM = -150
_COMEBACK = 0.0009


@dataclass(frozen=True, slots=True)
class Day:
    """Who did what; arrays are indices of people, ascending. ``plans`` belongs to ``active``."""

    arrived: Index
    active: Index
    plans: Plans
    crashed: Index
    saved: Index
    searched: Index
    playlists: Index
    podcasts: Index
    karaoke: Index
    trials: Index
    subscribed: Index
    paid: Index
    cancelled: Index
    refunded: Index


@dataclass(slots=True)
class History:
    """What happened in a world.

    Attributes:
        days: One entry a day, from the first.
        arms: For each experiment, whether a person is in its treated half; shape (people,).
    """

    world: World
    people: People
    launch: SavedSongs
    days: list[Day] = field(default_factory=list)
    arms: dict[str, Bools] = field(default_factory=dict)


class _Life:
    """The state of all people at the end of a day."""

    def __init__(self, world: World, draws: Draws, days: Calendar, history: History, arms: Arms) -> None:
        self.world, self.draws, self.calendar, self.history = world, draws, days, history
        self.people = history.people
        count = self.people.count
        self.here = np.ones(count, dtype=bool)
        self.plan = np.zeros(count, dtype=np.int8)
        self.since = np.full(count, -1, dtype=np.int32)
        self.churn = self._churn_of_new_people(arms)
        self.families = self._families()

    def _churn_of_new_people(self, arms: Arms) -> NDArray[np.float32]:
        onboarding = EXPERIMENTS[0]
        launch, arrival = self.world.launch, self.people.arrival
        inside = (arrival >= launch + onboarding.starts) & (arrival < launch + onboarding.ends)
        drawn = self.history.arms[onboarding.key]
        treated = {"drawn": drawn, "all": np.ones_like(drawn), "none": np.zeros_like(drawn)}[arms.onboarding]
        guided = (inside & treated) | (arrival >= launch + onboarding.ends)
        return np.where(guided, np.float32(0.72), np.float32(1.0))

    def _families(self) -> dict[int, Index]:
        account = self.people.account
        shared = np.unique(account[account != np.arange(len(account))])
        order = np.argsort(account, kind="stable")
        starts = np.searchsorted(account[order], shared)
        ends = np.searchsorted(account[order], shared, side="right")
        return {int(a): order[s:e] for a, s, e in zip(shared, starts, ends, strict=True)}

    def uniform(self, purpose: Purpose, day: int, among: Index) -> NDArray[np.float32]:
        """The numbers of ``among`` on that day."""
        return self.draws.uniform(purpose, day, int(self.people.arrived[day]))[among]

    def listen(self, day: int) -> tuple[Index, Index]:
        """Who listens, and whose app crashed instead."""
        everyone = self.people
        alive = np.flatnonzero(self.here[: everyone.arrived[day]])
        odds = np.exp(everyone.listening[alive])
        odds *= self.calendar.listening[day, everyone.country[alive]].astype(np.float32) ** 2
        new = everyone.arrival[alive] == day
        listens = new | (self.uniform(Purpose.ACTIVE, day, alive) < odds / (1 + odds))
        active = alive[listens]
        offset = day - self.world.launch
        if not _BROKEN_FROM <= offset < _BROKEN_UNTIL:
            return active, active[:0]
        broken = ~everyone.ios[active] & (self.uniform(Purpose.CRASH, day, active) < 0.35)
        return active[~broken], active[broken]

    def leave_and_return(self, day: int) -> None:
        """Some go, a few of those who went come back."""
        everyone = self.people
        seen = np.arange(everyone.arrived[day])
        young = (day - everyone.arrival[seen]) <= 30
        chance = everyone.churn[seen] * np.where(young, self.churn[seen], np.float32(1.0))
        going = self.uniform(Purpose.CHURN, day, seen) < chance
        back = self.uniform(Purpose.COMEBACK, day, seen) < _COMEBACK
        here = self.here[seen]
        self.here[seen] = np.where(here, ~going, back)

    def start_plans(self, day: int, active: Index) -> tuple[Index, Index]:
        """Who begins a trial, and who subscribes (from a trial or at once)."""
        everyone = self.people
        ending = np.flatnonzero((self.plan == _TRIAL) & (self.since == day - _TRIAL_DAYS))
        keep = self.uniform(Purpose.CONVERT, day, ending) < 0.62
        self.plan[ending[~keep]] = _FREE
        free = active[self.plan[active] == _FREE]
        chance = everyone.buying[free] * self.history.launch.on_buying(day, free)
        chance *= np.float32(self.calendar.buying[day])
        u = self.uniform(Purpose.TRIAL, day, free)
        begins = u < chance
        direct = begins & (u < chance * np.float32(_DIRECT))
        trials = free[begins & ~direct]
        subscribed = np.sort(np.concatenate([ending[keep], free[direct]]))
        self.plan[trials] = _TRIAL
        self.plan[subscribed] = _PAID
        self.since[trials] = day
        self.since[subscribed] = day
        self._cover_families(subscribed, day)
        return trials, subscribed

    def _cover_families(self, subscribed: Index, day: int) -> None:
        account = self.people.account
        for payer in subscribed[np.isin(account[subscribed], list(self.families))]:
            family = self.families[int(account[payer])]
            members = family[(family < self.people.arrived[day]) & (self.plan[family] == _FREE)]
            if len(members):
                self.plan[payer] = _FAMILY
                self.plan[members] = _MEMBER

    def renew(self, day: int) -> tuple[Index, Index, Index]:
        """Who pays, who ends a subscription, and who gets the money back."""
        paying = (self.plan == _PAID) | (self.plan == _FAMILY)
        due = np.flatnonzero(paying & ((day - self.since) % _MONTH == 0))
        old = self.since[due] < day
        u = self.uniform(Purpose.CANCEL, day, due)
        stays = ~old | ((u < self.people.staying[due]) & self.here[due])
        cancelled = due[~stays]
        self._uncover_families(cancelled)
        self.plan[cancelled] = _FREE
        paid = due[stays]
        return paid, cancelled, paid[self.uniform(Purpose.REFUND, day, paid) < 0.012]

    def _uncover_families(self, cancelled: Index) -> None:
        for payer in cancelled[self.plan[cancelled] == _FAMILY]:
            family = self.families[int(self.people.account[payer])]
            self.plan[family[self.plan[family] == _MEMBER]] = _FREE


def _one_day(life: _Life, day: int) -> Day:
    everyone, world = life.people, life.world
    first = everyone.arrived[day - 1] if day else 0
    active, crashed = life.listen(day)
    trials, subscribed = life.start_plans(day, active)
    paid, cancelled, refunded = life.renew(day)
    saving = everyone.saving[active] * life.history.launch.on_saving(day, active)
    saved = active[life.uniform(Purpose.SAVED, day, active) < np.minimum(saving, np.float32(0.97))]
    listing = np.float32(0.11)
    if world.trouble is Trouble.CANNIBALISATION:
        gain = life.history.launch.on_saving(day, active) - np.float32(1.0)
        listing = np.maximum(listing * (1 - np.float32(2.5 * world.trouble_size) * gain), np.float32(0.01))
    among = np.flatnonzero(everyone.podcasts[: everyone.arrived[day]] > 0)
    chance = everyone.podcasts[among] * life.calendar.podcasts[day, everyone.country[among]].astype(np.float32)
    sings = day - world.launch >= _KARAOKE_FROM
    result = Day(
        arrived=np.arange(first, everyone.arrived[day]),
        active=active,
        plans=life.plan[active].copy(),
        crashed=crashed,
        saved=saved,
        searched=active[life.uniform(Purpose.SEARCH, day, active) < 0.22],
        playlists=active[life.uniform(Purpose.PLAYLIST, day, active) < listing],
        podcasts=among[life.here[among] & (life.uniform(Purpose.PODCAST, day, among) < chance)],
        karaoke=active[life.uniform(Purpose.KARAOKE, day, active) < 0.0012] if sings else active[:0],
        trials=trials,
        subscribed=subscribed,
        paid=paid,
        cancelled=cancelled,
        refunded=refunded,
    )
    life.leave_and_return(day)
    return result


def simulate(world: World, *, launch: bool = True, arms: Arms | None = None) -> History:
    """Live through a world.

    Args:
        world: The company.
        launch: Whether saved songs happen; everything else stays the same, person by person and day by day.
        arms: Who is treated in the experiments of the past.

    Returns:
        Its history; the same for the same arguments.
    """
    draws = Draws(world.seed)
    days = calendar(world, draws)
    everyone = people(world, days, draws)
    history = History(world, everyone, saved_songs(world, everyone, draws, happens=launch))
    history.arms = {e.key: draws.uniform(Purpose.ARM, e.number, everyone.count) < 0.5 for e in EXPERIMENTS}
    life = _Life(world, draws, days, history, arms or Arms())
    history.days = [_one_day(life, day) for day in range(world.days)]
    return history
