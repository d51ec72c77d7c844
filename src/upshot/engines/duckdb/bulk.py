"""Bulk loading: pieces of files are read into an in-memory database beside the store and committed by its one writer.

Reading (parsing, hashing, building properties) takes most of the time and holds nobody up; the writer's part is one
transaction for each piece.
"""

from __future__ import annotations

import itertools
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import duckdb
import msgspec

from upshot.core.errors import Busy, InternalError, StoreFull, UserError
from upshot.engines.bulk import (
    Complaint,
    FileColumn,
    ImportRecord,
    Piece,
    Reading,
    RejectedRow,
    Sample,
    Staged,
    UnreadablePiece,
)
from upshot.engines.duckdb import added_facts
from upshot.engines.duckdb.append import admit
from upshot.engines.duckdb.bulk_schema import value_type
from upshot.engines.duckdb.bulk_sql import event_uuid, rows
from upshot.engines.duckdb.connection import translate
from upshot.engines.duckdb.sql import identifier, literal, local_day
from upshot.engines.values import Appended

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from concurrent.futures import Future
    from datetime import datetime

    from upshot.engines.duckdb.store import DuckDBStore
    from upshot.engines.duckdb.writer import Transaction

__all__ = ["DuckDBBulkLoader"]

T = TypeVar("T")

_numbers = itertools.count()
_RECORD = ", ".join(ImportRecord.__struct_fields__)
_REJECTS_SHAPE = '[{"file": "VARCHAR", "line": "BIGINT", "reason": "VARCHAR", "raw": "VARCHAR"}]'


