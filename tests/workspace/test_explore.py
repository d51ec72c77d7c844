"""Questions about metrics that are not saved, and the intervals around points."""

import math
from datetime import date
from pathlib import Path

import pytest

from tests.shop import event
from upshot.api.events import EVENTS_APPEND, EventsAppend
from upshot.api.explore import (
    DATA_VALUES,
    EXPLORE_DISTRIBUTION,
    EXPLORE_RETENTION,
    EXPLORE_SERIES,
    ExploreDistribution,
    ExploreRetention,
    ExploreSeries,
    FieldValue,
    ValuesQuery,
)
from upshot.api.metrics import (
    METRIC_APPLY,
    METRIC_LIST,
    METRIC_QUERY,
    METRIC_RETENTION,
    MetricApply,
    MetricQuery,
    RetentionQuery,
)
from upshot.api.operation import Caller
from upshot.api.state import Nothing
from upshot.core.errors import InvalidInput, NotFound
from upshot.core.time import Grain
from upshot.stats.proportions import Successes, wilson
from upshot.workspace.local import LocalWorkspace

JANUARY = (date(2024, 1, 1), date(2024, 1, 14))
SPENT = "{name: spent, type: mean, event: purchase, value: amount, format: money}"


def test_series_of_an_unsaved_metric_is_the_saved_one_s(owner: Caller) -> None:
    asked = owner.call(EXPLORE_SERIES, ExploreSeries(SPENT, *JANUARY, Grain.WEEK, ("country",), ("amount > 1",)))
    assert asked.metric.version == 0
    assert "spent" not in {m.name for m in owner.call(METRIC_LIST, Nothing()).metrics}
    owner.call(METRIC_APPLY, MetricApply(SPENT))
    saved = owner.call(METRIC_QUERY, MetricQuery("spent", *JANUARY, Grain.WEEK, ("country",), ("amount > 1",)))
    assert (asked.points, asked.totals, asked.metric.hash) == (saved.points, saved.totals, saved.metric.hash)


def test_grid_of_an_unsaved_metric_is_the_saved_one_s(owner: Caller) -> None:
    definition = "{name: back, type: retention, event: purchase}"
    asked = owner.call(EXPLORE_RETENTION, ExploreRetention(definition, *JANUARY, Grain.WEEK, 2))
    owner.call(METRIC_APPLY, MetricApply(definition))
    saved = owner.call(METRIC_RETENTION, RetentionQuery("back", *JANUARY, Grain.WEEK, 2))
    assert asked.cells == saved.cells
    assert [(c.units, c.share) for c in asked.cells][:2] == [(2, 1.0), (1, 0.5)]


