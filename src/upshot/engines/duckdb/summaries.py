"""What the store knows of itself: counts, event names, properties, rejected rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from upshot.engines.values import (
    Delivered,
    EventCounts,
    PropertyCounts,
    Rejected,
    StoredEvent,
    StoreInfo,
    TraitCounts,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime
    from pathlib import Path

    from duckdb import DuckDBPyConnection

    from upshot.engines.duckdb.writer import Transaction

__all__ = [
    "deliveries",
    "event_summaries",
    "info",
    "keep_rejects",
    "newest_days",
    "property_summaries",
    "recent_events",
    "rejects",
    "single_source",
    "trait_summaries",
]

_EXAMPLES = 5
_EXAMPLE_LENGTH = 80


def info(cursor: DuckDBPyConnection, file: Path, revision: int, *, journal_bytes: int) -> StoreInfo:
    """Counts, first and last, size on the disk."""
    events, first, last, received, dirty = cursor.execute(
        """
        SELECT count(*), min(occurred_at), max(occurred_at), max(received_at),
            (SELECT count(*) FROM (SELECT day FROM dirty_days UNION SELECT day FROM arrived_events))
        FROM events
        """
    ).fetchall()[0]
    files = (file, file.with_name(file.name + ".wal"))
    size = sum(f.stat().st_size for f in files if f.exists()) + journal_bytes
    return StoreInfo(events, first, last, received, revision, dirty, size, "duckdb")


def recent_events(cursor: DuckDBPyConnection, limit: int, event: str, distinct_id: str) -> list[StoredEvent]:
    """The newest by arrival, newest first."""
    newest = _newest("($1 = '' OR event = $1) AND ($2 = '' OR distinct_id = $2)", "$3")
    rows = cursor.execute(
        f"""
        SELECT event_id::VARCHAR, event, occurred_at, received_at, distinct_id, session_id, source,
            properties::JSON::VARCHAR
        FROM ({newest}) ORDER BY revision DESC, received_at DESC, number DESC
        """,
        [event, distinct_id, limit],
    ).fetchall()
    return [StoredEvent(*row) for row in rows]


def event_summaries(cursor: DuckDBPyConnection) -> list[EventCounts]:
    """Every event name, most frequent first; persons are counted by the day on which they are new."""
    rows = cursor.execute(
        """
        WITH counted AS (
            SELECT event, sum(count)::BIGINT AS count,
                coalesce(sum(count) FILTER (unit_key IS NULL), 0)::BIGINT AS without_unit,
                min(first_at) AS first_at, max(last_at) AS last_at
            FROM unit_days WHERE unit_type = 'person' GROUP BY event
        ),
        persons AS (
            SELECT event, count(*) AS units FROM activity
            WHERE unit_type = 'person' AND previous_day IS NULL GROUP BY event
        ),
        arrived AS (SELECT event, max(received_at) AS last_received_at FROM events GROUP BY event)
        SELECT event, count, coalesce(units, 0), without_unit, first_at, last_at, last_received_at
        FROM counted JOIN arrived USING (event) LEFT JOIN persons USING (event)
        ORDER BY count DESC, event
        """
    ).fetchall()
    return [EventCounts(*row) for row in rows]


def single_source(cursor: DuckDBPyConnection) -> bool:
    """Whether all events came from one source, and in one import at most; least and greatest names are statistics."""
    tables = ("kept_events", "arrived_events")
    ends = " UNION ALL ".join(f"SELECT min(source) AS least, max(source) AS most FROM {table}" for table in tables)
    least, most = cursor.execute(f"SELECT min(least), max(most) FROM ({ends})").fetchall()[0]
    return bool(least == most) and cursor.execute("SELECT count(*) <= 1 FROM imports").fetchall()[0][0]


def deliveries(cursor: DuckDBPyConnection, after: int) -> tuple[list[Delivered], int]:
    """Which events came from where beyond a revision; all events of an import bear the instant at which it began."""
    imported = "SELECT DISTINCT json_extract_string(mapping, '$.source') FROM imports"
    sources = [str(name) for (name,) in cursor.execute(imported).fetchall()]
    rows = cursor.execute(
        """
        SELECT source, CASE WHEN list_contains($2::VARCHAR[], source) THEN received_at END AS run, event,
            count(distinct_key) > 0, min(occurred_at), max(occurred_at), max(revision)
        FROM events WHERE revision > $1 GROUP BY source, run, event
        """,
        [after, sources],
    ).fetchall()
    return [Delivered(*row) for row in rows], max((int(row[6]) for row in rows), default=after)


def newest_days(
    cursor: DuckDBPyConnection, source: str, events: Sequence[str], most: int, since: date | None
) -> list[tuple[date, datetime]]:
    """The newest days with events of these names from a source, newest first, and when the last of each occurred.

    What is asked of every source and name is read from facts, which hold each event, those without a person too.
    """
    facts, own = "SELECT day, last_at AS instant FROM unit_days WHERE unit_type = 'person'", bool(source or events)
    rows = "SELECT day, occurred_at AS instant FROM events WHERE source = $source AND list_contains($events, event)"
    return cursor.execute(
        f"""
        SELECT day, max(instant) FROM ({rows if own else facts}) WHERE $since::DATE IS NULL OR day >= $since
        GROUP BY day ORDER BY day DESC LIMIT $most
        """,
        {"most": most, "since": since, **({"source": source, "events": list(events)} if own else {})},
    ).fetchall()


def property_summaries(cursor: DuckDBPyConnection, event: str, sample: int) -> tuple[list[PropertyCounts], int]:
    """Properties of the newest events, and how many were looked at."""
    newest = _newest("$1 = '' OR event = $1", "$2")
    cursor.execute(f"CREATE OR REPLACE TEMP TABLE sampled AS SELECT properties FROM ({newest})", [event, sample])
    looked_at = int(cursor.execute("SELECT count(*) FROM sampled").fetchall()[0][0])
    rows = cursor.execute(
        """
        WITH valued AS (
            SELECT p.key AS name,
                CASE p.type
                    WHEN 'VARCHAR' THEN 'text' WHEN 'BOOLEAN' THEN 'boolean'
                    WHEN 'OBJECT' THEN 'object' WHEN 'ARRAY' THEN 'array' ELSE 'number'
                END AS type,
                left(p.value ->> '$', $1) AS example
            FROM sampled, json_each(properties::JSON) p WHERE p.type <> 'NULL'
        ),
        types AS (SELECT name, list(type ORDER BY n DESC, type) AS types, sum(n)::BIGINT AS n
            FROM (SELECT name, type, count(*) AS n FROM valued GROUP BY ALL) GROUP BY name),
        examples AS (SELECT name, list(example ORDER BY n DESC, example)[:$2] AS examples
            FROM (SELECT name, example, count(*) AS n FROM valued GROUP BY ALL) GROUP BY name)
        SELECT name, types, n, examples FROM types JOIN examples USING (name) ORDER BY n DESC, name
        """,
        [_EXAMPLE_LENGTH, _EXAMPLES],
    ).fetchall()
    return [PropertyCounts(name, tuple(t), n / looked_at, tuple(e)) for name, t, n, e in rows], looked_at


def trait_summaries(cursor: DuckDBPyConnection) -> list[TraitCounts]:
    """Every trait that units have, most frequent first."""
    rows = cursor.execute(
        """
        SELECT unit_type, name, count(DISTINCT unit_key)::BIGINT AS units FROM unit_properties
        WHERE value IS NOT NULL GROUP BY unit_type, name ORDER BY units DESC, unit_type, name
        """
    ).fetchall()
    return [TraitCounts(*row) for row in rows]


def keep_rejects(transaction: Transaction, rows: Sequence[Rejected]) -> None:
    """Keep rows that could not become events."""
    transaction.connection.execute(
        """
        INSERT INTO rejects
        SELECT NULL, unnest($1::VARCHAR[]), unnest($2::BIGINT[]), unnest($3::VARCHAR[]), unnest($4::VARCHAR[]),
            unnest($5::TIMESTAMP[])
        """,
        [
            [row.source for row in rows],
            [row.line for row in rows],
            [row.reason for row in rows],
            [_printable(row.raw) for row in rows],
            [row.rejected_at for row in rows],
        ],
    )


def rejects(cursor: DuckDBPyConnection, limit: int) -> tuple[list[Rejected], int]:
    """The newest rejected rows, and how many there are.

    A row that is refused again is the same row: each import keeps its own, as its rejects file tells of all of them,
    but what is listed and counted does not change by importing a file twice.
    """
    once = (
        "SELECT source, line, reason, raw, min(rejected_at) AS first_at, min(rowid) AS number FROM rejects GROUP BY ALL"
    )
    rows = cursor.execute(
        f"SELECT source, line, reason, raw, first_at FROM ({once}) ORDER BY first_at DESC, number DESC LIMIT ?", [limit]
    ).fetchall()
    total = cursor.execute(f"SELECT count(*) FROM ({once})").fetchall()[0][0]
    return [Rejected(*row) for row in rows], int(total)


def _newest(condition: str, limit: str) -> str:
    """The newest events, each with its place in the table that holds it; only these are cast."""
    order = "ORDER BY revision DESC, received_at DESC, number DESC"
    kept, arrived = (
        f"FROM (SELECT *, rowid AS number FROM {table} WHERE {condition} {order} LIMIT {limit})"
        for table in ("kept_events", "arrived_events")
    )
    cast = "* REPLACE (properties::JSON::VARIANT AS properties)"
    return f"SELECT * FROM (SELECT * {kept} UNION ALL SELECT {cast} {arrived}) {order} LIMIT {limit}"


def _printable(raw: str) -> str:
    """What was refused may be no text at all; it is shown with the replacement character."""
    return raw.encode("utf-8", "replace").decode().replace("\0", "\ufffd")
