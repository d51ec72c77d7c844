# ruff: noqa: DTZ001 - instants of the stores are UTC without offset
"""While much comes in, the journal promises and the tables follow: nothing is lost, doubled or missed by the facts."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import Future
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import pytest

from tests.engines.duckdb.cases import Reference, activity, event, stream, unit_days
from upshot.core.errors import Busy, InvalidInput, StoreFull
from upshot.engines.columns import EventColumns
from upshot.engines.duckdb import DuckDBStore
from upshot.engines.duckdb.intake import Keeper
from upshot.engines.intake import Intake, Quarantined, Taken
from upshot.engines.values import EventRecord, Merge, UnitTraits

UTC = ZoneInfo("UTC")
NOON = datetime(2024, 3, 1, 12)


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing goes into the tables by itself after the first time."""
    monkeypatch.setattr("upshot.engines.duckdb.backlog._EVERY_SECONDS", 3600.0)


def batch(first: int, count: int = 3, day: int = 0) -> list[EventRecord]:
    at = NOON + timedelta(days=day)
    return [event(n, f"p{n % 5}", at + timedelta(minutes=n)) for n in range(first, first + count)]


def promise(store: DuckDBStore, events: list[EventRecord], **more: object) -> Future[Taken]:
    store._backlog._level_events = 1e9
    return store.take_in(Intake(EventColumns.of(events), **more))  # type: ignore[arg-type]


def commit(store: DuckDBStore, events: list[EventRecord], merges: list[Merge]) -> Future[Taken]:
    """As when little comes in."""
    intake = Intake(EventColumns.of(events), merges)
    return store.write(lambda transaction: store._keeper.keep(transaction, [intake])[0])


def journal_files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if ".journal-" in path.name)


@pytest.mark.usefixtures("slow")
def test_little_is_committed_at_once_and_much_is_promised(store: DuckDBStore) -> None:
    first = store.take_in(Intake(EventColumns.of(batch(1)))).result()
    assert (first.stored, first.duplicates, first.revision) == (3, 0, store.revision)
    assert promise(store, batch(10)).result() == Taken(3, None, 0, None)
    store._backlog.catch_up()
    assert store.info().events == 6
    before = store.revision
    assert promise(store, batch(20)).result() == Taken(3, None, 0, None)
    assert (store.info().events, store.revision) == (6, before)
    assert store.refresh_facts().days == 0
    assert store.info().events == 9


def test_what_is_promised_is_in_the_facts_at_once_and_takes_along_what_had_arrived(store: DuckDBStore) -> None:
    reference = Reference(UTC)
    store.append(batch(1))
    reference.append(batch(1))
    assert store.waiting_events() == 3
    stream(store, batch(3, 10))
    reference.append(batch(3, 10))
    assert store.waiting_events() == 0
    assert store.info().dirty_days == 0
    assert unit_days(store, "person") == reference.unit_days("person")
    assert activity(store, "person") == reference.activity("person")


