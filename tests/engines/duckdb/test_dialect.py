# ruff: noqa: DTZ001 - instants of the stores are UTC without offset
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import hypothesis.strategies as st
import msgspec
import pytest
from hypothesis import given, settings

from tests.engines.duckdb.cases import event, local_day
from upshot.core.errors import InvalidInput
from upshot.engines.duckdb import DuckDBStore
from upshot.engines.values import Merge

NOON = datetime(2024, 3, 1, 12)


@pytest.mark.parametrize(
    ("value", "number", "text"),
    [
        (3, 3.0, "3"),
        (0.1, 0.1, "0.1"),
        (-2.5e-3, -0.0025, "-0.0025"),
        ("12.5", 12.5, "12.5"),
        ("abc", None, "abc"),
        ("", None, ""),
        ("NaN", None, "NaN"),
        ("infinity", None, "infinity"),
        (True, None, "true"),
        (None, None, None),
        (2**53 + 2, float(2**53 + 2), str(2**53 + 2)),
        ([1, 2], None, "[1,2]"),
        ({"a": {"b": 1.5}, "c": "x"}, None, '{"a":{"b":1.5},"c":"x"}'),
        ("{not an object", None, "{not an object"),
    ],
)
def test_property_as_number_and_as_text(
    store: DuckDBStore, value: object, number: float | None, text: str | None
) -> None:
    store.append([event(1, "ann", NOON, value=value)])
    dialect = store.dialect()
    events = dialect.events()
    wanted = events.select(n=dialect.property_number(events, "value"), t=dialect.property_text(events, "value"))
    assert store.run(wanted).rows == [(number, text)]


def test_property_of_many_types_reads_each_as_what_it_is(store: DuckDBStore) -> None:
    values = [1, "x", 2.5, True, None, "7"]
    store.append([event(n, "ann", NOON, value=value) for n, value in enumerate(values)])
    dialect = store.dialect()
    events = dialect.events()
    wanted = events.select(
        id=events.client_id, n=dialect.property_number(events, "value"), t=dialect.property_text(events, "value")
    ).order_by("id")
    rows = [row[1:] for row in store.run(wanted).rows]
    assert rows == [(1.0, "1"), (None, "x"), (2.5, "2.5"), (None, "true"), (None, None), (7.0, "7")]
    (summary,), looked_at = store.property_summaries()
    assert (summary.name, summary.share, looked_at) == ("value", 5 / 6, 6)
    assert summary.types == ("number", "text", "boolean")


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/St_Johns", "Asia/Kathmandu", "Pacific/Apia", "UTC"])
def test_local_day_is_the_calendars_and_is_kept_with_the_event(tmp_path: Path, zone: str) -> None:
    turns = [
        datetime(2010, 11, 7, 2, 30),
        datetime(2011, 12, 30, 9, 59),
        datetime(2011, 12, 30, 10, 1),
        datetime(2024, 3, 31, 0, 30),
        datetime(2024, 10, 27, 22, 59),
        datetime(1985, 12, 31, 18, 29),
    ]
    instants = [turn + timedelta(minutes=17 * shift) for turn in turns for shift in range(-90, 90)]
    with DuckDBStore(tmp_path / "events.duckdb", ZoneInfo(zone)) as store:
        store.append([event(n, "ann", instant) for n, instant in enumerate(instants)])
        dialect = store.dialect()
        events = dialect.events()
        wanted = events.select("occurred_at", "day", computed=dialect.local_day(events.occurred_at))
        for instant, kept, computed in store.run(wanted).rows:
            assert kept == computed == local_day(instant, ZoneInfo(zone)), instant


def test_sessions_are_the_clients_or_end_after_thirty_minutes(store: DuckDBStore) -> None:
    at = [NOON + timedelta(minutes=m) for m in (0, 30, 61, 62)]
    sent = [event(n, "ann", instant) for n, instant in enumerate(at)]
    sent.append(msgspec.structs.replace(event(7, "ann", at[1]), session_id="own"))
    sent += [event(8, "bob", at[1]), event(9, None, at[0])]
    store.append(sent)
    dialect = store.dialect()
    with_unit = dialect.with_unit(dialect.events(), "session").select("client_id", "unit_key")
    sessions = dict(store.run(with_unit).rows)
    assert sessions["0"] == sessions["1"] != sessions["2"] == sessions["3"]
    assert sessions["7"] == "own"
    assert sessions["8"] not in {sessions["0"], sessions["2"], None}
    assert sessions["9"] is None
    assert dialect.unit_days("session") is None
    known = {row[0] for row in store.run(dialect.unit_names("session")).rows}
    assert known == {key for key in sessions.values() if key is not None}


