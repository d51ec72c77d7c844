"""Each metric shape against the best hand-written DuckDB SQL over the raw events of the same file, in one run.

``python -m bench.bench_metrics [EVENTS]``. All statements give the same answer, compared row by row. Ratios are the
compiled statement's time over the hand-written one's (the best of several runs each, alternating), by processor time,
which other work on the machine disturbs less: below 1 is faster. SQL by hand takes a property as the bare cast does:
true for 1, infinity for a number, a list or 1.0 as the engine writes it. The column "reads alike" is of the same SQL
with the store's reading, which the compiled statement has. The last table is the 28-day series over 20 million events.
"""

import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, cast
from zoneinfo import ZoneInfo

from tests.metrics.harness import RawOnly, same

from bench.command import run
from upshot.core.time import DayRange, Grain
from upshot.engines.duckdb import DuckDBStore
from upshot.metrics.compile import Compiled, RetentionQuery, SeriesQuery, compile_retention, compile_series
from upshot.metrics.definition import Metric
from upshot.metrics.filters import parse_field
from upshot.metrics.measures import measure_tables
from upshot.metrics.parse import parse_metrics

if TYPE_CHECKING:
    from upshot.engines.duckdb.writer import Transaction
    from upshot.metrics.definition import Field
    from upshot.metrics.dialect import Dialect

RUNS = 5
EVENTS, LARGE_EVENTS, TOY_EVENTS = 3_000_000, 20_000_000, 20_000
EVENTS_A_USER = 40
YEAR = DayRange(date(2024, 1, 1), date(2025, 1, 1))
INSIDE = "day >= DATE '2024-01-01' AND day < DATE '2025-01-01'"
MONTH = "make_date(year(day), month(day), 1)"
LIMITS = {"facts": 1.0, "measures": 1.0, "events": 1.15}

METRICS = """
- {name: count, type: count}
- {name: count_filtered, type: count, event: buy, where: plan = pro}
- {name: revenue, type: revenue, event: buy, value: quantity * price}
- {name: mean_price, type: mean, event: buy, value: price}
- {name: distinct_plan, type: distinct, value: plan}
- {name: active, type: active}
- {name: active_buyers, type: active, event: buy}
- {name: active_28d, type: active, window: 28d}
- {name: stickiness, type: stickiness}
- {name: fresh, type: lifecycle, state: new}
- {name: gone, type: lifecycle, state: dormant}
- {name: per_active, type: ratio, numerator: count, denominator: active}
- {name: buys, type: count, event: buy}
- {name: others_per_active, type: formula, formula: (count - buys) / active}
- {name: conversion, type: conversion, event: buy, of: view, within: 7 days}
- {name: retention, type: retention, period: month}
"""


@dataclass(frozen=True)
class Case:
    """One line: a question, and the statement that a person would write."""

    title: str
    metric: str
    grain: Grain
    sql: str
    breakdown: str = ""
    days: DayRange = YEAR
    compares: bool = False
    """Whether its property is only compared with a text, for which the store reads as the bare cast does."""


def _double(name: str) -> str:
    return f"TRY_CAST(variant_extract(properties, '{name}') AS DOUBLE)"