def test_events_arrive_where_somebody_else_is_busy_with_the_facts(
    store: DuckDBStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    with store._writer.facts:
        promise(store, batch(1)).result()
        store._backlog.catch_up()
        assert (store.waiting_events(), store.info().events) == (3, 3)
    monkeypatch.setattr("upshot.engines.duckdb.intake._FEW_ARRIVALS", 2)
    stream(store, batch(10))
    assert store.waiting_events() == 3  # many are left to a refresh
    store.refresh_facts()
    assert (store.waiting_events(), store.info().events) == (0, 6)


def test_duplicates_are_one_event_within_and_across_both_ways(store: DuckDBStore) -> None:
    stream(store, batch(1, 10))
    stream(store, batch(5, 10))
    assert store.append(batch(1, 16)).stored == 2
    stream(store, [*batch(20), *batch(20)])
    assert store.info().events == 19
    stream(store, batch(1, 3, day=9))  # too far apart to be seen now
    assert store.refresh_facts().duplicates == 3
    assert store.info().events == 19


def test_all_that_an_intake_brings_is_kept(store: DuckDBStore) -> None:
    at = NOON + timedelta(hours=1, microseconds=7)
    held = Quarantined("h1", "web", "native", 4, "It has no name.", "{}", at, None)
    traits = [UnitTraits("person", "ann", {"plan": "pro", "age": 31, "score": 0.5, "ok": True, "gone": None}, at)]
    merges = [Merge("ann", "phone", guarded=True), Merge("bob", "phone", guarded=True)]
    sent = [event(1, "phone", NOON), event(2, "ann", NOON, groups={"account": "acme"}), event(3, None, NOON)]
    promised = promise(store, sent, merges=merges, traits=traits, held=[held])
    assert promised.result().held == 1
    store._backlog.catch_up()
    kept, count = store.held(10)
    assert count == 2  # and the merge that was not made
    assert held in kept
    committed = DuckDBStore(store.file.with_name("other.duckdb"), UTC)
    with committed:
        committed.take_in(Intake(EventColumns.of(sent), merges, traits, [held])).result()
        for sql in (
            "FROM trait_history ORDER BY ALL",
            "FROM identity",
            "SELECT DISTINCT unit, unit_type FROM units ORDER BY ALL",
        ):
            assert store.run_sql(sql).rows == committed.run_sql(sql).rows
        assert unit_days(store, "account") == unit_days(committed, "account")
        assert unit_days(store, "person") == unit_days(committed, "person")


def test_promises_outlive_the_process_before_the_tables_have_them(tmp_path: Path) -> None:
    file = tmp_path / "events.duckdb"
    command = [sys.executable, "-c", PROMISER, str(file)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[3]) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "promised 300, in the tables 0\n"
        os.kill(child.pid, signal.SIGKILL)
    assert journal_files(tmp_path)
    for _ in range(2):
        with DuckDBStore(file, UTC) as store:
            assert store.info().events == 300
            assert store.refresh_facts().duplicates == 0
        assert journal_files(tmp_path) == []


PROMISER = """
import pathlib, sys, threading, zoneinfo
from tests.engines.duckdb.test_backlog import batch, promise
from upshot.engines.duckdb import DuckDBStore

store = DuckDBStore(pathlib.Path(sys.argv[1]), zoneinfo.ZoneInfo("UTC"))
store._backlog._due = 1e8
kept = sum(promise(store, batch(n, 10)).result().stored for n in range(0, 300, 10))
print("promised", f"{kept}, in the tables", store.info().events, flush=True)
threading.Event().wait()
"""


@pytest.mark.usefixtures("slow")
def test_closing_puts_everything_into_the_tables(tmp_path: Path) -> None:
    file = tmp_path / "events.duckdb"
    with DuckDBStore(file, UTC) as store:
        for first in range(0, 3000, 100):
            promise(store, batch(first, 100)).result()
        assert journal_files(tmp_path)
    assert journal_files(tmp_path) == []
    with DuckDBStore(file, UTC) as store:
        assert (store.info().events, store.waiting_events()) == (3000, 0)
    with pytest.raises(InvalidInput, match="closed"):
        promise(store, batch(1))


def test_what_the_tables_have_no_room_for_stays_promised(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("upshot.engines.duckdb.backlog._AGAIN_SECONDS", 0.05)
    keep_journal, full = Keeper.keep_journal, threading.Event()

    def without_room(*given: object, with_facts: bool) -> None:
        if full.is_set():
            raise StoreFull("There is no room left.")
        keep_journal(*given, with_facts=with_facts)  # type: ignore[arg-type]

    monkeypatch.setattr(Keeper, "keep_journal", without_room)
    file = tmp_path / "events.duckdb"
    with DuckDBStore(file, UTC) as store:
        full.set()
        assert promise(store, batch(1)).result().stored == 3
        while not store._backlog._failed:
            store.wait_for_revision(store.revision, 0.01)
        # As long as it lasts nobody else is promised anything: the tables themselves answer.
        assert promise(store, batch(10)).result().duplicates == 0
        assert store.info().events == 3
        full.clear()
        store._backlog.catch_up()
        assert store.info().events == 6
        full.set()
        assert promise(store, batch(20)).result().stored == 3
    assert journal_files(tmp_path)
    with DuckDBStore(file, UTC) as store:  # there is still none: it opens, and answers what it can
        assert store.info().events == 6
        full.clear()
        store._backlog.catch_up()
        assert store.info().events == 9
    assert "could not be put into the tables" in caplog.text


def test_what_cannot_be_kept_after_all_goes_into_quarantine_and_sinks_nobody(
    store: DuckDBStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody knows such events: whatever may be refused is refused before it is promised."""
    monkeypatch.setattr(EventColumns, "doubtful", False)
    bad = [event(7, "ann", NOON)]
    columns = EventColumns.of(bad)
    columns.properties = [b'{"half": "\\ud800"}']
    store._backlog._level_events = 1e9
    promises = [
        promise(store, batch(1)),
        store.take_in(Intake(columns)),
        promise(store, batch(10), traits=[UnitTraits("person", "ann", {"plan": "pro"}, NOON)]),
    ]
    assert [each.result().stored for each in promises] == [3, 1, 3]
    store._backlog.catch_up()
    assert store.info().events == 6
    (held,), count = store.held(10)
    assert count == 1
    assert (held.source, '"event":"visit"' in held.raw, "ann" in held.raw) == ("test", True, True)
    assert store.run_sql("SELECT count(*) FROM trait_history").rows == [(1,)]


def test_text_that_is_none_is_refused_before_it_is_promised(store: DuckDBStore) -> None:
    columns = EventColumns.of(batch(1, 1))
    columns.distinct_id = ["\ud800"]
    store._backlog._level_events = 1e9
    with pytest.raises(InvalidInput, match="cannot be kept"):
        store.take_in(Intake(columns)).result()


def test_who_no_longer_listens_takes_nothing_back(store: DuckDBStore) -> None:
    promised = promise(store, batch(1))
    assert not promised.cancel()
    assert promised.result(60).stored == 3
    stream(store, batch(10))
    assert store.info().events == 6


@pytest.mark.usefixtures("slow")
def test_who_brings_more_than_may_wait_waits_for_the_tables(
    store: DuckDBStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream(store, batch(1))  # from now on nothing goes into the tables by itself
    monkeypatch.setattr("upshot.engines.duckdb.backlog._MOST_WAITING", 4)
    taken = [promise(store, batch(first)).result().duplicates for first in (10, 20, 30, 40)]
    assert taken == [None, None, 0, 0]
    with pytest.raises(Busy, match="wait to be stored"):
        promise(store, batch(50), merges=[Merge("ann", "phone")])
    assert store.info().events == 9
    store._backlog.catch_up()
    assert store.info().events == 15


def test_many_senders_readers_and_refreshes_agree(store: DuckDBStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("upshot.engines.duckdb.backlog._EVERY_SECONDS", 0.01)
    failures: list[BaseException] = []

    def send(worker: int) -> None:
        for number in range(12):
            promise(store, batch(1000 * worker + 10 * number, 10)).result()

    def refresh() -> None:
        for _ in range(6):
            store.refresh_facts()

    def guarded(work: object, *given: object) -> None:
        try:
            work(*given)  # type: ignore[operator]
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=guarded, args=(send, n)) for n in range(4)]
    threads.append(threading.Thread(target=guarded, args=(refresh,)))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
        assert not thread.is_alive()
    assert failures == []
    store._backlog.catch_up()
    reference = Reference(UTC)
    for worker in range(4):
        reference.append(batch(1000 * worker, 120))
    assert store.info().events == 480
    for _ in range(2):
        assert unit_days(store, "person") == reference.unit_days("person")
        assert activity(store, "person") == reference.activity("person")
        store.refresh_facts()


@pytest.mark.slow
def test_facts_stay_right_under_all_of_it_at_once(store: DuckDBStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Promised and committed intakes with merges, groups and duplicates, beside refreshes.

    Where the facts of a transaction were added in two steps, the engine gave garbage in most runs of this.
    """
    monkeypatch.setattr("upshot.engines.duckdb.backlog._EVERY_SECONDS", 0.05)
    chance, reference = random.Random(7), Reference(UTC)
    over = threading.Event()

    def refresh() -> None:
        while not over.wait(chance.uniform(0, 0.3)):
            store.refresh_facts()

    refreshing = threading.Thread(target=refresh)
    refreshing.start()
    promised = []
    try:
        for _ in range(200):
            numbers = [chance.randrange(3000) for _ in range(chance.choice([1, 1, 3, 40]))]
            sent = [
                event(
                    n,
                    f"p{n % 15}",
                    NOON + timedelta(minutes=7 * n),
                    "visit" if n % 2 else "buy",
                    groups={"account": f"a{n % 4}"} if n % 3 == 0 else {},
                )
                for n in numbers
            ]
            merges = [Merge(f"p{chance.randrange(15)}", f"p{chance.randrange(15)}")] if chance.random() < 0.1 else []
            if chance.random() < 0.3:
                promised.append(commit(store, sent, merges))
            else:
                promised.append(promise(store, sent, merges=merges))
            reference.append(sent)
            reference.merges += merges
            if chance.random() < 0.1:
                ((seen,),) = store.run_sql("SELECT sum(count) FROM unit_days WHERE unit_type = 'person'").rows
                assert (seen or 0) <= len(reference.rows)
    finally:
        over.set()
        refreshing.join(60)
    assert not refreshing.is_alive()
    for each in promised:
        each.result()
    store._backlog.catch_up()
    for _ in range(2):
        for unit_type in ("person", "account"):
            assert unit_days(store, unit_type) == reference.unit_days(unit_type)
            assert activity(store, unit_type) == reference.activity(unit_type)
        store.refresh_facts()


def test_passing_failure_of_the_engine_costs_nobody_anything(
    store: DuckDBStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("upshot.engines.duckdb.backlog._AGAIN_SECONDS", 0.02)
    keep_journal, failures = (
        Keeper.keep_journal,
        [duckdb.OutOfMemoryException("no memory"), duckdb.IOException("a bad day")],
    )

    def failing(*given: object, with_facts: bool) -> None:
        if failures:
            raise failures.pop()
        keep_journal(*given, with_facts=with_facts)  # type: ignore[arg-type]

    monkeypatch.setattr(Keeper, "keep_journal", failing)
    traits = [UnitTraits("person", "ann", {"plan": "pro"}, NOON)]
    promise(store, batch(1), merges=[Merge("ann", "phone")], traits=traits).result()
    while failures or store._backlog._weight:
        store.wait_for_revision(store.revision, 0.01)
    assert (store.info().events, store.held(10)[1]) == (3, 0)
    assert store.run_sql("SELECT count(*) FROM trait_history").rows == [(1,)]
    assert store.run_sql("SELECT count(*) FROM merges").rows == [(1,)]


def test_refresh_says_that_there_is_no_room(store: DuckDBStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, with_facts: bool) -> None:
        raise StoreFull(f"There is no room left, {with_facts}.")

    keep_journal = Keeper.keep_journal
    monkeypatch.setattr(Keeper, "keep_journal", full)
    promise(store, batch(1)).result()
    with pytest.raises(StoreFull):
        store.refresh_facts()
    monkeypatch.setattr(Keeper, "keep_journal", keep_journal)
    store.refresh_facts()
    assert store.info().events == 3


def test_nobody_busy_with_the_facts_keeps_events_out_for_long(
    store: DuckDBStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("upshot.engines.duckdb.backlog._BUSY_AT_MOST_SECONDS", 0.1)
    with store._writer.facts:
        promise(store, batch(1)).result()
        deadline = time.monotonic() + 60
        while not store.info().events:
            assert time.monotonic() < deadline
            store.wait_for_revision(store.revision, 0.01)
        assert store.waiting_events() == 3


@pytest.mark.usefixtures("slow")
def test_what_is_said_of_persons_does_not_overtake_what_waits(store: DuckDBStore) -> None:
    stream(store, batch(1))

    def said(who: str, value: str) -> dict[str, object]:
        return {
            "merges": [Merge(who, "phone", guarded=True)],
            "traits": [UnitTraits("person", who, {"first": value}, NOON, once=True)],
        }

    promise(store, [], **said("ann", "A")).result()
    store._backlog._level_events = store._backlog._level_intakes = 0.0
    later = Intake(
        EventColumns(),
        [Merge("bob", "phone", guarded=True)],
        [UnitTraits("person", "ann", {"first": "B"}, NOON, once=True)],
    )
    assert store.take_in(later).result().duplicates is None
    store._backlog.catch_up()
    assert store.run_sql("SELECT distinct_id, alias FROM merges").rows == [("ann", "phone")]
    assert store.run_sql("SELECT value FROM trait_history WHERE name = 'first'").rows == [("A",)]
    assert store.held(10)[1] == 1


def test_whole_numbers_come_out_as_they_came_in(tmp_path: Path) -> None:
    """Also through the journal, and those that it cannot hold are committed at once."""
    numbers = {"id": 9007199254740993, "long": 12345678901234567890, "huge": 18446744073709551616, "half": 0.5}
    found = []
    for way in ("committed", "promised"):
        with DuckDBStore(tmp_path / f"{way}.duckdb", UTC) as store:
            for name, value in numbers.items():
                traits = [UnitTraits("person", "ann", {name: value}, NOON)]
                if way == "promised":
                    promise(store, [], traits=traits).result()
                    # As after a crash: from what the journal holds.
                    store._backlog._pieces = []
                else:
                    store.take_in(Intake(EventColumns(), traits=traits)).result()
        with DuckDBStore(tmp_path / f"{way}.duckdb", UTC) as store:
            found.append(store.run_sql("SELECT name, value FROM trait_history ORDER BY name").rows)
    assert len(found[0]) == 4
    assert found[0] == found[1]
