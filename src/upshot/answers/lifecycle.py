"""Who is new, who came back and who is gone: the units of each period of a metric by state."""

from dataclasses import replace
from datetime import date

import msgspec

from upshot.answers.answering import Answering
from upshot.answers.extent import NO_DATA, extent_of
from upshot.answers.fields import read_filters
from upshot.answers.metric_book import view_of
from upshot.answers.questions import window_of
from upshot.answers.unseen import notes_on_filters
from upshot.api.lifecycle import Lifecycle, LifecyclePeriod, LifecycleQuery
from upshot.api.metrics import MetricView
from upshot.charts.words import day_label
from upshot.core.errors import InvalidInput
from upshot.core.time import DayRange, Grain
from upshot.metrics.compile.query import SeriesQuery
from upshot.metrics.definition import Metric, State
from upshot.metrics.kinds import KINDS, Window
from upshot.metrics.ripening import Lookback, window_grain

__all__ = ["answer_lifecycle", "lifecycle"]


def lifecycle(resources: Answering, request: LifecycleQuery) -> Lifecycle:
    """The states of a saved metric's units.

    Raises:
        NotFound: There is no such metric, or no event bears a property that is asked for.
        InvalidInput: The metric says nothing of who is active, or the question is not written as one.
    """
    metric, version = resources.metrics.get(request.name)
    return answer_lifecycle(resources, metric, view_of(metric, version), request)


def answer_lifecycle(resources: Answering, metric: Metric, view: MetricView, request: LifecycleQuery) -> Lifecycle:
    """The states of a metric's units, saved or not; periods are whole, and as long as the metric's own window."""
    _refuse(metric)
    grain = window_grain(metric) or request.grain
    asked = window_of(request.first, request.last, grain)
    window = DayRange(grain.floor(asked.start), grain.next(grain.floor(asked.last)))
    where = read_filters(resources, request.where)
    prepared, answer = resources.compiled.states(resources.store, metric, SeriesQuery(window, grain, (), where))
    at = {name: answer.columns.index(name) for name in answer.columns}
    found = {
        msgspec.convert(row[at["period"]], date): {s: msgspec.convert(row[at[s]], int) for s in State}
        for row in answer.rows
    }
    extent = replace(extent_of(resources, metric, where), lookback=Lookback(compared=(None,)))
    periods = []
    for start in window.periods(grain):
        end = grain.next(start)
        note = extent.note(start, end, DayRange(start, end))
        counted = found.get(start, dict.fromkeys(State, 0))
        periods.append(
            LifecyclePeriod(start, complete=False, note=note) if note in NO_DATA else _of(start, counted, note)
        )
    return Lifecycle(
        metric=view,
        grain=grain,
        periods=tuple(periods),
        sql=prepared.sql,
        route=prepared.route,
        elapsed_ms=answer.elapsed_ms,
        notes=(*_notes(extent.first, grain, request.grain), *notes_on_filters(resources, where)),
    )


def _of(start: date, counted: dict[State, int], note: str) -> LifecyclePeriod:
    """One period. Who is gone is known when it is over: until then whoever has not come yet may still come."""
    new, returning, resurrected = (counted[s] for s in (State.NEW, State.RETURNING, State.RESURRECTED))
    dormant = None if note else counted[State.DORMANT]
    return LifecyclePeriod(
        period=start,
        new=new,
        returning=returning,
        resurrected=resurrected,
        dormant=dormant,
        active=new + returning + resurrected,
        quick_ratio=(new + resurrected) / dormant if dormant else None,
        complete=not note,
        note=note,
    )


def _notes(first: date | None, own: Grain, asked: Grain) -> tuple[str, ...]:
    told: list[str] = []
    if first is not None:
        told.append(
            f"New means first in the data, which begin on {day_label(first)}: who was there before counts as new once."
        )
    if own is not asked:
        told.append(f"The metric counts by {own}, and so does this.")
    return tuple(told)


def _refuse(metric: Metric) -> None:
    if not metric.is_a.states:
        able = ", ".join(word for word, kind in KINDS.items() if kind.states)
        raise InvalidInput(
            f"{metric.name} is a {metric.type}; it says nothing about who is new or gone.",
            hint=f"Ask a metric of one of the types {able}.",
        )
    if metric.window is Window.ROLLING_28_DAYS:
        raise InvalidInput(
            f"{metric.name} counts over the 28 days up to each day, and such periods overlap.",
            hint="Ask a metric with a window of period, day, week or month.",
        )
