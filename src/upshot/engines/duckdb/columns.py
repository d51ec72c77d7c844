"""From columns to rows: what clients send takes this way, many requests at once."""

from __future__ import annotations

from dataclasses import dataclass
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

    from upshot.engines.duckdb.known_keys import KnownGroups, KnownKeys
    from upshot.engines.duckdb.recent_ids import RecentIds
    from upshot.engines.duckdb.writer import Transaction

__all__ = ["Known", "append", "empty"]

_WIDER = timedelta(days=2)
"""A local day is at most one day off the date in UTC, and events of a batch are compared with those a day around it."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of the store without asking it."""

    keys: KnownKeys
    groups: KnownGroups
    recent_ids: RecentIds


def append(transaction: Transaction, columns: EventColumns, zone: ZoneInfo, known: Known) -> NDArray[np.bool_]:
    """Keep events as they arrived: duplicates are left out, keys given.

    Returns:
        For each row, whether it is new.
    """
    connection = transaction.connection
    fresh = np.ones(len(columns), bool)
    # The engine finds these tables by the names of the variables: to register and unregister one took as long as BEGIN
    # and COMMIT together.
    incoming = _arrow(columns, known.keys.of(transaction, columns.distinct_id))
    _mark_known(transaction, columns, fresh, incoming, known.recent_ids)
    if columns.groups and known.groups.new(transaction, columns.groups):
        connection.execute("CREATE OR REPLACE TEMP TABLE grouped AS SELECT groups FROM incoming")
        name_groups(transaction, "grouped")
    fresh_rows = pa.table({"row": np.flatnonzero(fresh)})  # noqa: F841 - the statement names it
    some = "" if fresh.all() else "SEMI JOIN fresh_rows f ON f.row = t.row"
    groups = "t.groups" if columns.groups else "MAP {}::MAP(VARCHAR, VARCHAR)"
    # A text that cannot be cast later must be refused now; only half a surrogate pair is such.
    doubtful = any(b"\\ud" in text.lower() for text in columns.properties if b"\\" in text)
    properties = "t.properties::JSON::VARIANT::JSON::VARCHAR" if doubtful else "t.properties"
    day = local_day("t.occurred_at", zone)
    connection.execute(
        f"""
        INSERT INTO arrived_events
        SELECT t.event_id, t.event, t.occurred_at, t.received_at, t.distinct_id, t.session_id, {groups}, t.source,
            t.client_id, {properties}, {day}, t.distinct_key, {transaction.revision}
        FROM incoming t {some}
        """
    )
    transaction.is_noted |= bool(fresh.any())
    return fresh


def empty() -> pa.Table:
    """A table without rows, as the engine is given them."""
    return _arrow(EventColumns(), [])


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
    transaction: Transaction, columns: EventColumns, fresh: NDArray[np.bool_], incoming: pa.Table, recent_ids: RecentIds
) -> None:
    """Clear ``fresh`` for rows that the store has already, or that repeat an earlier one."""
    first, last = min(columns.occurred_at).date() - _WIDER, max(columns.occurred_at).date() + _WIDER
    doubtful = recent_ids.doubtful(transaction, columns.event_id, first)
    if len(doubtful):
        fresh[_stored(transaction.connection, incoming.take(doubtful), first, last)] = False
    if len(set(columns.event_id)) < len(columns):
        order = sorted(range(len(columns)), key=columns.received_at.__getitem__)
        seen: set[bytes] = set()
        for row in order:
            if columns.event_id[row] in seen:
                fresh[row] = False
            seen.add(columns.event_id[row])


def _stored(
    connection: DuckDBPyConnection,
    doubtful: pa.Table,  # noqa: ARG001 - the statement names it
    first: date,
    last: date,
) -> NDArray[np.int64]:
    """Which of these rows the store has already, among its events of those days."""
    found = connection.execute(
        """
        SELECT t.row FROM doubtful t
        SEMI JOIN (SELECT event_id FROM events WHERE day BETWEEN $1::DATE AND $2::DATE) e ON e.event_id = t.event_id
        """,
        [first, last],
    ).fetchnumpy()["row"]
    return np.asarray(found, np.int64)
