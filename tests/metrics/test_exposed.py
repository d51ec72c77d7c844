"""A metric of units from their exposure on, beside SQL written by hand."""

import math
import random
import uuid
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

from upshot.core.time import DayRange
from upshot.engines.duckdb import DuckDBStore
from upshot.engines.store import EventRecord
from upshot.metrics.compile.exposed import MOMENTS, exposed_moments, exposed_units, undeclared_exposures
from upshot.metrics.compile.query import ExposureQuery
from upshot.metrics.definition import Selection
from upshot.metrics.parse import parse_metrics

UNTIL = datetime(2026, 4, 1)  # noqa: DTZ001 - instants of the stores are UTC without offset
BEGIN = datetime(2026, 2, 1)  # noqa: DTZ001
QUERY = ExposureQuery(
    unit="person",
    selection=Selection(("met",)),
    property="variant",
    variants=("a", "b"),
    days=DayRange.of(date(2026, 3, 1), date(2026, 3, 31)),
    until=UNTIL,
    horizon_days=7,
)
METRICS = {
    metric.name: metric
    for metric in parse_metrics("""
metrics:
- {name: buys, type: count, event: buy}
- {name: revenue, type: sum, event: buy, value: amount}
- {name: basket, type: mean, event: buy, value: amount}
- {name: buyers, type: active, event: buy}
- {name: days, type: active, event: buy, window: day}
- {name: back, type: retention, event: buy, of: met, period: day, after: 3}
- {name: kinds, type: distinct, event: buy, value: kind}
- {name: rate, type: ratio, numerator: revenue, denominator: buys}
- {name: conv, type: conversion, event: buy, of: look, within: 2 days}
""").metrics
}
CLOCK = """
WITH first AS (
    SELECT distinct_id AS who, min(occurred_at) AS t, arg_min(variant, occurred_at) AS variant,
           count(DISTINCT variant) AS met
    FROM (SELECT distinct_id, occurred_at, properties.variant::VARCHAR AS variant FROM events
          WHERE event = 'met' AND distinct_id IS NOT NULL AND day BETWEEN '2026-03-01' AND '2026-03-31'
                AND occurred_at < '2026-04-01' AND variant IN ('a', 'b'))
    GROUP BY 1
), clean AS (SELECT * FROM first WHERE met = 1
             AND t + INTERVAL {horizon} DAY <= TIMESTAMP '2026-04-01'),
buys AS (SELECT distinct_id AS who, occurred_at AS t, day, properties.amount::DOUBLE AS amount,
                properties.kind::VARCHAR AS kind FROM events WHERE event = 'buy'),
looks AS (SELECT distinct_id AS who, occurred_at AS t, day FROM events WHERE event = 'look'),
unit AS ({unit})
SELECT variant, count(*), avg(x), var_samp(x), avg(y), var_samp(y), covar_samp(x, y), avg(b), var_samp(b),
       covar_samp(x, b), avg(x * x * x), avg(x * x * coalesce(y, b)), avg(x * coalesce(y, b) ** 2),
       avg(coalesce(y, b) ** 3)
FROM unit GROUP BY 1 ORDER BY 1
"""
AFTER = "b.t >= c.t AND b.t < c.t + INTERVAL 7 DAY"
NONE = "NULL::DOUBLE"
BEFORE = "b.t < c.t AND b.t >= c.t - INTERVAL 28 DAY"
PER = "FROM clean c LEFT JOIN buys b ON b.who = c.who GROUP BY c.who, variant"
BY_HAND = {
    "buys": (7, f"SELECT variant, count(*) FILTER ({AFTER}) x, NULL::DOUBLE y, count(*) FILTER ({BEFORE}) b {PER}"),
    "revenue": (
        7,
        (
            f"SELECT variant, coalesce(sum(amount) FILTER ({AFTER}), 0) x, NULL::DOUBLE y, "
            f"coalesce(sum(amount) FILTER ({BEFORE}), 0) b {PER}"
        ),
    ),
    "basket": (
        7,
        (
            f"SELECT variant, coalesce(sum(amount) FILTER ({AFTER}), 0) x, count(amount) FILTER ({AFTER}) y, "
            f"NULL::DOUBLE b {PER}"
        ),
    ),
    "buyers": (
        7,
        (
            f"SELECT variant, (count(*) FILTER ({AFTER}) > 0)::INT x, NULL::DOUBLE y, "
            f"count(DISTINCT day) FILTER ({BEFORE}) b {PER}"
        ),
    ),
    "days": (
        7,
        (
            f"SELECT variant, count(DISTINCT day) FILTER ({AFTER}) x, NULL::DOUBLE y, "
            f"count(DISTINCT day) FILTER ({BEFORE}) b {PER}"
        ),
    ),
    "back": (
        4,
        (
            "SELECT variant, (count(*) FILTER (b.t >= c.t + INTERVAL 3 DAY AND b.t < c.t + INTERVAL 4 DAY) > 0)::INT x,"
            f" NULL::DOUBLE y, count(DISTINCT day) FILTER ({BEFORE}) b {PER}"
        ),
    ),
    "kinds": (7, f"SELECT variant, count(DISTINCT kind) FILTER ({AFTER}) x, NULL::DOUBLE y, NULL::DOUBLE b {PER}"),
    "rate": (
        7,
        f"SELECT variant, coalesce(sum(amount) FILTER ({AFTER}), 0) x, count(*) FILTER ({AFTER}) y, {NONE} b {PER}",
    ),
    "conv": (
        10,
        """SELECT variant, coalesce(max(done), 0) x, coalesce(max(begun), 0) y, NULL::DOUBLE b FROM clean c LEFT JOIN (
             SELECT l.who, 1 AS begun, l.t, (EXISTS (SELECT 1 FROM buys b WHERE b.who = l.who AND b.t >= l.t
               AND b.day <= l.day + 2))::INT AS done FROM looks l
           ) s ON s.who = c.who AND s.t >= c.t AND s.t < c.t + INTERVAL 7 DAY GROUP BY c.who, variant""",
    ),
}


