# ruff: noqa: DTZ001 - instants of the stores are UTC without offset
import threading
import time
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.engines.duckdb.cases import Reference, activity, event, unit_days
from upshot.core.errors import InvalidInput
from upshot.engines.duckdb import DuckDBStore
from upshot.engines.duckdb.writer import Transaction
from upshot.engines.values import Merge

UTC = ZoneInfo("UTC")
NOON = datetime(2024, 3, 1, 12)


def test_readers_see_the_last_revision_while_a_change_is_under_way(store: DuckDBStore) -> None:
    store.append([event(1, "ann", NOON)])
    begun, gate = threading.Event(), threading.Event()

    def slow(transaction: Transaction) -> None:
        transaction.connection.execute("INSERT INTO arrived_events SELECT e.* FROM arrived_events e, range(100000)")
        begun.set()
        gate.wait(60)

    change = store.write(slow)
    assert begun.wait(60)
    started = time.perf_counter()
    assert store.info().events == 1
    assert store.recent_events(5)[0].event == "visit"
    assert unit_days(store, "person")
    elapsed = time.perf_counter() - started
    assert not change.done()
    gate.set()
    change.result()
    assert store.info().events == 100_001
    assert elapsed < 30


def test_long_log_is_checkpointed_at_the_first_breath(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And a short one is left alone, as the next idle moment will do."""
    monkeypatch.setattr("upshot.engines.duckdb.writer._IDLE_SECONDS", 3600.0)
    monkeypatch.setattr("upshot.engines.duckdb.writer._CHECKPOINT_BYTES", 1)
    monkeypatch.setattr("upshot.engines.duckdb.writer._LONG_LOG_BYTES", 200_000)
    log = tmp_path / "events.duckdb.wal"
    with DuckDBStore(tmp_path / "events.duckdb", UTC) as store:
        store.append([event(0, "ann", NOON)])
        store.wait_for_revision(store.revision, 0.5)
        assert 0 < log.stat().st_size < 200_000
        store.append([event(n, f"person {n}", NOON, text="x" * 200) for n in range(1, 2000)])
        deadline = time.monotonic() + 60
        while log.exists() and log.stat().st_size >= 200_000 and time.monotonic() < deadline:
            store.wait_for_revision(store.revision, 0.05)
        assert not log.exists() or log.stat().st_size < 200_000
        assert store.info().events == 2000


def test_readers_and_writers_in_many_threads_agree(store: DuckDBStore) -> None:
    failures: list[BaseException] = []

    def append(worker: int) -> None:
        for batch in range(15):
            start = worker * 10_000 + batch * 10
            store.append([event(start + n, f"u{n}", NOON + timedelta(hours=n)) for n in range(10)])

    def read() -> None:
        for _ in range(15):
            assert store.info().events % 10 == 0
            table = store.dialect().unit_days("person")
            assert table is not None
            counted = store.run(table.agg(events=table["count"].sum())).rows[0][0]
            assert (counted or 0) % 10 == 0

    def watched(target: object, *args: object) -> None:
        try:
            target(*args)  # type: ignore[operator]
        except BaseException as error:  # shown by the assertion below
            failures.append(error)

    threads = [threading.Thread(target=watched, args=(append, worker)) for worker in range(4)]
    threads += [threading.Thread(target=watched, args=(read,)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert store.info().events == 600


def test_refresh_beside_appends_and_merges_leaves_facts_equal_to_events(store: DuckDBStore) -> None:
    reference = Reference(UTC)
    ended = threading.Event()
    failures: list[BaseException] = []

    def refresh() -> None:
        while not ended.is_set():
            try:
                store.refresh_facts(events_a_piece=50)
            except BaseException as error:  # shown by the assertion below
                failures.append(error)

    refresher = threading.Thread(target=refresh)
    refresher.start()
    for number in range(60):
        batch = [
            event(number * 10 + n, f"u{(number * n) % 7}", NOON + timedelta(hours=7 * n - number)) for n in range(10)
        ]
        store.append(batch)
        reference.append(batch)
        if number % 10 == 5:
            merge = Merge(f"u{number % 7}", f"u{(number + 3) % 7}")
            store.merge([merge])
            reference.merges.append(merge)
            assert unit_days(store, "person") == reference.unit_days("person")
    ended.set()
    refresher.join()
    assert failures == []
    for _ in range(2):
        assert unit_days(store, "person") == reference.unit_days("person")
        assert activity(store, "person") == reference.activity("person")
        store.refresh_facts()


def test_listeners_hear_each_revision_until_they_stop(store: DuckDBStore) -> None:
    heard: list[int] = []
    stop = store.listen(heard.append)
    store.append([event(1, "ann", NOON)])
    store.append([event(2, "ann", NOON)])
    stop()
    store.append([event(3, "ann", NOON)])
    assert heard == [1, 2]
    assert store.revision == 3


def test_wait_for_revision_returns_as_soon_as_it_is_there(store: DuckDBStore) -> None:
    assert store.wait_for_revision(-1, 60) == 0
    assert store.wait_for_revision(0, 0.01) == 0
    waiting: list[int] = []
    thread = threading.Thread(target=lambda: waiting.append(store.wait_for_revision(0, 60)))
    thread.start()
    store.append([event(1, "ann", NOON)])
    thread.join(60)
    assert waiting == [1]


def test_close_finishes_what_is_queued_and_refuses_what_comes_after(tmp_path: Path) -> None:
    store = DuckDBStore(tmp_path / "events.duckdb", UTC)
    futures = [store.submit([event(n, "ann", NOON)]) for n in range(30)]
    store.close()
    assert sum(future.result().stored for future in futures) == 30
    store.close()
    with pytest.raises(InvalidInput, match="closed"):
        store.append([event(99, "ann", NOON)])
    with pytest.raises(InvalidInput, match="closed"):
        store.info()
    with DuckDBStore(tmp_path / "events.duckdb", UTC) as again:
        assert again.info().events == 30


def test_change_that_fails_leaves_nothing_behind(store: DuckDBStore) -> None:
    def half(transaction: Transaction) -> None:
        transaction.connection.execute("INSERT INTO dirty_days VALUES (DATE '2024-01-01', 1)")
        transaction.connection.execute("SELECT no_such_column FROM events")

    with pytest.raises(InvalidInput, match="no_such_column"):
        store.write(half).result()
    assert store.info().dirty_days == 0
    assert store.revision == 0
