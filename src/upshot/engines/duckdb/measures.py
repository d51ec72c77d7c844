"""Facts of declared measures: for each unit and day, how many events of a metric and what they add up to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from upshot.engines.duckdb.sql import identifier, literal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from duckdb import DuckDBPyConnection

    from upshot.engines.duckdb.writer import Transaction

__all__ = ["add", "builder", "built", "declare", "rebuild_days", "repair_merges", "unbuilt", "view_name"]


def view_name(measure: str) -> str:
    """The view that answers for a measure."""
    return f"measure_{measure}"


def declare(transaction: Transaction, statements: Mapping[str, str]) -> None:
    """Keep exactly these measures: hash → SELECT over ``events`` with all its columns and ``value``."""
    connection = transaction.connection
    kept = dict(connection.execute("SELECT measure, sql FROM measures").fetchall())
    for measure in kept.keys() - statements.keys():
        _drop(connection, measure)
    for measure, sql in statements.items():
        if kept.get(measure) == sql:
            continue
        if measure in kept:
            _drop(connection, measure)
        connection.execute("INSERT INTO measures VALUES (?, ?, false)", [measure, sql])
        # Until it is built there is nothing to read but events; a statement from an earlier time stays right.
        connection.execute(f"CREATE OR REPLACE VIEW main.{identifier(view_name(measure))} AS {_totals(sql)}")


def built(cursor: DuckDBPyConnection) -> frozenset[str]:
    """The measures that answer from facts."""
    return frozenset(name for (name,) in cursor.execute("SELECT measure FROM measures WHERE built").fetchall())


def unbuilt(cursor: DuckDBPyConnection) -> list[str]:
    """The measures that were declared but never built."""
    return [name for (name,) in cursor.execute("SELECT measure FROM measures WHERE NOT built ORDER BY 1").fetchall()]


def builder(measure: str) -> Callable[[DuckDBPyConnection], None]:
    """The change that builds a measure for every day that is not dirty."""

    def build(connection: DuckDBPyConnection) -> None:
        rows = connection.execute("SELECT sql FROM measures WHERE measure = ? AND NOT built", [measure]).fetchall()
        if not rows:
            return
        connection.execute(
            "CREATE OR REPLACE TEMP TABLE rebuilt_days AS "
            "SELECT DISTINCT day FROM kept_events ANTI JOIN dirty_days USING (day)"
        )
        connection.execute(_insert(measure, rows[0][0]))
        connection.execute("UPDATE measures SET built = true WHERE measure = ?", [measure])
        _show_facts(connection, measure, rows[0][0])

    return build


def rebuild_days(connection: DuckDBPyConnection) -> None:
    """Build the days of ``rebuilt_days`` anew for all measures that are built."""
    kept = connection.execute("SELECT measure, sql FROM measures WHERE built").fetchall()
    if not kept:
        return
    connection.execute("DELETE FROM fact_measures WHERE day IN (SELECT day FROM rebuilt_days)")
    for measure, sql in kept:
        connection.execute(_insert(measure, sql))


def add(connection: DuckDBPyConnection, which: str) -> None:
    """Add what the events that meet a condition bring to the measures that are built; rows of one key add up."""
    for measure, sql in connection.execute("SELECT measure, sql FROM measures WHERE built").fetchall():
        connection.execute(
            f"""
            INSERT INTO fact_measures
            SELECT {literal(measure)}, unit_type, unit_key, day, count, total FROM ({_totals(sql, which)})
            ORDER BY unit_type, day
            """
        )


def repair_merges(connection: DuckDBPyConnection) -> None:
    """Give rows of merged persons their person's key; rows of one key add up."""
    connection.execute(
        """
        UPDATE fact_measures SET unit_key = p.person_key FROM pending_merges p
        WHERE fact_measures.unit_key = p.unit_key AND fact_measures.unit_type = 'person'
        """
    )


def _show_facts(connection: DuckDBPyConnection, measure: str, sql: str) -> None:
    """Let the measure's views answer from facts."""
    view, facts = identifier(view_name(measure)), f"main.fact_measures WHERE measure = {literal(measure)}"
    connection.execute(
        f"""
        CREATE OR REPLACE VIEW main.{view} AS
        SELECT f.unit_type, coalesce(p.person_key, f.unit_key) AS unit_key, f.day, f.count, f.total
        FROM (SELECT * FROM {facts}) f
        ANTI JOIN dirty_days d ON d.day = f.day LEFT JOIN pending_merges p ON p.unit_key = f.unit_key
        UNION ALL
        SELECT unit_type, unit_key, day, count, total FROM ({_totals(sql, "NOT arrived", days="dirty_days")})
        UNION ALL
        SELECT unit_type, unit_key, day, count, total FROM ({_totals(sql, "arrived")})
        """
    )
    bare = f"SELECT unit_type, unit_key, day, count, total FROM {facts}"
    connection.execute(f"CREATE OR REPLACE VIEW settled.{view} AS {bare}")
    connection.execute(
        f"""
        CREATE OR REPLACE VIEW arriving.{view} AS
        {bare} UNION ALL SELECT unit_type, unit_key, day, count, total FROM ({_totals(sql, "arrived")})
        """
    )


def _insert(measure: str, sql: str) -> str:
    totals = _totals(sql, "NOT arrived", days="rebuilt_days")
    return f"""
        INSERT INTO fact_measures
        SELECT {literal(measure)}, unit_type, unit_key, day, count, total FROM ({totals})
        ORDER BY unit_type, day
    """


def _totals(sql: str, which: str = "true", *, days: str = "") -> str:
    """Totals of a measure over events that meet a condition, on the days of a table or on all.

    An event without a value is not counted. The measure's statement reads ``events``: within it, that name stands for
    those that are meant.
    """
    among = f"SEMI JOIN {days} d ON d.day = m.day" if days else ""
    return f"""
        WITH events AS NOT MATERIALIZED (SELECT * FROM main.events WHERE {which})
        SELECT 'person' AS unit_type, coalesce(i.person_key, m.distinct_key) AS unit_key, m.day,
            count(*) AS count, sum(m.value)::DOUBLE AS total
        FROM ({sql}) m {among} LEFT JOIN identity i ON i.distinct_key = m.distinct_key
        WHERE m.value IS NOT NULL GROUP BY ALL
        UNION ALL
        SELECT m.unit_type, u.unit_key, m.day, count(*), sum(m.value)::DOUBLE
        FROM (
            SELECT g.unit_type, m.groups[g.unit_type] AS unit, m.day, m.value
            FROM ({sql}) m {among} CROSS JOIN group_types g WHERE m.value IS NOT NULL
        ) m LEFT JOIN units u ON u.unit_type = m.unit_type AND u.unit = m.unit
        GROUP BY ALL
    """


def _drop(connection: DuckDBPyConnection, measure: str) -> None:
    connection.execute("DELETE FROM measures WHERE measure = ?", [measure])
    connection.execute("DELETE FROM fact_measures WHERE measure = ?", [measure])
    for schema in ("main", "settled", "arriving"):
        connection.execute(f"DROP VIEW IF EXISTS {schema}.{identifier(view_name(measure))}")
