"""Numbered migrations: each file of ``migrations/`` runs once, in order, in a transaction with the note of it."""

from __future__ import annotations

import hashlib
from importlib import resources
from typing import TYPE_CHECKING

from upshot.core.errors import CorruptStore, InternalError, InvalidInput, SchemaTooNew
from upshot.engines.duckdb.reading import define

if TYPE_CHECKING:
    from pathlib import Path
    from zoneinfo import ZoneInfo

    from duckdb import DuckDBPyConnection

__all__ = ["migrations", "prepare"]


def migrations() -> tuple[tuple[int, str], ...]:
    """Number and statements of each migration, ascending without gaps from 1."""
    folder = resources.files("upshot.engines.duckdb").joinpath("migrations")
    found = sorted(
        (int(f.name.split("_")[0]), f.read_text("utf-8")) for f in folder.iterdir() if f.name.endswith(".sql")
    )
    if [number for number, _ in found] != list(range(1, len(found) + 1)):
        raise InternalError(f"migrations are not numbered from 1 without gaps: {[number for number, _ in found]}")
    return tuple(found)


def prepare(connection: DuckDBPyConnection, file: Path, zone: ZoneInfo) -> None:
    """Bring the store to this version's schema and check that it counts days in ``zone``.

    Raises:
        SchemaTooNew: A newer Upshot wrote it; it is left as it was.
        CorruptStore: It is a DuckDB file of something else.
        InvalidInput: Its days are days of another zone.
    """
    have = _version(connection, file)
    known = migrations()
    if have > known[-1][0]:
        raise SchemaTooNew(
            f"{file} has schema {have}; this Upshot knows schemas up to {known[-1][0]}.", hint="Upgrade Upshot."
        )
    for number, statements in known[have:]:
        connection.execute("BEGIN")
        connection.execute("CREATE TABLE IF NOT EXISTS schema_version (version BIGINT NOT NULL, applied_at TIMESTAMP)")
        connection.execute(statements)
        connection.execute("INSERT INTO schema_version VALUES (?, now()::TIMESTAMP)", [number])
        connection.execute("COMMIT")
    _agree_on_zone(connection, file, zone)
    define(connection)
    _renew_views(connection)


def _version(connection: DuckDBPyConnection, file: Path) -> int:
    tables = {
        name
        for (name,) in connection.execute(
            "SELECT table_name FROM duckdb_tables() WHERE database_name = current_database()"
        ).fetchall()
    }
    if not tables:
        return 0
    if "schema_version" not in tables:
        raise CorruptStore(
            f"{file} is a DuckDB file, but not one of Upshot's.", hint="Choose another folder for the workspace."
        )
    rows = connection.execute("SELECT coalesce(max(version), 0) FROM schema_version").fetchall()
    return int(rows[0][0])


def _agree_on_zone(connection: DuckDBPyConnection, file: Path, zone: ZoneInfo) -> None:
    rows = connection.execute("SELECT value FROM settings WHERE name = 'time_zone'").fetchall()
    if not rows:
        connection.execute("INSERT INTO settings VALUES ('time_zone', ?)", [zone.key])
    elif rows[0][0] != zone.key:
        raise InvalidInput(
            f"{file} keeps days of {rows[0][0]}; the settings say {zone.key}.",
            hint=f"Set time_zone to {rows[0][0]}, or import the events into a new workspace.",
        )


def _renew_views(connection: DuckDBPyConnection) -> None:
    """Views hold no data and follow the code: they are made anew whenever their text changed."""
    text = resources.files("upshot.engines.duckdb").joinpath("views.sql").read_text("utf-8")
    digest = hashlib.sha256(text.encode()).hexdigest()
    if connection.execute("SELECT value FROM settings WHERE name = 'views'").fetchall() == [(digest,)]:
        return
    connection.execute("BEGIN")
    connection.execute(text)
    connection.execute("DELETE FROM settings WHERE name = 'views'")
    connection.execute("INSERT INTO settings VALUES ('views', ?)", [digest])
    connection.execute("COMMIT")
