"""Facts of what a bulk load brings or a refresh moves, made in the transaction that keeps it.

To read whole days anew would be wrong for a history that streams in, and for a day on which events arrive all the time.
What is added is known, though, and rows of one key add up, so its rows go beside those that are there. Only activity is
more than a sum: each row names the active day before, so that the new rows are put between those that stand.

Unit types and events are numbered on the way (``kinds``, in their order): grouping, linking and sorting numbers takes
half the time of texts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from upshot.engines.duckdb import measures
from upshot.engines.values import ANY_EVENT

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

__all__ = ["add"]


def add(connection: DuckDBPyConnection, which: str) -> None:
    """Add the facts of the events that meet a condition over ``events``; whoever calls holds the writer's ``facts``."""
    connection.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE kinds AS
        SELECT unit_type, event, row_number() OVER (ORDER BY unit_type, event) AS kind
        FROM (SELECT 'person' AS unit_type UNION FROM group_types)
        CROSS JOIN (SELECT event FROM events WHERE {which} UNION SELECT '{ANY_EVENT}')
        """
    )
    connection.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE gained AS
        SELECT k.kind, e.unit_key, e.day, count(*) AS count, min(e.occurred_at) AS first_at,
            max(e.occurred_at) AS last_at
        FROM raw_unit_events e JOIN kinds k ON k.unit_type = e.unit_type AND k.event = e.event
        WHERE {which}
        GROUP BY k.kind, e.unit_key, e.day
        ORDER BY k.kind, e.day
        """
    )
    # Sorted, as a refresh leaves them: days and events of one kind lie together.
    connection.execute(
        """
        INSERT INTO fact_unit_days
        SELECT k.unit_type, g.unit_key, g.day, k.event, g.count, g.first_at, g.last_at
        FROM gained g JOIN kinds k ON k.kind = g.kind
        """
    )
    first, last = connection.execute("SELECT min(day), max(day) FROM gained").fetchall()[0]
    if first is not None:
        _link(connection, f"DATE '{first}'", f"DATE '{last}'")
    measures.add(connection, which)


def _link(connection: DuckDBPyConnection, first: str, last: str) -> None:
    """Put the active days of ``gained``, which lie between these two, into activity."""
    connection.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE active AS
        SELECT kind, unit_key, day FROM gained WHERE unit_key IS NOT NULL
        UNION ALL
        SELECT DISTINCT o.kind, g.unit_key, g.day
        FROM gained g JOIN kinds k ON k.kind = g.kind
        JOIN kinds o ON o.unit_type = k.unit_type AND o.event = '{ANY_EVENT}'
        WHERE g.unit_key IS NOT NULL
        """
    )
    numbered = "fact_activity a JOIN kinds k ON k.unit_type = a.unit_type AND k.event = a.event"
    # Rows within these days, and the first one after: it alone names a day before their end as the one before.
    connection.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE near AS
        SELECT a.rowid AS id, k.kind, a.unit_key, a.day, a.previous_day
        FROM {numbered} SEMI JOIN active t ON t.unit_key = a.unit_key AND t.kind = k.kind
        WHERE a.day >= {first} AND (a.day <= {last} OR a.previous_day IS NULL OR a.previous_day <= {last})
        """
    )
    # The last one before: named by the first of the rows near, or looked for where there are none.
    connection.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE last_before AS
        SELECT kind, unit_key, previous_day AS day FROM near WHERE previous_day < {first}
        UNION ALL
        SELECT k.kind, a.unit_key, max(a.day)
        FROM {numbered}
        SEMI JOIN (FROM active ANTI JOIN near USING (unit_key, kind)) t ON t.unit_key = a.unit_key AND t.kind = k.kind
        WHERE a.day < {first} GROUP BY k.kind, a.unit_key
        """
    )
    connection.execute(
        """
        CREATE OR REPLACE TEMP TABLE linked AS
        SELECT *, lag(day) OVER (PARTITION BY unit_key, kind ORDER BY day) AS before
        FROM (
            SELECT true AS new, NULL::BIGINT AS id, kind, unit_key, day, NULL::DATE AS previous_day
            FROM active ANTI JOIN near USING (unit_key, kind, day)
            UNION ALL
            SELECT false, id, kind, unit_key, day, previous_day FROM near
            UNION ALL
            SELECT false, NULL, kind, unit_key, day, NULL FROM last_before
        )
        """
    )
    connection.execute(
        """
        UPDATE fact_activity SET previous_day = l.before FROM linked l
        WHERE fact_activity.rowid = l.id AND l.before IS DISTINCT FROM l.previous_day
        """
    )
    connection.execute(
        """
        INSERT INTO fact_activity
        SELECT k.unit_type, k.event, l.unit_key, l.day, l.before
        FROM linked l JOIN kinds k ON k.kind = l.kind WHERE l.new ORDER BY l.kind, l.day
        """
    )
