"""Each shape beside SQL that was written by hand over the raw events: the same rows, by every route.

The hand-written side knows nothing of facts, persons are distinct ids (nobody is merged), days are of Berlin.
"""

import random
import uuid
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, cast
from zoneinfo import ZoneInfo

import pytest

from tests.metrics.harness import RawOnly, WithoutActivity, fill, run_retention, run_series, same
from tests.metrics.world import Event, Trait, World
from tests.metrics.worlds import BEGIN, condition, field
from upshot.core.time import DayRange, Grain
from upshot.metrics.compile import RetentionQuery, SeriesQuery
from upshot.metrics.parse import parse_metrics

if TYPE_CHECKING:
    from upshot.engines.duckdb import DuckDBStore
    from upshot.metrics.dialect import Dialect

DAYS = DayRange(date(2024, 3, 11), date(2024, 5, 1))
LOG = """
WITH log AS (
    SELECT *, CAST(timezone('Europe/Berlin', timezone('UTC', occurred_at)) AS DATE) AS local,
        CAST(variant_extract(properties, 'Country') AS VARCHAR) AS country,
        CAST(CAST(variant_extract(properties, 'Quantity') AS VARCHAR) AS DOUBLE) AS quantity,
        CAST(CAST(variant_extract(properties, 'Price') AS VARCHAR) AS DOUBLE) AS price
    FROM events
), inside AS (SELECT * FROM log WHERE local >= DATE '2024-03-11' AND local < DATE '2024-05-01')
"""


@dataclass(frozen=True)
class Case:
    """A definition, a question, and the SQL: period, groups, value."""

    definition: str
    grain: Grain | None
    sql: str
    breakdown: tuple[str, ...] = ()
    where: tuple[str, ...] = ()


