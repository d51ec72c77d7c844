"""Names that no event bears, and who is told."""

from datetime import date

import pytest

from tests.shop import event
from upshot.api.data import FACTS_REFRESH
from upshot.api.events import EVENTS_APPEND, EventsAppend
from upshot.api.metrics import METRIC_APPLY, METRIC_QUERY, METRIC_RETENTION, MetricApply, MetricQuery, RetentionQuery
from upshot.api.operation import Caller
from upshot.api.state import Nothing
from upshot.core.errors import NotFound
from upshot.core.time import DayRange, Grain
from upshot.metrics.compile.query import SeriesQuery
from upshot.workspace.local import LocalWorkspace

JANUARY = (date(2024, 1, 1), date(2024, 1, 31))
SPENT = "{name: spent, type: sum, event: purchase, value: amount * 2}"


def test_event_that_no_event_is_named_in_a_filter_is_noted_with_the_nearest(owner: Caller) -> None:
    for where in ("$event = purchse", "$event in (visit, purchse)", "$event != purchse"):
        answer = owner.call(METRIC_QUERY, MetricQuery("events", *JANUARY, where=(where,)))
        assert answer.notes == ("No event is named 'purchse' so far. Did you mean 'purchase'?",)
    grid = owner.call(METRIC_RETENTION, RetentionQuery("events", *JANUARY, where=("$event = purchse",)))
    assert "No event is named 'purchse' so far. Did you mean 'purchase'?" in grid.notes
    assert owner.call(METRIC_QUERY, MetricQuery("events", *JANUARY, where=("$event = purchase",))).notes == ()


def test_event_is_known_as_soon_as_it_came(owner: Caller) -> None:
    asked = MetricQuery("events", *JANUARY, where=("$event = zzz",))
    assert owner.call(METRIC_QUERY, asked).notes == ("No event is named 'zzz' so far.",)
    owner.call(EVENTS_APPEND, EventsAppend("test", (event(3, "ann", "zzz"),)))
    assert owner.call(METRIC_QUERY, asked).notes == ()


@pytest.mark.parametrize(("breakdown", "where"), [(("countri",), ()), ((), ("countri = FR",))])
def test_property_that_no_event_has_is_refused_with_the_nearest(
    owner: Caller, breakdown: tuple[str, ...], where: tuple[str, ...]
) -> None:
    with pytest.raises(NotFound) as refusal:
        owner.call(METRIC_QUERY, MetricQuery("events", *JANUARY, breakdown=breakdown, where=where))
    assert "country" in str(refusal.value) + refusal.value.hint


def test_apply_warns_of_names_that_no_event_bears_and_applies(owner: Caller) -> None:
    text = """
    - {name: a, type: sum, event: purchse, value: amuont * 2, where: countri = FR}
    - {name: b, type: conversion, event: purchase, of: {event: vist, where: first.country = FR}, within: 1 day}
    - {name: c, type: ratio, numerator: a, denominator: a}
    """
    answer = owner.call(METRIC_APPLY, MetricApply(text))
    assert [change.change for change in answer.changes] == ["added"] * 3
    assert {problem.level for problem in answer.problems} == {"warning"}
    assert {(p.message, p.suggestions[:1]) for p in answer.problems} == {
        ("No event is named 'purchse' so far.", ("purchase",)),
        ("No event is named 'vist' so far.", ("visit",)),
        ("No event has a property 'amuont' so far.", ("amount",)),
        ("No event has a property 'countri' so far.", ("country",)),
    }
    assert owner.call(METRIC_APPLY, MetricApply(SPENT)).problems == ()


def test_statement_that_names_facts_dropped_since_is_compiled_anew(workspace: LocalWorkspace, owner: Caller) -> None:
    resources = workspace.resources.answering
    owner.call(METRIC_APPLY, MetricApply(SPENT))
    owner.call(FACTS_REFRESH, Nothing())
    metric, _ = resources.metrics.get("spent")
    query = SeriesQuery(DayRange.of(*JANUARY), Grain.MONTH)
    first, answer = resources.compiled.series(resources.store, metric, query)
    resources.store.declare_measures({})
    again, same = resources.compiled.series(resources.store, metric, query)
    assert (first.route, again.route) == ("measures", "events")
    assert answer.rows == same.rows
    assert resources.compiled.series(resources.store, metric, query)[0] is again
