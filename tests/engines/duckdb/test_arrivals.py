# ruff: noqa: DTZ001 - instants of the stores are UTC without offset
"""What has arrived is an event like any other, before, while and after a refresh moves it."""

import json
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import pytest
from msgspec.structs import replace

from tests.engines.duckdb.cases import Reference, activity, event, totals, unit_days
from upshot.engines.duckdb import DuckDBStore, added_facts, facts
from upshot.engines.duckdb.schema import migrations
from upshot.engines.values import EventRecord, Merge

NOON = datetime(2024, 3, 1, 12)
UTC = ZoneInfo("UTC")


def odd_event(number: int, who: str | None, at: datetime, properties: dict[str, object]) -> EventRecord:
    return replace(event(number, who, at, "buy"), properties=json.dumps(properties))


def declare_spending(store: DuckDBStore) -> None:
    dialect = store.dialect()
    events = dialect.events()
    bought = events.filter(events.event == "buy")
    store.declare_measures({"spent": bought.mutate(value=dialect.property_number(bought, "n"))})


def seen(store: DuckDBStore) -> tuple[object, ...]:
    """Everything that a user can ask about events."""
    names = store.event_summaries()
    return store.recent_events(9), names, store.property_summaries(), store.info().events, unit_days(store, "person")


def test_it_looks_the_same_before_and_after_it_is_moved(store: DuckDBStore) -> None:
    odd = {"n": 1e300, "text": 'a "b" \\ \U0001f600 ü', "list": [1, None, {"x": True}], "": 0}
    store.append([event(1, "ann", NOON, "buy", n=2), odd_event(2, "bob", NOON, odd)])
    store.refresh_facts()
    store.append([event(3, "cat", NOON - timedelta(days=9), "buy", n=0.1), odd_event(4, None, NOON, odd)])
    store.append([event(5, "ann", NOON, "visit")])
    before = seen(store)
    assert store.waiting_events() == 3
    store.refresh_facts()
    assert store.waiting_events() == 0
    assert seen(store) == before
    assert [e.event_id[-1] for e in store.recent_events(9)] == ["5", "4", "3", "2", "1"]


def test_revisions_that_only_events_bear_are_known_after_a_restart(tmp_path: Path) -> None:
    with DuckDBStore(tmp_path / "events.duckdb", UTC) as store:
        for number in range(3):
            store.append([event(number, "ann", NOON)])
        last = store.revision
    with DuckDBStore(tmp_path / "events.duckdb", UTC) as store:
        assert store.revision == last
        store.refresh_facts()
        moved = store.revision
    with DuckDBStore(tmp_path / "events.duckdb", UTC) as store:
        assert store.revision == moved >= last
        assert store.info().events == 3


def test_revision_is_known_after_a_crash_between_the_move_and_what_follows_it(tmp_path: Path) -> None:
    with DuckDBStore(tmp_path / "events.duckdb", UTC) as store:
        for number in range(3):
            store.append([event(number, "ann", NOON)])
        last = store.revision
        cursor = store.cursor()
        cursor.execute("BEGIN")
        facts.move(cursor, 0, last)
        cursor.execute("COMMIT")
    with DuckDBStore(tmp_path / "events.duckdb", UTC) as store:
        assert (store.revision, store.waiting_events(), store.info().events) == (last, 0, 3)


def test_they_are_moved_in_pieces_of_whole_revisions(store: DuckDBStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facts, "_ARRIVED_A_PIECE", 3)
    moved = []
    add = added_facts.add

    def noted(connection: duckdb.DuckDBPyConnection, which: str) -> None:
        moved.append(connection.execute(f"SELECT count(*) FROM events WHERE {which}").fetchall()[0][0])
        add(connection, which)

    monkeypatch.setattr(added_facts, "add", noted)
    reference = Reference(UTC)
    for first, size in ((0, 2), (10, 1), (20, 1), (30, 5), (40, 3)):
        batch = [event(first + n, f"p{n}", NOON + timedelta(days=first - n)) for n in range(size)]
        store.append(batch)
        reference.append(batch)
    store.refresh_facts()
    assert moved == [3, 1, 5, 3]
    assert unit_days(store, "person") == reference.unit_days("person")
    assert activity(store, "person") == reference.activity("person")


