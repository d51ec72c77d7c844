"""A store, and a way to bring files into it."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import duckdb
import pytest

from upshot.collect.imports.mapping import Mapping, Preview, Status
from upshot.collect.imports.plan import make_plan
from upshot.collect.imports.run import start_import
from upshot.engines.duckdb import DuckDBStore
from upshot.engines.duckdb.bulk import DuckDBBulkLoader

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


def at(*parts: int) -> datetime:
    """An instant in UTC, without offset, as stores have them."""
    year, month, day, *rest = parts
    return datetime(year, month, day, *rest, tzinfo=UTC).replace(tzinfo=None)  # type: ignore[arg-type, misc]


def write_parquet(path: Path, query: str, *, row_group_size: int = 122_880) -> None:
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(f"COPY ({query}) TO '{path}' (FORMAT parquet, ROW_GROUP_SIZE {row_group_size})")


NOW = at(2026, 1, 2, 3, 4, 5)


class Bench:
    """A store with what a test asks of it."""

    def __init__(self, folder: Path, zone: str = "UTC") -> None:
        self.folder = folder
        self.zone = zone
        self.store = DuckDBStore(folder / "events.duckdb", ZoneInfo(zone))
        self.progress: list[Status] = []
        self._numbers = itertools.count(1)

    def file(self, name: str, content: str | bytes) -> Path:
        path = self.folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def preview(self, *paths: Path | str, mapping: Mapping | None = None) -> Preview:
        loader = DuckDBBulkLoader(self.store, NOW)
        try:
            return make_plan([str(path) for path in paths], mapping or Mapping(event="seen"), loader, self.zone).preview
        finally:
            loader.close()

    def bring(
        self,
        *paths: Path | str,
        mapping: Mapping | None = None,
        piece_bytes: int = 1 << 20,
        piece_rows: int = 100_000,
        should_stop: Callable[[], bool] | None = None,
    ) -> Status:
        loader = DuckDBBulkLoader(self.store, NOW)
        try:
            plan = make_plan([str(path) for path in paths], mapping or Mapping(event="seen"), loader, self.zone)
            run = start_import(
                plan,
                loader,
                import_id=f"i{next(self._numbers)}",
                started_at=NOW,
                rejects_folder=self.folder / "rejects",
                piece_bytes=piece_bytes,
                piece_rows=piece_rows,
            )
            status = run.run(self.progress.append, should_stop)
        finally:
            loader.close()
        assert status.rows == status.stored + status.duplicates + status.rejected
        return status

    # Rows of any shape: each test names the columns that it asks for.
    def rows(self, sql: str) -> list[tuple[object, ...]]:
        found: list[tuple[object, ...]] = self.store.cursor().execute(sql).fetchall()
        return found

    def property(self, name: str) -> list[object]:
        quoted = name.replace("'", "''")
        value = f"CAST(variant_extract(properties, '{quoted}') AS VARCHAR)"
        return [row[0] for row in self.rows(f"SELECT {value} FROM kept_events ORDER BY rowid")]

    def rejects(self) -> list[tuple[object, ...]]:
        return self.rows("SELECT line, reason, raw FROM rejects ORDER BY rowid")


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    yield made
    made.store.close()


@pytest.fixture
def berlin(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path, "Europe/Berlin")
    yield made
    made.store.close()
