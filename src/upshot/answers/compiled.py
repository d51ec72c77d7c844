"""Statements of questions that were asked before: compiling takes milliseconds, looking up takes none.

A kept statement may name facts that the store has dropped since; it then fails, and is compiled anew.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from upshot.core.errors import InvalidInput
from upshot.core.lru import Lru
from upshot.core.time import Grain
from upshot.engines.store import EventStore, QueryResult
from upshot.metrics.compile.query import DistributionQuery, RetentionQuery, Route, SeriesQuery, Steps
from upshot.metrics.definition import Metric

if TYPE_CHECKING:
    from collections.abc import Callable

    from upshot.metrics.compile.query import Compiled

__all__ = ["CompiledQueries", "Prepared"]

_KEPT = 512


@dataclass(frozen=True, slots=True)
class Prepared:
    """A compiled question: the statement and what the compiler said of it."""

    sql: str
    route: str
    reason: str
    columns: tuple[str, ...]
    additive: bool
    absent: float | None
    grain: Grain | None
    notes: tuple[str, ...]


class CompiledQueries:
    """The most recent statements, by definition and question."""

    def __init__(self) -> None:
        self._kept = Lru[tuple[str, bytes], Prepared](_KEPT)

    def series(self, store: EventStore, metric: Metric, query: SeriesQuery) -> tuple[Prepared, QueryResult]:
        """A series: the statement and its answer."""

        def compiled() -> "Compiled":
            from upshot.metrics.compile import compile_series

            return compile_series(metric, query, store.dialect())

        return self._answered(store, (metric.hash, b"s" + msgspec.json.encode(query)), compiled)

    def retention(self, store: EventStore, metric: Metric, query: RetentionQuery) -> tuple[Prepared, QueryResult]:
        """A cohort grid: the statement and its answer."""

        def compiled() -> "Compiled":
            from upshot.metrics.compile import compile_retention

            return compile_retention(metric, query, store.dialect())

        return self._answered(store, (metric.hash, b"r" + msgspec.json.encode(query)), compiled)

    def moments(self, store: EventStore, metric: Metric, query: SeriesQuery) -> tuple[Prepared, QueryResult] | None:
        """What intervals need; None where there are none."""

        def compiled() -> "Compiled":
            from upshot.core.errors import InternalError
            from upshot.metrics.compile import compile_moments

            made = compile_moments(metric, query, store.dialect())
            if made is None:
                raise InternalError(f"{metric.name} has no moments.")
            return made

        from upshot.metrics.compile.moments import has_moments

        if not has_moments(metric, query.grain):
            return None
        return self._answered(store, (metric.hash, b"m" + msgspec.json.encode(query)), compiled)

    def distribution(self, store: EventStore, metric: Metric, query: DistributionQuery) -> tuple[Prepared, QueryResult]:
        """How values are spread, in one row."""

        def compiled() -> "Compiled":
            from upshot.metrics.compile import compile_distribution

            return compile_distribution(metric, query, store.dialect())

        return self._answered(store, (metric.hash, b"d" + msgspec.json.encode(query)), compiled)

    def histogram(
        self, store: EventStore, metric: Metric, query: DistributionQuery, steps: Steps
    ) -> tuple[Prepared, QueryResult]:
        """How many values lie in each step."""

        def compiled() -> "Compiled":
            from upshot.metrics.compile import compile_histogram

            return compile_histogram(metric, query, steps, store.dialect())

        return self._answered(store, (metric.hash, b"h" + msgspec.json.encode([query, steps])), compiled)

    def forget(self) -> None:
        """Compile anew what reads raw events, as the store may keep facts for it by now."""
        self._kept.forget(lambda made: made.route == Route.EVENTS)

    def forget_all(self) -> None:
        """Compile everything anew, as the store may have dropped facts."""
        self._kept.forget()

    def _answered(
        self, store: EventStore, key: tuple[str, bytes], compiled: "Callable[[], Compiled]"
    ) -> tuple[Prepared, QueryResult]:
        prepared = self._prepared(store, key, compiled)
        try:
            return prepared, store.run_sql(prepared.sql)
        except InvalidInput:
            fresh = _prepare(store, compiled())
            if fresh.sql == prepared.sql:
                raise
        self._kept.put(key, fresh)
        return fresh, store.run_sql(fresh.sql)

    def _prepared(self, store: EventStore, key: tuple[str, bytes], compiled: "Callable[[], Compiled]") -> Prepared:
        found = self._kept.get(key)
        if found is None:
            found = _prepare(store, compiled())
            self._kept.put(key, found)
        return found


def _prepare(store: EventStore, made: "Compiled") -> Prepared:
    return Prepared(
        sql=store.compile(made.expr),
        route=str(made.route),
        reason=made.reason,
        columns=made.columns,
        additive=made.additive,
        absent=made.absent,
        grain=made.grain,
        notes=made.notes,
    )