@pytest.mark.parametrize(
    ("definition", "words"),
    [
        ("{name: x, type: cuont}", "Did you mean 'count'"),
        ("metrics: [{name: a, type: count}, {name: b, type: count}]", "holds 2 metrics"),
        ("", "holds 0 metrics"),
        ("{", "not YAML"),
    ],
)
def test_wrong_definition_is_told_in_words(owner: Caller, definition: str, words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        owner.call(EXPLORE_SERIES, ExploreSeries(definition, *JANUARY))


def test_interval_of_a_conversion_is_wilson_s(owner: Caller) -> None:
    definition = "{name: c, type: conversion, of: purchase, event: purchase, within: 7 days}"
    found = owner.call(EXPLORE_SERIES, ExploreSeries(definition, *JANUARY, Grain.WEEK, intervals=True))
    assert (found.interval, found.level) == ("wilson", 0.95)
    first = found.points[0]
    assert (first.numerator, first.denominator) == (1.0, 2.0)
    expected = wilson(Successes(2, 1)).at()
    assert (first.low, first.high) == pytest.approx((expected.low, expected.high))  # type: ignore[union-attr]
    assert found.total is not None
    assert found.total.low is not None


def test_interval_of_a_mean_takes_persons_as_independent(owner: Caller) -> None:
    """Ann paid 10 and 5, Bob 20.5: two persons, whatever the number of their events."""
    found = owner.call(EXPLORE_SERIES, ExploreSeries(SPENT, *JANUARY, Grain.WEEK, intervals=True))
    assert found.interval == "delta"
    first = found.points[0]
    assert first.value == pytest.approx(35.5 / 3)
    assert first.low is not None
    assert first.high is not None
    # by hand: s² of (x − R y) over persons, over n ȳ²; t with one degree of freedom
    ratio = 35.5 / 3
    rest = [15 - ratio * 2, 20.5 - ratio * 1]
    variance = sum((r - sum(rest) / 2) ** 2 for r in rest) / 1
    error = math.sqrt(variance / 2) / 1.5
    assert (first.high - first.low) / 2 == pytest.approx(12.706204736 * error)
    one_person = found.points[1]
    assert (one_person.low, one_person.high) == (None, None)


def test_interval_is_told_by_group_and_only_where_asked_for(owner: Caller) -> None:
    asked = ExploreSeries(SPENT, *JANUARY, Grain.WEEK, ("country",), intervals=True)
    owner.call(EVENTS_APPEND, EventsAppend("test", (event(2, "zoe", country="FR", amount=30.0),)))
    french = [p for p in owner.call(EXPLORE_SERIES, asked).points if p.group == ("FR",)]
    assert french[0].low is not None
    plain = owner.call(EXPLORE_SERIES, ExploreSeries(SPENT, *JANUARY, Grain.WEEK))
    assert plain.interval == ""
    assert all(p.low is None for p in plain.points)


def test_count_of_everything_has_no_interval(owner: Caller) -> None:
    found = owner.call(METRIC_QUERY, MetricQuery("events", *JANUARY, intervals=True))
    assert found.interval == ""


def test_distribution_over_persons_and_over_events(owner: Caller) -> None:
    spent = "{name: spent, type: sum, event: purchase, value: amount}"
    persons = owner.call(EXPLORE_DISTRIBUTION, ExploreDistribution(*JANUARY, spent, steps=5))
    assert (persons.n, persons.low, persons.high, persons.mean) == (2, 15.0, 21.5, 18.25)
    assert sum(step.count for step in persons.steps) == 2
    assert {q.share for q in persons.quantiles} >= {0.05, 0.5, 0.95}
    events = owner.call(EXPLORE_DISTRIBUTION, ExploreDistribution(*JANUARY, spent, each="event"))
    assert (events.n, events.high) == (5, 100.0)
    filtered = ExploreDistribution(*JANUARY, spent, each="event", where=("country = FR",))
    assert owner.call(EXPLORE_DISTRIBUTION, filtered).n == 2


def test_distribution_of_nothing_has_no_number(owner: Caller) -> None:
    spent = "{name: spent, type: sum, event: never, value: amount}"
    nothing = owner.call(EXPLORE_DISTRIBUTION, ExploreDistribution(*JANUARY, spent))
    assert (nothing.n, nothing.mean, nothing.steps, nothing.quantiles) == (0, None, (), ())


def test_distribution_takes_a_name_or_a_definition(owner: Caller) -> None:
    named = owner.call(EXPLORE_DISTRIBUTION, ExploreDistribution(*JANUARY, name="events"))
    assert (named.n, named.metric.version) == (2, 1)
    with pytest.raises(InvalidInput, match="a definition or the name"):
        owner.call(EXPLORE_DISTRIBUTION, ExploreDistribution(*JANUARY))
    with pytest.raises(InvalidInput, match="0 steps"):
        owner.call(EXPLORE_DISTRIBUTION, ExploreDistribution(*JANUARY, name="events", steps=0))


def test_values_of_a_property_come_with_their_counts(owner: Caller) -> None:
    found = owner.call(DATA_VALUES, ValuesQuery("country"))
    assert found.values == (FieldValue("DE", 3), FieldValue("FR", 2), FieldValue(None, 1))
    assert (found.last, found.more) == (date(2024, 1, 16), False)
    assert owner.call(DATA_VALUES, ValuesQuery("country", "f")).values == (FieldValue("FR", 2),)
    assert owner.call(DATA_VALUES, ValuesQuery("country", limit=1)).more is True
    assert owner.call(DATA_VALUES, ValuesQuery("country", event="visit")).values == (FieldValue(None, 1),)
    assert owner.call(DATA_VALUES, ValuesQuery("$event")).values[0] == FieldValue("purchase", 5)
    assert owner.call(DATA_VALUES, ValuesQuery("first.country")).values[0] == FieldValue("DE", 2)


def test_values_of_an_unknown_property_suggest_the_nearest(owner: Caller) -> None:
    with pytest.raises(NotFound, match="countr") as caught:
        owner.call(DATA_VALUES, ValuesQuery("countr"))
    assert caught.value.suggestions[0] == "country"


def test_values_of_an_empty_store_are_none(tmp_path: Path) -> None:
    from tests.shop import WANTED
    from upshot.api.operation import LOCAL_OWNER
    from upshot.core.settings import load_settings
    from upshot.workspace.initialise import initialise

    initialise(tmp_path / "new", WANTED, load_settings(None, {}))
    with LocalWorkspace.open(tmp_path / "new", load_settings(tmp_path / "new", {})) as opened:
        assert opened.acting_as(LOCAL_OWNER).call(DATA_VALUES, ValuesQuery("country")).values == ()
