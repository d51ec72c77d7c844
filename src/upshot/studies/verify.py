"""Is a verdict what its inputs give, and are the inputs what the data give today?"""

import math
from collections.abc import Iterator
from datetime import timedelta

import msgspec

from upshot.catalog.verdict import Verdict
from upshot.core.units import counted, format_change
from upshot.studies.inputs import ArmValues, DailySeries, StudyInputs

__all__ = ["CLOSE", "differences", "drift"]

CLOSE = 1e-9
"""Relative difference that other software may make."""
_SHOWN_DAYS = 5
_NOISE = 1e-12


def differences(then: Verdict, now: Verdict) -> tuple[tuple[str, ...], bool]:
    """Fields that differ, with both values; and whether no number differs by more than ``CLOSE``.

    What software concluded is told elsewhere and does not count.
    """
    old, new = (msgspec.to_builtins(msgspec.structs.replace(v, software="")) for v in (then, now))
    found = list(_differing("", old, new))
    return tuple(text for text, _ in found), all(near for _, near in found)


def _differing(where: str, old: object, new: object) -> Iterator[tuple[str, bool]]:
    match old, new:
        case dict(), dict():
            for key in dict.fromkeys((*old, *new)):
                yield from _differing(f"{where}.{key}".lstrip("."), old.get(key), new.get(key))
        case (list() | tuple(), list() | tuple()) if len(old) == len(new):
            for place, (a, b) in enumerate(zip(old, new, strict=True)):
                yield from _differing(f"{where}[{place}]", a, b)
        case (float() | int(), float() | int()) if not isinstance(old, bool) and not isinstance(new, bool):
            if old != new:
                yield f"{where}: {old!r}, now {new!r}", math.isclose(old, new, rel_tol=CLOSE)
        case _:
            if old != new:
                yield f"{where}: {old!r}, now {new!r}", False


def drift(then: StudyInputs, now: StudyInputs) -> tuple[str, ...]:
    """What today's data and declarations give otherwise than the snapshot holds, in sentences."""
    found = [
        f"{metric.title} is defined otherwise now ({metric.hash[:8]}, now {other.hash[:8]})."
        for metric, other in zip(then.metrics, now.metrics, strict=False)
        if metric.hash != other.hash
    ]
    titles = {metric.name: metric.title for metric in then.metrics}
    for series in then.series:
        found += _series_drift(titles.get(series.metric, series.metric), series, now.daily(series.metric))
    found += _experiment_drift(then, now)
    before, after = ({other.name for other in inputs.others} for inputs in (then, now))
    if before != after:
        changed = ", ".join(sorted(before ^ after)[:_SHOWN_DAYS])
        found.append(f"Other launches are declared now: {changed}.")
    if then.notes != now.notes:
        found.append("Annotations were changed since.")
    return tuple(found)


def _series_drift(title: str, then: DailySeries, now: DailySeries | None) -> list[str]:
    if now is None:
        return [f"{title} has no daily values any more."]
    differing = []
    for place, old in enumerate(then.values):
        day = then.first_day + timedelta(days=place)
        offset = (day - now.first_day).days
        new = now.values[offset] if 0 <= offset < len(now.values) else None
        if old != new and (old is None or new is None or not math.isclose(old, new, rel_tol=_NOISE)):
            differing.append((day, old, new))
    if not differing:
        return []
    shown = "; ".join(f"{day}: {_number(old)}, now {_number(new)}" for day, old, new in differing[:_SHOWN_DAYS])
    moved = sum((new or 0.0) - (old or 0.0) for _, old, new in differing)
    total = sum(value for value in then.values if value is not None)
    share = f" ({format_change(moved / total)} of the sum)" if total else ""
    count = len(differing)
    more = f" and {count - _SHOWN_DAYS} more" if count > _SHOWN_DAYS else ""
    return [f"{title} differs on {counted(count, 'day')}{share}: {shown}{more}."]


def _experiment_drift(then: StudyInputs, now: StudyInputs) -> list[str]:
    if then.experiment is None or now.experiment is None:
        return [] if then.experiment is now.experiment else ["The experiment was declared or removed since."]
    found = [
        f"{old.variant} has {counted(new.units, 'unit')} now, {old.units:,} then."
        for old, new in zip(then.experiment.arms, now.experiment.arms, strict=False)
        if old.units != new.units
    ]
    fresh = {(values.metric, values.variant): values for values in now.experiment.values}
    for old in then.experiment.values:
        new = fresh.get((old.metric, old.variant))
        if new is not None and not _alike(old, new):
            found.append(f"{old.metric} with {old.variant}: mean {old.mean_x:.6g} then, {new.mean_x:.6g} now.")
    return found


def _alike(old: ArmValues, new: ArmValues) -> bool:
    return old.n == new.n and all(
        math.isclose(a or 0.0, b or 0.0, rel_tol=CLOSE, abs_tol=_NOISE)
        for a, b in ((old.mean_x, new.mean_x), (old.variance_x, new.variance_x), (old.mean_y, new.mean_y))
    )


def _number(value: float | None) -> str:
    return "none" if value is None else f"{value:,.10g}"
