"""The truth of a world: the same world lived through twice, with and without the launch.

An estimand is a population, a metric and the days. Its truth is not a parameter that was typed in: it is counted in
both lives, which share every random number, and the difference is what the launch did.
"""

from dataclasses import dataclass

import msgspec
import numpy as np

from upshot.demo.tempo.launches import EXPERIMENTS, Arms
from upshot.demo.tempo.life import Day, History, simulate
from upshot.demo.tempo.world import Expected, World

__all__ = ["METRICS", "ExperimentTruth", "Truth", "TruthFile", "tell"]

WINDOWS = ((1, 30), (31, 60), (61, 90))


@dataclass(frozen=True, slots=True)
class _Metric:
    name: str
    population: str
    attribute: str


METRICS = (
    _Metric("daily saved-songs users", "people who listen that day", "saved"),
    _Metric("new subscriptions", "everybody", "subscribed"),
    _Metric("trials", "everybody", "trials"),
    _Metric("daily listeners", "everybody", "active"),
    _Metric("daily podcast listeners", "everybody", "podcasts"),
    _Metric("playlist editors", "people who listen that day", "playlists"),
    _Metric("payments", "everybody", "paid"),
)


class Truth(msgspec.Struct, frozen=True):
    """One estimand and its truth.

    Attributes:
        metric: What is counted: people a day who do it, summed over the days.
        population: Among whom.
        first_day: Days after the launch, the launch's own day being 0.
        last_day: The last day counted.
        with_launch: The sum in the world as it was.
        without_launch: The sum in the world without the launch.
        relative: (with − without) / without; null where there was nothing without.
    """

    metric: str
    population: str
    first_day: int
    last_day: int
    with_launch: int
    without_launch: int
    relative: float | None


class ExperimentTruth(msgspec.Struct, frozen=True):
    """What an experiment would have done to everybody who entered it: the same people, all treated and none treated.

    Attributes:
        metric: Share of entrants who listen in days 7 to 13 after sign-up.
    """

    experiment: str
    metric: str
    people: int
    all_treated: float
    none_treated: float


class TruthFile(msgspec.Struct, frozen=True):
    """What stands beside the data."""

    world: World
    launch_day: str
    people: int
    truths: tuple[Truth, ...]
    experiments: tuple[ExperimentTruth, ...]
    expected: tuple[Expected, ...]


def _count(days: list[Day], attribute: str, first: int, last: int) -> int:
    return sum(len(getattr(day, attribute)) for day in days[first : last + 1])


def _effect(world: World, real: History, other: History) -> list[Truth]:
    truths = []
    for metric in METRICS:
        for first, last in WINDOWS:
            if world.launch + last >= world.days:
                continue
            span = (world.launch + first, world.launch + last)
            with_launch = _count(real.days, metric.attribute, *span)
            without = _count(other.days, metric.attribute, *span)
            relative = with_launch / without - 1 if without else None
            truths.append(Truth(metric.name, metric.population, first, last, with_launch, without, relative))
    return truths


def _second_week(history: History, first: int, last: int) -> tuple[int, float]:
    arrival = history.people.arrival
    entrants = np.flatnonzero((arrival >= first) & (arrival < last))
    came_back = np.zeros(history.people.count, dtype=bool)
    for number in range(first + 7, min(last + 14, history.world.days)):
        active = history.days[number].active
        age = number - arrival[active]
        came_back[active[(age >= 7) & (age <= 13)]] = True
    return len(entrants), float(came_back[entrants].mean()) if len(entrants) else float("nan")


def _onboarding(world: World) -> tuple[ExperimentTruth, ...]:
    experiment = EXPERIMENTS[0]
    first, last = world.launch + experiment.starts, world.launch + experiment.ends
    if first < 0:
        return ()
    people, treated = _second_week(simulate(world, arms=Arms(onboarding="all")), first, last)
    _, untreated = _second_week(simulate(world, arms=Arms(onboarding="none")), first, last)
    if not people:
        return ()
    return (ExperimentTruth(experiment.key, "back in days 7-13", people, treated, untreated),)


def tell(world: World, real: History | None = None, *, experiments: bool = True) -> TruthFile:
    """Live the world a second time without the launch, and write down the difference.

    Args:
        world: The company.
        real: Its history, where it has been simulated already.
        experiments: Whether to also learn the truth of the experiments, which takes two more lives.
    """
    real = real or simulate(world)
    return TruthFile(
        world=world,
        launch_day=world.day(world.launch).isoformat(),
        people=real.people.count,
        truths=tuple(_effect(world, real, simulate(world, launch=False))),
        experiments=_onboarding(world) if experiments else (),
        expected=world.expected,
    )
