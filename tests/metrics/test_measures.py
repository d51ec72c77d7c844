"""Which facts a metric needs, and which way the planner goes when they are there."""

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from tests.metrics.harness import fill, run_per_unit, run_series, same
from tests.metrics.world import Event, World
from tests.metrics.worlds import BEGIN, METRICS, condition, field
from upshot.core.time import DayRange, Grain
from upshot.metrics.compile import Route, SeriesQuery, compile_series
from upshot.metrics.measures import measures_of

if TYPE_CHECKING:
    from pathlib import Path

    from upshot.engines.duckdb import DuckDBStore

WORLD = World(
    ZoneInfo("UTC"),
    tuple(
        Event(f"00000000-0000-0000-0000-00000000000{i}", name, BEGIN, unit, {"plan": plan, "q": i, "price": 2})
        for i, (name, unit, plan) in enumerate([("view", "u1", "pro"), ("buy", "u1", "pro"), ("buy", None, "free")])
    ),
)
DAYS = DayRange(BEGIN.date(), BEGIN.date().replace(day=3))


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> "DuckDBStore":
    folder: Path = tmp_path_factory.mktemp("measures")
    opened = fill(folder, WORLD, METRICS.values())
    opened.refresh_facts()
    return opened


@pytest.mark.parametrize(
    ("name", "count"),
    [("all", 0), ("some", 0), ("filtered", 1), ("total", 3), ("average", 2), ("plans", 0), ("converted", 0),
     ("active_filtered", 1), ("per_sum", 3), ("back_filtered", 2), ("active_rolling", 0)],
)  # fmt: skip
def test_a_metric_needs_measures_for_filters_and_values_only(name: str, count: int) -> None:
    assert len(measures_of(METRICS[name])) == count


@pytest.mark.parametrize(
    ("name", "breakdown", "where", "route"),
    [
        ("all", (), (), Route.FACTS),
        ("all", ("$event",), (), Route.FACTS),
        ("all", ("cohort",), (), Route.FACTS),
        ("all", (), ("$event != buy",), Route.FACTS),
        ("all", ("plan",), (), Route.EVENTS),
        ("all", ("person.plan",), (), Route.EVENTS),
        ("all", (), ("first.plan = pro",), Route.EVENTS),
        ("filtered", (), (), Route.MEASURES),
        ("filtered", ("cohort",), (), Route.MEASURES),
        ("filtered", ("$event",), (), Route.EVENTS),
        ("filtered", (), ("q = 1",), Route.EVENTS),
        ("total", (), (), Route.MEASURES),
        ("average", (), (), Route.MEASURES),
        ("per_sum", (), (), Route.MEASURES),
        ("active_filtered", (), (), Route.MEASURES),
        ("active_devices", (), (), Route.EVENTS),
        ("plans", (), (), Route.EVENTS),
        ("converted", (), (), Route.EVENTS),
        ("back", (), (), Route.FACTS),
        ("back_filtered", (), (), Route.MEASURES),
    ],
)
def test_planner_reads_the_smallest_table_that_holds_the_answer_and_says_why(
    store: "DuckDBStore", name: str, breakdown: tuple[str, ...], where: tuple[str, ...], route: Route
) -> None:
    query = SeriesQuery(DAYS, Grain.DAY, tuple(map(field, breakdown)), tuple(map(condition, where)))
    compiled = compile_series(METRICS[name], query, store.dialect())
    assert compiled.route is route
    assert compiled.reason.endswith(".")
    tables = store.compile(compiled.expr)
    assert ('"events"' in tables) is (route is Route.EVENTS)


@pytest.mark.parametrize("name", ["all", "some", "filtered", "total", "by_account"])
def test_totals_of_series_and_of_units_agree_where_additive(store: "DuckDBStore", name: str) -> None:
    metric = METRICS[name]
    assert metric.additive
    whole = run_series(store, metric, SeriesQuery(DAYS, None))
    by_day = run_series(store, metric, SeriesQuery(DAYS, Grain.DAY))
    units = run_per_unit(store, metric, DAYS)
    total = sum(value or 0.0 for value, _, _ in whole.values())
    assert total != 0
    assert same(total, sum(value or 0.0 for value, _, _ in by_day.values()))
    assert same(total, sum(value or 0.0 for value, _, _ in units.values()))
