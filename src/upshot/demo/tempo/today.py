"""What the rest of today will bring, as events to be sent when their time comes."""

from collections.abc import Iterator
from datetime import UTC, datetime

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from upshot.core.time import zone
from upshot.demo.tempo.events import log_of
from upshot.demo.tempo.life import simulate
from upshot.demo.tempo.world import World
from upshot.demo.tempo.write import ZONE, table_of
from upshot.workspace.messages import NewEvent

__all__ = ["rest_of_today"]

_NOT_PROPERTIES = frozenset({"id", "at", "listener", "event", "account"})


def rest_of_today(world: World, now: datetime) -> Iterator[tuple[datetime, NewEvent]]:
    """The world's events between ``now`` (UTC, aware) and the end of the local day, in order; none on another day."""
    today = now.astimezone(zone(ZONE)).date()
    number = (today - world.first_day).days
    if not 0 <= number < world.days:
        return
    history = simulate(world)
    (rows,) = log_of(history, [number])
    table = table_of(history, rows)
    table = table.filter(
        pc.call_function("greater", [table["at"], pa.scalar(now.replace(tzinfo=None), pa.timestamp("us"))])
    )
    del history
    for row in table.to_pylist():
        at = row["at"].replace(tzinfo=UTC)
        properties = {k: v for k, v in row.items() if v is not None and k not in _NOT_PROPERTIES}
        yield (
            at,
            NewEvent(
                event=row["event"],
                occurred_at=at,
                distinct_id=row["listener"],
                id=row["id"],
                groups={"account": row["account"]},
                properties=msgspec.Raw(msgspec.json.encode(properties)),
            ),
        )
