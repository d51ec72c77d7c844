# ruff: noqa: DTZ001 - instants of the stores are UTC without offset
import json
import threading
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import pytest

from tests.engines.duckdb.cases import RECEIVED, event
from upshot.core.errors import Busy, InvalidInput
from upshot.engines.duckdb import DuckDBStore
from upshot.engines.values import EARLIEST, LATEST, EventRecord

NOON = datetime(2024, 3, 1, 12)
ODD_NAMES = ["a.b", 'quo"te', "apo'strophe", "select", "back\\slash", "🙂", "line\nbreak", "{}", "naïve Ünïcode", "a b"]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[DuckDBStore]:
    with DuckDBStore(tmp_path / "events.duckdb", ZoneInfo("Europe/Berlin")) as opened:
        yield opened


def test_append_keeps_an_event_as_it_was_sent(store: DuckDBStore) -> None:
    sent = event(
        7, "ann", NOON, "said 'hi' \"there\" 🎉", groups={"account": "acme"}, plan="pro", nested={"a": [1, None]}
    )
    result = store.append([sent])
    assert (result.stored, result.duplicates, result.revision) == (1, 0, 1)
    (kept,) = store.recent_events(10)
    assert uuid.UUID(kept.event_id) == sent.event_id
    assert (kept.event, kept.distinct_id, kept.occurred_at) == (sent.event, "ann", NOON)
    assert json.loads(kept.properties) == json.loads(sent.properties)


def test_append_takes_an_instant_with_an_offset_to_utc(store: DuckDBStore) -> None:
    store.append([event(1, "ann", datetime(2024, 3, 1, 1, tzinfo=timezone(timedelta(hours=2))))])
    assert store.recent_events(1)[0].occurred_at == datetime(2024, 2, 29, 23)


def test_append_keeps_each_event_once(store: DuckDBStore) -> None:
    assert store.append([event(1, "ann", NOON), event(1, "ann", NOON), event(2, "ann", NOON)]).duplicates == 1
    again = store.append([event(1, "ann", NOON), event(2, "ann", NOON + timedelta(hours=20)), event(3, "ann", NOON)])
    assert (again.stored, again.duplicates) == (1, 2)
    assert store.info().events == 3


def test_refresh_removes_a_duplicate_that_lies_days_apart_and_keeps_the_first_received(store: DuckDBStore) -> None:
    store.append([event(1, "ann", NOON, received_at=RECEIVED + timedelta(hours=1))])
    store.append([event(1, "ann", NOON + timedelta(days=9), received_at=RECEIVED)])
    assert store.info().events == 2
    assert store.refresh_facts().duplicates == 1
    assert [e.occurred_at for e in store.recent_events(9)] == [NOON + timedelta(days=9)]


def test_append_of_nothing_changes_nothing(store: DuckDBStore) -> None:
    assert store.append([]).stored == 0
    assert store.revision == 0


@pytest.mark.parametrize("name", ODD_NAMES)
def test_property_of_any_name_can_be_read(store: DuckDBStore, name: str) -> None:
    named = msgspec.structs.replace(event(1, "ann", NOON), properties=json.dumps({name: "value"}))
    store.append([named, event(2, "ann", NOON)])
    dialect = store.dialect()
    events = dialect.events()
    rows = store.run(events.select("client_id", value=dialect.property_text(events, name)).order_by("client_id")).rows
    assert rows == [("1", "value"), ("2", None)]
    assert [p.name for p in store.property_summaries()[0]] == [name]


@pytest.mark.parametrize("name", [*ODD_NAMES, "Robert'); DROP TABLE events;--"])
def test_event_of_any_name_is_counted(store: DuckDBStore, name: str) -> None:
    store.append([event(1, "ann", NOON, name)])
    store.refresh_facts()
    assert [(e.event, e.count, e.units) for e in store.event_summaries()] == [(name, 1, 1)]
    assert len(store.recent_events(5, event=name)) == 1


