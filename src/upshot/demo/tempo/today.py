"""What the rest of today will bring, as events to be sent when their time comes.

``python -m upshot.demo.tempo.today`` takes an ``Order`` as JSON on standard input; each event of the day after
``until`` goes out as one line of JSON. Living through the world takes seconds in which this process would draw no page.
"""

import sys
from collections.abc import Iterator
from datetime import UTC, datetime

import msgspec

from upshot.api.events import NewEvent
from upshot.core.time import zone
from upshot.demo.tempo.events import log_of
from upshot.demo.tempo.files import Order
from upshot.demo.tempo.life import simulate
from upshot.demo.tempo.world import World
from upshot.demo.tempo.write import ZONE, table_of

__all__ = ["ToCome", "rest_of_today"]

_NOT_PROPERTIES = frozenset({"id", "at", "listener", "event", "account"})


class ToCome(msgspec.Struct, frozen=True):
    """An event and the instant at which it happens, with its offset."""

    at: datetime
    event: NewEvent


def rest_of_today(world: World, now: datetime) -> Iterator[ToCome]:
    """The world's events between ``now`` (UTC, aware) and the end of the local day, in order; none on another day."""
    import pyarrow as pa
    import pyarrow.compute as pc

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
        yield ToCome(
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


def _main() -> None:
    order = msgspec.json.decode(sys.stdin.buffer.read(), type=Order)
    for coming in rest_of_today(order.world, order.until.replace(tzinfo=UTC)):
        sys.stdout.buffer.write(msgspec.json.encode(coming) + b"\n")


if __name__ == "__main__":
    _main()
