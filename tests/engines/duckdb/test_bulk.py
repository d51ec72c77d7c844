"""What the statements of a bulk load promise."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.collect.imports.conftest import at
from upshot.core.ids import event_id
from upshot.engines.bulk import ImportRecord, Piece, Reading, RejectedRow, UnreadablePiece
from upshot.engines.duckdb import DuckDBStore
from upshot.engines.duckdb.bulk import DuckDBBulkLoader
from upshot.engines.duckdb.bulk_schema import value_type
from upshot.engines.duckdb.bulk_sql import event_uuid, to_utc

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
NOW = at(2026, 1, 1)


@given(TEXT, st.lists(TEXT, min_size=1, max_size=5))
@settings(max_examples=50, deadline=None)
def test_event_ids_of_the_engine_are_those_of_the_one_definition(source: str, names: list[str]) -> None:
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE given (position INTEGER, name VARCHAR)")
        connection.executemany("INSERT INTO given VALUES (?, ?)", list(enumerate(names)))
        found = connection.execute(f"{event_uuid(source, 'name', 'FROM given')} ORDER BY position").fetchall()
    assert [row[2] for row in found] == [event_id(source, name) for name in names]


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata"])
def test_local_instants_become_utc_as_calendars_have_it(zone: str) -> None:
    local = at(2024, 7, 1, 12, 30)
    with duckdb.connect() as connection:
        found = connection.execute(f"SELECT {to_utc('$1::TIMESTAMP', zone)}", [local]).fetchall()
    expected = local.replace(tzinfo=ZoneInfo(zone)).astimezone(ZoneInfo("UTC")).replace(tzinfo=None)
    assert found == [(expected,)]


@pytest.mark.parametrize(
    ("declared", "kind"),
    [("BIGINT", "integer"), ("DECIMAL(18,3)", "number"), ("TIMESTAMP WITH TIME ZONE", "instant"),
     ("STRUCT(a INTEGER)", "nested"), ("VARCHAR[]", "nested"), ("BOOLEAN", "boolean"), ("ENUM('a')", "text")],
)  # fmt: skip
def test_declared_types_are_told_apart(declared: str, kind: str) -> None:
    assert value_type(declared) == kind


def reading() -> Reading:
    return Reading(
        format="jsonl", source="import", timestamp="t", time_format="iso", timezone="UTC", event="seen", distinct_id="u"
    )


def test_piece_its_progress_and_its_rejects_become_durable_together(tmp_path_factory: pytest.TempPathFactory) -> None:
    file = tmp_path_factory.mktemp("store") / "events.duckdb"
    with DuckDBStore(file, ZoneInfo("UTC")) as store:
        loader = DuckDBBulkLoader(store, NOW)
        loader.save(ImportRecord("i", "running", "{}", "at 0", NOW))
        staged = loader.stage(reading(), Piece(b'{"t": "2024-01-01", "u": "ann"}\n' * 3))
        assert store.info().events == 0
        rejected = RejectedRow("f", 7, "why", 'what \x01 "quoted" é')
        before = store.revision
        record = loader.commit("i", staged, [rejected], "at 3").result()
        assert store.revision == before + 1
        assert (record.rows, record.stored, record.rejected, record.progress) == (4, 3, 1, "at 3")
        loader.drop(staged)
        loader.close()
    with DuckDBStore(file, ZoneInfo("UTC")) as store:
        loader = DuckDBBulkLoader(store, NOW)
        assert loader.find("i") == record
        assert loader.find("j") is None
        assert list(loader.rejected_rows("i")) == [rejected]
        assert store.info().events == 3
        loader.close()


def test_forgotten_piece_leaves_no_trace(tmp_path_factory: pytest.TempPathFactory) -> None:
    row = b'{"t": "2024-01-01", "u": "ann"}\n'
    with DuckDBStore(tmp_path_factory.mktemp("store") / "events.duckdb", ZoneInfo("UTC")) as store:
        loader = DuckDBBulkLoader(store, NOW)
        loader.save(ImportRecord("i", "running", "{}", "", NOW))
        loader.forget(loader.stage(reading(), Piece(row * 5)))
        assert loader.commit("i", loader.stage(reading(), Piece(row)), [], "").result().stored == 1
        loader.next_file()
        assert loader.commit("i", loader.stage(reading(), Piece(row * 2)), [], "").result().stored == 2
        assert store.info().events == 2
        loader.close()


def test_piece_that_is_no_table_is_unreadable(tmp_path_factory: pytest.TempPathFactory) -> None:
    with DuckDBStore(tmp_path_factory.mktemp("store") / "events.duckdb", ZoneInfo("UTC")) as store:
        loader = DuckDBBulkLoader(store, NOW)
        with pytest.raises(UnreadablePiece):
            loader.stage(reading(), Piece(file="/nowhere.parquet", rows=1))
        loader.close()
