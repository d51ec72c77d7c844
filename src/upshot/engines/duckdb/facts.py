"""Keeping facts: what a refresh repairs, in pieces that let other changes through between them."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING

from upshot.engines.duckdb import added_facts, measures
from upshot.engines.values import ANY_EVENT, Refreshed

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date
    from uuid import UUID

    from duckdb import DuckDBPyConnection

    from upshot.engines.duckdb.writer import Transaction, Writer

__all__ = ["EVENTS_A_PIECE", "arrived_between", "move", "refresh"]

EVENTS_A_PIECE = 30_000_000
_ARRIVED_A_PIECE = 250_000
"""The engine writes whole groups of 122,880 rows to their place at once, and only the rest to its log."""
_GAP = timedelta(days=31)


def refresh(writer: Writer, *, events_a_piece: int = EVENTS_A_PIECE) -> Refreshed:
    """Move what has arrived, remove duplicates that lie days apart, repair merged persons, build days and measures.

    Events are moved, days and measures rebuilt beside the writer, which goes on: nothing else writes facts, and what is
    committed meanwhile stays among the arrivals, keeps its days dirty and its merges pending.
    """
    started = time.perf_counter()
    with writer.facts:
        _move_arrivals(writer)
        duplicates = _without_duplicates(writer)
        merges = writer.submit(_repair_merges).result() if _any(writer, "pending_merges") else 0
        pieces = _pieces(writer.cursor(), events_a_piece)
        for days in pieces:
            writer.beside(_rebuilder(days))
        unbuilt = measures.unbuilt(writer.cursor())
        for name in unbuilt:
            writer.beside(measures.builder(name))
    elapsed = (time.perf_counter() - started) * 1000
    return Refreshed(writer.revision, sum(map(len, pieces)), len(unbuilt), merges, duplicates, elapsed)


def _any(writer: Writer, table: str) -> bool:
    cursor = writer.cursor()
    return bool(cursor.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchall())


def _move_arrivals(writer: Writer) -> None:
    """Move what has arrived by now to where it is kept, and add its facts."""
    for first, last in _arrivals(writer.cursor()):
        writer.beside(_mover(first, last))


def _mover(first: int, last: int) -> Callable[[DuckDBPyConnection], None]:
    def change(connection: DuckDBPyConnection) -> None:
        added_facts.add(connection, arrived_between(first, last))
        move(connection, first, last)

    return change


def arrived_between(first: int, last: int) -> str:
    """The condition over ``events`` that holds for what arrived in these revisions."""
    return f"arrived AND revision BETWEEN {first} AND {last}"


def move(connection: DuckDBPyConnection, first: int, last: int) -> None:
    """Move what arrived in these revisions to where it is kept; the caller holds ``facts``, and has added its facts."""
    which = arrived_between(first, last)
    connection.execute(f"INSERT INTO kept_events SELECT * EXCLUDE (arrived) FROM events WHERE {which}")
    connection.execute(f"DELETE FROM arrived_events WHERE revision BETWEEN {first} AND {last}")


def _arrivals(cursor: DuckDBPyConnection) -> list[tuple[int, int]]:
    """Runs of revisions, ascending, each with events enough for a transaction."""
    counted = cursor.execute(
        "SELECT revision, count(*) FROM arrived_events GROUP BY revision ORDER BY revision"
    ).fetchall()
    runs: list[tuple[int, int]] = []
    room = 0
    for revision, events in counted:
        if runs and events <= room:
            runs[-1] = (runs[-1][0], revision)
        else:
            runs.append((revision, revision))
            room = _ARRIVED_A_PIECE
        room -= events
    return runs


def _without_duplicates(writer: Writer) -> int:
    """Compare with all others the events that were not compared yet; how many were removed.

    An append has seen only the days around it. Looking takes long and is done beside the writer.
    """
    cursor = writer.cursor()
    cursor.execute("BEGIN TRANSACTION READ ONLY")
    unchecked = cursor.execute(
        "SELECT max(revision) FROM events WHERE revision > (SELECT checked_revision FROM state)"
    ).fetchall()[0][0]
    if unchecked is None:
        return 0
    twice = cursor.execute(_TWICE).fetchall()

    def change(transaction: Transaction) -> int:
        removed = _remove(transaction, [event_id for (event_id,) in twice]) if twice else 0
        transaction.connection.execute("UPDATE state SET checked_revision = ?", [unchecked])
        return removed

    return writer.submit(change).result()


_TWICE = """
SELECT event_id FROM events
SEMI JOIN (SELECT event_id FROM events WHERE revision > (SELECT checked_revision FROM state)) USING (event_id)
GROUP BY event_id HAVING count(*) > 1
"""


def _remove(transaction: Transaction, event_ids: list[UUID]) -> int:
    """Keep of each event_id the row that was received first."""
    connection = transaction.connection
    connection.execute(
        """
        CREATE OR REPLACE TEMP TABLE surplus AS
        SELECT id, arrived, day
        FROM (
            SELECT rowid AS id, false AS arrived, event_id, day, received_at, revision FROM kept_events
            UNION ALL
            SELECT rowid, true, event_id, day, received_at, revision FROM arrived_events
        ) SEMI JOIN (SELECT unnest($1::UUID[]) AS event_id) USING (event_id)
        QUALIFY row_number() OVER (PARTITION BY event_id ORDER BY received_at, revision, arrived, id) > 1
        """,
        [event_ids],
    )
    connection.execute(f"INSERT INTO dirty_days SELECT DISTINCT day, {transaction.revision} FROM surplus")
    removed = 0
    for table, arrived in (("kept_events", False), ("arrived_events", True)):
        which = f"rowid IN (SELECT id FROM surplus WHERE arrived = {arrived})"
        removed += connection.execute(f"DELETE FROM {table} WHERE {which}").fetchall()[0][0]
    return removed


def _pieces(cursor: DuckDBPyConnection, events_a_piece: int) -> list[list[date]]:
    """Dirty days in order, cut where a piece has events enough or where a long gap would make it rewrite much."""
    counted = cursor.execute(
        """
        SELECT d.day, count(e.day)
        FROM (SELECT DISTINCT day FROM dirty_days) d LEFT JOIN kept_events e ON e.day = d.day
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
        FROM (FROM raw_unit_events WHERE NOT arrived) SEMI JOIN rebuilt_days USING (day)
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
