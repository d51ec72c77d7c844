"""What Tempo's clients log of a day: rows with ids, times, versions and properties."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from upshot.demo.tempo.draws import Draws, Purpose
from upshot.demo.tempo.launches import EXPERIMENTS, RELEASES
from upshot.demo.tempo.life import PLANS, Day, History
from upshot.demo.tempo.world import Trouble

__all__ = ["EVENTS", "Rows", "log_of"]

EVENTS = (
    "signed up",
    "app opened",
    "songs played",
    "song saved",
    "saved songs played",
    "searched",
    "playlist edited",
    "podcast played",
    "karaoke opened",
    "app crashed",
    "trial started",
    "subscription started",
    "subscription cancelled",
    "payment",
    "refund",
    "experiment viewed",
    "survey answered",
    "page viewed",
)
_CODE = {name: code for code, name in enumerate(EVENTS)}
_PRICE = np.array([9.99, 9.99, 10.49, 4.49])
_FAMILY_FACTOR = 1.5
_HOURS = np.array([2, 1, 1, 1, 1, 2, 5, 8, 8, 6, 5, 6, 7, 6, 5, 6, 8, 10, 11, 11, 10, 9, 7, 4], dtype=float)
_HOURS_UNTIL = np.cumsum(_HOURS)[:-1] / _HOURS.sum()
_EVENING_SHIFT = np.array([0, 0, -6, -4])
_SURVEY_DAYS = range(10, 15)

Number = TypeVar("Number", bound=np.generic)
Index = NDArray[np.intp]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Rows:
    """Events of one day, in no order; every array has one entry an event, NaN or -1 where it does not apply.

    Attributes:
        second: Local second of the day, in [0, 86,400).
        person: Index of the person.
        event: Index into ``EVENTS``.
        plan: Index into ``PLANS``.
        number: Minutes, amount or score, by event.
        songs: Songs played.
        version: Index into ``RELEASES``.
        label: Index into the labels of experiments (2 × experiment + treated).
    """

    day: int
    second: Floats
    person: Index
    event: NDArray[np.int8]
    plan: NDArray[np.int8]
    number: Floats
    songs: NDArray[np.int16]
    version: NDArray[np.int8]
    label: NDArray[np.int8]

    def __len__(self) -> int:
        return len(self.person)


@dataclass(frozen=True, slots=True)
class _Part:
    event: str
    person: Index
    number: Floats | None = None
    songs: NDArray[np.int16] | None = None
    label: NDArray[np.int8] | None = None


class _Log:
    """Turns days into rows, each day by itself: any day can be logged before any other."""

    def __init__(self, history: History) -> None:
        self.history = history
        self.world = history.world
        self.people = history.people
        self.draws = Draws(history.world.seed)
        self.exposures = {e.key: self._first_days(e.starts, e.ends, e.new_people_only) for e in EXPERIMENTS}
        if self.world.rollout == "half":
            self.exposures["saved-songs"] = self._first_days(0, self.world.launch_before_end, False, updated=True)
        self.released = np.array([self.world.launch + r.days_after_launch for r in RELEASES])

    def plan_now(self, day: Day, people: Index) -> NDArray[np.int8]:
        if not len(day.active):
            return np.full(len(people), -1, dtype=np.int8)
        place = np.minimum(np.searchsorted(day.active, people), len(day.active) - 1)
        return np.where(day.active[place] == people, day.plans[place], -1).astype(np.int8)

    def listening(self, day: Day, draw: np.random.Generator) -> Iterator[_Part]:
        minutes = np.round(draw.gamma(1.6, 21.0, size=len(day.active)), 1)
        songs = np.maximum(1, (minutes / 3.4).astype(np.int16))
        yield _Part("app opened", day.active)
        yield _Part("songs played", day.active, number=minutes, songs=songs)
        saves = draw.random(len(day.saved)) < 0.45
        yield _Part("song saved", day.saved[saves])
        yield _Part("saved songs played", day.saved[~saves])
        yield _Part("searched", day.searched)
        yield _Part("playlist edited", day.playlists)
        minutes = np.round(draw.gamma(2.0, 14.0, size=len(day.podcasts)), 1)
        yield _Part("podcast played", day.podcasts, number=minutes)
        yield _Part("karaoke opened", day.karaoke)
        yield _Part("app crashed", day.crashed)

    def money(self, day: Day) -> Iterator[_Part]:
        price = _PRICE[self.people.country]
        family = np.isin(day.paid, day.active[day.plans == PLANS.index("family")])
        factor = np.where(family, _FAMILY_FACTOR, 1.0)
        yield _Part("trial started", day.trials)
        yield _Part("subscription started", day.subscribed)
        yield _Part("subscription cancelled", day.cancelled)
        yield _Part("payment", day.paid, number=np.round(price[day.paid] * factor, 2))
        yield _Part("refund", day.refunded, number=-price[day.refunded])

    def _first_days(self, starts: int, ends: int, new_only: bool, *, updated: bool = False) -> dict[int, Index]:
        """Who meets an experiment on which day: their first day of listening inside its window."""
        launch, arrival = self.world.launch, self.people.arrival
        met = np.zeros(self.people.count, dtype=bool)
        days = {}
        for number in range(max(0, launch + starts), max(0, launch + ends)):
            active = self.history.days[number].active
            eligible = ~met[active]
            if new_only:
                eligible &= arrival[active] >= launch + starts
            if updated:
                eligible &= self.history.launch.exposed_from[active] <= number
            days[number] = active[eligible]
            met[days[number]] = True
        return days

    def experiments(self, number: int, draw: np.random.Generator) -> Iterator[_Part]:
        treated = {**self.history.arms, "saved-songs": self.draws.uniform(Purpose.ARM, 9, self.people.count) < 0.5}
        for place, (key, days) in enumerate(self.exposures.items()):
            people = days.get(number, np.empty(0, dtype=np.intp))
            if key == "saved-songs" and self.world.trouble is Trouble.EVENTS_LOST_BY_VARIANT:
                lost = draw.random(len(people)) < 0.08 * self.world.trouble_size
                people = people[~(treated[key][people] & lost)]
            yield _Part("experiment viewed", people, label=(2 * place + treated[key][people]).astype(np.int8))

    def survey(self, number: int, day: Day) -> Iterator[_Part]:
        if self.world.day(number).day not in _SURVEY_DAYS:
            return
        happy = 0.6 * self.people.listening[day.active] + 0.5 * (
            self.history.launch.on_saving(number, day.active) - np.float32(1.0)
        )
        answers = np.full(len(day.active), 0.012)
        if self.world.trouble is Trouble.SATISFIED_ANSWER:
            answers = answers * np.exp(0.9 * self.world.trouble_size * happy)
        asked = self.draws.generator(Purpose.SURVEY, number).random(len(day.active)) < answers
        noise = self.draws.generator(Purpose.SCORE, number).normal(0.0, 1.9, size=len(day.active))
        score = np.clip(np.round(8.3 + 1.3 * happy + noise), 0, 10)[asked]
        yield _Part("survey answered", day.active[asked], number=score.astype(float))

    def mess(self, number: int, day: Day, draw: np.random.Generator) -> Iterator[_Part]:
        if self.world.trouble is Trouble.LOGGING_CHANGE_AT_LAUNCH and number >= self.world.launch:
            extra = day.active[draw.random(len(day.active)) < 0.05 * self.world.trouble_size]
            yield _Part("song saved", extra)

    def rows(self, number: int) -> Rows:
        day = self.history.days[number]
        draw = self.draws.generator(Purpose.AMOUNT, number)
        parts: list[_Part] = [_Part("signed up", day.arrived)]
        parts += [*self.listening(day, draw), *self.money(day), *self.experiments(number, draw)]
        parts += [*self.survey(number, day), *self.mess(number, day, draw)]
        parts = [part for part in parts if len(part.person)]
        person = _joined([part.person for part in parts], np.intp)
        version = np.searchsorted(self.released, number - self.people.adoption_days[person], side="right") - 1
        return Rows(
            day=number,
            second=self.seconds(number, person),
            person=person,
            event=_joined([np.full(len(p.person), _CODE[p.event]) for p in parts], np.int8),
            plan=self.plan_now(day, person),
            number=_joined([_or(p.number, len(p.person), np.nan) for p in parts], np.float64),
            songs=_joined([_or(p.songs, len(p.person), -1) for p in parts], np.int16),
            version=np.maximum(version, 0).astype(np.int8),
            label=_joined([_or(p.label, len(p.person), -1) for p in parts], np.int8),
        )

    def seconds(self, number: int, person: Index) -> Floats:
        draw = self.draws.generator(Purpose.TIME, number)
        hours = _HOURS_UNTIL.searchsorted(draw.random(len(person)), side="right")
        hours = (hours - _EVENING_SHIFT[self.people.country[person]]) % 24
        return np.asarray(hours * 3600.0 + draw.random(len(person)) * 3600.0, dtype=np.float64)


def _or(values: NDArray[np.generic] | None, count: int, missing: float) -> NDArray[np.generic]:
    return np.full(count, missing) if values is None else values


def _joined(arrays: Sequence[NDArray[np.generic]], dtype: type[Number]) -> NDArray[Number]:
    return np.concatenate(arrays).astype(dtype) if arrays else np.empty(0, dtype=dtype)


def log_of(history: History, days: Iterable[int] | None = None) -> Iterator[Rows]:
    """The rows that Tempo's clients log on ``days``; a day's rows do not depend on which others are asked for."""
    log = _Log(history)
    for number in range(history.world.days) if days is None else days:
        yield log.rows(number)