CASES = {
    "count": Case("type: count", Grain.DAY, "SELECT local, count(*) FROM inside GROUP BY 1"),
    "count of one event by week": Case(
        "type: count, event: buy",
        Grain.WEEK,
        "SELECT date_trunc('week', local)::DATE, count(*) FROM inside WHERE event = 'buy' GROUP BY 1",
    ),
    "sum of arithmetic": Case(
        "type: revenue, event: buy, value: Quantity * Price",
        Grain.MONTH,
        "SELECT date_trunc('month', local)::DATE, coalesce(sum(quantity * price), 0) FROM inside "
        "WHERE event = 'buy' GROUP BY 1",
    ),
    "sum by country": Case(
        "type: sum, value: Quantity",
        Grain.MONTH,
        "SELECT date_trunc('month', local)::DATE, country, coalesce(sum(quantity), 0) FROM inside GROUP BY 1, 2",
        ("Country",),
    ),
    "mean": Case(
        "type: mean, value: Price / Quantity",
        Grain.QUARTER,
        "SELECT date_trunc('quarter', local)::DATE, avg(price / nullif(quantity, 0)) FROM inside GROUP BY 1",
    ),
    "distinct values": Case(
        "type: distinct, value: Country",
        Grain.WEEK,
        "SELECT date_trunc('week', local)::DATE, count(DISTINCT country) FROM inside GROUP BY 1",
    ),
    "active by day": Case(
        "type: active",
        Grain.DAY,
        "SELECT local, count(DISTINCT distinct_id) FROM inside WHERE distinct_id IS NOT NULL GROUP BY 1",
    ),
    "active by month and country": Case(
        "type: active, event: [buy, view]",
        Grain.MONTH,
        "SELECT date_trunc('month', local)::DATE, country, count(DISTINCT distinct_id) FROM inside "
        "WHERE distinct_id IS NOT NULL AND event IN ('buy', 'view') GROUP BY 1, 2",
        ("Country",),
    ),
    "active in all": Case("type: active", None, "SELECT DATE '2024-03-11', count(DISTINCT distinct_id) FROM inside"),
    "daily active by month": Case(
        "type: active, window: day",
        Grain.MONTH,
        "SELECT date_trunc('month', local)::DATE, count(DISTINCT (local, distinct_id)) / "
        "any_value(CASE month(local) WHEN 3 THEN 21 ELSE 30 END) FROM inside WHERE distinct_id IS NOT NULL GROUP BY 1",
    ),
    "active over 28 days": Case(
        "type: active, window: 28d",
        Grain.DAY,
        "SELECT d::DATE, count(DISTINCT distinct_id) "
        "FROM range(DATE '2024-03-11', DATE '2024-05-01', INTERVAL 1 DAY) r(d) JOIN log "
        "ON local BETWEEN d::DATE - 27 AND d::DATE WHERE distinct_id IS NOT NULL GROUP BY 1",
    ),
    "stickiness": Case(
        "type: stickiness",
        Grain.MONTH,
        "SELECT m, sum(n) / any_value(CASE month(m) WHEN 3 THEN 21 ELSE 30 END) / count(*) FROM ("
        "SELECT date_trunc('month', local)::DATE AS m, distinct_id, count(DISTINCT local) AS n FROM inside "
        "WHERE distinct_id IS NOT NULL GROUP BY 1, 2) GROUP BY 1",
    ),
    "ratio": Case(
        "type: ratio, numerator: {type: sum, event: buy, value: Quantity}, denominator: {type: active}",
        Grain.WEEK,
        "SELECT date_trunc('week', local)::DATE, coalesce(sum(quantity) FILTER (event = 'buy'), 0) / "
        "nullif(count(DISTINCT distinct_id), 0) FROM inside GROUP BY 1",
    ),
    "conversion": Case(
        "type: conversion, event: buy, of: view, within: 3 days",
        Grain.MONTH,
        "SELECT m, avg(hit) FROM (SELECT date_trunc('month', v.local)::DATE AS m, v.distinct_id, max(CASE WHEN EXISTS ("
        "SELECT 1 FROM log b WHERE b.event = 'buy' AND b.distinct_id = v.distinct_id "
        "AND b.occurred_at >= v.occurred_at AND b.local <= v.local + 3) THEN 1 ELSE 0 END) AS hit FROM inside v "
        "WHERE v.event = 'view' AND v.distinct_id IS NOT NULL GROUP BY 1, 2) GROUP BY 1",
    ),
    "trait as of the event": Case(
        "type: count",
        Grain.MONTH,
        "SELECT date_trunc('month', local)::DATE, "
        "CASE WHEN distinct_id = 'p1' AND occurred_at >= TIMESTAMP '2024-04-01' THEN 'pro' END, "
        "count(*) FROM inside GROUP BY 1, 2",
        ("person.plan",),
    ),
    "first touch": Case(
        "type: active",
        Grain.MONTH,
        "SELECT date_trunc('month', i.local)::DATE, f.country, count(DISTINCT i.distinct_id) FROM inside i JOIN ("
        "SELECT distinct_id, country FROM log WHERE distinct_id IS NOT NULL QUALIFY row_number() OVER ("
        "PARTITION BY distinct_id ORDER BY occurred_at, event_id) = 1) f USING (distinct_id) GROUP BY 1, 2",
        ("first.Country",),
    ),
    "cohort": Case(
        "type: active",
        Grain.MONTH,
        "SELECT date_trunc('month', local)::DATE, date_trunc('week', first)::DATE::VARCHAR, "
        "count(DISTINCT distinct_id) FROM inside JOIN ("
        "SELECT distinct_id, min(local) AS first FROM log GROUP BY 1) USING (distinct_id) GROUP BY 1, 2",
        ("cohort.week",),
    ),
}
for words, sql in {
    "Country = France": "country = 'France'",
    "Country != France": "country IS DISTINCT FROM 'France'",
    "Country in (France, Spain)": "country IN ('France', 'Spain')",
    "Country not in (France, Spain)": "country IS NULL OR country NOT IN ('France', 'Spain')",
    "Country contains an": "country LIKE '%an%'",
    "Country not contains an": "country IS NULL OR country NOT LIKE '%an%'",
    "Country starts with F": "country LIKE 'F%'",
    "Country not starts with F": "country IS NULL OR country NOT LIKE 'F%'",
    "Country is null": "country IS NULL",
    "Country is not null": "country IS NOT NULL",
    "Quantity > 2": "quantity > 2",
    "Quantity <= 2": "quantity <= 2",
    "Quantity = 2": "quantity = 2",
    "$event = buy": "event = 'buy'",
    "$distinct_id is null": "distinct_id IS NULL",
}.items():
    CASES[f"filter {words}"] = Case(
        "type: count",
        Grain.MONTH,
        f"SELECT date_trunc('month', local)::DATE, count(*) FROM inside WHERE {sql} GROUP BY 1",
        where=(words,),
    )


