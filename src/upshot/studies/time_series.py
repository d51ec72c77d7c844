"""A launch that reached everybody: the outcome against what it would have gone on to be, learned from the days before.

Without controls the evidence is C and never better: nothing in one series shows that nothing else happened that day.
With controls that carried the forecast and held their course it is B.
"""

import math
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from upshot.catalog.kinds import AnnotationKind
from upshot.catalog.verdict import Check, Effect, Grade, Interval, MetricRole, Point, StudyDesign
from upshot.causal.assessment import METHOD, Assessment, Reading, assess
from upshot.causal.refusal import Refusal
from upshot.causal.series import RHYTHMS, Series, Window
from upshot.causal.trajectory import is_over
from upshot.charts.words import day_label
from upshot.core.units import counted, format_change, format_interval
from upshot.stats.result import Estimate
from upshot.studies.conditions import Clear, clear_window, definition_check
from upshot.studies.findings import Finding, Refused, no_effect_of
from upshot.studies.inputs import DailySeries, MetricInput, StudyInputs

__all__ = ["SHOWN_BEFORE_DAYS", "measure_time_series", "series_of"]

SHOWN_BEFORE_DAYS = 84
"""Days before the launch that the report's path shows."""
_DESIGN = StudyDesign.TIME_SERIES
_SPIKE_DAYS = 3
_SPIKE_P = 0.01
"""A second look at the same series: stricter than the first, so that it adds few false claims."""


@dataclass(frozen=True, slots=True)
class _Answer:
    """One metric's assessment, and how its parts are found again."""

    assessment: Assessment
    reading: Reading
    series: Series
    spike: Reading | Refusal | None


def measure_time_series(inputs: StudyInputs) -> Finding | Refused:
    """The effect on the primary metric over the clear days, and on the others; or why there is none."""
    primary = inputs.primary
    clear = clear_window(inputs, primary)
    checks = [definition_check(primary), *clear.checks]
    refusals = [check.sentence for check in checks if check.passed is False and check.name == "definition"]
    refusals += clear.refusals
    if primary.no_daily:
        refusals.append(primary.no_daily)
    if refusals:
        return Refused(_DESIGN, tuple(refusals), tuple(checks), _observed_path(inputs))
    answer = _assessed(inputs, primary, clear, inputs.study.level)
    if isinstance(answer, str):
        return Refused(_DESIGN, (answer,), tuple(checks), _observed_path(inputs))
    effects = [_effect(primary, answer.reading, clear, inputs.study.level)]
    guardrails = max(1, len(inputs.of_role(MetricRole.GUARDRAIL)))
    for metric in inputs.metrics:
        if metric.role in (MetricRole.SECONDARY, MetricRole.GUARDRAIL):
            family = guardrails if metric.role is MetricRole.GUARDRAIL else 1
            effects.append(_other_effect(inputs, metric, clear, 1.0 - (1.0 - inputs.study.level) / family))
    checks += _model_checks(inputs, answer)
    return Finding(
        _DESIGN,
        Grade(answer.assessment.grade),
        tuple(effects),
        tuple(checks),
        (clear.first, clear.last),
        reasons=clear.remarks,
        path=_path(inputs, answer, clear),
        transient=_transient(primary, answer, clear),
    )


def _assessed(inputs: StudyInputs, metric: MetricInput, clear: Clear, level: float) -> _Answer | str:
    daily = inputs.daily(metric.name)
    if daily is None:
        return metric.no_daily or f"There are no daily values of {metric.title}."
    series = series_of(inputs, daily, clear)
    if isinstance(series, str):
        return series
    whole = Window((clear.first - inputs.launch_day).days, (clear.last - inputs.launch_day).days)
    windows = (whole,) if whole.last <= _SPIKE_DAYS else (whole, Window(0, _SPIKE_DAYS - 1))
    found = assess(series, windows, level=level, rng=inputs.seed)
    if isinstance(found, Refusal):
        return found.sentence
    reading = found.readings[0]
    if isinstance(reading, Refusal):
        return reading.sentence
    return _Answer(found, reading, series, found.readings[1] if len(windows) > 1 else None)


