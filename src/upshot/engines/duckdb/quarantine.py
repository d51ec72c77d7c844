"""Messages that could not become events: kept, listed, and let go when they have become events after all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from upshot.engines.intake import Quarantined

if TYPE_CHECKING:
    from collections.abc import Sequence

    from duckdb import DuckDBPyConnection

    from upshot.engines.duckdb.writer import Transaction

__all__ = ["MOST_HELD", "held", "hold", "let_go"]

MOST_HELD = 100_000
"""How many are kept; the oldest give way."""


def hold(transaction: Transaction, rows: Sequence[Quarantined]) -> None:
    """Keep messages; one that is there already stays as it is."""
    connection = transaction.connection
    distinct = list({row.id: row for row in rows}.values())
    connection.execute(
        """
        INSERT INTO quarantine
        SELECT n.* FROM (
            SELECT unnest($1::VARCHAR[]) AS id, unnest($2::VARCHAR[]), unnest($3::VARCHAR[]), unnest($4::BIGINT[]),
                unnest($5::VARCHAR[]), unnest($6::VARCHAR[]), unnest($7::TIMESTAMP[]), unnest($8::TIMESTAMP[])
        ) n ANTI JOIN quarantine q ON q.id = n.id
        """,
        [
            [row.id for row in distinct],
            [row.source for row in distinct],
            [row.protocol for row in distinct],
            [row.position for row in distinct],
            [row.reason for row in distinct],
            [row.raw for row in distinct],
            [row.received_at for row in distinct],
            [row.sent_at for row in distinct],
        ],
    )
    count = int(connection.execute("SELECT count(*) FROM quarantine").fetchall()[0][0])
    if count > MOST_HELD:
        connection.execute(
            f"""
            DELETE FROM quarantine WHERE id IN (
                SELECT id FROM quarantine ORDER BY received_at, rowid LIMIT {count - MOST_HELD + MOST_HELD // 100}
            )
            """
        )


def let_go(transaction: Transaction, ids: Sequence[str]) -> None:
    """Forget messages."""
    transaction.connection.execute("DELETE FROM quarantine WHERE id IN (SELECT unnest($1::VARCHAR[]))", [list(ids)])


def held(
    cursor: DuckDBPyConnection, limit: int, *, source: str = "", held_id: str = ""
) -> tuple[list[Quarantined], int]:
    """The newest messages, of one source or one id where it is given, and how many there are of these."""
    where = "WHERE ($1 = '' OR source = $1) AND ($2 = '' OR id = $2)"
    rows = cursor.execute(
        f"""
        SELECT id, source, protocol, position, reason, raw, received_at, sent_at
        FROM quarantine {where} ORDER BY received_at DESC, rowid DESC LIMIT $3
        """,
        [source, held_id, limit],
    ).fetchall()
    total = cursor.execute(f"SELECT count(*) FROM quarantine {where}", [source, held_id]).fetchall()[0][0]
    return [Quarantined(*row) for row in rows], int(total)
