"""Statements of questions that were asked before: compiling takes milliseconds, looking up takes none.

A kept statement may name facts that the store has dropped since; it then fails, and is compiled anew.
"""

import threading
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import msgspec

from upshot.answers.dated import DatedStatement
from upshot.answers.kept_statements import Key, Statements, read_statements, write_statements
from upshot.answers.prepared import Prepared
from upshot.core.errors import InternalError, InvalidInput
from upshot.core.lru import Lru
from upshot.core.time import DayRange
from upshot.engines.store import EventStore
from upshot.engines.values import QueryResult
from upshot.metrics.compile.query import Compiled, DistributionQuery, RetentionQuery, Route, SeriesQuery, Steps
from upshot.metrics.definition import Metric
from upshot.metrics.unit_sums import has_moments

if TYPE_CHECKING:
    from ibis.expr.types import Table

    from upshot.metrics.dialect import Dialect

__all__ = ["CompiledQueries", "Prepared"]

_KEPT = 512
_NO_DAYS = DayRange(date.min, date.min)
Query = TypeVar("Query", SeriesQuery, RetentionQuery, DistributionQuery)


class CompiledQueries:
    """The most recent statements, by definition and question.

    A question that is asked of a second range of days is compiled with its days left open, so that others need no
    compiling; where they cannot be left open, each range is compiled.

    Args:
        file: Where statements outlive the process; None where they do not.
    """

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        self._recalling = threading.Lock()
        self._recalled = file is None
        self._compiled = False
        self._kept = Lru[Key, Prepared](_KEPT)
        self._dated = Lru[Key, tuple[DatedStatement | None]](_KEPT)
        self._asked = Lru[Key, bool](_KEPT)

    def series(self, store: EventStore, metric: Metric, query: SeriesQuery) -> tuple[Prepared, QueryResult]:
        """A series: the statement and its answer."""

        def compiled(asked: SeriesQuery) -> Compiled:
            from upshot.metrics.compile import compile_series

            return compile_series(metric, asked, store.dialect())

        return self._answered(store, (metric.hash, b"s"), query, compiled)

    def retention(self, store: EventStore, metric: Metric, query: RetentionQuery) -> tuple[Prepared, QueryResult]:
        """A cohort grid: the statement and its answer."""

        def compiled(asked: RetentionQuery) -> Compiled:
            from upshot.metrics.compile import compile_retention

            return compile_retention(metric, asked, store.dialect())

        return self._answered(store, (metric.hash, b"r"), query, compiled)

    def states(self, store: EventStore, metric: Metric, query: SeriesQuery) -> tuple[Prepared, QueryResult]:
        """Units by state: the statement and its answer."""

        def compiled(asked: SeriesQuery) -> Compiled:
            from upshot.metrics.compile import compile_states

            return compile_states(metric, asked, store.dialect())

        return self._answered(store, (metric.hash, b"l"), query, compiled)

    def moments(self, store: EventStore, metric: Metric, query: SeriesQuery) -> tuple[Prepared, QueryResult] | None:
        """What intervals need; None where there are none."""

        def compiled(asked: SeriesQuery) -> Compiled:
            from upshot.metrics.compile import compile_moments

            made = compile_moments(metric, asked, store.dialect())
            if made is None:
                raise InternalError(f"{metric.name} has no moments.")
            return made

        if not has_moments(metric, query.grain):
            return None
        return self._answered(store, (metric.hash, b"m"), query, compiled)

    def distribution(self, store: EventStore, metric: Metric, query: DistributionQuery) -> tuple[Prepared, QueryResult]:
        """How values are spread, in one row."""

        def compiled(asked: DistributionQuery) -> Compiled:
            from upshot.metrics.compile import compile_distribution

            return compile_distribution(metric, asked, store.dialect())

        return self._answered(store, (metric.hash, b"d"), query, compiled)

    def histogram(
        self, store: EventStore, metric: Metric, query: DistributionQuery, steps: Steps
    ) -> tuple[Prepared, QueryResult]:
        """How many values lie in each step."""

        def compiled(asked: DistributionQuery) -> Compiled:
            from upshot.metrics.compile import compile_histogram

            return compile_histogram(metric, asked, steps, store.dialect())

        return self._answered(store, (metric.hash, b"h" + msgspec.json.encode(steps)), query, compiled)

    def rows(
        self, store: EventStore, question: str, made: "Callable[[DayRange, Dialect], Table]", days: DayRange = _NO_DAYS
    ) -> QueryResult:
        """Rows of an expression that is no metric's.

        Args:
            store: Whose events are asked.
            question: All that the expression depends on but the days; equal ones promise equal expressions.
            made: The expression.
            days: What it is asked about; not given where it asks about no days.
        """

        def compiled(asked: SeriesQuery) -> Compiled:
            expr = made(asked.days, store.dialect())
            return Compiled(expr, Route.EVENTS, "", tuple(expr.columns), additive=False, absent=None, grain=None)

        return self._answered(store, (question, b"x"), SeriesQuery(days, None), compiled)[1]

    def forget(self) -> None:
        """Compile anew what reads raw events, as the store may keep facts for it by now."""
        self._kept.forget(lambda made: made.route == Route.EVENTS)
        self._dated.forget(lambda made: made[0] is not None and made[0].model.route == Route.EVENTS)

    def forget_all(self) -> None:
        """Compile everything anew, as the store may have dropped facts."""
        self._kept.forget()
        self._dated.forget()

    def keep(self) -> None:
        """Write the statements into the file, where some were compiled."""
        if self._file is not None and self._compiled:
            dated = tuple((key, made) for key, (made,) in self._dated.items())
            asked = tuple(key for key, _ in self._asked.items())
            write_statements(self._file, Statements(self._kept.items(), dated, asked))
            self._compiled = False

    def _recall(self, store: EventStore) -> None:
        """Read the file, once; threads that come meanwhile wait, as compiling takes longer."""
        if self._recalled:
            return
        with self._recalling:
            if self._file is not None and not self._recalled:
                found = read_statements(self._file, store.compiled_against())
                for key, prepared in found.prepared:
                    self._kept.put(key, prepared)
                for key, dated in found.dated:
                    self._dated.put(key, (dated,))
                for key in found.asked:
                    self._asked.put(key, True)
            self._recalled = True

    def _answered(
        self, store: EventStore, kind: Key, query: Query, compiled: Callable[[Query], Compiled]
    ) -> tuple[Prepared, QueryResult]:
        def prepare(days: DayRange) -> Prepared:
            self._compiled = True
            return _prepare(store, lambda: compiled(msgspec.structs.replace(query, days=days)))

        self._recall(store)
        key = (kind[0], kind[1] + msgspec.json.encode(query))
        whenever = (kind[0], kind[1] + msgspec.json.encode(msgspec.structs.replace(query, days=_NO_DAYS)))
        prepared = self._kept.get(key)
        if prepared is None:
            prepared = self._prepared(whenever, query.days, prepare)
            self._kept.put(key, prepared)
        try:
            return prepared, store.run_sql(prepared.sql)
        except InvalidInput:
            fresh = prepare(query.days)
            if fresh.sql == prepared.sql:
                raise
        self._dated.forget(lambda made: made[0] is not None and made[0].model.route == prepared.route)
        self._kept.put(key, fresh)
        return fresh, store.run_sql(fresh.sql)

    def _prepared(self, whenever: Key, days: DayRange, prepare: Callable[[DayRange], Prepared]) -> Prepared:
        dated = self._dated.get(whenever)
        if dated is None:
            if not self._asked.get(whenever):
                self._asked.put(whenever, True)
                return prepare(days)
            dated = (DatedStatement.of(prepare),)
            self._dated.put(whenever, dated)
        return prepare(days) if dated[0] is None else dated[0].filled(days)


def _prepare(store: EventStore, compiled: Callable[[], Compiled]) -> Prepared:
    basis = store.compiled_against()  # before compiling: facts that come meanwhile make it look older, not newer
    made = compiled()
    return Prepared(
        basis=basis,
        sql=store.compile(made.expr),
        route=str(made.route),
        reason=made.reason,
        columns=made.columns,
        additive=made.additive,
        absent=made.absent,
        grain=made.grain,
        notes=made.notes,
    )
