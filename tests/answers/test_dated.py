"""A statement with open days is, for every range, letter by letter the one that is compiled for it."""

from collections.abc import Iterator
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from upshot.answers.compiled import CompiledQueries
from upshot.answers.dated import DatedStatement
from upshot.answers.prepared import Prepared
from upshot.core.time import DayRange, Grain
from upshot.engines.duckdb import DuckDBStore
from upshot.metrics.compile import compile_series
from upshot.metrics.compile.query import SeriesQuery
from upshot.metrics.definition import Metric
from upshot.metrics.parse import parse_metrics

METRICS = """
- {name: count, type: count}
- {name: revenue, type: revenue, event: buy, value: quantity * price, where: plan = pro}
- {name: mean, type: mean, event: buy, value: price}
- {name: distinct, type: distinct, value: plan}
- {name: active, type: active}
- {name: active_weekly, type: active, window: week}
- {name: active_28d, type: active, window: 28d}
- {name: stickiness, type: stickiness}
- {name: stickiness_28d, type: stickiness, window: 28d}
- {name: per_active, type: ratio, numerator: count, denominator: active}
- {name: conversion, type: conversion, event: buy, of: view, within: 7 days}
- {name: retention, type: retention, period: week, after: 2}
"""
DEFINED = {metric.name: metric for metric in parse_metrics(METRICS).metrics}
OPENED = ("count", "revenue", "mean", "distinct", "active", "active_28d", "per_active", "conversion")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DuckDBStore]:
    with DuckDBStore(tmp_path_factory.mktemp("dated") / "events.duckdb", ZoneInfo("UTC")) as opened:
        yield opened


def prepared(store: DuckDBStore, metric: Metric, grain: Grain | None, days: DayRange) -> Prepared:
    made = compile_series(metric, SeriesQuery(days, grain), store.dialect())
    told = (made.columns, made.additive, made.absent, made.grain, made.notes)
    return Prepared(store.compile(made.expr), str(made.route), made.reason, *told)


@pytest.mark.parametrize("name", DEFINED)
@pytest.mark.parametrize("grain", [Grain.DAY, Grain.WEEK, Grain.MONTH, None])
def test_open_days_are_filled_as_compiling_does(store: DuckDBStore, name: str, grain: Grain | None) -> None:
    dated = DatedStatement.of(lambda days: prepared(store, DEFINED[name], grain, days))
    if grain is Grain.DAY:
        assert (dated is not None) >= (name in OPENED)
    if dated is None:
        return

    @settings(max_examples=2, deadline=None, database=None)
    @given(st.dates(date(1990, 1, 1), date(2040, 1, 1)), st.integers(1, 500))
    def holds(first: date, length: int) -> None:
        days = DayRange(first, first + timedelta(days=length))
        assert dated.filled(days) == prepared(store, DEFINED[name], grain, days)

    holds()


def test_third_range_is_not_compiled(store: DuckDBStore, monkeypatch: pytest.MonkeyPatch) -> None:
    queries, compiled = CompiledQueries(), []
    compile_ = DuckDBStore.compile

    def counted(self: DuckDBStore, expression: object) -> str:
        compiled.append(expression)
        return compile_(self, expression)

    monkeypatch.setattr(DuckDBStore, "compile", counted)
    first = SeriesQuery(DayRange(date(2024, 1, 1), date(2024, 2, 1)), Grain.DAY)
    for month in (1, 2, 3, 4):
        days = DayRange(date(2024, month, 1), date(2024, month + 1, 1))
        before = len(compiled)
        made, _ = queries.series(store, DEFINED["count"], msgspec.structs.replace(first, days=days))
        assert f"MAKE_DATE(2024, {month}, 1)" in made.sql
        assert bool(len(compiled) - before) == (month < 3)