def record(name: str, who: str | None, at: datetime, **properties: object) -> EventRecord:
    return EventRecord(
        uuid.uuid5(uuid.NAMESPACE_OID, f"{name}{who}{at}{properties}"),
        name,
        at,
        UNTIL,
        who,
        properties=msgspec.json.encode(properties).decode(),
    )


def world() -> list[EventRecord]:
    rng = random.Random(7)
    events = []
    for number in range(300):
        who = f"p{number}"
        met = BEGIN + timedelta(days=28 + rng.randrange(31), minutes=rng.randrange(1440))
        variant = rng.choice(["a", "b", "b"])
        events.append(record("met", who, met, variant=variant))
        if number % 40 == 0:
            events.append(record("met", who, met + timedelta(hours=3), variant="a" if variant == "b" else "b"))
        if number % 50 == 1:
            events.append(record("met", who, met - timedelta(minutes=1), variant="strange"))
        for _ in range(rng.randrange(12)):
            at = BEGIN + timedelta(minutes=rng.randrange(59 * 1440))
            amount = {"amount": round(rng.expovariate(0.1), 2)} if rng.random() < 0.9 else {}
            events.append(record("buy", who, at, kind=rng.choice("xyz"), **amount))
        events += [record("look", who, met + timedelta(hours=rng.randrange(240))) for _ in range(rng.randrange(3))]
        if number % 30 == 2:
            events.append(record("met", who, met + timedelta(minutes=30), variant=number % 60 == 2))
    events += [record("met", f"off{number}", BEGIN + timedelta(days=40), variant=False) for number in range(5)]
    events += [record("met", f"off{number}", BEGIN + timedelta(days=41), variant=None) for number in range(3, 8)]
    events.append(record("met", "bare", BEGIN + timedelta(days=40)))
    events.append(record("met", None, BEGIN + timedelta(days=30), variant="a"))
    return events


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DuckDBStore]:
    with DuckDBStore(tmp_path_factory.mktemp("exposed") / "e.duckdb", ZoneInfo("UTC")) as opened:
        opened.append(world())
        yield opened


