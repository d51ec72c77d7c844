"""Daily series of other systems: each value becomes an event, which every metric, chart and study takes as it is."""

import math
from collections import Counter
from datetime import UTC, datetime, time, timedelta

import msgspec

from upshot.api.metrics import MetricApply
from upshot.api.operation import Principal
from upshot.api.series import SERIES_IMPORT, SeriesImport, SeriesImported, SeriesValue
from upshot.catalog.declarations import Put
from upshot.catalog.kinds import Outcome
from upshot.core.errors import InvalidInput
from upshot.core.ids import event_id
from upshot.core.time import DayRange
from upshot.engines.values import EventRecord
from upshot.metrics.definition import Metric, Property, Selection
from upshot.metrics.parse import parse_metrics
from upshot.metrics.text import metric_to_yaml
from upshot.workspace.binding import Binding
from upshot.workspace.operations.metrics import apply as apply_metrics
from upshot.workspace.resources import Resources

__all__ = ["BINDINGS", "import_series"]

_MOST_VALUES = 200_000
_SHOWN = 20
_NOON = time(12)
_VALUE = "value"


def import_series(resources: Resources, principal: Principal, request: SeriesImport) -> SeriesImported:
    """Keep the values, and define the metric that adds them up by day.

    Raises:
        InvalidInput: There are no values, one is no number, two are of the same day and dimensions, or the name is
            another metric's.
    """
    _check(request)
    metric = _metric(request)
    known = resources.catalog.metrics.current().get(request.name)
    if known is not None and known.hash != metric.hash:
        raise InvalidInput(
            f"There is a metric {request.name!r} that is something else.", hint="Give the series another --name."
        )
    days = sorted({value.day for value in request.values})
    kept = _kept(resources, request, DayRange.of(days[0], days[-1]))
    fresh = [value for value in request.values if _key(value) not in kept]
    revised = [v for v in request.values if _key(v) in kept and not math.isclose(kept[_key(v)], v.value)]
    if fresh:
        resources.store.append([_event(resources, request.name, value) for value in fresh])
    resources.sources.note(_source(request.name), "series")
    if known is None:
        applied = apply_metrics(resources, principal, MetricApply(metric_to_yaml(metric), source=_source(request.name)))
        if any(problem.level == "error" for problem in applied.problems):
            raise InvalidInput(
                "; ".join(str(p.message) for p in applied.problems), hint="Give the series another --name."
            )
    if request.outcome and request.name not in resources.catalog.declarations.current(Outcome):
        outcome = Outcome(name=request.name, worth=request.worth)
        resources.catalog.declarations.change(
            [Put(outcome, after=0)], by=principal.name, source=_source(request.name), managed="import"
        )
    there = set(days)
    between = (days[0] + timedelta(days=i) for i in range((days[-1] - days[0]).days))
    return SeriesImported(
        metric=request.name,
        stored=len(fresh),
        known=len(request.values) - len(fresh) - len(revised),
        revised=tuple(_revision(value, kept[_key(value)]) for value in revised[:_SHOWN])
        + ((f"and {len(revised) - _SHOWN} more",) if len(revised) > _SHOWN else ()),
        first=days[0],
        last=days[-1],
        missing=tuple(day for day in between if day not in there),
    )


def _check(request: SeriesImport) -> None:
    if not request.values:
        raise InvalidInput("The series holds no value.", hint="Name the columns with --day and --value.")
    if len(request.values) > _MOST_VALUES:
        raise InvalidInput(
            f"{len(request.values):,} values are too many at once.", hint=f"Send {_MOST_VALUES:,} at a time."
        )
    for value in request.values:
        if not math.isfinite(value.value):
            raise InvalidInput(f"The value of {value.day} is no number.", hint="Leave days without a value out.")
    (key, count), *_ = Counter(_key(value) for value in request.values).most_common(1)
    if count > 1:
        raise InvalidInput(
            f"{key} is there {count} times.", hint="Name the columns that tell the values apart with --dimension."
        )


def _metric(request: SeriesImport) -> Metric:
    definition = {
        "name": request.name,
        "title": request.title or request.name.replace("_", " ").capitalize(),
        "type": "sum",
        "event": request.name,
        "value": _VALUE,
        "format": request.format,
        "direction": request.direction,
    }
    parsed = parse_metrics(msgspec.json.encode(definition).decode(), "series")
    if parsed.problems:
        problem = parsed.problems[0]
        raise InvalidInput(
            str(problem.message), hint=f"Use --name {problem.suggestions[0]}." if problem.suggestions else ""
        )
    return parsed.metrics[0]


def _source(name: str) -> str:
    return f"series:{name}"


def _key(value: SeriesValue) -> str:
    return "|".join([value.day.isoformat(), *(f"{key}={text}" for key, text in sorted(value.dimensions.items()))])


def _event(resources: Resources, name: str, value: SeriesValue) -> EventRecord:
    at = datetime.combine(value.day, _NOON, tzinfo=resources.zone).astimezone(UTC)
    client = _key(value)
    properties = {**value.dimensions, _VALUE: value.value}
    return EventRecord(
        event_id=event_id(_source(name), client),
        event=name,
        occurred_at=at,
        received_at=resources.clock(),
        source=_source(name),
        client_id=client,
        properties=msgspec.json.encode(properties).decode(),
    )


def _kept(resources: Resources, request: SeriesImport, days: DayRange) -> dict[str, float]:
    """Values that are kept already on these days, by day and dimensions."""
    from upshot.metrics.compile.events import event_rows

    rows = event_rows(
        resources.store.dialect(),
        Selection((request.name,)),
        days=days,
        unit_type="person",
        keyed=False,
        breakdown=(),
        value=Property(_VALUE),
    )
    events = resources.store.dialect().events()
    named = events.filter((events.event == request.name) & (events.source == _source(request.name)))
    both = named.select("event_id", "client_id").view()
    found = rows.view().inner_join(both, "event_id").select("client_id", "value")
    return {str(client): float(value) for client, value in resources.store.run(found).rows if value is not None}


def _revision(value: SeriesValue, kept: float) -> str:
    return f"{_key(value)}: {kept:.10g} is kept, {value.value:.10g} is given"


BINDINGS = (Binding(SERIES_IMPORT, import_series),)
