"""The event store in one DuckDB file."""

from __future__ import annotations

import json
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

import duckdb

from upshot.core.errors import UserError
from upshot.engines.columns import EventColumns
from upshot.engines.duckdb import facts, identity, measures, quarantine, summaries, traits
from upshot.engines.duckdb.backlog import Backlog
from upshot.engines.duckdb.connection import Resources, claim, open_file, release, translate
from upshot.engines.duckdb.intake import Keeper
from upshot.engines.duckdb.reading import needs_care
from upshot.engines.duckdb.schema import prepare
from upshot.engines.duckdb.snapshot import begin_snapshot
from upshot.engines.duckdb.writer import Transaction, Writer
from upshot.engines.journal import Journal
from upshot.engines.values import Appended, QueryResult, utc_naive

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from concurrent.futures import Future
    from datetime import date, datetime
    from pathlib import Path
    from types import TracebackType
    from typing import Self
    from zoneinfo import ZoneInfo

    from ibis.expr.types import Table

    from upshot.engines.duckdb.columns import Batch
    from upshot.engines.duckdb.dialect import DuckDBDialect
    from upshot.engines.intake import Intake, Quarantined, Taken
    from upshot.engines.values import (
        Delivered,
        EventCounts,
        EventRecord,
        Merge,
        Observation,
        PropertyCounts,
        Refreshed,
        Rejected,
        StoredEvent,
        StoreInfo,
        TraitCounts,
        UnitTraits,
    )

__all__ = ["DuckDBStore"]

T = TypeVar("T")