def series_of(inputs: StudyInputs, daily: DailySeries, clear: Clear) -> Series | str:
    """The series up to the last clear day, with controls and other changes; or why there is none.

    Controls with a day without a value are left out, and so is what is known of changes outside the series.
    """
    start = daily.first_day
    launch = (inputs.launch_day - start).days
    last = (clear.last - start).days
    if launch <= 0 or last >= len(daily.values):
        return (
            f"The data of the metric end on {day_label(daily.last_day)}; "
            f"the reading needs them from {day_label(start)} to {day_label(clear.last)}."
        )
    values = np.array([math.nan if v is None else v for v in daily.values[: last + 1]], dtype=np.float64)
    outside = range(-RHYTHMS["day"].relearning, len(values))
    days = {(c.day - start).days: c.logging for c in clear.changes}
    columns = [
        column
        for metric in inputs.metrics
        if metric.role is None and (column := _control(inputs, metric, start, len(values))) is not None
    ]
    return Series(
        y=values,
        launch=launch,
        controls=np.stack(columns, axis=1) if columns else np.zeros((0, 0)),
        others=tuple(sorted(day for day, logging in days.items() if not logging and day in outside)),
        changes=tuple(sorted(day for day, logging in days.items() if logging and day in outside)),
        calendar=_holidays(inputs, daily.metric, start, len(values)),
        position=start.timetuple().tm_yday - 1,
    )


def _holidays(inputs: StudyInputs, metric: str, start: date, length: int) -> NDArray[np.float64]:
    """One column that is 1 on annotated holidays; none where there is no such day in the series."""
    column = np.zeros(length)
    for note in inputs.notes:
        if note.kind is AnnotationKind.HOLIDAY and (not note.metrics or metric in note.metrics):
            first = (note.first_day - start).days
            last = ((note.last_day or note.first_day) - start).days
            column[max(first, 0) : max(last + 1, 0)] = 1.0
    return column[:, None] if column.any() else np.zeros((0, 0))


def _control(inputs: StudyInputs, metric: MetricInput, start: date, length: int) -> NDArray[np.float64] | None:
    daily = inputs.daily(metric.name)
    if daily is None:
        return None
    shift = (start - daily.first_day).days
    if shift < 0 or shift + length > len(daily.values):
        return None
    cut = daily.values[shift : shift + length]
    return None if any(v is None for v in cut) else np.array(cut, dtype=np.float64)


def _other_effect(inputs: StudyInputs, metric: MetricInput, clear: Clear, level: float) -> Effect:
    window = clear.first, clear.last
    definition = definition_check(metric)
    if definition.passed is False:
        return no_effect_of(metric, window, definition.sentence, level=level, method=METHOD)
    own = clear_window(inputs, metric)
    if own.refusals:
        return no_effect_of(metric, window, own.refusals[0], level=level, method=METHOD)
    answer = _assessed(inputs, metric, own, level)
    if isinstance(answer, str):
        return no_effect_of(metric, window, answer, level=level, method=METHOD)
    return _effect(metric, answer.reading, own, level)


def _effect(metric: MetricInput, reading: Reading, clear: Clear, level: float) -> Effect:
    """Sums are told as they are; of what does not add up over days the mean day is told."""
    relative = reading.relative if isinstance(reading.relative, Estimate) else None
    days = max(reading.absolute.n, 1.0)
    scale = 1.0 if metric.additive else 1.0 / days
    total = reading.absolute
    return Effect(
        metric=metric.name,
        metric_hash=metric.hash,
        role=metric.role or MetricRole.SECONDARY,
        direction=metric.direction,
        first_day=clear.first,
        last_day=clear.last,
        relative=None if relative is None else Interval(relative.value, relative.low, relative.high),
        absolute=Interval(total.value * scale, total.low * scale, total.high * scale),
        per="total" if metric.additive else "day",
        level=level,
        p_value=total.p_value,
        method=METHOD,
        n=total.n,
        reach=1.0 if metric.additive else days,
    )


