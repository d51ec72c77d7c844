"""The one thread that changes a store.

What is queued is taken all at once; appends that stand together share a transaction, and each future is done when its
transaction is durable. There is no timer: under load the groups grow by themselves, and alone nobody waits.
"""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

import duckdb

from upshot.core.errors import Busy, InternalError, InvalidInput, StoreFull, UserError
from upshot.engines.duckdb.connection import open_file, release, translate
from upshot.engines.duckdb.reading import needs_care, read_carefully

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from upshot.engines.duckdb.connection import Resources

__all__ = ["Transaction", "Writer"]

T = TypeVar("T")
Item = TypeVar("Item")

_QUEUED_WORKS = 4096
_QUEUED_WEIGHT = 400_000
_GROUP_WEIGHT = 50_000
_IDLE_SECONDS = 1.0
_STREAM_SECONDS = 5.0
_STREAMED_LOG_BYTES = 128 << 20
"""While events stream in, moments without a change come each second, and a checkpoint of 20 MB takes up to three.

The one that the engine begins by itself at 1 GB took longer than what may wait meanwhile.
"""
_CHECKPOINT_BYTES = 4 << 20
_BREATH_SECONDS = 0.05
_LONG_LOG_BYTES = 32 << 20
"""A log of that length is checkpointed at the first breath: 73 MB held commits up for 0.3 s, 263 MB for 0.6 s."""


@dataclass(slots=True)
class Transaction:
    """A transaction of the writer. What happens in it becomes durable as ``revision``, or not at all.

    Attributes:
        afterwards: What to do once it is durable.
        is_noted: Whether events bear the revision, so that it need not be written down: that took a third of an append.
    """

    connection: duckdb.DuckDBPyConnection
    revision: int
    afterwards: list[Callable[[], None]] = field(default_factory=list)
    is_noted: bool = False


# Any: the queue holds changes, items and futures of every type; submit() and submit_item() tie those of each work
@dataclass(frozen=True, slots=True)
class Work:
    """One change that waits. ``weight`` counts its events; changes of weight above 0 may share a transaction.

    Works with the same ``handler`` that stand together are one change: it takes all of their items.
    """

    change: Callable[[Transaction], object] | None
    weight: int
    future: Future[Any]
    handler: Callable[[Transaction, Sequence[Any]], Sequence[object]] | None = None
    item: Any = None


