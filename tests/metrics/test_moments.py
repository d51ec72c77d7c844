"""Sums over units, and spreads, beside SQL that was written by hand over the raw events."""

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.metrics.harness import RawOnly, same
from tests.metrics.test_shapes import DAYS, LOG, a_world
from upshot.core.errors import InvalidInput
from upshot.core.time import Grain
from upshot.metrics.compile import (
    DistributionQuery,
    SeriesQuery,
    compile_distribution,
    compile_histogram,
    compile_moments,
    compile_per_unit,
)
from upshot.metrics.filters import parse_filter
from upshot.metrics.parse import parse_metrics
from upshot.metrics.steps import steps_between

if TYPE_CHECKING:
    from collections.abc import Iterator

    from upshot.engines.duckdb import DuckDBStore
    from upshot.metrics.definition import Filter, Metric
    from upshot.metrics.dialect import Dialect

MEAN = "{name: m, type: mean, event: buy, value: Price}"
RATIO = """{name: m, type: ratio, numerator: {type: sum, event: buy, value: Price},
    denominator: {type: active, event: "*"}}"""
BUYS = "SELECT local, distinct_id, country, price FROM inside WHERE event = 'buy' AND distinct_id IS NOT NULL"
SUMS = "count(*), sum(x), sum(y), sum(x * x), sum(y * y), sum(x * y)"


def metric_of(text: str) -> "Metric":
    parsed = parse_metrics(text)
    assert parsed.problems == ()
    return parsed.metrics[0]


def filter_of(text: str) -> "Filter":
    found = parse_filter(text)
    assert not hasattr(found, "message")
    return found


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[DuckDBStore]":
    from tests.metrics.harness import fill

    made = fill(tmp_path_factory.mktemp("moments"), a_world(), (metric_of(MEAN), metric_of(RATIO)))
    made.refresh_facts()
    yield made
    made.close()


def dialects(store: "DuckDBStore") -> "list[Dialect]":
    return [store.dialect(), RawOnly(store.dialect())]


def by_hand(store: "DuckDBStore", sql: str) -> list[tuple[object, ...]]:
    return [tuple(row) for row in store.run_sql(LOG + sql).rows]


def test_moments_of_a_mean_are_sums_over_units(store: "DuckDBStore") -> None:
    expected = by_hand(
        store,
        f", u AS (SELECT date_trunc('week', local)::DATE AS p, distinct_id, sum(price) AS x, count(price) AS y "
        f"FROM ({BUYS}) GROUP BY 1, 2 HAVING count(price) > 0) SELECT p, {SUMS} FROM u GROUP BY 1 ORDER BY 1",
    )
    for dialect in dialects(store):
        made = compile_moments(metric_of(MEAN), SeriesQuery(DAYS, Grain.WEEK), dialect)
        assert made is not None
        assert same(tuple(tuple(r) for r in store.run(made.expr).rows), tuple(expected))
    assert len(expected) > 5


def test_moments_of_a_ratio_count_who_has_no_numerator(store: "DuckDBStore") -> None:
    expected = by_hand(
        store,
        ", u AS (SELECT distinct_id, coalesce(sum(price) FILTER (event = 'buy'), 0) AS x, 1 AS y "
        "FROM inside WHERE distinct_id IS NOT NULL AND country = 'France' GROUP BY 1) "
        f"SELECT DATE '2024-03-11', {SUMS} FROM u",
    )
    where = (filter_of("Country = France"),)
    for dialect in dialects(store):
        made = compile_moments(metric_of(RATIO), SeriesQuery(DAYS, None, (), where), dialect)
        assert made is not None
        assert same(tuple(tuple(r) for r in store.run(made.expr).rows), tuple(expected))


@pytest.mark.parametrize(
    "text",
    [
        "{name: m, type: count}",
        "{name: m, type: stickiness}",
        "{name: m, type: ratio, numerator: {type: distinct, value: Price}, denominator: {type: active}}",
        '{name: m, type: ratio, numerator: {type: count}, denominator: {type: active, event: "*", window: week}}',
    ],
)
def test_moments_of_what_is_no_sum_over_units_are_none(store: "DuckDBStore", text: str) -> None:
    assert compile_moments(metric_of(text), SeriesQuery(DAYS, Grain.DAY), store.dialect()) is None