PLAN = "CAST(variant_extract(properties, 'plan') AS VARCHAR)"
READ = {
    PLAN: "property_text(properties, 'plan')",
    **{_double(name): f"property_number(properties, '{name}')" for name in ("quantity", "price")},
}
"""The bare casts, and how the store reads the same."""
CASES = (
    Case("count by day", "count", Grain.DAY, f"SELECT day, count(*) FROM events WHERE {INSIDE} GROUP BY 1"),
    Case(
        "count by month and plan",
        "count",
        Grain.MONTH,
        f"SELECT {MONTH}, {PLAN}, count(*) FROM events WHERE {INSIDE} GROUP BY ALL",
        "plan",
    ),
    Case(
        "filtered count by day",
        "count_filtered",
        Grain.DAY,
        f"SELECT day, count(*) FROM events WHERE {INSIDE} AND event = 'buy' AND {PLAN} = 'pro' GROUP BY 1",
        compares=True,
    ),
    Case(
        "revenue by day",
        "revenue",
        Grain.DAY,
        f"SELECT day, sum({_double('quantity')} * {_double('price')}) FROM events "
        f"WHERE {INSIDE} AND event = 'buy' GROUP BY 1",
    ),
    Case(
        "mean by month",
        "mean_price",
        Grain.MONTH,
        f"SELECT {MONTH}, avg({_double('price')}) FROM events WHERE {INSIDE} AND event = 'buy' GROUP BY 1",
    ),
    Case(
        "distinct values by month",
        "distinct_plan",
        Grain.MONTH,
        f"SELECT {MONTH}, count(DISTINCT {PLAN}) FROM events WHERE {INSIDE} GROUP BY 1",
    ),
    Case(
        "active by day",
        "active",
        Grain.DAY,
        f"SELECT day, count(DISTINCT distinct_key) FROM events WHERE {INSIDE} GROUP BY 1",
    ),
    Case(
        "active by month",
        "active",
        Grain.MONTH,
        f"SELECT {MONTH}, count(DISTINCT distinct_key) FROM events WHERE {INSIDE} GROUP BY 1",
    ),
    Case(
        "active buyers by week",
        "active_buyers",
        Grain.WEEK,
        f"SELECT date_trunc('week', day), count(DISTINCT distinct_key) FROM events "
        f"WHERE {INSIDE} AND event = 'buy' GROUP BY 1",
    ),
    Case(
        "new by month",
        "fresh",
        Grain.MONTH,
        "SELECT make_date(year(f), month(f), 1), count(*) FROM (SELECT distinct_key, min(day) AS f FROM events "
        "WHERE day < DATE '2025-01-01' AND distinct_key IS NOT NULL GROUP BY 1) "
        "WHERE f >= DATE '2024-01-01' GROUP BY 1",
    ),
    Case(
        "dormant by month",
        "gone",
        Grain.MONTH,
        f"WITH a AS (SELECT DISTINCT distinct_key AS k, {MONTH} AS m FROM events WHERE day >= DATE '2023-12-01' "
        "AND day < DATE '2025-01-01' AND distinct_key IS NOT NULL), p AS (SELECT (m + INTERVAL 1 MONTH)::DATE AS m, k "
        "FROM a), g AS (SELECT m, count(*) AS n FROM p ANTI JOIN a USING (k, m) WHERE m < DATE '2025-01-01' GROUP BY 1)"
        " SELECT m, coalesce(n, 0) FROM (SELECT DISTINCT m FROM a WHERE m >= DATE '2024-01-01') LEFT JOIN g USING (m)",
    ),
    Case(
        "active by month and plan",
        "active",
        Grain.MONTH,
        f"SELECT {MONTH}, {PLAN}, count(DISTINCT distinct_key) FROM events WHERE {INSIDE} GROUP BY ALL",
        "plan",
    ),
    Case(
        "active over 28 days, by day",
        "active_28d",
        Grain.DAY,
        # Each unit's days once; a day enters the window of the 28 days from it on, but for those its predecessor is in.
        f"""
        WITH once AS (SELECT DISTINCT distinct_key AS u, day FROM events WHERE {INSIDE} AND distinct_key IS NOT NULL),
        before AS (SELECT day, day - lag(day) OVER (PARTITION BY u ORDER BY day) AS gap FROM once),
        gaps AS (SELECT day, least(coalesce(gap, 28), 28) AS gap FROM before),
        counted AS (SELECT day, gap, count(*) AS n FROM gaps GROUP BY ALL),
        spread AS (SELECT day, n, unnest(range(28 - gap, 28)) AS ahead FROM counted)
        SELECT day + ahead::INT, sum(n) FROM spread WHERE day + ahead::INT < DATE '2025-01-01' GROUP BY 1
        """,
    ),
    Case(
        "stickiness by month",
        "stickiness",
        Grain.MONTH,
        f"""
        SELECT month, sum(days) / count(*) / day(last_day(month)) FROM (
            SELECT {MONTH} AS month, distinct_key, count(DISTINCT day) AS days FROM events
            WHERE {INSIDE} AND distinct_key IS NOT NULL GROUP BY ALL
        ) GROUP BY 1
        """,
    ),
    Case(
        "events per active, by month",
        "per_active",
        Grain.MONTH,
        f"SELECT {MONTH}, count(*) / count(DISTINCT distinct_key) FROM events WHERE {INSIDE} GROUP BY 1",
    ),
    Case(
        "other events per active, by month",
        "others_per_active",
        Grain.MONTH,
        f"SELECT {MONTH}, count(*) FILTER (event != 'buy') / count(DISTINCT distinct_key) FROM events "
        f"WHERE {INSIDE} GROUP BY 1",
    ),
    Case(
        "conversion in 7 days, by month",
        "conversion",
        Grain.MONTH,
        f"""
        WITH v AS (SELECT distinct_key AS u, occurred_at AS at, day, {MONTH} AS month FROM events
                   WHERE {INSIDE} AND event = 'view' AND distinct_key IS NOT NULL),
        b AS (SELECT distinct_key AS u, occurred_at AS at, day FROM events WHERE event = 'buy'
              AND distinct_key IS NOT NULL AND day >= DATE '2024-01-01' AND day < DATE '2025-01-08'),
        met AS (SELECT v.u, v.month, b.day - v.day <= 7 AS hit
                FROM v ASOF LEFT JOIN b ON v.u = b.u AND v.at <= b.at),
        units AS (SELECT month, u, bool_or(coalesce(hit, false)) AS hit FROM met GROUP BY ALL)
        SELECT month, avg(hit::INT) FROM units GROUP BY 1
        """,
    ),
    Case(
        "retention by month",
        "retention",
        Grain.MONTH,
        f"""
        WITH once AS (SELECT DISTINCT distinct_key AS u, {MONTH} AS month FROM events
                      WHERE day < DATE '2025-01-01' AND distinct_key IS NOT NULL),
        firsts AS (SELECT u, min(month) AS cohort FROM once GROUP BY 1)
        SELECT cohort, date_diff('month', cohort, month) AS k, count(*) FROM once JOIN firsts USING (u) GROUP BY ALL
        """,
    ),
)