class Writer:
    """Owner of the file's connection and of every change to it.

    Attributes:
        facts: Held by whoever changes facts or what facts are kept.
    """

    def __init__(self, file: Path, resources: Resources, connection: duckdb.DuckDBPyConnection) -> None:
        self._file = file
        self._resources = resources
        self._connection = connection
        self._queue: queue.Queue[Work | None] = queue.Queue(_QUEUED_WORKS)
        self._weight = 0
        self._guard = threading.Condition()
        self._revision = _stored_revision(connection)
        self._listeners: list[Callable[[int], None]] = []
        self._closed = False
        self._broken = False
        self.facts = threading.Lock()
        self._streamed_at = 0.0
        self._thread = threading.Thread(target=self._run, name="upshot-writer", daemon=True)
        self._thread.start()

    @property
    def revision(self) -> int:
        """The last durable revision."""
        return self._revision

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """A connection of its own for one reader.

        Raises:
            InvalidInput: The store is closed.
        """
        with self._guard:
            if self._closed:
                raise InvalidInput("The store is closed.")
            connection = self._connection
        try:
            return connection.cursor()
        except duckdb.Error as error:
            raise translate(error, self._file) from error

    def submit(self, change: Callable[[Transaction], T], *, weight: int = 0) -> Future[T]:
        """Queue a change.

        Raises:
            Busy: Too much waits already.
            InvalidInput: The store is closed.
        """
        future: Future[T] = Future()
        self._queue_work(Work(change, weight, future))
        return future

    def submit_item(
        self, handler: Callable[[Transaction, Sequence[Item]], Sequence[T]], item: Item, *, weight: int
    ) -> Future[T]:
        """Queue an item for ``handler``, which takes all items that wait for it at once and answers for each.

        Raises:
            Busy: Too much waits already.
            InvalidInput: The store is closed.
        """
        future: Future[T] = Future()
        self._queue_work(Work(None, weight, future, handler, item))
        return future

    def _queue_work(self, work: Work) -> None:
        weight = work.weight
        with self._guard:
            if self._closed:
                raise InvalidInput("The store is closed.")
            if self._weight and self._weight + weight > _QUEUED_WEIGHT:
                raise Busy(f"{self._weight} events wait to be stored already.", hint="Send them again later.")
            try:
                self._queue.put_nowait(work)
            except queue.Full:
                raise Busy("Too many changes wait already.", hint="Send them again later.") from None
            self._weight += weight

    def submit_with_facts(self, change: Callable[[Transaction], T]) -> Future[T]:
        """Queue a change that changes facts, too: it holds ``facts`` until it is done.

        Raises:
            Busy: Too much waits already.
            InvalidInput: The store is closed.
        """
        self.facts.acquire()
        try:
            future = self.submit(change)
        except BaseException:
            self.facts.release()
            raise
        future.add_done_callback(lambda _: self.facts.release())
        return future

    def note_stream(self) -> None:
        """Much comes in: for some seconds, a moment without a change is no rest."""
        self._streamed_at = time.monotonic()

    def beside(self, change: Callable[[duckdb.DuckDBPyConnection], None], *, again: bool = True) -> None:
        """Make a change in a transaction of its own while the writer goes on; then give it a revision.

        Only for tables that the writer's changes leave alone, and rows of ``arrived_events`` and ``dirty_days`` that
        are there already. The caller holds ``facts``.
        """
        connection = self.cursor()
        try:
            connection.execute("BEGIN")
            change(connection)
            connection.execute("COMMIT")
        except duckdb.Error as error:
            with contextlib.suppress(duckdb.Error):
                connection.execute("ROLLBACK")
            if again and needs_care(error):
                self.read_carefully()
                self.beside(change, again=False)
                return
            # The writer finds out whether the engine has given up the database, and opens it anew.
            self.submit(_nothing).result()
            raise translate(error, self._file) from error
        self.submit(_nothing).result()

    def read_carefully(self) -> None:
        """Let the store read properties carefully from now on; see ``reading``."""
        self.submit(_read_carefully).result()

    def listen(self, callback: Callable[[int], None]) -> Callable[[], None]:
        """Call ``callback`` with each new revision; the returned function ends it."""
        with self._guard:
            self._listeners.append(callback)

        def stop() -> None:
            with self._guard:
                if callback in self._listeners:
                    self._listeners.remove(callback)

        return stop

    def wait_for_revision(self, after: int, timeout_seconds: float) -> int:
        """The revision as soon as it is above ``after``, or what it is when the time is over."""
        with self._guard:
            self._guard.wait_for(lambda: self._revision > after or self._closed, timeout_seconds)
            return self._revision

    def close(self) -> None:
        """Finish what is queued, then let go of the file."""
        with self._guard:
            if self._closed:
                return
            self._closed = True
            self._guard.notify_all()
        self._queue.put(None)
        self._thread.join()
        self._connection.close()
        # Whoever still holds the store when the interpreter ends must not hold an object of the engine: its binding
        # would print a page about leaks.
        del self._connection
        release(self._file)

    # --- the thread ---

    def _run(self) -> None:
        ended = False
        unsaved = False
        while not ended:
            try:
                taken = [self._queue.get(timeout=self._patience() if unsaved else None)]
            except queue.Empty:
                unsaved = self._streams() and self._log_bytes() < _STREAMED_LOG_BYTES
                if not unsaved:
                    self._checkpoint()
                continue
            while not self._queue.empty():
                taken.append(self._queue.get_nowait())
            ended = None in taken
            works = [work for work in taken if work is not None and work.future.set_running_or_notify_cancel()]
            for group in _groups(works):
                self._commit(group)
                unsaved = True
            with self._guard:
                self._weight -= sum(work.weight for work in taken if work is not None)

    def _commit(self, group: Sequence[Work], *, again: bool = True) -> None:
        try:
            results = self._transact(group)
        except Exception as error:
            if again and needs_care(error):
                self._transact([Work(_read_carefully, 0, Future())])
                self._commit(group, again=False)
            elif len(group) == 1 or isinstance(error, StoreFull):
                for work in group:
                    work.future.set_exception(error)
            else:
                # One of them is at fault: only that one fails.
                for work in group:
                    self._commit([work])
            return
        for work, result in zip(group, results, strict=True):
            work.future.set_result(result)

    def _transact(self, group: Sequence[Work]) -> list[object]:
        if self._broken:
            self._reopen()
        revision = self._revision + 1
        connection = self._connection
        try:
            connection.execute("BEGIN")
            transaction = Transaction(connection, revision)
            results = [result for run in _runs(group) for result in _done(run, transaction)]
            if not transaction.is_noted:
                connection.execute("UPDATE state SET revision = ?", [revision])
            connection.execute("COMMIT")
        except duckdb.Error as error:
            self._recover()
            raise translate(error, self._file) from error
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        for act in transaction.afterwards:
            act()
        self._publish(revision)
        return results

    def _recover(self) -> None:
        """Roll back; a database that the engine gave up (a write failed) is opened anew, now or before a change."""
        with contextlib.suppress(duckdb.Error):
            self._connection.execute("ROLLBACK")
        try:
            self._connection.execute("SELECT revision FROM state").fetchall()
        except duckdb.Error:
            self._broken = True
            with contextlib.suppress(UserError):
                self._reopen()

    def _reopen(self) -> None:
        self._connection.close()
        self._connection = open_file(self._file, self._resources)
        stored = _stored_revision(self._connection)
        if stored < self._revision:
            raise InternalError(f"{self._file} lost a durable revision")
        self._revision = stored  # a commit may have failed to say that it was durable
        self._broken = False

    def _publish(self, revision: int) -> None:
        with self._guard:
            self._revision = revision
            self._guard.notify_all()
            listeners = tuple(self._listeners)
        for listener in listeners:
            listener(revision)

    def _log_bytes(self) -> int:
        log = self._file.with_name(self._file.name + ".wal")
        return log.stat().st_size if log.exists() else 0

    def _patience(self) -> float:
        """How many seconds without a change are a moment to checkpoint in."""
        long = _STREAMED_LOG_BYTES if self._streams() else _LONG_LOG_BYTES
        return _BREATH_SECONDS if self._log_bytes() >= long else _IDLE_SECONDS

    def _streams(self) -> bool:
        return time.monotonic() - self._streamed_at < _STREAM_SECONDS

    def _checkpoint(self) -> None:
        if self._log_bytes() < _CHECKPOINT_BYTES:
            return
        try:
            self._connection.execute("CHECKPOINT")
        except duckdb.TransactionException:
            return  # a reader holds an old snapshot; the next idle moment will do
        except duckdb.Error:
            self._recover()