@pytest.mark.parametrize(
    ("text", "each", "where", "values"),
    [
        ("{name: m, type: count, event: buy}", "unit", (), f"SELECT count(*) FROM ({BUYS}) GROUP BY distinct_id"),
        (
            "{name: m, type: sum, event: buy, value: Price}",
            "unit",
            ("Country = France",),
            f"SELECT sum(price) FROM ({BUYS}) WHERE country = 'France' GROUP BY distinct_id HAVING count(price) > 0",
        ),
        (MEAN, "event", (), "SELECT price FROM inside WHERE event = 'buy' AND price IS NOT NULL"),
    ],
)
def test_distribution_equals_numbers_by_hand(
    store: "DuckDBStore", text: str, each: str, where: tuple[str, ...], values: str
) -> None:
    numbers = np.sort(np.array([row[0] for row in by_hand(store, values)], np.float64))
    assert len(numbers) > 15
    query = DistributionQuery(DAYS, "unit" if each == "unit" else "event", tuple(map(filter_of, where)))
    for dialect in dialects(store):
        result = store.run(compile_distribution(metric_of(text), query, dialect).expr)
        found = dict(zip(result.columns, result.rows[0], strict=True))
        assert found["n"] == len(numbers)
        assert found["whole"] == bool(np.all(numbers == np.round(numbers)))
        for name, expected in (
            ("mean", numbers.mean()),
            ("low", numbers[0]),
            ("high", numbers[-1]),
            ("q50", np.quantile(numbers, 0.5)),
            ("q95", np.quantile(numbers, 0.95)),
        ):
            assert found[name] == pytest.approx(expected), name
        steps = steps_between(numbers[0], numbers[-1], (numbers[0], numbers[-1]), whole=bool(found["whole"]), most=12)
        counted = {
            int(str(at)): int(str(n))
            for at, n in store.run(compile_histogram(metric_of(text), query, steps, dialect).expr).rows
        }
        edges = steps.start + steps.width * np.arange(steps.count + 1)
        expected_counts = [int(np.sum((numbers >= a) & (numbers < b))) for a, b in pairwise(edges)]
        assert [counted.get(at, 0) for at in range(steps.count)] == expected_counts
        assert sum(counted.values()) == len(numbers)


@pytest.mark.parametrize(
    ("text", "each", "words"),
    [
        ("{name: m, type: active, event: buy}", "unit", "nothing to spread"),
        ("{name: m, type: count, event: buy}", "event", "no number to spread"),
    ],
)
def test_distribution_of_what_has_none_is_refused(store: "DuckDBStore", text: str, each: str, words: str) -> None:
    query = DistributionQuery(DAYS, "unit" if each == "unit" else "event")
    with pytest.raises(InvalidInput, match=words):
        compile_distribution(metric_of(text), query, store.dialect())


def test_narrowed_metric_is_the_filtered_question(store: "DuckDBStore") -> None:
    """A filter of the question and the same filter in the definition give the same numbers."""
    from tests.metrics.harness import run_series

    where = (filter_of("Country = France"),)
    for text in (MEAN, RATIO, "{name: m, type: conversion, of: view, event: buy, within: 3 days}"):
        metric = metric_of(text)
        asked = run_series(store, metric, SeriesQuery(DAYS, Grain.WEEK, (), where))
        assert same(run_series(store, metric.narrowed(where), SeriesQuery(DAYS, Grain.WEEK)), asked)
        assert store.run(compile_per_unit(metric.narrowed(where), DAYS, store.dialect()).expr).rows
    assert metric_of(MEAN).narrowed(()) == metric_of(MEAN)


@pytest.mark.parametrize(
    ("low", "high", "inner", "whole", "most"),
    [
        (0.0, 0.0, (0.0, 0.0), False, 10),
        (3.0, 3.0, (3.0, 3.0), True, 10),
        (-5.5, 17.25, (-5.0, 17.0), False, 30),
        (0.0, 1e9, (1.0, 8.0), True, 30),
        (1e-9, 3e-9, (1e-9, 3e-9), False, 7),
        (-1e6, 1e6, (-1e6, 1e6), False, 30),
    ],
)
def test_steps_are_few_and_cover_what_is_near(
    low: float, high: float, inner: tuple[float, float], whole: bool, most: int
) -> None:
    made = steps_between(low, high, inner, whole=whole, most=most)
    assert 1 <= made.count <= most + 1
    assert made.start <= inner[0]
    assert made.start + made.count * made.width >= inner[1]
    assert not whole or made.width == int(made.width)
