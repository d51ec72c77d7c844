"""One snapshot for a question: what waits in it for a refresh decides which views answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

__all__ = ["begin_snapshot"]

_WAITING = """
SELECT * FROM (SELECT 'arrivals' FROM main.arrived_events LIMIT 1)
UNION ALL
SELECT * FROM (SELECT 'more' FROM main.dirty_days UNION ALL SELECT 'more' FROM main.pending_merges LIMIT 1)
"""


def begin_snapshot(cursor: DuckDBPyConnection) -> bool:
    """Begin a transaction in which names of relations mean the fastest right ones; what is asked next must be in it.

    The views over arrivals, dirty days and pending merges are right always. Where the snapshot holds none, the bare
    facts are too, and the cursor looks into the schema ``settled`` first; where it holds arrivals only, into
    ``arriving``. A statement needs no words of its own for that, so that what was compiled once stays right in any
    state.

    Returns:
        Whether the facts hold everything.
    """
    cursor.execute("BEGIN TRANSACTION READ ONLY")
    waiting = {kind for (kind,) in cursor.execute(_WAITING).fetchall()}
    if "more" not in waiting:
        cursor.execute(f"SET search_path = '{'arriving' if waiting else 'settled'},main'")
    return not waiting
