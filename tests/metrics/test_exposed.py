"""A metric of units from their exposure on, beside SQL written by hand."""

import uuid
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, cast
from zoneinfo import ZoneInfo

from tests.metrics.harness import fill, same
from tests.metrics.world import Event, World
from upshot.core.time import DayRange
from upshot.metrics.compile.exposed import MOMENTS, exposed_moments, value_shape
from upshot.metrics.compile.query import ExposureQuery
from upshot.metrics.definition import Selection
from upshot.metrics.parse import parse_metrics

if TYPE_CHECKING:
    from upshot.metrics.dialect import Dialect

METRICS = """
- {name: views, type: count, event: view}
- {name: spent, type: sum, event: buy, value: price}
- {name: net, type: formula, formula: spent - 2 * views}
- {name: each, type: formula, formula: (spent - views) / views}
"""
BEGIN = datetime(2024, 3, 1)  # noqa: DTZ001 - instants of the stores are UTC without offset


def _world() -> World:
    """Twelve persons in two arms with views and purchases before and after they meet their variant."""
    made: list[tuple[str, str, float, dict[str, str | int]]] = []
    for i in range(12):
        made.append((f"u{i}", "met", 30.0, {"arm": "ab"[i % 2]}))
        made += [(f"u{i}", "view", 30.1 + k, {}) for k in range(1 + i % 3)]
        made += [(f"u{i}", "buy", 31.0 + k / 7, {"price": 3 + i * k}) for k in range(i % 4)]
        made += [(f"u{i}", "view", 20.0, {})] * (i % 2) + [(f"u{i}", "buy", 25.0, {"price": i})]
        made.append((f"u{i}", "view", 50.0, {}))
    events = (
        Event(str(uuid.UUID(int=n + 1)), event, BEGIN + timedelta(days=at), who, dict(properties))
        for n, (who, event, at, properties) in enumerate(made)
    )
    return World(ZoneInfo("UTC"), tuple(events))


def test_formula_from_an_exposure_on_is_made_of_what_sql_by_hand_counts(tmp_path: Path) -> None:
    metrics = {metric.name: metric for metric in parse_metrics(METRICS).metrics}
    query = ExposureQuery(
        unit="person",
        selection=Selection(("met",)),
        property="arm",
        variants=("a", "b"),
        days=DayRange.of(date(2024, 3, 31), date(2024, 3, 31)),
        until=BEGIN + timedelta(days=60),
        horizon_days=7,
    )
    by_hand = """
        WITH met AS (SELECT distinct_id AS u, occurred_at AS met_at, property_text(properties, 'arm') AS arm
                     FROM events WHERE event = 'met'),
        did AS (SELECT arm, u,
            count(*) FILTER (e.event = 'view' AND e.occurred_at >= met_at
                AND e.occurred_at < met_at + INTERVAL 7 DAY) AS views,
            count(*) FILTER (e.event = 'view' AND e.occurred_at < met_at
                AND e.occurred_at >= met_at - INTERVAL 28 DAY) AS seen,
            coalesce(sum(property_number(properties, 'price')) FILTER (e.event = 'buy' AND e.occurred_at >= met_at
                AND e.occurred_at < met_at + INTERVAL 7 DAY), 0) AS spent,
            coalesce(sum(property_number(properties, 'price')) FILTER (e.event = 'buy' AND e.occurred_at < met_at
                AND e.occurred_at >= met_at - INTERVAL 28 DAY), 0) AS paid
            FROM met LEFT JOIN events e ON e.distinct_id = u GROUP BY ALL)
        SELECT arm, count(*), avg(spent - 2 * views), var_samp(spent - 2 * views), avg(paid - 2 * seen),
            covar_samp(spent - 2 * views, paid - 2 * seen), avg(spent - views), avg(views),
            covar_samp(spent - views, views)
        FROM did GROUP BY 1 ORDER BY 1
    """
    with fill(tmp_path, _world()) as store:
        dialect = cast("Dialect", store.dialect())
        expected = store.run_sql(by_hand).rows
        assert [row[1] for row in expected] == [6, 6]
        net, each = (store.run(exposed_moments(metrics[name], query, dialect)).rows for name in ("net", "each"))
    at = {name: place + 2 for place, name in enumerate(MOMENTS)}
    wanted = ("mean_x", "variance_x", "mean_b", "covariance_xb")
    sums = [(*row[:2], *(row[at[name]] for name in wanted)) for row in net]
    assert same(tuple(sums), tuple(tuple(row[:6]) for row in expected))
    fractions = [(row[0], *(row[at[name]] for name in ("mean_x", "mean_y", "covariance_xy"))) for row in each]
    assert same(tuple(fractions), tuple((row[0], *row[6:]) for row in expected))
    assert (value_shape(metrics["net"]), value_shape(metrics["each"])) == ("mean", "ratio")