def test_device_is_who_the_source_said_whatever_was_merged(store: DuckDBStore) -> None:
    store.append([event(1, "phone", NOON), event(2, "laptop", NOON)])
    store.merge([Merge("laptop", "phone")])
    dialect = store.dialect()
    for unit_type, units in (("device", 2), ("person", 1)):
        keyed = dialect.with_unit(dialect.events(), unit_type)
        assert store.run(keyed.agg(n=keyed.unit_key.nunique())).rows == [(units,)]


def test_group_that_appears_late_has_its_unitless_events_counted_too(store: DuckDBStore) -> None:
    store.append([event(1, "ann", NOON)])
    store.refresh_facts()
    assert store.dialect().unit_days("account") is None
    store.append([event(2, "ann", NOON + timedelta(days=5), groups={"account": "acme"})])
    for _ in range(2):
        table = store.dialect().unit_days("account")
        assert table is not None
        rows = store.run(table.select("day", "count", known=table.unit_key.notnull())).rows
        assert sorted(rows) == [(date(2024, 3, 1), 1, False), (date(2024, 3, 6), 1, True)]
        store.refresh_facts()


def test_compiled_statement_stays_right_whatever_is_committed_later(store: DuckDBStore) -> None:
    table = store.dialect().unit_days("person")
    assert table is not None
    sql = store.compile(table.agg(n=table["count"].sum(), units=table.unit_key.nunique()))
    store.append([event(1, "ann", NOON), event(2, "bob", NOON)])
    assert store.run_sql(sql).rows == [(2, 2)]
    store.refresh_facts()
    store.append([event(3, "ann", NOON)])
    store.merge([Merge("ann", "bob")])
    assert store.run_sql(sql).rows == [(3, 1)]


def test_statement_that_the_engine_refuses_is_the_askers_error(store: DuckDBStore) -> None:
    with pytest.raises(InvalidInput, match="nonsense"):
        store.run_sql("SELECT nonsense FROM events")


def test_result_says_columns_statement_and_time(store: DuckDBStore) -> None:
    result = store.run_sql("SELECT 1 AS one, 'x' AS two")
    assert (result.columns, result.rows, result.sql) == (("one", "two"), [(1, "x")], "SELECT 1 AS one, 'x' AS two")
    assert result.elapsed_ms > 0


def test_measure_answers_only_after_it_was_built_and_no_longer_when_it_was_dropped(store: DuckDBStore) -> None:
    store.append(
        [event(1, "ann", NOON, n=2), event(2, "ann", NOON, n=3), event(3, "ann", NOON), event(4, None, NOON, n=5)]
    )
    dialect = store.dialect()
    events = dialect.events()
    store.declare_measures({"m1": events.mutate(value=dialect.property_number(events, "n"))})
    assert dialect.unit_day_measures("m1", "person") is None
    store.refresh_facts()
    table = dialect.unit_day_measures("m1", "person")
    assert table is not None
    rows = store.run(table.select("count", "total", known=table.unit_key.notnull())).rows
    assert sorted(rows) == [(1, 5.0, False), (2, 5.0, True)]
    store.declare_measures({"m1": events.mutate(value=dialect.property_number(events, "n"))})
    assert dialect.unit_day_measures("m1", "person") is not None
    store.declare_measures({})
    assert dialect.unit_day_measures("m1", "person") is None


@given(
    st.dictionaries(
        st.text(st.characters(exclude_characters="\0", codec="utf-8"), min_size=1),
        st.text(st.characters(exclude_characters="\0", codec="utf-8")),
        max_size=4,
    )
)
@settings(max_examples=40, deadline=None)
def test_any_text_comes_back_as_it_went_in(texts: dict[str, str]) -> None:
    store = _shared()
    number = store.info().events + 1
    sent = msgspec.structs.replace(event(number, "ann", NOON), properties=msgspec.json.encode(texts).decode())
    store.append([sent])
    (kept,) = store.recent_events(1)
    assert msgspec.json.decode(kept.properties) == texts


def _shared() -> DuckDBStore:
    return _STORES[0]


_STORES: list[DuckDBStore] = []


@pytest.fixture(autouse=True, scope="module")
def _one_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with DuckDBStore(tmp_path_factory.mktemp("texts") / "events.duckdb", ZoneInfo("UTC")) as opened:
        _STORES.append(opened)
        yield
        _STORES.clear()
