"""From a table of events to rows: what is known already, whose keys are new."""

from __future__ import annotations

from typing import TYPE_CHECKING

from upshot.core.errors import InvalidInput
from upshot.engines.values import ANY_EVENT, Appended

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from upshot.engines.duckdb.writer import Transaction

__all__ = ["admit", "name_groups"]


def admit(transaction: Transaction, table: str) -> Appended:
    """Move rows of ``table`` into the store: duplicates are left out, keys given. Their facts are the caller's to add.

    Args:
        transaction: The writer's.
        table: Name of a table with the columns of ``events`` but distinct_key and revision; ``day`` is the local day of
            occurred_at. Texts are clean: no empty distinct_id, session_id or group, instants in range.
    """
    connection = transaction.connection
    rows, distinct, first, last, grouped, unnamed = connection.execute(
        f"""
        SELECT count(*), count(DISTINCT event_id), min(day), max(day), bool_or(cardinality(groups) > 0),
            count(*) FILTER (event IN ('', '{ANY_EVENT}'))
        FROM {table}
        """
    ).fetchall()[0]
    if unnamed:
        raise InvalidInput(f"{unnamed} events have no name, or {ANY_EVENT!r}, which stands for any event.")
    if not rows:
        return Appended(0, 0, transaction.revision)
    known = _known(connection, table, first=first, last=last, repeats=distinct < rows)
    _name_persons(connection, table)
    if grouped:
        name_groups(transaction, table)
    fresh = f"{table} t ANTI JOIN known k ON k.id = t.rowid" if known else f"{table} t"
    connection.execute(
        f"""
        INSERT INTO kept_events
        SELECT t.event_id, t.event, t.occurred_at, t.received_at, t.distinct_id, t.session_id, t.groups, t.source,
            t.client_id, t.properties, t.day, u.unit_key, {transaction.revision}
        FROM {fresh} LEFT JOIN persons u ON u.unit = t.distinct_id
        """
    )
    return Appended(rows - known, known, transaction.revision)


def _known(connection: DuckDBPyConnection, table: str, *, first: object, last: object, repeats: bool) -> int:
    """Fill ``known`` with the rows that are duplicates; returns how many."""
    again = f"""
        UNION
        SELECT rowid FROM {table} QUALIFY row_number() OVER (PARTITION BY event_id ORDER BY received_at, rowid) > 1
    """
    connection.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE known AS
        SELECT t.rowid AS id FROM {table} t
        SEMI JOIN (SELECT event_id FROM events WHERE day BETWEEN $1::DATE - 1 AND $2::DATE + 1) e
            ON e.event_id = t.event_id
        {again if repeats else ""}
        """,
        [first, last],
    )
    return int(connection.execute("SELECT count(*) FROM known").fetchall()[0][0])


def _name_persons(connection: DuckDBPyConnection, table: str) -> None:
    """Fill ``persons`` with the keys of the table's distinct ids; walking through all units once is what it costs."""
    connection.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE persons AS
        SELECT d.unit, u.unit_key, u.unit_key IS NULL AS fresh
        FROM (SELECT DISTINCT distinct_id AS unit FROM {table} WHERE distinct_id IS NOT NULL) d
        LEFT JOIN units u ON u.unit_type = 'person' AND u.unit = d.unit
        """
    )
    connection.execute("UPDATE persons SET unit_key = nextval('unit_keys') WHERE fresh")
    connection.execute("INSERT INTO units SELECT unit_key, 'person', unit FROM persons WHERE fresh")


def name_groups(transaction: Transaction, table: str) -> None:
    """Give keys to the groups that rows of ``table`` bear; facts of a unit type that is new wait on every day."""
    connection = transaction.connection
    connection.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE named AS
        SELECT DISTINCT g.key AS unit_type, g.value AS unit
        FROM (SELECT unnest(map_entries(groups)) AS g FROM {table} WHERE cardinality(groups) > 0)
        """
    )
    fresh = connection.execute(
        "INSERT INTO group_types SELECT DISTINCT unit_type FROM named ANTI JOIN group_types USING (unit_type)"
    ).fetchall()[0][0]
    if fresh:
        # Facts of a unit type count the events without such a unit too, and those are on every day. What has arrived
        # may be on its way into the facts just now, without the new type.
        connection.execute(
            f"""
            INSERT INTO dirty_days
            SELECT day, {transaction.revision}
            FROM (SELECT day FROM fact_unit_days UNION SELECT day FROM arrived_events)
            """
        )
    connection.execute(
        """
        INSERT INTO units
        SELECT nextval('unit_keys'), n.unit_type, n.unit
        FROM named n ANTI JOIN units u ON u.unit_type = n.unit_type AND u.unit = n.unit
        """
    )