def a_world() -> World:
    chance = random.Random(7)
    events = [
        Event(
            id=str(uuid.UUID(int=chance.getrandbits(128))),
            event=chance.choice(("view", "view", "buy")),
            at=BEGIN + timedelta(minutes=chance.randrange(62 * 24 * 60)),
            distinct_id=chance.choice((None, *(f"p{i}" for i in range(25)))),
            properties={
                "Country": chance.choice((None, "France", "Spain", "Iceland")),
                "Quantity": chance.randrange(-1, 6),
                "Price": chance.randrange(1, 40) / 4,
            },
        )
        for _ in range(600)
    ]
    trait = Trait("person", "p1", "plan", "pro", BEGIN + timedelta(days=31))
    return World(ZoneInfo("Europe/Berlin"), tuple(events), {}, (trait,))


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> "DuckDBStore":
    metrics = [m for case in CASES.values() for m in parse_metrics(f"{{name: m, {case.definition}}}").metrics]
    opened = fill(tmp_path_factory.mktemp("shapes"), a_world(), metrics)
    opened.refresh_facts()
    return opened


def _dialects(store: "DuckDBStore") -> "list[Dialect]":
    dialect = cast("Dialect", store.dialect())
    return [dialect, WithoutActivity(dialect), RawOnly(dialect)]


@pytest.mark.parametrize("name", CASES)
def test_series_equals_sql_by_hand(store: "DuckDBStore", name: str) -> None:
    case = CASES[name]
    (metric,) = parse_metrics(f"{{name: m, {case.definition}}}").metrics
    query = SeriesQuery(DAYS, case.grain, tuple(map(field, case.breakdown)), tuple(map(condition, case.where)))
    expected = {(row[0], row[1:-1]): row[-1] for row in store.run_sql(LOG + case.sql).rows}
    assert expected
    for dialect in _dialects(store):
        found = {key: value for key, (value, _, _) in run_series(store, metric, query, dialect).items()}
        assert same(found, expected)


RETENTION = {
    "n-day": ("kind: n-day", "k = o"),
    "unbounded": ("kind: unbounded", "k >= o"),
    "bracket": (
        "kind: bracket, brackets: [0, 2, 5]",
        "CASE WHEN k = 0 THEN 0 WHEN k <= 2 THEN 1 WHEN k <= 5 THEN 3 END = o",
    ),
}


@pytest.mark.parametrize("kind", RETENTION)
@pytest.mark.parametrize(("grain", "step"), [(Grain.WEEK, "week"), (Grain.DAY, "day")])
def test_retention_equals_sql_by_hand(store: "DuckDBStore", kind: str, grain: Grain, step: str) -> None:
    definition, hit = RETENTION[kind]
    (metric,) = parse_metrics(f"{{name: m, type: retention, event: buy, {definition}}}").metrics
    offsets = "(0), (1), (3)" if kind == "bracket" else "(0), (1), (2), (3), (4), (5)"
    sql = f"""{LOG}, buys AS (
        SELECT distinct_id AS u, date_trunc('{step}', local)::DATE AS p FROM log
        WHERE event = 'buy' AND distinct_id IS NOT NULL AND local < DATE '2024-05-01'
    ), firsts AS (
        SELECT distinct_id AS u, date_trunc('{step}', min(local))::DATE AS cohort FROM log
        WHERE event = 'buy' AND distinct_id IS NOT NULL GROUP BY 1
        HAVING min(local) >= DATE '2024-03-11' AND min(local) < DATE '2024-05-01'
    ), back AS (SELECT u, cohort, date_diff('{step}', cohort, p) AS k FROM firsts JOIN buys USING (u))
    SELECT cohort, o, count(DISTINCT u) FILTER ({hit}), any_value(size)
    FROM back JOIN (SELECT cohort, count(*) AS size FROM firsts GROUP BY 1) USING (cohort)
    CROSS JOIN (VALUES {offsets}) t(o)
    WHERE date_diff('{step}', cohort, date_trunc('{step}', DATE '2024-04-30')) >= o
    GROUP BY 1, 2
    """
    expected = {(row[0], row[1], ()): row[2:] for row in store.run_sql(sql).rows}
    assert expected
    for dialect in _dialects(store):
        found = run_retention(store, metric, RetentionQuery(DAYS, grain, 5), dialect)
        assert same({key: (units, size) for key, (units, size, _) in found.items()}, expected)