def _runs(group: Sequence[Work]) -> list[list[Work]]:
    """The works in order, those with one handler together."""
    runs: list[list[Work]] = []
    for work in group:
        if runs and work.handler is not None and runs[-1][0].handler == work.handler:
            runs[-1].append(work)
        else:
            runs.append([work])
    return runs


def _done(run: Sequence[Work], transaction: Transaction) -> Sequence[object]:
    first = run[0]
    if first.handler is not None:
        return first.handler(transaction, [work.item for work in run])
    if first.change is None:
        raise InternalError("a work has neither a change nor a handler")
    return [first.change(transaction)]


def _read_carefully(transaction: Transaction) -> None:
    read_carefully(transaction.connection)


def _nothing(transaction: Transaction) -> None:
    transaction.connection.execute("SELECT 1").fetchall()


def _stored_revision(connection: duckdb.DuckDBPyConnection) -> int:
    rows = connection.execute(
        """
        SELECT max(revision) FROM (
            SELECT revision FROM state
            UNION ALL SELECT max(revision) FROM arrived_events
            UNION ALL SELECT max(revision) FROM kept_events
        )
        """
    ).fetchall()
    return int(rows[0][0])


def _groups(works: Sequence[Work]) -> list[list[Work]]:
    groups: list[list[Work]] = []
    room = 0
    for work in works:
        if work.weight and groups and 0 < work.weight <= room:
            groups[-1].append(work)
            room -= work.weight
        else:
            groups.append([work])
            room = _GROUP_WEIGHT - work.weight if work.weight else 0
    return groups