class DuckDBBulkLoader:
    """The loader of one import into a DuckDB store; see ``engines.bulk.BulkLoader``.

    Args:
        store: The store.
        received_at: What the events of this import bear; UTC without offset.
    """

    def __init__(self, store: DuckDBStore, received_at: datetime) -> None:
        self._store = store
        self._file = store.file
        self._zone = store.zone
        self._received_at = received_at
        self._connection = store.cursor()
        self._database = f"import_{next(_numbers)}"
        self._pieces = itertools.count()
        self._folder = tempfile.TemporaryDirectory(prefix="upshot-import-")
        self._connection.execute(f"ATTACH ':memory:' AS {self._database}")
        self.next_file()

    # --- the import's record ---

    def find(self, import_id: str) -> ImportRecord | None:
        """What is known of an import."""
        found = self._records("WHERE import_id = ?", [import_id])
        return found[0] if found else None

    def unfinished(self) -> list[ImportRecord]:
        """The imports that are neither done nor failed, oldest first."""
        return self._records("WHERE state IN ('running', 'interrupted') ORDER BY started_at", [])

    def save(self, record: ImportRecord) -> None:
        """Keep where an import stands, durably; counts of one that is known are left as they are."""

        def change(transaction: Transaction) -> None:
            known = transaction.connection.execute(
                "UPDATE imports SET state = $2, mapping = $3, progress = $4, total_rows = $5, rejects_file = $6, "
                "message = $7, hint = $8, updated_at = now()::TIMESTAMP WHERE import_id = $1",
                [
                    record.import_id, record.state, record.mapping, record.progress, record.total_rows,
                    record.rejects_file, record.message, record.hint,
                ],
            ).fetchall()  # fmt: skip
            if known[0][0] == 0:
                transaction.connection.execute(
                    f"INSERT INTO imports ({_RECORD}, updated_at) "
                    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, now()::TIMESTAMP)",
                    list(msgspec.structs.astuple(record)),
                )

        self._submit(change).result()

    def _records(self, where: str, values: Sequence[str]) -> list[ImportRecord]:
        found = self._execute(f"SELECT {_RECORD} FROM imports {where}", values)
        return [ImportRecord(*row) for row in found]

    # --- reading ---

    def sample_parquet(self, file: Path, limit: int) -> Sample:
        """Columns and first rows of a Parquet file."""
        source = f"read_parquet({literal(str(file))}, hive_partitioning = false)"
        try:
            described = self._connection.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()
            texts = ", ".join(f"{identifier(str(name))}::VARCHAR" for name, *_ in described)
            found = self._connection.execute(f"SELECT {texts} FROM {source} LIMIT {limit}").fetchall()
            total = self._connection.execute(
                f"SELECT sum(num_rows)::BIGINT FROM parquet_file_metadata({literal(str(file))})"
            ).fetchall()
        except duckdb.Error as error:
            raise UnreadablePiece(
                f"{file.name} cannot be read as Parquet: {_first_line(error)}",
                hint="Is the file complete, and is it Parquet?",
            ) from error
        columns = tuple(FileColumn(str(name), value_type(str(kind)), str(kind)) for name, kind, *_ in described)
        return Sample(columns, tuple(tuple(row) for row in found), int(total[0][0]))

    def next_file(self) -> None:
        """Begin to count equal rows anew."""
        self._execute(
            f"CREATE OR REPLACE TABLE {self._database}.seen (key UBIGINT, occurred_at TIMESTAMP, piece BIGINT)"
        )

    def stage(self, reading: Reading, piece: Piece, *, numbered: bool = False, replay: bool = False) -> Staged:
        """Read a piece; see ``engines.bulk.BulkLoader.stage``."""
        number = next(self._pieces)
        table = f"{self._database}.rows_{number}"
        text_file = Path(self._folder.name) / f"{number}.txt"
        if not piece.file:
            text_file.write_bytes(piece.text)
        parsed = rows(reading, piece, str(text_file), numbered=numbered)
        try:
            self._read(table, reading, parsed, replay=replay)
        except duckdb.Error as error:
            raise _unreadable(error, self._file) from error
        finally:
            text_file.unlink(missing_ok=True)
        count, rejected, without_id = self._counts(
            f"SELECT count(*), count(reason), count(*) FILTER (reason IS NULL AND client_id IS NULL) FROM {table}"
        )
        if without_id:
            self._tell_apart(table, reading, number, replay=replay)
        return Staged(table, count, rejected)

    def _read(self, table: str, reading: Reading, parsed: str, *, replay: bool) -> None:
        if replay:
            statement = f"SELECT reason, client_id, occurred_at, hash FROM ({parsed})"
        else:
            day = f"CASE WHEN reason IS NULL THEN {local_day('occurred_at', self._zone)} END"
            statement = event_uuid(
                reading.source,
                "coalesce(client_id, hash || '-0')",
                f"SELECT *, TIMESTAMP '{self._received_at}' AS received_at, {literal(reading.source)} AS source, "
                f"{day} AS day FROM ({parsed})",
            )
        self._connection.execute(f"CREATE TABLE {table} AS {statement}")

    def _tell_apart(self, table: str, reading: Reading, number: int, *, replay: bool) -> None:
        """Give equal rows of a file ids of their own, by how many stood before; equal rows have equal instants."""
        seen = f"{self._database}.seen"
        mine = (
            f"SELECT rowid AS id, hash, hash(hash) AS key, occurred_at FROM {table} "
            "WHERE reason IS NULL AND client_id IS NULL"
        )
        if not replay:
            first, last = self._execute(f"SELECT min(occurred_at), max(occurred_at) FROM ({mine})")[0]
            counted = (
                f"WITH mine AS ({mine}), before AS ("
                f"SELECT key, count(*) AS n FROM {seen} SEMI JOIN mine USING (key) "
                f"WHERE occurred_at BETWEEN TIMESTAMP '{first}' AND TIMESTAMP '{last}' GROUP BY key) "
                "SELECT id, hash, row_number() OVER (PARTITION BY key) - 1 + coalesce(n, 0) AS nth "
                "FROM mine LEFT JOIN before USING (key)"
            )
            again = event_uuid(reading.source, "hash || '-' || nth", f"SELECT * FROM ({counted}) WHERE nth > 0")
            self._execute(f"UPDATE {table} AS t SET event_id = a.event_id FROM ({again}) AS a WHERE a.id = t.rowid")
        self._execute(f"INSERT INTO {seen} SELECT key, occurred_at, {number} FROM ({mine})")

    def complaints(self, staged: Staged) -> list[Complaint]:
        """The rows of a numbered piece that cannot become events, in order."""
        found = self._execute(
            f"SELECT n, reason, coalesce(raw, '') FROM {staged.table} WHERE reason IS NOT NULL ORDER BY n"
        )
        return [Complaint(int(n), reason, raw) for n, reason, raw in found]

    def forget(self, staged: Staged) -> None:
        """Drop a piece that is not to be committed, as if it had not been read."""
        number = staged.table.rpartition("_")[2]
        self._execute(f"DELETE FROM {self._database}.seen WHERE piece = {number}")
        self._execute(f"DROP TABLE {staged.table}")

    def drop(self, staged: Staged) -> None:
        """Let go of a piece that was committed, now or by an earlier run."""
        self._execute(f"DROP TABLE {staged.table}")

    # --- keeping ---

    def commit(
        self, import_id: str, staged: Staged | None, rejects: Sequence[RejectedRow], progress: str
    ) -> Future[ImportRecord]:
        """Keep a piece in one transaction; see ``engines.bulk.BulkLoader.commit``."""
        if staged is not None and staged.rejected:
            self._execute(f"DELETE FROM {staged.table} WHERE reason IS NOT NULL")
        refused = msgspec.json.encode(rejects).decode() if rejects else ""

        def change(transaction: Transaction) -> ImportRecord:
            connection = transaction.connection
            appended = Appended(0, 0, transaction.revision)
            if staged is not None:
                appended = admit(transaction, staged.table)
                added_facts.add(transaction.connection, f"revision = {transaction.revision}")
            if refused:
                connection.execute(
                    "INSERT INTO rejects SELECT $1, r.file, r.line, r.reason, r.raw, now()::TIMESTAMP "
                    f"FROM (SELECT unnest(from_json($2::JSON, '{_REJECTS_SHAPE}')) AS r)",
                    [import_id, refused],
                )
            connection.execute(
                "UPDATE imports SET rows = rows + $2 + $3 + $4, stored = stored + $2, duplicates = duplicates + $3, "
                "rejected = rejected + $4, progress = $5, updated_at = now()::TIMESTAMP WHERE import_id = $1",
                [import_id, appended.stored, appended.duplicates, len(rejects), progress],
            )
            found = connection.execute(f"SELECT {_RECORD} FROM imports WHERE import_id = $1", [import_id]).fetchall()
            if len(found) != 1:
                raise InternalError(f"import {import_id!r} has {len(found)} records")
            return ImportRecord(*found[0])

        return self._submit(change, facts=staged is not None)

    def rejected_rows(self, import_id: str) -> Iterator[RejectedRow]:
        """All rejects of an import, in the order in which they were found."""
        cursor = self._store.cursor()
        cursor.execute("SELECT source, line, reason, raw FROM rejects WHERE import_id = ? ORDER BY rowid", [import_id])
        while found := cursor.fetchmany(10_000):
            for row in found:
                yield RejectedRow(*row)

    def close(self) -> None:
        """Let go of what was staged."""
        self._folder.cleanup()
        try:
            self._connection.execute(f"DETACH {self._database}")
            self._connection.close()
        except duckdb.Error:
            return  # the writer had to open the store anew: the old database is gone with all that was in it

    def _submit(self, change: Callable[[Transaction], T], *, facts: bool = False) -> Future[T]:
        while True:
            try:
                return self._store.write(change, facts=facts)
            except Busy as busy:
                threading.Event().wait(busy.retry_after_seconds)

    def _counts(self, statement: str) -> tuple[int, ...]:
        return tuple(int(value) for value in self._execute(statement)[0])

    # Any: rows of any shape; each caller names the columns that it asked for.
    def _execute(self, statement: str, values: Sequence[str] = ()) -> list[tuple[Any, ...]]:
        try:
            return self._connection.execute(statement, list(values)).fetchall()
        except duckdb.Error as error:
            raise translate(error, self._file) from error


def _unreadable(error: duckdb.Error, file: Path) -> UserError:
    known = translate(error, file)
    if isinstance(known, StoreFull | Busy):
        return known
    return UnreadablePiece(_first_line(error))


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0]
