"""A store filled from a world, and the compiler's rows in the shape of the reference's."""

import json
import math
import uuid
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, cast
from zoneinfo import ZoneInfo

from tests.metrics.reference import Group, Numbers
from tests.metrics.world import World
from upshot.core.time import DayRange
from upshot.engines.duckdb import DuckDBStore
from upshot.engines.store import EventStore
from upshot.engines.values import EventRecord, Merge, UnitTraits
from upshot.metrics.compile import (
    Compiled,
    RetentionQuery,
    Route,
    SeriesQuery,
    compile_per_unit,
    compile_retention,
    compile_series,
)
from upshot.metrics.definition import Metric
from upshot.metrics.measures import measure_tables

if TYPE_CHECKING:
    from ibis.expr.types import BooleanValue, DateValue, FloatingValue, StringValue, Table, TimestampValue

    from upshot.metrics.dialect import Dialect

T = TypeVar("T")
RECEIVED = datetime(2025, 1, 1)  # noqa: DTZ001 - instants of the stores are UTC without offset
Cells = dict[tuple[date, int, Group], tuple[int, int, int]]


class RawOnly:
    """A dialect of which only raw events are left."""

    def __init__(self, inner: "Dialect") -> None:
        self.inner = inner

    @property
    def zone(self) -> ZoneInfo:
        return self.inner.zone

    def events(self) -> "Table":
        return self.inner.events()

    def with_unit(self, events: "Table", unit_type: str) -> "Table":
        return self.inner.with_unit(events, unit_type)

    def local_day(self, instant: "TimestampValue") -> "DateValue":
        return self.inner.local_day(instant)

    def property_text(self, events: "Table", name: str) -> "StringValue":
        return self.inner.property_text(events, name)

    def property_is_in(self, events: "Table", name: str, texts: Sequence[str]) -> "BooleanValue":
        return self.inner.property_is_in(events, name, texts)

    def property_number(self, events: "Table", name: str) -> "FloatingValue":
        return self.inner.property_number(events, name)

    def unit_days(self, unit_type: str) -> "Table | None":  # noqa: ARG002 - the protocol's shape
        return None

    def activity(self, unit_type: str) -> "Table | None":  # noqa: ARG002 - the protocol's shape
        return None

    def unit_day_measures(self, measure: str, unit_type: str) -> "Table | None":  # noqa: ARG002 - the protocol's shape
        return None

    def unit_names(self, unit_type: str) -> "Table":
        return self.inner.unit_names(unit_type)

    def unit_property(self, unit_type: str, name: str) -> "Table":
        return self.inner.unit_property(unit_type, name)


class WithoutActivity(RawOnly):
    """A dialect that keeps unit-days and measures, but not the day before."""

    def unit_days(self, unit_type: str) -> "Table | None":
        return self.inner.unit_days(unit_type)

    def unit_day_measures(self, measure: str, unit_type: str) -> "Table | None":
        return self.inner.unit_day_measures(measure, unit_type)


def fill(folder: Path, world: World, metrics: Iterable[Metric] = ()) -> DuckDBStore:
    """A store that holds the world; nothing is refreshed yet."""
    store = DuckDBStore(folder / f"{uuid.uuid4().hex}.duckdb", world.zone)
    store.append(
        [
            EventRecord(
                event_id=uuid.UUID(e.id),
                event=e.event,
                occurred_at=e.at,
                received_at=RECEIVED,
                distinct_id=e.distinct_id,
                groups=e.groups,
                source=e.source,
                properties=json.dumps(e.properties),
            )
            for e in world.events
        ]
    )
    store.set_traits([UnitTraits(t.unit_type, t.unit, {t.name: t.value}, t.at) for t in world.traits])
    if world.persons:
        store.merge([Merge(person, alias) for alias, person in world.persons.items() if alias != person])
    store.declare_measures(measure_tables(tuple(metrics), cast("Dialect", store.dialect())))
    return store


def run_series(
    store: EventStore, metric: Metric, query: SeriesQuery, dialect: "Dialect | None" = None
) -> dict[tuple[date, Group], Numbers]:
    """The compiled series as the reference gives it."""
    compiled = compile_series(metric, query, dialect or store.dialect())
    width = len(query.breakdown)
    found: dict[tuple[date, Group], Numbers] = {}
    for row in _rows(store, compiled):
        key = cast("tuple[date, Group]", (row[0], tuple(row[1 : 1 + width])))
        assert key not in found, f"two rows for {key}"
        found[key] = cast("Numbers", row[1 + width :])
    return found


def run_retention(store: EventStore, metric: Metric, query: RetentionQuery, dialect: "Dialect | None" = None) -> Cells:
    """The compiled grid as the reference gives it."""
    compiled = compile_retention(metric, query, dialect or store.dialect())
    found: Cells = {}
    for row in _rows(store, compiled):
        cohort, offset, last, *groups, units, size = row
        key = cast("tuple[date, int, Group]", (cohort, offset, tuple(groups)))
        assert key not in found, f"two rows for {key}"
        found[key] = cast("tuple[int, int, int]", (units, size, last))
    return found


def run_per_unit(
    store: EventStore, metric: Metric, days: DayRange, dialect: "Dialect | None" = None
) -> dict[str | None, Numbers]:
    """The compiled numbers of each unit by its name; events without a unit under None."""
    using = dialect or store.dialect()
    compiled = compile_per_unit(metric, days, using, unknown=True)
    names = dict(store.run(using.unit_names(metric.unit)).rows)
    found = {cast("str | None", names.get(key)): cast("Numbers", tuple(rest)) for key, *rest in _rows(store, compiled)}
    assert len(found) == len(_rows(store, compiled)), "two rows for one unit"
    return found


def route(store: EventStore, metric: Metric, query: SeriesQuery) -> Route:
    """Which way the planner went."""
    return compile_series(metric, query, store.dialect()).route


def same(a: object, b: object) -> bool:
    """Equal; numbers up to rounding."""
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    if isinstance(a, tuple) and isinstance(b, tuple):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b, strict=True))
    if isinstance(a, int | float) and isinstance(b, int | float):
        return math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-9)
    return a == b


def without_sides(metric: Metric, found: dict[T, Numbers]) -> dict[T, Numbers]:
    """Of a formula, values alone: what they are fractions of follows from how it is written."""
    return found if metric.formula is None else {key: (value, None, None) for key, (value, _, _) in found.items()}


def _rows(store: EventStore, compiled: Compiled) -> list[tuple[object, ...]]:
    result = store.run(compiled.expr)
    assert result.columns == compiled.columns
    return result.rows
