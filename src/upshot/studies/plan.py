"""What each feasible way of launching could detect, asked before anything is shipped.

A ledger full of “not measurable” helps nobody: where a launch to everybody could not show the expected effect, keeping
it back from a few people by lot often can, and costs little.
"""

import math
from datetime import date

import numpy as np

from upshot.causal.planning import Split, ways_of_launching
from upshot.causal.series import Series, Window
from upshot.core.units import counted
from upshot.stats import Baseline, Moments, PairMoments
from upshot.stats.result import NoEstimate
from upshot.studies.planned import PlanInputs, Planned, PlannedWay, UnitSums

__all__ = ["plan"]

EVERYONE, HOLDOUT, HALF = "everyone at once", "holdout", "half and half"
_SHARES = {HOLDOUT: 0.9, HALF: 0.5}
_LEVEL, _POWER = 0.95, 0.8
_LEAST_UNITS = 50


def plan(inputs: PlanInputs) -> Planned:
    """What each way could detect, and which is advised: the least trouble that measures what is expected."""
    splits = _splits(inputs)
    found: dict[str, tuple[float | None, str, str]] = {}
    series = _series(inputs)
    window = Window(1, inputs.within_days)
    if series is not None:
        for way in ways_of_launching(series, window, splits, level=_LEVEL, power=_POWER, rng=inputs.seed):
            why = "" if way.why_not is None else way.why_not.sentence
            found[way.name] = (way.detectable, way.grade, why)
    else:
        found[EVERYONE] = (None, "C", inputs.no_daily or f"There are no daily values of {inputs.title}.")
        found |= _randomised_alone(splits)
    for name in _SHARES:
        found.setdefault(name, (None, "A", "Too few units are known to have been active to say."))
    ways = tuple(_way(name, *found[name], inputs) for name in (EVERYONE, HOLDOUT, HALF))
    return _advised(ways, inputs)


def _splits(inputs: PlanInputs) -> dict[str, Split]:
    sums = inputs.units
    if sums is None or sums.units < _LEAST_UNITS:
        return {}
    baseline = _baseline(sums)
    return {} if baseline is None else {name: Split(baseline, sums.units, share) for name, share in _SHARES.items()}


def _baseline(sums: UnitSums) -> Baseline | None:
    if sums.y is None or sums.yy is None or sums.xy is None:
        moments = Moments.from_sums(sums.units, sums.x, sums.xx)
    else:
        moments = PairMoments.from_sums(sums.units, sums.x, sums.y, sums.xx, sums.yy, sums.xy).linearised()
    usable = float(moments.mean) != 0.0 and math.isfinite(float(moments.mean)) and float(moments.variance) > 0.0
    return Baseline.of_moments(moments) if usable else None


def _series(inputs: PlanInputs) -> Series | None:
    daily = inputs.daily
    if daily is None:
        return None
    values = np.array([math.nan if v is None else v for v in daily.values], dtype=np.float64)

    def steps(days: tuple[date, ...]) -> tuple[int, ...]:
        return tuple(sorted(s for day in days if 0 <= (s := (day - daily.first_day).days) < len(values)))

    return Series(
        values,
        len(values),
        others=steps(inputs.changes),
        changes=steps(inputs.logging),
        position=daily.first_day.timetuple().tm_yday - 1,
    )


def _randomised_alone(splits: dict[str, Split]) -> dict[str, tuple[float | None, str, str]]:
    from upshot.stats.planning import Plan, minimum_effect

    found: dict[str, tuple[float | None, str, str]] = {}
    for name, split in splits.items():
        asked = Plan(
            split.baseline, scale="relative", alpha=1 - _LEVEL, power=_POWER, control_share=1 - split.treatment_share
        )
        size = minimum_effect(asked, split.units).at()
        found[name] = (None, "A", size.sentence) if isinstance(size, NoEstimate) else (size, "A", "")
    return found


def _way(name: str, detectable: float | None, grade: str, why: str, inputs: PlanInputs) -> PlannedWay:
    expected = None if inputs.expected is None else abs(inputs.expected)
    enough = None if expected is None else detectable is not None and detectable <= expected
    how = {
        EVERYONE: "Everybody gets it on one day, and the series is compared with its own forecast",
        HOLDOUT: "Everybody but 10% drawn by lot gets it",
        HALF: "Half of the units, drawn by lot, get it",
    }[name]
    if detectable is None:
        told = f"{how}: it cannot be measured so. {why}"
    else:
        days = counted(inputs.within_days, "day")
        told = f"{how}: after {days} an effect of {detectable:.1%} or more is found in 4 of 5 cases."
        if enough is not None:
            told += f" {'That is enough' if enough else 'That is not enough'} for the {expected:.1%} that are expected."
    design = "time series" if name == EVERYONE else "experiment"
    return PlannedWay(way=name, design=design, grade=grade, detectable=detectable, enough=enough, sentence=told)


def _advised(ways: tuple[PlannedWay, ...], inputs: PlanInputs) -> Planned:
    enough = [way for way in ways if way.enough]
    able = [way for way in ways if way.detectable is not None]
    if enough:
        chosen = enough[0]
        least = "the least trouble that measures what is expected"
        sentence = f"Launch {_as_advice(chosen.way)}: {least}, with evidence of grade {chosen.grade}."
    elif able:
        chosen = min(able, key=lambda way: way.detectable or 0.0)
        size = f"{chosen.detectable:.1%}"
        sentence = (
            f"Launch {_as_advice(chosen.way)}: it finds the smallest effect, {size}."
            if inputs.expected is None
            else f"No way finds an effect of {abs(inputs.expected):.1%} within {counted(inputs.within_days, 'day')}. "
            f"{chosen.way.capitalize()} comes nearest with {size}; give it more days, or a metric nearer to the change."
        )
    else:
        return Planned(ways=ways, advised="", sentence="No way of launching could be measured as things stand.")
    return Planned(ways=ways, advised=chosen.way, sentence=sentence)


def _as_advice(way: str) -> str:
    return {EVERYONE: "to everyone at once", HOLDOUT: "with 10% kept back by lot", HALF: "to half of the units by lot"}[
        way
    ]
