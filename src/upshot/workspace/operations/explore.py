"""Questions about metrics that are not saved: their definition comes with the question and goes the same way."""

import math
from datetime import timedelta

import msgspec

from upshot.answers.extent import extent_of
from upshot.answers.fields import read_fields, read_filters
from upshot.answers.left_out import left_out, notes_on_values
from upshot.answers.metric_book import unsaved_view, view_of
from upshot.answers.questions import answer_grid, answer_series, window_of
from upshot.answers.unseen import notes_on_filters
from upshot.api.explore import (
    DATA_VALUES,
    EXPLORE_DISTRIBUTION,
    EXPLORE_RETENTION,
    EXPLORE_SERIES,
    Distribution,
    ExploreDistribution,
    ExploreRetention,
    ExploreSeries,
    FieldValue,
    FieldValues,
    Quantile,
    Step,
    ValuesQuery,
)
from upshot.api.metrics import MetricSeries, MetricView, RetentionGrid
from upshot.api.operation import Principal
from upshot.core.errors import InvalidInput
from upshot.core.time import DayRange, Grain
from upshot.engines.values import QueryResult
from upshot.metrics.ad_hoc import count_of
from upshot.metrics.compile.query import DistributionQuery, SeriesQuery, Steps
from upshot.metrics.definition import EVERY_EVENT, Metric, Selection
from upshot.metrics.parse import parse_metrics
from upshot.metrics.segments import resolved_metric
from upshot.metrics.steps import steps_between
from upshot.workspace.binding import Binding
from upshot.workspace.resources import Resources

__all__ = ["BINDINGS", "distribution", "retention", "series", "values"]

_MOST_STEPS = 200
_MOST_VALUES = 1_000
_NEWEST_DAYS = 90


def series(resources: Resources, principal: Principal, request: ExploreSeries) -> MetricSeries:
    """A metric over time."""
    del principal
    metric = _defined(resources, request.definition)
    return answer_series(resources.answering, metric, unsaved_view(metric), request)


def retention(resources: Resources, principal: Principal, request: ExploreRetention) -> RetentionGrid:
    """A cohort grid."""
    del principal
    metric = _defined(resources, request.definition)
    return answer_grid(resources.answering, metric, unsaved_view(metric), request)


def distribution(resources: Resources, principal: Principal, request: ExploreDistribution) -> Distribution:
    """How a metric's values are spread."""
    del principal
    if not 1 <= request.steps <= _MOST_STEPS:
        raise InvalidInput(f"{request.steps} steps cannot be shown.", hint=f"Ask for 1 to {_MOST_STEPS}.")
    metric, view = _metric_of(resources, request)
    where = read_filters(resources.answering, request.where)
    query = DistributionQuery(window_of(request.first, request.last, Grain.DAY), request.each, where)
    prepared, answer = resources.answering.compiled.distribution(resources.store, metric, query)
    found = dict(zip(answer.columns, answer.rows[0], strict=True))
    numbers = {name: _number(value) for name, value in found.items() if name != "whole"}
    elapsed = answer.elapsed_ms
    steps: tuple[Step, ...] = ()
    low, high = numbers["low"], numbers["high"]
    if low is not None and high is not None:
        inner = (_known(numbers["q01"], low), _known(numbers["q99"], high))
        wanted = steps_between(low, high, inner, whole=bool(found["whole"]), most=request.steps)
        _, counted = resources.answering.compiled.histogram(resources.store, metric, query, wanted)
        elapsed += counted.elapsed_ms
        steps = _steps(counted, wanted, high)
    without = left_out(resources.answering, metric, query.days, where)
    return Distribution(
        metric=view,
        each=request.each,
        n=int(numbers["n"] or 0),
        mean=numbers["mean"],
        low=low,
        high=high,
        whole=bool(found["whole"]),
        quantiles=tuple(
            Quantile(int(name[1:]) / 100, value)
            for name, value in numbers.items()
            if name[0] == "q" and value is not None
        ),
        steps=steps,
        sql=prepared.sql,
        route=prepared.route,
        elapsed_ms=elapsed,
        currency=resources.loaded.settings.workspace.currency,
        notes=(
            *prepared.notes,
            *notes_on_filters(resources.answering, where),
            *notes_on_values(without),
        ),
        left_out=without,
    )


