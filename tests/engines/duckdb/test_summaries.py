# ruff: noqa: DTZ001 - instants of the stores are UTC without offset
from datetime import datetime, timedelta

import msgspec
import pytest

from tests.engines.duckdb.cases import RECEIVED, event
from upshot.engines.duckdb import DuckDBStore
from upshot.engines.values import EventCounts, Merge, Rejected

NOON = datetime(2024, 3, 1, 12)


def test_info_of_an_empty_store_has_no_first_and_last(store: DuckDBStore) -> None:
    info = store.info()
    assert (info.events, info.first_event_at, info.last_event_at, info.dirty_days) == (0, None, None, 0)
    assert info.storage_bytes > 0
    assert store.event_summaries() == []
    assert store.property_summaries() == ([], 0)
    assert store.rejects(10) == ([], 0)
    assert store.recent_events(10) == []


def test_info_counts_and_names_first_and_last(store: DuckDBStore) -> None:
    late = RECEIVED + timedelta(hours=1)
    store.append([event(1, "ann", NOON), event(2, "ann", NOON + timedelta(days=1), received_at=late)])
    info = store.info()
    assert (info.events, info.first_event_at, info.last_event_at) == (2, NOON, NOON + timedelta(days=1))
    assert (info.last_received_at, info.dirty_days, info.revision, info.engine) == (late, 2, 1, "duckdb")
    store.refresh_facts()
    assert store.info().dirty_days == 0


@pytest.mark.parametrize("refreshed", [False, True])
def test_event_summaries_count_persons_and_events_of_nobody(store: DuckDBStore, refreshed: bool) -> None:
    store.append([event(1, "ann", NOON), event(2, "bob", NOON), event(3, None, NOON + timedelta(days=1))])
    store.append([event(4, "cat", NOON, "buy", received_at=RECEIVED + timedelta(1)), event(5, None, NOON, "ping")])
    store.merge([Merge("ann", "bob")])
    if refreshed:
        store.refresh_facts()
    assert store.event_summaries() == [
        EventCounts("visit", 3, 1, 1, NOON, NOON + timedelta(days=1), RECEIVED),
        EventCounts("buy", 1, 1, 0, NOON, NOON, RECEIVED + timedelta(1)),
        EventCounts("ping", 1, 0, 1, NOON, NOON, RECEIVED),
    ]


def test_recent_events_are_the_newest_by_arrival_of_an_event_or_a_person(store: DuckDBStore) -> None:
    store.append([event(1, "ann", NOON + timedelta(days=9))])
    store.append([event(2, "bob", NOON, "buy")])
    store.append([event(3, "ann", NOON - timedelta(days=9), "buy")])
    assert [e.occurred_at.day for e in store.recent_events(2)] == [21, 1]
    assert [e.distinct_id for e in store.recent_events(9, event="buy")] == ["ann", "bob"]
    assert [e.event for e in store.recent_events(9, distinct_id="ann")] == ["buy", "visit"]
    assert store.recent_events(9, event="buy", distinct_id="nobody") == []


def test_property_summaries_show_shares_types_and_frequent_examples(store: DuckDBStore) -> None:
    store.append([event(n, "ann", NOON, plan="pro" if n else "free", n=n) for n in range(4)])
    store.append([event(9, "ann", NOON, "buy", nested={"a": 1}, many=[1], gone=None)])
    by_name = {p.name: p for p in store.property_summaries()[0]}
    assert by_name.keys() == {"plan", "n", "nested", "many"}
    assert (by_name["plan"].share, by_name["plan"].types, by_name["plan"].examples) == (0.8, ("text",), ("pro", "free"))
    assert (by_name["nested"].types, by_name["many"].types) == (("object",), ("array",))
    properties, looked_at = store.property_summaries("visit")
    assert ({p.name for p in properties}, looked_at) == ({"plan", "n"}, 4)
    assert store.property_summaries("visit", sample=2)[1] == 2


def test_rejects_are_the_newest_first_and_all_are_counted(store: DuckDBStore) -> None:
    rows = [Rejected("a.csv", line, "no timestamp", "x\0\ud800y", RECEIVED + timedelta(line)) for line in range(1, 6)]
    store.reject(rows)
    kept, total = store.rejects(2)
    assert total == 5
    assert [(r.source, r.line, r.reason) for r in kept] == [("a.csv", 5, "no timestamp"), ("a.csv", 4, "no timestamp")]
    assert kept[0].raw == "x\ufffd?y"


def test_rejects_that_come_again_are_listed_once(store: DuckDBStore) -> None:
    rows = [Rejected("a.csv", line, "no timestamp", "x", RECEIVED) for line in (1, 2)]
    store.reject(rows)
    before = store.rejects(9)
    store.reject([msgspec.structs.replace(row, rejected_at=RECEIVED + timedelta(1)) for row in rows])
    assert store.rejects(9) == before
    store.reject([msgspec.structs.replace(rows[0], reason="no event name")])
    assert store.rejects(9)[1] == 3