class DuckDBStore:
    """An ``EventStore`` in one file, open in one process.

    Args:
        file: Where it is, or is to be; its folder exists.
        zone: The zone whose local days are counted; fixed by the first opening.
        resources: What the engine may use.

    Raises:
        WorkspaceLocked: The file is open, here or elsewhere.
        CorruptStore: It cannot be read; it is left as it was.
        SchemaTooNew: A newer Upshot wrote it.
        InvalidInput: It keeps days of another zone.
    """

    def __init__(self, file: Path, zone: ZoneInfo, *, resources: Resources | None = None) -> None:
        self._file = file.resolve()
        self._zone = zone
        self._keeper = Keeper(zone)
        resources = resources or Resources()
        claim(self._file)
        try:
            connection = open_file(self._file, resources)
            try:
                prepare(connection, self._file, zone)
                self._writer = Writer(self._file, resources, connection)
            except BaseException:
                connection.close()
                raise
        except duckdb.Error as error:
            release(self._file)
            raise translate(error, self._file) from error
        except BaseException:
            release(self._file)
            raise
        try:
            self._backlog = self._opened_backlog()
        except BaseException:
            self._writer.close()
            raise

    @property
    def file(self) -> Path:
        """Where the store is."""
        return self._file

    @property
    def zone(self) -> ZoneInfo:
        """The zone whose local days are counted."""
        return self._zone

    @property
    def revision(self) -> int:
        """Grows with each durable change."""
        return self._writer.revision

    # --- changes ---

    def write(self, change: Callable[[Transaction], T], *, weight: int = 0, facts: bool = False) -> Future[T]:
        """Queue any change; it runs on the writer's thread in a transaction of its own.

        Args:
            change: What to do; it may leave temporary tables behind, which the next change may replace.
            weight: How many events it brings; changes of weight above 0 may share a transaction.
            facts: Whether it changes facts; it is then queued when nobody else does.
        """
        return self._writer.submit_with_facts(change) if facts else self._writer.submit(change, weight=weight)

    def submit(self, events: Sequence[EventRecord]) -> Future[Appended]:
        """Queue an append; see ``EventStore.submit``."""
        return self._writer.submit_item(self._keeper.append, EventColumns.of(events), weight=len(events))

    def take_in(self, intake: Intake) -> Future[Taken]:
        """Queue what a request brought; see ``EventStore.take_in``. When much comes in, the journal promises it."""
        promised = self._backlog.take(intake)
        if promised is not None:
            return promised
        weight = len(intake.events) + len(intake.merges) + len(intake.traits) + len(intake.held)
        return self._writer.submit_item(self._keeper.keep, intake, weight=max(1, weight))

    def _opened_backlog(self) -> Backlog:
        """What the journal promised before goes into the tables first."""
        rows = self._writer.cursor().execute("SELECT journal FROM state").fetchall()
        self._journal = Journal(self._file, int(rows[0][0]))
        return Backlog(self._journal, self._put, self._set_aside, self._writer.facts.locked)

    def _put(self, events: Sequence[Batch], rest: Sequence[Intake], number: int) -> Future[None]:
        """Queue what the journal holds up to a record: among the facts, where nobody else is busy with them."""
        self._writer.note_stream()
        with_facts = self._writer.facts.acquire(blocking=False)
        try:
            future = self._writer.submit(
                lambda txn: self._keeper.keep_journal(txn, events, rest, number, with_facts=with_facts)
            )
        except BaseException:
            if with_facts:
                self._writer.facts.release()
            raise
        if with_facts:
            future.add_done_callback(lambda _: self._writer.facts.release())
        return future

    def _set_aside(self, intake: Intake, reason: str) -> Future[None]:
        return self._writer.submit(lambda txn: self._keeper.set_aside(txn, intake, reason))

    def append(self, events: Sequence[EventRecord]) -> Appended:
        """``submit``, and wait."""
        if not events:
            return Appended(0, 0, self.revision)
        return self.submit(events).result()

    def merge(self, merges: Sequence[Merge]) -> int:
        """Join persons; see ``EventStore.merge``."""

        def change(transaction: Transaction) -> None:
            identity.merge(transaction, merges)

        return self._change(change)

    def set_traits(self, changes: Sequence[UnitTraits]) -> int:
        """Keep traits of units with their history."""
        return self._change(lambda txn: traits.set_traits(txn, changes))

    def observe(self, series: str, values: Sequence[Observation], recorded_at: datetime) -> int:
        """Keep values of an external series; earlier recordings stay."""
        return self._change(lambda txn: traits.observe(txn, series, values, recorded_at))

    def reject(self, rejects: Sequence[Rejected]) -> int:
        """Keep rows that could not become events."""
        return self._change(lambda txn: summaries.keep_rejects(txn, rejects))

    def refresh_facts(self, *, events_a_piece: int = facts.EVENTS_A_PIECE) -> Refreshed:
        """Rebuild the facts of dirty days, repair merged persons, remove duplicates, build new measures.

        Args:
            events_a_piece: About how many events are rebuilt in one transaction.
        """
        self._backlog.catch_up()
        return facts.refresh(self._writer, events_a_piece=events_a_piece)

    def waiting_events(self) -> int:
        """How many events the next refresh moves into the facts."""
        with self._reading() as cursor:
            return int(cursor.execute("SELECT count(*) FROM arrived_events").fetchall()[0][0])

    def declare_measures(self, declared: Mapping[str, Table]) -> None:
        """Keep facts of exactly these measures; see ``EventStore.declare_measures``."""
        statements = {measure: self.compile(expression) for measure, expression in declared.items()}
        with self._writer.facts:
            self._change(lambda txn: measures.declare(txn, statements))

    def _change(self, change: Callable[[Transaction], None]) -> int:
        def numbered(transaction: Transaction) -> int:
            change(transaction)
            return transaction.revision

        return self._writer.submit(numbered).result()

    def warm_up(self) -> None:
        """Load what the first append would wait for."""
        self._writer.submit(self._keeper.warm_up).result()

    # --- questions ---

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """A connection of its own to read from; keep it in a variable while its result is in use."""
        return self._writer.cursor()

    def dialect(self) -> DuckDBDialect:
        """The relations that metrics are compiled against."""
        from upshot.engines.duckdb.dialect import DuckDBDialect, fact_unit_types

        def unit_types() -> frozenset[str]:
            cursor = self.cursor()
            rows = cursor.execute("SELECT unit_type FROM group_types").fetchall()
            return fact_unit_types(frozenset(unit_type for (unit_type,) in rows))

        return DuckDBDialect(self._zone, unit_types, lambda: measures.built(self.cursor()))

    def compiled_against(self) -> str:
        """What ``dialect()`` is now; see ``EventStore.compiled_against``."""
        with self._reading() as cursor:
            groups = [unit_type for (unit_type,) in cursor.execute("SELECT unit_type FROM group_types").fetchall()]
            return json.dumps([self._zone.key, sorted(groups), sorted(measures.built(cursor))])

    def compile(self, expression: Table) -> str:
        """The statement that answers an expression over ``dialect()``."""
        import ibis

        return str(ibis.to_sql(expression, dialect="duckdb"))

    def run(self, expression: Table) -> QueryResult:
        """``compile`` and ``run_sql``."""
        return self.run_sql(self.compile(expression))

    def run_sql(self, sql: str) -> QueryResult:
        """Answer a statement from one snapshot; waits for the writer only once, when values must be read with care."""
        try:
            return self._answer(sql)
        except UserError as error:
            if not needs_care(error):
                raise
        self._writer.read_carefully()
        return self._answer(sql)

    def _answer(self, sql: str) -> QueryResult:
        cursor = self.cursor()
        started = time.perf_counter()
        try:
            begin_snapshot(cursor)
            rows = cursor.execute(sql).fetchall()
        except duckdb.Error as error:
            raise translate(error, self._file) from error
        elapsed = (time.perf_counter() - started) * 1000
        return QueryResult(tuple(column[0] for column in cursor.description or ()), rows, sql, elapsed)

    @contextmanager
    def _reading(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A cursor for a question about the store itself; what the engine says against it becomes a user error."""
        try:
            yield self.cursor()
        except duckdb.Error as error:
            raise translate(error, self._file) from error

    def info(self) -> StoreInfo:
        """Counts, first and last, size."""
        with self._reading() as cursor:
            return summaries.info(cursor, self._file, self.revision, journal_bytes=self._journal.size_bytes())

    def recent_events(self, limit: int, *, event: str = "", distinct_id: str = "") -> list[StoredEvent]:
        """The newest by arrival, newest first."""
        with self._reading() as cursor:
            return summaries.recent_events(cursor, limit, event, distinct_id)

    def received_since(self, source: str, instant: datetime) -> int:
        """How many events of ``source`` have come in since ``instant``."""
        with self._reading() as cursor:
            rows = cursor.execute(
                "SELECT count(*) FROM events WHERE source = ? AND received_at >= ?", [source, utc_naive(instant)]
            ).fetchall()
            return int(rows[0][0])

    def single_source(self) -> bool:
        """Whether all events came from one source, and in one import at most."""
        with self._reading() as cursor:
            return summaries.single_source(cursor)

    def deliveries(self, after: int) -> tuple[list[Delivered], int]:
        """Which events came from where beyond a revision, and the last revision that brought some."""
        with self._reading() as cursor:
            return summaries.deliveries(cursor, after)

    def newest_days(
        self, source: str, events: Sequence[str], most: int, since: date | None = None
    ) -> list[tuple[date, datetime]]:
        """The newest days on which events of these names came from a source, newest first, and when they ended."""
        with self._reading() as cursor:
            return summaries.newest_days(cursor, source, events, most, since)

    def event_summaries(self) -> list[EventCounts]:
        """Every event name, most frequent first."""
        with self._reading() as cursor:
            begin_snapshot(cursor)
            return summaries.event_summaries(cursor)

    def property_summaries(self, event: str = "", *, sample: int = 10_000) -> tuple[list[PropertyCounts], int]:
        """Properties of the newest events of that name, and how many were looked at."""
        with self._reading() as cursor:
            return summaries.property_summaries(cursor, event, sample)

    def trait_summaries(self) -> list[TraitCounts]:
        """Every trait that units have, most frequent first."""
        with self._reading() as cursor:
            return summaries.trait_summaries(cursor)

    def rejects(self, limit: int) -> tuple[list[Rejected], int]:
        """The newest rejected rows, and how many there are."""
        with self._reading() as cursor:
            return summaries.rejects(cursor, limit)

    def held(self, limit: int, *, source: str = "", held_id: str = "") -> tuple[list[Quarantined], int]:
        """The newest messages in quarantine, of one source or one id where it is given, and how many there are."""
        with self._reading() as cursor:
            return quarantine.held(cursor, limit, source=source, held_id=held_id)

    def observations(self, series: str) -> Table:
        """day, dimensions, value, recorded_at of an external series."""
        return self.dialect().observations(series)

    def wait_for_revision(self, after: int, timeout_seconds: float) -> int:
        """The revision as soon as it is above ``after``, or what it is when the time is over."""
        return self._writer.wait_for_revision(after, timeout_seconds)

    def listen(self, callback: Callable[[int], None]) -> Callable[[], None]:
        """Call ``callback`` with each new revision, from the writer's thread."""
        return self._writer.listen(callback)

    def close(self) -> None:
        """Finish what is queued, checkpoint, let go of the file."""
        try:
            self._backlog.close()
        finally:
            self._writer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