def values(resources: Resources, principal: Principal, request: ValuesQuery) -> FieldValues:
    """The values of a field, most frequent first: a count of events, broken down by it."""
    del principal
    if not 1 <= request.limit <= _MOST_VALUES:
        raise InvalidInput(f"{request.limit} values cannot be shown.", hint=f"Ask for 1 to {_MOST_VALUES}.")
    from upshot.metrics.compile import compile_series

    field = read_fields(resources.answering, (request.field,))
    last = extent_of(resources.answering).last or resources.today()
    days = DayRange.of(last - timedelta(days=_NEWEST_DAYS - 1), last)
    events = (request.event,) if request.event not in ("", EVERY_EVENT) else ()
    count = count_of("events", Selection(events))
    made = compile_series(count, SeriesQuery(days, None, field), resources.store.dialect()).expr
    if typed := request.typed.strip().lower():
        made = made.filter(made.group_0.lower().contains(typed))
    ranked = made.order_by([made["value"].desc(), made.group_0]).limit(request.limit + 1)
    rows = resources.store.run(ranked.select("group_0", "value")).rows
    found = [FieldValue(None if name is None else str(name), int(_number(n) or 0)) for name, n in rows]
    return FieldValues(tuple(found[: request.limit]), days.start, days.last, more=len(found) > request.limit)


def _defined(resources: Resources, definition: str) -> Metric:
    """The one metric of a text.

    Raises:
        InvalidInput: It is not right, or there is not one metric in it.
    """
    known = [metric for metric, _ in resources.metrics.all().values()]
    parsed = parse_metrics(definition, "", known)
    if parsed.problems:
        raise InvalidInput(
            " ".join(map(str, parsed.problems)), hint="A definition is written as for `upshot metric apply`."
        )
    if len(parsed.metrics) != 1:
        raise InvalidInput(
            f"The definition holds {len(parsed.metrics)} metrics.", hint="Send one metric; ask again for each other."
        )
    return resolved_metric(parsed.metrics[0], resources.answering.segments.all())


def _metric_of(resources: Resources, request: ExploreDistribution) -> tuple[Metric, MetricView]:
    if bool(request.definition) == bool(request.name):
        raise InvalidInput("It takes a definition or the name of a metric.", hint="Send one of the two.")
    if request.name:
        metric, version = resources.metrics.get(request.name)
        return metric, view_of(metric, version)
    metric = _defined(resources, request.definition)
    return metric, unsaved_view(metric)


def _steps(counted: QueryResult, steps: Steps, high: float) -> tuple[Step, ...]:
    """Every step, empty ones too; those without a bound only where something lies there."""
    by_place: dict[int, int] = {}
    for place, n in counted.rows:
        by_place[_whole(place)] = _whole(n)
    end = steps.start + steps.count * steps.width
    if high <= end and steps.count in by_place:
        by_place[steps.count - 1] = by_place.get(steps.count - 1, 0) + by_place.pop(steps.count)

    def bound(at: int) -> float:
        return round(steps.start + at * steps.width, 12)

    inner = [Step(bound(at), bound(at + 1), by_place.get(at, 0)) for at in range(steps.count)]
    below = [Step(None, bound(0), by_place[-1])] if by_place.get(-1) else []
    above = [Step(bound(steps.count), None, by_place[steps.count])] if by_place.get(steps.count) else []
    return (*below, *inner, *above)


def _known(value: float | None, otherwise: float) -> float:
    return otherwise if value is None else value


def _whole(value: object) -> int:
    return msgspec.convert(value, int, strict=False)


def _number(value: object) -> float | None:
    if value is None:
        return None
    number = msgspec.convert(value, float, strict=False)
    return number if math.isfinite(number) else None


BINDINGS = (
    Binding(DATA_VALUES, values),
    Binding(EXPLORE_SERIES, series),
    Binding(EXPLORE_RETENTION, retention),
    Binding(EXPLORE_DISTRIBUTION, distribution),
)