def _fill(store: DuckDBStore, events: int, users: int, *, properties: bool) -> None:
    """Visits of a year, more by few, each of one to six events; some of nobody; in the order in which they come."""
    document = (
        "struct_pack(plan := ['free', 'pro', 'team', NULL][1 + (i // 11 % 4)::INT], price := round(1 + i % 97 / 7, 2), "
        "quantity := 1 + i % 5)::VARIANT"
        if properties
        else "NULL"
    )

    def write(transaction: "Transaction") -> None:
        connection = transaction.connection
        connection.execute("SELECT setseed(0.42)")
        connection.execute(
            f"INSERT INTO units SELECT i, 'person', 'user ' || i FROM range({users}) t(i)",
        )
        connection.execute(
            f"""
            CREATE OR REPLACE TEMP TABLE visits AS
            SELECT CASE WHEN random() < 0.97 THEN floor({users} * pow(random(), 1.5))::BIGINT END AS u,
                DATE '2024-01-01' + floor(366 * random())::INT AS day, floor(86000 * random()) AS second,
                1 + floor(6 * random())::INT AS n
            FROM range({events * 2 // 7})
            """
        )
        connection.execute(
            f"""
            INSERT INTO kept_events
            SELECT uuid(), CASE WHEN i % 6 = 0 THEN 'buy' WHEN i % 3 = 0 THEN 'search' ELSE 'view' END,
                day + to_seconds(second + k), day + INTERVAL 1 DAY, 'user ' || u, NULL, NULL, 'bench', NULL, {document},
                day, u, {transaction.revision}
            FROM (SELECT *, row_number() OVER () AS i FROM (
                SELECT *, unnest(range(n)) AS k FROM visits ORDER BY day, second
            ))
            """
        )
        connection.execute(f"INSERT INTO dirty_days SELECT DISTINCT day, {transaction.revision} FROM events")

    store.write(write).result()
    store.refresh_facts()


def _best(clock: Callable[[], float], runs: int, *work: Callable[[], object]) -> list[float]:
    best = [float("inf")] * len(work)
    for _ in range(runs):
        for i, one in enumerate(work):
            start = clock()
            one()
            best[i] = min(best[i], clock() - start)
    return best


def _compiled(case: Case, metric: Metric, dialect: "Dialect") -> Compiled:
    if case.metric == "retention":
        return compile_retention(metric, RetentionQuery(case.days, case.grain, 11), dialect)
    fields = (cast("Field", parse_field(case.breakdown)),) if case.breakdown else ()
    return compile_series(metric, SeriesQuery(case.days, case.grain, fields), dialect)


