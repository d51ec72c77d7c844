"""Whatever is asked of whatever events: the compiler's rows are the reference's, by every route."""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, cast
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, Phase, given, note, settings
from hypothesis import strategies as st

from tests.metrics import reference
from tests.metrics.harness import (
    RawOnly,
    WithoutActivity,
    fill,
    run_per_unit,
    run_retention,
    run_series,
    same,
    without_sides,
)
from tests.metrics.world import World
from tests.metrics.worlds import METRICS, retention_queries, series_queries, worlds
from upshot.core.errors import InvalidInput
from upshot.core.time import DayRange
from upshot.metrics.compile import RetentionQuery, SeriesQuery
from upshot.metrics.definition import Metric
from upshot.metrics.text import metric_to_yaml
from upshot.metrics.unit_sums import why_not_by_unit

if TYPE_CHECKING:
    from upshot.engines.duckdb import DuckDBStore
    from upshot.metrics.dialect import Dialect

EXAMPLES = settings(
    max_examples=15,
    phases=[Phase.explicit, Phase.generate],
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
FORMULAS = {name for name, metric in METRICS.items() if metric.formula is not None}
LIFECYCLES = sorted(name for name, metric in METRICS.items() if metric.is_a.compares)
FUNNELS = {name for name, metric in METRICS.items() if metric.steps}
chosen = st.lists(st.sampled_from(sorted(METRICS)), min_size=1, max_size=2, unique=True)


def routes(store: "DuckDBStore") -> "list[tuple[str, Dialect]]":
    dialect = cast("Dialect", store.dialect())
    return [("facts", dialect), ("unit-days", WithoutActivity(dialect)), ("events", RawOnly(dialect))]


def measured(names: list[str]) -> list[Metric]:
    return [METRICS[name] for name in names]


@EXAMPLES
@given(worlds(), chosen, st.data())
def test_series_equals_the_reference_by_every_route(
    tmp_path: Path, world: World, names: list[str], data: st.DataObject
) -> None:
    with fill(tmp_path, world, measured(names)) as store:
        if data.draw(st.booleans(), "refreshed"):
            store.refresh_facts()
        for metric in measured(names):
            query = data.draw(series_queries(), metric.name)
            asked = _asked(metric, query)
            expected = reference.series(metric, asked, world)
            for route, dialect in routes(store):
                found = run_series(store, metric, query, dialect)
                note(f"{metric.name} by {route}: {found} instead of {expected}")
                assert same(without_sides(metric, found), expected)


@EXAMPLES
@given(worlds(), st.sampled_from(sorted(FORMULAS)), series_queries())
def test_formulas_equal_the_arithmetic_of_their_parts_by_every_route(
    tmp_path: Path, world: World, name: str, query: SeriesQuery
) -> None:
    metric = METRICS[name]
    with fill(tmp_path, world, [metric]) as store:
        store.refresh_facts()
        expected = reference.series(metric, _asked(metric, query), world)
        by_unit = {} if why_not_by_unit(metric) else reference.per_unit(metric, query.days, world)
        for route, dialect in routes(store):
            found = run_series(store, metric, query, dialect)
            note(f"{name} by {route}: {found} instead of {expected}")
            assert same(without_sides(metric, found), expected)
            if by_unit:
                units = run_per_unit(store, metric, query.days, dialect)
                assert same(_values(without_sides(metric, units)), _values(by_unit))


@settings(EXAMPLES, max_examples=30)
@given(worlds(least=15), st.sampled_from(sorted(FUNNELS)), series_queries())
def test_funnels_equal_the_longest_of_all_ways_through_their_steps(
    tmp_path: Path, world: World, name: str, query: SeriesQuery
) -> None:
    metric = METRICS[name]
    with fill(tmp_path, world, [metric]) as store:
        expected = reference.series(metric, query, world)
        found = run_series(store, metric, query)
        note(f"{name}: {found} instead of {expected}")
        assert same(found, expected)
        by_unit, units = reference.per_unit(metric, query.days, world), run_per_unit(store, metric, query.days)
        assert same(_values(units), _values(by_unit))


@EXAMPLES
@given(worlds(), st.sampled_from(LIFECYCLES), series_queries())
def test_states_of_units_equal_the_reference_by_every_route(
    tmp_path: Path, world: World, name: str, query: SeriesQuery
) -> None:
    metric = METRICS[name]
    with fill(tmp_path, world, [metric]) as store:
        store.refresh_facts()
        expected = reference.series(metric, _asked(metric, query), world)
        for route, dialect in routes(store):
            found = run_series(store, metric, query, dialect)
            note(f"{name} by {route}: {found} instead of {expected}")
            assert same(found, expected)


@pytest.mark.parametrize("name", LIFECYCLES)
def test_state_of_a_unit_by_calendar_periods_is_no_value_of_the_unit(tmp_path: Path, name: str) -> None:
    world = World(ZoneInfo("UTC"), ())
    with fill(tmp_path, world) as store, pytest.raises(InvalidInput, match="sorts units by calendar periods"):
        run_per_unit(store, METRICS[name], DayRange.of(date(2024, 3, 1), date(2024, 3, 2)))


@pytest.mark.parametrize("name", ["nested", "times_converted"])
def test_formula_that_does_not_add_up_has_no_value_of_a_unit(tmp_path: Path, name: str) -> None:
    world = World(ZoneInfo("UTC"), ())
    with fill(tmp_path, world) as store, pytest.raises(InvalidInput, match=r"neither a weighted sum|do not add up"):
        run_per_unit(store, METRICS[name], DayRange.of(date(2024, 3, 1), date(2024, 3, 2)))


@EXAMPLES
@given(worlds(), chosen, st.data())
def test_retention_equals_the_reference_by_every_route(
    tmp_path: Path, world: World, names: list[str], data: st.DataObject
) -> None:
    with fill(tmp_path, world, measured(names)) as store:
        store.refresh_facts()
        for metric in measured(names):
            query: RetentionQuery = data.draw(retention_queries(), metric.name)
            expected = reference.retention(metric, query, world)
            for route, dialect in routes(store):
                found = run_retention(store, metric, query, dialect)
                note(f"{metric.name} by {route}: {found} instead of {expected}")
                assert same(found, expected)


@EXAMPLES
@given(worlds(), chosen, st.data())
def test_per_unit_equals_the_reference_by_every_route(
    tmp_path: Path, world: World, names: list[str], data: st.DataObject
) -> None:
    with fill(tmp_path, world, measured(names)) as store:
        store.refresh_facts()
        for metric in measured(names):
            if metric.formula is not None or why_not_by_unit(metric):
                continue
            days: DayRange = data.draw(series_queries(), metric.name).days
            expected = reference.per_unit(metric, days, world)
            for route, dialect in routes(store):
                found = run_per_unit(store, metric, days, dialect)
                note(f"{metric.name} by {route}: {found} instead of {expected}")
                if world.persons or metric.type.value == "ratio":
                    assert same(_values(found), _values(expected))
                else:
                    assert same(found, expected)


def _values(numbers: dict[str | None, reference.Numbers]) -> tuple[tuple[float, ...], ...]:
    """Numbers without names, and without units that have none."""
    some = [tuple(-1e9 if x is None else round(x, 6) for x in n) for n in numbers.values() if any(n)]
    return tuple(sorted(some))


def _asked(metric: Metric, query: SeriesQuery) -> SeriesQuery:
    """The question in the grain that the metric answers in."""
    from upshot.core.time import longer
    from upshot.metrics.ripening import least_grain

    return SeriesQuery(query.days, longer(query.grain, least_grain(metric)), query.breakdown, query.where)


@pytest.mark.parametrize("name", sorted(METRICS))
def test_every_metric_of_the_list_survives_its_own_yaml(name: str) -> None:
    from upshot.metrics.parse import parse_metrics

    assert parse_metrics(metric_to_yaml(METRICS[name])).metrics == (METRICS[name],)