def test_what_comes_while_they_are_moved_is_in_no_fact_and_in_every_answer(
    store: DuckDBStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A first group, a merge and another event of the same person, between the facts and the move."""
    declare_spending(store)
    reference = Reference(UTC)
    early = [event(1, "ann", NOON, "buy", n=1), event(2, "bob", NOON, "buy", n=2)]
    late = [event(3, "ann", NOON, "buy", groups={"account": "acme"}, n=4)]
    store.append(early)
    reference.append(early)
    store.refresh_facts()
    store.append([event(4, "bob", NOON + timedelta(days=1), "buy", n=8)])
    reference.append([event(4, "bob", NOON + timedelta(days=1), "buy", n=8)])
    add = added_facts.add

    def meanwhile(connection: duckdb.DuckDBPyConnection, which: str) -> None:
        add(connection, which)
        monkeypatch.setattr(added_facts, "add", add)
        store.append(late)
        store.merge([Merge("ann", "bob")])

    monkeypatch.setattr(added_facts, "add", meanwhile)
    store.refresh_facts()
    reference.append(late)
    reference.merges.append(Merge("ann", "bob"))
    for _ in range(2):
        for unit_type in ("person", "account"):
            assert unit_days(store, unit_type) == reference.unit_days(unit_type)
            assert activity(store, unit_type) == reference.activity(unit_type)
            assert totals(store, "spent", unit_type) == reference.totals(unit_type, "buy", "n")
        store.refresh_facts()
    assert store.waiting_events() == 0


def test_store_of_an_earlier_version_is_taken_over_with_all_it_holds(tmp_path: Path) -> None:
    """Events in one table, facts of the first day, the second day dirty, a measure that was built."""
    file = tmp_path / "events.duckdb"
    with duckdb.connect(str(file)) as old:
        old.execute("CREATE TABLE schema_version (version BIGINT NOT NULL, applied_at TIMESTAMP)")
        for number, statements in migrations()[:2]:
            old.execute(statements)
            old.execute("INSERT INTO schema_version VALUES (?, now()::TIMESTAMP)", [number])
        old.execute("INSERT INTO settings VALUES ('time_zone', 'UTC')")
        old.execute("INSERT INTO units SELECT nextval('unit_keys'), 'person', 'ann'")
        old.execute(
            """
            INSERT INTO events
            SELECT uuid(), 'buy', TIMESTAMP '2024-03-01 12:00' + to_days(d::INT), now()::TIMESTAMP, 'ann', NULL,
                MAP {}::MAP(VARCHAR, VARCHAR), 'web', NULL, '{"n": 2}'::JSON::VARIANT, DATE '2024-03-01' + d::INT, 1, d
            FROM range(2) t(d)
            """
        )
        old.execute(
            "INSERT INTO fact_unit_days VALUES "
            "('person', 1, DATE '2024-03-01', 'buy', 1, TIMESTAMP '2024-03-01 12:00', TIMESTAMP '2024-03-01 12:00')"
        )
        old.execute("INSERT INTO fact_activity SELECT 'person', unnest(['buy', '*']), 1, DATE '2024-03-01', NULL::DATE")
        old.execute("INSERT INTO dirty_days VALUES (DATE '2024-03-02', 1)")
        old.execute("INSERT INTO measures VALUES ('spent', 'SELECT *, 1.0 AS value FROM events', true)")
        old.execute("CREATE VIEW main.measure_spent AS SELECT 'person' AS unit_type, count(*) AS count FROM events")
        old.execute("UPDATE state SET revision = 7")
    days = [datetime(2024, 3, day).date() for day in (1, 2)]
    with DuckDBStore(file, UTC) as store:
        assert (store.revision, store.info().events) == (7, 2)
        declare_spending(store)
        for _ in range(2):
            assert sorted(key[1] for key in unit_days(store, "person")) == days
            assert sorted(row[2] for row in activity(store, "person") if row[1] == "buy") == days
            store.refresh_facts()
        spent = totals(store, "spent", "person")
        assert spent is not None
        assert sorted(total for _, total in spent.values()) == [2.0, 2.0]