def _answer(case: Case, rows: list[tuple[object, ...]], *, by_hand: bool) -> dict[object, object]:
    """Rows by their keys, without what only one side gives: points of nothing, sums beside a quotient, empty cells."""
    if case.metric == "retention":
        cells = ((cohort, k, row[0 if by_hand else 1]) for cohort, k, *row in rows)
        return {(cohort, k): units for cohort, k, units in cells if units}
    width = 2 if case.breakdown else 1
    return {(_day(row[0]), *row[1:width]): row[width] for row in rows if row[width]}


def _day(value: object) -> object:
    return value.date() if isinstance(value, datetime) else value


def _read_alike(sql: str) -> str:
    for bare, careful in READ.items():
        sql = sql.replace(bare, careful)
    return sql


def _shapes(store: DuckDBStore, metrics: dict[str, Metric], runs: int) -> int:
    dialect = cast("Dialect", store.dialect())
    failed = 0
    print(
        "| question | SQL by hand, ms | compiled, raw events | of SQL that reads alike | compiled, as planned | route |"
    )
    print("|---|---:|---:|---:|---:|---|")
    for case in CASES:
        planned, raw = (_compiled(case, metrics[case.metric], d) for d in (dialect, RawOnly(dialect)))
        by_hand = [case.sql, case.sql if case.compares else _read_alike(case.sql)]
        statements = [*by_hand, store.compile(raw.expr), store.compile(planned.expr)]
        answers = [_answer(case, store.run_sql(sql).rows, by_hand=sql in by_hand) for sql in statements]
        assert answers[0], f"{case.title}: no answer"
        assert all(same(answers[0], other) for other in answers[1:]), f"{case.title}: the answers differ"
        asked = (lambda sql=sql: store.run_sql(sql) for sql in statements)
        hand, alike, by_events, by_plan = _best(time.process_time, runs, *asked)
        of_alike = f"{by_events / alike:.2f}" if by_hand[1] != case.sql else ""
        failed += by_events / hand > LIMITS["events"] or by_plan / hand > LIMITS[planned.route]
        print(
            f"| {case.title} | {hand * 1e3:.1f} | {by_events / hand:.2f} "
            f"| {of_alike} | {by_plan / hand:.2f} | {planned.route} |",
            flush=True,
        )
    return failed


def _large(folder: Path, metric: Metric, events: int, runs: int) -> int:
    with DuckDBStore(folder / "large.duckdb", ZoneInfo("UTC")) as store:
        _fill(store, events, events // EVENTS_A_USER, properties=False)
        sql = store.compile(compile_series(metric, SeriesQuery(YEAR, Grain.DAY), store.dialect()).expr)
        (seconds,) = _best(time.perf_counter, runs, lambda: store.run_sql(sql))
        (busy,) = _best(time.process_time, runs, lambda: store.run_sql(sql))
        ((events, units),) = store.run_sql("SELECT count(*), count(DISTINCT distinct_key) FROM events").rows
        ((unit_days,),) = store.run_sql("SELECT count(*) FROM fact_activity WHERE event = '*'").rows
    print("\n| 28-day active series over a year | events | units | unit-days | seconds | processor seconds | goal |")
    print("|---|---:|---:|---:|---:|---:|---:|")
    print(f"| by day | {events:,} | {units:,} | {unit_days:,} | {seconds:.3f} | {busy:.3f} | 0.5 |", flush=True)
    return seconds > 0.5


def main(events: int = EVENTS, large_events: int = LARGE_EVENTS, runs: int = RUNS) -> int:
    """Print the tables; returns how many lines miss their goal."""
    metrics = {m.name: m for m in parse_metrics(METRICS).metrics}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with DuckDBStore(folder / "shapes.duckdb", ZoneInfo("UTC")) as store:
            store.declare_measures(measure_tables(tuple(metrics.values()), cast("Dialect", store.dialect())))
            _fill(store, events, events // EVENTS_A_USER, properties=True)
            failed = _shapes(store, metrics, runs)
        failed += _large(folder, metrics["active_28d"], large_events, runs)
    print(f"\n{failed} of {len(CASES) + 1} lines miss their goal (raw at most 1.15, facts and measures below 1).")
    return failed


if __name__ == "__main__":
    sys.exit(run(lambda words: main(*map(int, words[:1])), lambda: main(TOY_EVENTS, TOY_EVENTS, 1), __doc__))