def check_alike(rows: Sequence[tuple[Any, ...]], expected: Sequence[tuple[Any, ...]]) -> None:
    """Equal keys and counts, and moments up to the order in which doubles are added."""
    assert [row[:2] for row in rows] == [row[:2] for row in expected]
    for row, wanted in zip(rows, expected, strict=True):
        for value, other in zip(row[2:], wanted[2:], strict=True):
            assert (value is None) == (other is None)
            assert value is None or math.isclose(value, other, rel_tol=1e-9, abs_tol=1e-12)


@pytest.mark.parametrize("name", sorted(BY_HAND))
def test_moments_are_those_of_sql_by_hand(store: DuckDBStore, name: str) -> None:
    horizon, unit = BY_HAND[name]
    found = store.run(exposed_moments(METRICS[name], QUERY, store.dialect()))
    assert found.columns == ("variant", "n", *MOMENTS)
    check_alike(found.rows, store.run_sql(CLOCK.format(horizon=horizon, unit=unit)).rows)


def test_units_count_by_the_variant_that_they_met_first(store: DuckDBStore) -> None:
    found = store.run(exposed_units(QUERY, store.dialect())).rows
    by_hand = store.run_sql("""
        WITH met AS (SELECT distinct_id AS who, occurred_at AS t, properties.variant::VARCHAR AS variant FROM events
                     WHERE event = 'met' AND distinct_id IS NOT NULL AND variant IN ('a', 'b')),
        first AS (SELECT who, min(t) AS t, arg_min(variant, t) AS variant, count(DISTINCT variant) AS n
                  FROM met GROUP BY 1)
        SELECT variant, count(*), count(*) FILTER (n = 1 AND t + INTERVAL 7 DAY <= TIMESTAMP '2026-04-01'),
               count(*) FILTER (n > 1)
        FROM first GROUP BY 1 ORDER BY 1""").rows
    assert found == by_hand
    assert {row[0] for row in found} == {"a", "b"}
    assert sum(row[3] for row in found) > 0


def test_exposures_that_name_no_variant_are_counted_by_what_they_name(store: DuckDBStore) -> None:
    found = store.run(undeclared_exposures(QUERY, store.dialect())).rows
    by_hand = store.run_sql("""
        WITH met AS (SELECT distinct_id AS who, properties.variant::VARCHAR AS variant FROM events
                     WHERE event = 'met' AND distinct_id IS NOT NULL),
        others AS (SELECT * FROM met WHERE variant NOT IN ('a', 'b') OR variant IS NULL),
        nothing AS (SELECT who, min(variant) AS variant FROM others
                    WHERE who NOT IN (SELECT who FROM met WHERE variant IN ('a', 'b')) GROUP BY 1)
        SELECT variant, count(*), (SELECT count(*) FROM nothing n WHERE n.variant IS NOT DISTINCT FROM o.variant)
        FROM others o GROUP BY 1 ORDER BY 2 DESC, 1""").rows
    assert found == by_hand
    assert {row[0]: row[2] > 0 for row in found} == {"strange": False, "false": True, "true": False, None: True}


def test_flag_that_is_switched_off_changes_no_number(store: DuckDBStore, tmp_path: Path) -> None:
    declared = [one for one in world() if one.event != "met" or '"a"' in one.properties or '"b"' in one.properties]
    with DuckDBStore(tmp_path / "declared.duckdb", ZoneInfo("UTC")) as clean:
        clean.append(declared)
        for name in sorted(BY_HAND):
            moments = store.run(exposed_moments(METRICS[name], QUERY, store.dialect())).rows
            check_alike(moments, clean.run(exposed_moments(METRICS[name], QUERY, clean.dialect())).rows)
        units = store.run(exposed_units(QUERY, store.dialect())).rows
        assert units == clean.run(exposed_units(QUERY, clean.dialect())).rows
