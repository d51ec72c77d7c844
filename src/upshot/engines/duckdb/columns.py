"""From columns to rows: what clients send takes this way, many requests at once."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from upshot.engines.columns import EventColumns
from upshot.engines.duckdb.append import name_groups
from upshot.engines.duckdb.sql import local_day

if TYPE_CHECKING:
    from datetime import date
    from zoneinfo import ZoneInfo

    from duckdb import DuckDBPyConnection
    from numpy.typing import NDArray

    from upshot.engines.duckdb.known_keys import KnownKeys
    from upshot.engines.duckdb.recent_ids import RecentIds
    from upshot.engines.duckdb.writer import Transaction

__all__ = ["append", "empty"]

_WIDER = timedelta(days=2)
"""A local day is at most one day off the date in UTC, and events of a batch are compared with those a day around it."""


def append(
    transaction: Transaction, columns: EventColumns, zone: ZoneInfo, known_keys: KnownKeys, recent_ids: RecentIds
) -> NDArray[np.bool_]:
    """Keep events: duplicates are left out, keys given, days marked dirty.

    Returns:
        For each row, whether it is new.
    """
    connection = transaction.connection
    fresh = np.ones(len(columns), bool)
    connection.register("incoming", _arrow(columns, known_keys.of(transaction, columns.distinct_id)))
    try:
        _mark_known(transaction, columns, fresh, recent_ids)
        if columns.groups:
            connection.execute("CREATE OR REPLACE TEMP TABLE grouped AS SELECT groups FROM incoming")
            name_groups(transaction, "grouped")
        if not fresh.all():
            connection.register("fresh_rows", pa.table({"row": np.flatnonzero(fresh)}))
        some = "" if fresh.all() else "SEMI JOIN fresh_rows f ON f.row = t.row"
        groups = "t.groups" if columns.groups else "MAP {}::MAP(VARCHAR, VARCHAR)"
        day = local_day("t.occurred_at", zone)
        connection.execute(
            f"""
            INSERT INTO events
            SELECT t.event_id, t.event, t.occurred_at, t.received_at, t.distinct_id, t.session_id, {groups}, t.source,
                t.client_id, t.properties::JSON::VARIANT, {day}, t.distinct_key, {transaction.revision}
            FROM incoming t {some}
            """
        )
        _mark_days(transaction, columns, fresh, zone)
    finally:
        connection.unregister("incoming")
    return fresh


def empty() -> pa.Table:
    """A table without rows, as the engine is given them."""
    return _arrow(EventColumns(), [])


def _mark_days(transaction: Transaction, columns: EventColumns, fresh: NDArray[np.bool_], zone: ZoneInfo) -> None:
    """Mark the local days of new events. Days begin on whole seconds, of which a batch has few."""
    instants = columns.occurred_at if fresh.all() else [columns.occurred_at[row] for row in np.flatnonzero(fresh)]
    transaction.connection.execute(
        f"""
        INSERT INTO dirty_days
        SELECT DISTINCT {local_day("t.instant", zone)}, {transaction.revision}
        FROM (SELECT unnest($1::TIMESTAMP[]) AS instant) t
        """,
        [list({instant.replace(microsecond=0) for instant in instants})],
    )


def _arrow(columns: EventColumns, keys: list[int | None]) -> pa.Table:
    rows = len(columns)
    ids = pa.FixedSizeBinaryArray.from_buffers(pa.binary(16), rows, [None, pa.py_buffer(b"".join(columns.event_id))])
    arrays = {
        "row": pa.array(np.arange(rows)),
        "event_id": pa.ExtensionArray.from_storage(pa.uuid(), ids),
        "event": pa.array(columns.event, pa.string()),
        "occurred_at": pa.array(columns.occurred_at, pa.timestamp("us")),
        "received_at": pa.array(columns.received_at, pa.timestamp("us")),
        "distinct_id": pa.array(columns.distinct_id, pa.string()),
        "distinct_key": pa.array(keys, pa.int64()),
        "session_id": pa.array(columns.session_id, pa.string()),
        "source": pa.array(columns.source, pa.string()),
        "client_id": pa.array(columns.client_id, pa.string()),
        "properties": pa.array(columns.properties, pa.string()),
    }
    if columns.groups:
        arrays["groups"] = pa.array([list(g.items()) for g in columns.groups], pa.map_(pa.string(), pa.string()))
    return pa.table(arrays)


def _mark_known(
    transaction: Transaction, columns: EventColumns, fresh: NDArray[np.bool_], recent_ids: RecentIds
) -> None:
    """Clear ``fresh`` for rows that the store has already, or that repeat an earlier one."""
    first, last = min(columns.occurred_at).date() - _WIDER, max(columns.occurred_at).date() + _WIDER
    doubtful = recent_ids.doubtful(transaction, columns.event_id, first)
    if len(doubtful):
        fresh[_stored(transaction.connection, doubtful, first, last)] = False
    if len(set(columns.event_id)) < len(columns):
        order = sorted(range(len(columns)), key=columns.received_at.__getitem__)
        seen: set[bytes] = set()
        for row in order:
            if columns.event_id[row] in seen:
                fresh[row] = False
            seen.add(columns.event_id[row])


def _stored(connection: DuckDBPyConnection, rows: NDArray[np.int64], first: date, last: date) -> NDArray[np.int64]:
    """Which of these rows the store has already, among its events of those days."""
    connection.register("doubtful", pa.table({"row": rows}))
    found = connection.execute(
        """
        SELECT t.row FROM incoming t SEMI JOIN doubtful d ON d.row = t.row
        SEMI JOIN (SELECT event_id FROM events WHERE day BETWEEN $1::DATE AND $2::DATE) e ON e.event_id = t.event_id
        """,
        [first, last],
    ).fetchnumpy()["row"]
    connection.unregister("doubtful")
    return np.asarray(found, np.int64)
