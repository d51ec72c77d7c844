"""One snapshot for a question: what waits in it for a refresh decides which views answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

__all__ = ["settle"]

# Half the time of two EXISTS.
_WAITING = "SELECT 1 FROM main.dirty_days UNION ALL SELECT 1 FROM main.pending_merges LIMIT 1"


def settle(cursor: DuckDBPyConnection) -> bool:
    """Begin a transaction in which names of relations mean the fastest right ones; what is asked next must be in it.

    The views over dirty days and pending merges are right always. Where the snapshot holds neither, the bare facts are
    too, and the cursor looks into the schema ``settled`` first. A statement needs no words of its own for that, so that
    what was compiled once stays right in either state.

    Returns:
        Whether the facts hold everything.
    """
    cursor.execute("BEGIN TRANSACTION READ ONLY")
    settled = not cursor.execute(_WAITING).fetchall()
    if settled:
        cursor.execute("SET search_path = 'settled,main'")
    return settled
