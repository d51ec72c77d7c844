# ruff: noqa: DTZ001 - instants of the stores are UTC without offset
"""Which views answer, and that nobody ever sees a number between two states."""

import threading
from datetime import datetime, timedelta

from tests.engines.duckdb.cases import event
from upshot.engines.duckdb import DuckDBStore
from upshot.engines.duckdb.snapshot import begin_snapshot
from upshot.engines.values import Merge

NOON = datetime(2024, 3, 1, 12)
BATCHES, PEOPLE = 16, 7


def settled(store: DuckDBStore) -> bool:
    cursor = store.cursor()
    return begin_snapshot(cursor)


def test_facts_answer_alone_only_while_nothing_waits(store: DuckDBStore) -> None:
    assert settled(store)
    store.append([event(1, "ann", NOON), event(2, "bob", NOON)])
    assert not settled(store)
    store.refresh_facts()
    assert settled(store)
    store.merge([Merge("ann", "bob")])
    assert not settled(store)
    store.refresh_facts()
    assert settled(store)


def test_snapshot_stays_settled_while_others_commit(store: DuckDBStore) -> None:
    store.append([event(1, "ann", NOON)])
    store.refresh_facts()
    cursor = store.cursor()
    assert begin_snapshot(cursor)
    store.append([event(2, "ann", NOON)])
    assert cursor.execute("SELECT sum(count) FROM unit_days").fetchall() == [(1,)]
    assert cursor.execute("SELECT count(*) FROM events").fetchall() == [(1,)]


def test_facts_equal_raw_events_in_every_snapshot_while_others_commit(store: DuckDBStore) -> None:
    """Readers ask facts and events in one statement while batches, merges and refreshes come in."""
    store.append([event(0, "p0", NOON, "buy", n=1)])
    dialect = store.dialect()
    events = dialect.events()
    store.declare_measures({"spent": events.mutate(value=dialect.property_number(events, "n"))})
    store.refresh_facts()
    sql = """
        SELECT (SELECT sum(count) FROM unit_days WHERE unit_type = 'person'), (SELECT count(*) FROM events),
            (SELECT count(*) FROM activity WHERE unit_type = 'person' AND event = '*' AND previous_day IS NULL),
            (SELECT count(DISTINCT coalesce(i.person_key, e.distinct_key))
             FROM events e LEFT JOIN identity i ON i.distinct_key = e.distinct_key),
            (SELECT sum(total) FROM measure_spent WHERE unit_type = 'person'),
            (SELECT sum(CAST(variant_extract(properties, 'n') AS DOUBLE)) FROM events)
    """
    done = threading.Event()
    odd: list[tuple[object, ...]] = []
    states: set[bool] = set()

    def read() -> None:
        while not done.is_set():
            ((days, raw, new, persons, total, added),) = store.run_sql(sql).rows
            if (days, new, total) != (raw, persons, added):
                odd.append((days, raw, new, persons, total, added))
            states.add(settled(store))

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    try:
        for batch in range(1, BATCHES):
            at = NOON + timedelta(days=batch % 5, hours=batch)
            store.append([event(batch * 10 + i, f"p{(batch + i) % PEOPLE}", at, "buy", n=i) for i in range(3)])
            if batch % 3 == 0:
                store.merge([Merge(f"p{batch % PEOPLE}", f"p{(batch + 1) % PEOPLE}")])
            if batch % 2 == 0:
                store.refresh_facts()
    finally:
        done.set()
        for reader in readers:
            reader.join()
    assert not odd
    assert states == {True, False}


def test_statement_of_a_measure_stays_right_when_it_is_dropped_and_declared_again(store: DuckDBStore) -> None:
    store.append([event(1, "ann", NOON, n=2), event(2, None, NOON, n=3)])
    dialect = store.dialect()
    events = dialect.events()
    measure = {"m1": events.mutate(value=dialect.property_number(events, "n"))}
    store.declare_measures(measure)
    store.refresh_facts()
    table = dialect.unit_day_measures("m1", "person")
    assert table is not None
    sql = store.compile(table.agg(n=table["count"].sum(), total=table.total.sum()))
    assert store.run_sql(sql).rows == [(2, 5.0)]
    store.declare_measures({})
    store.declare_measures(measure)
    assert dialect.unit_day_measures("m1", "person") is None
    assert store.run_sql(sql).rows == [(2, 5.0)]
    store.append([event(3, "ann", NOON, n=1)])
    store.refresh_facts()
    assert store.run_sql(sql).rows == [(3, 6.0)]
