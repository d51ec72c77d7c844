"""From columns to rows: what clients send takes this way, many requests at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from upshot.core.errors import InvalidInput
from upshot.engines.duckdb.append import name_groups
from upshot.engines.duckdb.sql import local_day

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from typing import Self
    from zoneinfo import ZoneInfo

    from duckdb import DuckDBPyConnection
    from numpy.typing import NDArray

    from upshot.engines.columns import EventColumns
    from upshot.engines.duckdb.known_keys import KnownGroups, KnownKeys
    from upshot.engines.duckdb.recent_ids import RecentIds
    from upshot.engines.duckdb.writer import Transaction

__all__ = ["Batch", "Known", "append"]

_WIDER = timedelta(days=2)
"""A local day is at most one day off the date in UTC, and events of a batch are compared with those a day around it."""
_GROUPS = pa.map_(pa.string(), pa.string())
_ID_BYTES = 16


@dataclass(frozen=True, slots=True)
class Batch:
    """Events as the engine reads them. Made where they come in, in small pieces: it holds the interpreter meanwhile.

    Attributes:
        table: Columns ``event_id`` to ``properties``.
        ids: All of ``event_id``, 16 bytes each.
        units: Unit type and name of each group that is named.
        doubtful: Whether properties may not be castable; see ``EventColumns.doubtful``.
    """

    table: pa.Table
    ids: bytes
    units: frozenset[tuple[str, str]]
    doubtful: bool

    def __len__(self) -> int:
        return int(self.table.num_rows)

    @classmethod
    def of(cls, columns: EventColumns) -> Self:
        """The same in the engine's form.

        Raises:
            InvalidInput: A text is not UTF-8.
        """
        rows = len(columns)
        ids = b"".join(columns.event_id)
        storage = pa.FixedSizeBinaryArray.from_buffers(pa.binary(_ID_BYTES), rows, [None, pa.py_buffer(ids)])
        try:
            table = pa.table(
                {
                    "event_id": pa.ExtensionArray.from_storage(pa.uuid(), storage),
                    "event": pa.array(columns.event, pa.string()),
                    "occurred_at": pa.array(columns.occurred_at, pa.timestamp("us")),
                    "received_at": pa.array(columns.received_at, pa.timestamp("us")),
                    "distinct_id": pa.array(columns.distinct_id, pa.string()),
                    "session_id": pa.array(columns.session_id, pa.string()),
                    "groups": pa.array([list(g.items()) for g in columns.groups], _GROUPS)
                    if columns.groups
                    else pa.nulls(rows, _GROUPS),
                    "source": pa.array(columns.source, pa.string()),
                    "client_id": pa.array(columns.client_id, pa.string()),
                    "properties": pa.array(columns.properties, pa.string()),
                }
            )
        except (pa.ArrowInvalid, UnicodeError) as error:
            raise InvalidInput(f"An event holds text that cannot be kept: {error}.") from error
        units = frozenset(unit for groups in columns.groups for unit in groups.items())
        return cls(table, ids, units, columns.doubtful)

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        """All events of ``parts``, in order; there is at least one part."""
        if len(parts) == 1:
            return parts[0]
        return cls(
            pa.concat_tables([part.table for part in parts]).combine_chunks(),
            b"".join(part.ids for part in parts),
            frozenset().union(*(part.units for part in parts)),
            any(part.doubtful for part in parts),
        )


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of the store without asking it."""

    keys: KnownKeys
    groups: KnownGroups
    recent_ids: RecentIds


def append(
    transaction: Transaction, batch: Batch, zone: ZoneInfo, known: Known, *, with_facts: bool = False
) -> NDArray[np.bool_]:
    """Keep events: duplicates are left out, keys given.

    Args:
        transaction: The one that keeps them.
        batch: The events.
        zone: Whose local days are counted.
        known: What is known without asking the store.
        with_facts: Whether they go where they are read fast, instead of to the arrivals; their facts are the caller's
            to add.

    Returns:
        For each row, whether it is new.
    """
    connection = transaction.connection
    # The engine finds these tables by the names of the variables: to register and unregister one took as long as BEGIN
    # and COMMIT together.
    incoming = (
        batch.table.drop_columns("groups" if not batch.units else [])
        .append_column("row", pa.array(np.arange(len(batch))))
        .append_column("distinct_key", _keys(transaction, batch, known.keys))
    )
    fresh = _fresh(transaction, batch, incoming, known.recent_ids)
    if batch.units and known.groups.new(transaction, batch.units):
        connection.execute("CREATE OR REPLACE TEMP TABLE grouped AS SELECT groups FROM incoming")
        name_groups(transaction, "grouped")
    fresh_rows = pa.table({"row": np.flatnonzero(fresh)})  # noqa: F841 - the statement names it
    some = "" if fresh.all() else "SEMI JOIN fresh_rows f ON f.row = t.row"
    none = "MAP {}::MAP(VARCHAR, VARCHAR)"
    groups = f"coalesce(t.groups, {none})" if batch.units else none
    properties = "t.properties::JSON::VARIANT" if with_facts or batch.doubtful else "t.properties"
    if batch.doubtful and not with_facts:
        properties += "::JSON::VARCHAR"
    day = local_day("t.occurred_at", zone)
    connection.execute(
        f"""
        INSERT INTO {"kept_events" if with_facts else "arrived_events"}
        SELECT t.event_id, t.event, t.occurred_at, t.received_at, t.distinct_id, t.session_id, {groups}, t.source,
            t.client_id, {properties}, {day}, t.distinct_key, {transaction.revision}
        FROM incoming t {some}
        """
    )
    transaction.is_noted |= bool(fresh.any())
    return fresh


def _keys(transaction: Transaction, batch: Batch, known: KnownKeys) -> pa.Array:
    """The key of each event's person; none for nobody."""
    coded = batch.table["distinct_id"].combine_chunks().dictionary_encode()
    keys = known.of(transaction, coded.dictionary.to_pylist())
    return pa.array(keys, pa.int64()).take(coded.indices)


def _fresh(transaction: Transaction, batch: Batch, incoming: pa.Table, recent_ids: RecentIds) -> NDArray[np.bool_]:
    """Whether the store has not each row already, and it does not repeat one that was received earlier."""
    fresh = np.ones(len(batch), bool)
    bounds = pc.call_function("min_max", [batch.table["occurred_at"]])
    first, last = bounds["min"].as_py().date() - _WIDER, bounds["max"].as_py().date() + _WIDER
    starts = np.frombuffer(batch.ids, ">u8")[::2].astype(np.uint64)
    doubtful = recent_ids.doubtful(transaction, starts, first)
    if len(doubtful):
        fresh[_stored(transaction.connection, incoming.take(doubtful), first, last)] = False
    if len(np.unique(starts)) < len(starts):
        fresh[_repeated(batch)] = False
    return fresh


def _repeated(batch: Batch) -> list[int]:
    """Rows that repeat the id of one that was received earlier."""
    order = np.argsort(batch.table["received_at"].to_numpy(), kind="stable")
    seen: set[bytes] = set()
    found = []
    for row in order:
        event_id = batch.ids[_ID_BYTES * row : _ID_BYTES * (row + 1)]
        if event_id in seen:
            found.append(int(row))
        seen.add(event_id)
    return found


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
