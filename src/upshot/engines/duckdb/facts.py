"""Keeping facts: what a refresh repairs, in pieces that let other changes through between them."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING

from upshot.engines.duckdb import measures
from upshot.engines.store import ANY_EVENT, Refreshed

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from duckdb import DuckDBPyConnection

    from upshot.engines.duckdb.writer import Transaction, Writer

__all__ = ["EVENTS_A_PIECE", "refresh"]

EVENTS_A_PIECE = 30_000_000
_GAP = timedelta(days=31)


def refresh(writer: Writer, *, events_a_piece: int = EVENTS_A_PIECE) -> Refreshed:
    """Remove duplicates that lie days apart, repair merged persons, rebuild dirty days, build new measures.

    Days and measures are rebuilt beside the writer, which goes on: nothing else writes facts, and what is committed
    meanwhile keeps its days dirty and its merges pending.
    """
    started = time.perf_counter()
    with writer.facts:
        duplicates = writer.submit(_remove_duplicates).result() if _unchecked(writer) else 0
        merges = writer.submit(_repair_merges).result() if _any(writer, "pending_merges") else 0
        pieces = _pieces(writer.cursor(), events_a_piece)
        for days in pieces:
            writer.beside(_rebuilder(days))
        for name in measures.unbuilt(writer.cursor()):
            writer.beside(measures.builder(name))
    elapsed = (time.perf_counter() - started) * 1000
    return Refreshed(writer.revision, sum(map(len, pieces)), merges, duplicates, elapsed)


def _any(writer: Writer, table: str) -> bool:
    cursor = writer.cursor()
    return bool(cursor.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchall())


def _unchecked(writer: Writer) -> bool:
    cursor = writer.cursor()
    return bool(
        cursor.execute("SELECT 1 FROM events WHERE revision > (SELECT checked_revision FROM state) LIMIT 1").fetchall()
    )


def _pieces(cursor: DuckDBPyConnection, events_a_piece: int) -> list[list[date]]:
    """Dirty days in order, cut where a piece has events enough or where a long gap would make it rewrite much."""
    counted = cursor.execute(
        """
        SELECT d.day, count(e.day)
        FROM (SELECT DISTINCT day FROM dirty_days) d LEFT JOIN events e ON e.day = d.day
        GROUP BY d.day ORDER BY d.day
        """
    ).fetchall()
    pieces: list[list[date]] = []
    room = 0
    for day, events in counted:
        if not pieces or room < events or day - pieces[-1][-1] > _GAP:
            pieces.append([])
            room = events_a_piece
        pieces[-1].append(day)
        room -= events
    return pieces


def _remove_duplicates(transaction: Transaction) -> int:
    """Keep of each event_id the row that was received first; the append has seen only the days around each batch."""
    connection = transaction.connection
    connection.execute(
        """
        CREATE OR REPLACE TEMP TABLE twice AS
        SELECT event_id FROM events
        SEMI JOIN (SELECT event_id FROM events WHERE revision > (SELECT checked_revision FROM state)) USING (event_id)
        GROUP BY event_id HAVING count(*) > 1
        """
    )
    connection.execute(
        """
        CREATE OR REPLACE TEMP TABLE surplus AS
        SELECT rowid AS id, day FROM events SEMI JOIN twice USING (event_id)
        QUALIFY row_number() OVER (PARTITION BY event_id ORDER BY received_at, revision, rowid) > 1
        """
    )
    connection.execute(f"INSERT INTO dirty_days SELECT DISTINCT day, {transaction.revision} FROM surplus")
    removed = connection.execute("DELETE FROM events WHERE rowid IN (SELECT id FROM surplus)").fetchall()[0][0]
    connection.execute("UPDATE state SET checked_revision = ?", [transaction.revision])
    return int(removed)


def _repair_merges(transaction: Transaction) -> int:
    """Write the facts of merged persons anew, each key once."""
    connection = transaction.connection
    merges = int(connection.execute("SELECT count(*) FROM pending_merges").fetchall()[0][0])
    connection.execute(
        """
        CREATE OR REPLACE TEMP TABLE touched AS
        SELECT unit_key FROM pending_merges UNION SELECT person_key FROM pending_merges
        """
    )
    connection.execute(
        """
        CREATE OR REPLACE TEMP TABLE repaired AS
        SELECT f.unit_type, coalesce(p.person_key, f.unit_key) AS unit_key, f.day, f.event,
            sum(f.count)::BIGINT AS count, min(f.first_at) AS first_at, max(f.last_at) AS last_at
        FROM fact_unit_days f SEMI JOIN touched USING (unit_key)
        LEFT JOIN pending_merges p ON p.unit_key = f.unit_key
        GROUP BY ALL
        """
    )
    connection.execute("DELETE FROM fact_unit_days WHERE unit_key IN (SELECT unit_key FROM touched)")
    connection.execute("INSERT INTO fact_unit_days BY NAME SELECT * FROM repaired")
    _rebuild_activity(connection, None)
    measures.repair_merges(connection)
    connection.execute("DELETE FROM pending_merges")
    return merges


def _rebuilder(days: list[date]) -> Callable[[DuckDBPyConnection], None]:
    def rebuild(connection: DuckDBPyConnection) -> None:
        _rebuild(connection, days)

    return rebuild


def _rebuild(connection: DuckDBPyConnection, days: list[date]) -> None:
    connection.execute("CREATE OR REPLACE TEMP TABLE rebuilt_days AS SELECT unnest($1::DATE[]) AS day", [days])
    touched = """
        SELECT DISTINCT unit_key FROM fact_unit_days SEMI JOIN rebuilt_days USING (day)
        WHERE unit_key IS NOT NULL
    """
    connection.execute(f"CREATE OR REPLACE TEMP TABLE touched AS {touched}")
    connection.execute("DELETE FROM fact_unit_days WHERE day IN (SELECT day FROM rebuilt_days)")
    # Sorted: days and events of one kind lie together, so that a query reads only those that it asks for.
    connection.execute(
        """
        INSERT INTO fact_unit_days
        SELECT unit_type, unit_key, day, event, count(*), min(occurred_at), max(occurred_at)
        FROM raw_unit_events SEMI JOIN rebuilt_days USING (day)
        GROUP BY unit_type, unit_key, day, event
        ORDER BY unit_type, event, day
        """
    )
    connection.execute(f"INSERT INTO touched {touched} EXCEPT SELECT unit_key FROM touched")
    _rebuild_activity(connection, days[0])
    measures.rebuild_days(connection)
    connection.execute("DELETE FROM dirty_days WHERE day IN (SELECT day FROM rebuilt_days)")


def _rebuild_activity(connection: DuckDBPyConnection, since: date | None) -> None:
    """Rows of the units in ``touched`` from ``since`` on (None: all): a day's change moves only what follows it."""
    after = "" if since is None else f"AND day >= DATE '{since}'"
    before = "AND false" if since is None else f"AND day < DATE '{since}'"
    connection.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE last_before AS
        SELECT unit_type, unit_key, event, max(day) AS day
        FROM fact_activity SEMI JOIN touched USING (unit_key) WHERE true {before} GROUP BY ALL
        """
    )
    connection.execute(
        f"""
        DELETE FROM fact_activity WHERE unit_key IN (SELECT unit_key FROM touched) {after}
        """
    )
    connection.execute(
        f"""
        INSERT INTO fact_activity
        WITH active AS (
            SELECT DISTINCT unit_type, unit_key, event, day
            FROM fact_unit_days SEMI JOIN touched USING (unit_key) WHERE true {after}
        ),
        each AS (
            SELECT unit_type, unit_key, event, day FROM active
            UNION ALL
            SELECT DISTINCT unit_type, unit_key, '{ANY_EVENT}', day FROM active
            UNION ALL
            SELECT unit_type, unit_key, event, day FROM last_before
        )
        SELECT unit_type, event, unit_key, day, previous_day
        FROM (
            SELECT *, lag(day) OVER (PARTITION BY unit_type, event, unit_key ORDER BY day) AS previous_day FROM each
        )
        WHERE true {after}
        ORDER BY unit_type, event, day
        """
    )