def _model_checks(inputs: StudyInputs, answer: _Answer) -> list[Check]:
    alarms, reading, found = answer.reading.false_alarms, answer.reading, answer.assessment
    checks = [
        Check(
            name="history",
            passed=True,
            sentence=f"{counted(found.history, 'day')} with values before the launch.",
        ),
        Check(
            name="placebos in time",
            passed=True,
            sentence=(
                f"{counted(len(reading.placebos), 'launch was', 'launches were')} pretended at other times; of the "
                f"{alarms.placebos} that share no day {alarms.alarms} raised a false alarm ({alarms.low:.0%} to "
                f"{alarms.high:.0%} at 95%). The interval is {reading.inflation:.2f} times as wide as the model alone "
                "would have it."
            ),
        ),
        Check(
            name="detectable",
            passed=None,
            sentence=(
                f"This reading finds an effect of {reading.detectable:.1%} or more with a chance of 80%; the smallest "
                f"that matters is {inputs.study.smallest_effect:.1%}."
            ),
        ),
    ]
    controls = [metric for metric in inputs.metrics if metric.role is None]
    if controls:
        held = [check for check in found.controls if check.held]
        checks.append(
            Check(
                name="controls",
                passed=found.grade == "B",
                sentence=(
                    f"Of {len(controls)} control series {len(held)} held their course at the launch"
                    + ("; they carry the forecast." if found.grade == "B" else "; none of them carries the forecast.")
                ),
            )
        )
    return checks


def _transient(metric: MetricInput, answer: _Answer, clear: Clear) -> str:
    """What says that the effect was over by the reading; empty where nothing does.

    Either the first third of the window has it, the last third has not, and the difference is clear; or the launch's
    own first days stand out, and the window as a whole holds no effect and leaves theirs out. A window that is too
    vague to tell says nothing.
    """
    trajectory, spike, reading = answer.assessment.trajectory, answer.spike, answer.reading
    if trajectory is not None and trajectory.course == "transient":
        return (
            f"{metric.title} moved by {format_change(trajectory.early[0])} in the first third of "
            f"{day_label(clear.first)} to {day_label(clear.last)} and by "
            f"{format_change(trajectory.late[0])} in the last "
            f"({format_change(trajectory.late[1])} to {format_change(trajectory.late[2])}): it did not last."
        )
    lasting = trajectory is not None and trajectory.course in ("lasting", "growing", "fading", "reversed")
    if not isinstance(spike, Reading) or spike.absolute.p_value >= _SPIKE_P or reading.claimed or lasting:
        return ""
    share, whole = spike.relative, reading.relative
    if not isinstance(share, Estimate) or not isinstance(whole, Estimate):
        return ""
    if not is_over(share.value, whole.low, whole.high):
        return ""
    return (
        f"{metric.title} moved by {format_interval(share.value, share.low, share.high)} on the launch's day and "
        f"the {_SPIKE_DAYS - 1} after it; over {day_label(clear.first)} to {day_label(clear.last)} it moved by "
        f"{format_interval(whole.value, whole.low, whole.high)}, which leaves no such effect."
    )


def _path(inputs: StudyInputs, answer: _Answer, clear: Clear) -> tuple[Point, ...]:
    daily = inputs.daily(inputs.primary.name)
    if daily is None:
        return ()
    shown = [p for p in _observed_path(inputs) if p.day < inputs.launch_day]
    path = answer.assessment.path
    for step in range(min(len(path.expected), (clear.last - inputs.launch_day).days + 1)):
        bounds = (float(part[step]) for part in (path.expected, path.low, path.high))
        observed = float(path.observed[step])
        day = inputs.launch_day + timedelta(days=step)
        shown.append(Point(day, None if math.isnan(observed) else observed, *bounds))
    shown += [p for p in _observed_path(inputs) if p.day > clear.last]
    return tuple(shown)


def _observed_path(inputs: StudyInputs) -> tuple[Point, ...]:
    daily = inputs.daily(inputs.primary.name)
    if daily is None:
        return ()
    days = ((daily.first_day + timedelta(days=i), v) for i, v in enumerate(daily.values))
    begin = inputs.launch_day - timedelta(days=SHOWN_BEFORE_DAYS)
    return tuple(Point(day, v, None, None, None) for day, v in days if begin <= day <= inputs.reading)