def record(**changes: object) -> EventRecord:
    fields: dict[str, object] = {
        "event_id": uuid.UUID(int=1),
        "event": "visit",
        "occurred_at": NOON,
        "received_at": RECEIVED,
        "distinct_id": "ann",
        "source": "test",
    }
    return EventRecord(**(fields | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"event": ""}, "has no name"),
        ({"event": "*"}, "stands for any event"),
        ({"event": "a\0b"}, "NUL character in its name"),
        ({"distinct_id": "a\0b"}, "NUL character in its distinct_id"),
        ({"distinct_id": "\ud83d"}, "not UTF-8 in its distinct_id"),
        ({"client_id": "\udfff"}, "not UTF-8 in its id"),
        ({"groups": {"account": "\ud800"}}, "not UTF-8 in its groups"),
        ({"groups": {"person": "x"}}, "not a name for groups"),
        ({"occurred_at": datetime(9999, 12, 31, 23, 59)}, "outside of 1900 to 2199"),
        ({"occurred_at": datetime(1, 1, 1)}, "outside of 1900 to 2199"),
        ({"properties": "[1]"}, "not a JSON object"),
        ({"properties": '{"a": NaN}'}, "not a JSON object"),
        ({"properties": '{"a": "\\ud800"}'}, "not a JSON object"),
        ({"properties": '{"a": "\ud800"}'}, "not a JSON object"),
        ({"properties": '{"a": "\\u0000"}'}, "NUL character in its properties"),
        ({"properties": '{"a": {"b\\u0000": [1]}}'}, "NUL character in its properties"),
        ({"properties": "{"}, "not a JSON object"),
        ({"properties": '{"a":' * 201 + "1" + "}" * 201}, "nested too deep: 200 levels are allowed"),
        ({"properties": '{"b": 1, "a":' + "[" * 200 + "]" * 200 + "}"}, "nested too deep: 200 levels are allowed"),
        ({"properties": '{"a":' * 100_000 + "1" + "}" * 100_000}, "nested too deep: 200 levels are allowed"),
    ],
)
def test_append_refuses_what_cannot_be_kept_and_says_why(
    store: DuckDBStore, changes: dict[str, object], said: str
) -> None:
    with pytest.raises(InvalidInput, match=said) as refusal:
        store.append([event(2, "bob", NOON), record(**changes)])
    assert "Event 2" in str(refusal.value)
    assert store.info().events == 0


def test_append_takes_what_only_looks_like_nul(store: DuckDBStore) -> None:
    store.append([record(properties='{"path": "C:\\\\u0000"}')])
    assert json.loads(store.recent_events(1)[0].properties) == {"path": "C:\\u0000"}


@pytest.mark.parametrize("instant", [EARLIEST, LATEST - timedelta(microseconds=1)])
def test_append_takes_the_first_and_last_instants(store: DuckDBStore, instant: datetime) -> None:
    store.append(
        [record(occurred_at=instant), record(event_id=uuid.UUID(int=2), occurred_at=instant.replace(tzinfo=UTC))]
    )
    store.refresh_facts()
    assert store.info().first_event_at == instant


def test_submit_is_busy_when_too_much_waits(store: DuckDBStore) -> None:
    gate = threading.Event()
    blocked = store.write(lambda _: gate.wait(60))
    batch = [event(n, "ann", NOON) for n in range(1000)]
    try:
        waiting = [store.submit(batch) for _ in range(400)]
        with pytest.raises(Busy, match="wait to be stored"):
            store.submit(batch)
        for future in waiting[1:]:
            future.cancel()
    finally:
        gate.set()
    assert blocked.result() is True
    assert waiting[0].result().stored == 1000
    assert store.append([event(5000, "ann", NOON)]).stored == 1


def test_group_fails_only_for_the_change_that_is_at_fault(store: DuckDBStore) -> None:
    gate = threading.Event()
    blocked = store.write(lambda _: gate.wait(60))

    def wrong(_: object) -> None:
        raise InvalidInput("This one is wrong.")

    good = store.submit([event(1, "ann", NOON)])
    bad = store.write(wrong, weight=1)
    also_good = store.submit([event(2, "ann", NOON)])
    gate.set()
    assert blocked.result()
    assert good.result().stored == also_good.result().stored == 1
    with pytest.raises(InvalidInput, match="wrong"):
        bad.result()
    assert store.info().events == 2


def test_append_keeps_what_is_nested_as_deep_as_is_allowed_and_many_brackets_beside_each_other(
    store: DuckDBStore,
) -> None:
    deep = '{"a":' * 200 + "1" + "}" * 200
    broad = '{"a":[' + ",".join(["{}"] * 500) + '],"b":"' + "[" * 500 + '"}'
    store.append(
        [record(properties=deep), event(2, "bob", NOON), msgspec.structs.replace(event(3, "b", NOON), properties=broad)]
    )
    kept = [e.properties for e in store.recent_events(3)]
    assert [text for text in (deep, broad) if text in kept] == [deep, broad]
