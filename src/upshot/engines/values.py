"""The values that cross into an event store and out of it, whatever its engine.

Instants are UTC. Those that come in may carry an offset (it is converted) or none (it is taken as UTC); those that come
out carry none. A ``revision`` is a number that grows with each durable change.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any, TypeAlias
from uuid import UUID

import msgspec

__all__ = [
    "ANY_EVENT",
    "EARLIEST",
    "LATEST",
    "MAX_NESTING",
    "RESERVED_UNIT_TYPES",
    "Appended",
    "Delivered",
    "EventCounts",
    "EventRecord",
    "Merge",
    "Observation",
    "PropertyCounts",
    "QueryResult",
    "Refreshed",
    "Rejected",
    "Scalar",
    "StoreInfo",
    "StoredEvent",
    "TraitCounts",
    "UnitTraits",
    "utc_naive",
]

EARLIEST = datetime(1900, 1, 1)  # noqa: DTZ001 - instants of the stores are UTC without offset
LATEST = datetime(2200, 1, 1)  # noqa: DTZ001
"""Instants that an event may bear: from ``EARLIEST`` up to but without ``LATEST``. Others are a defect of the source,
and one of them would stretch every page's axis."""

ANY_EVENT = "*"
"""Stands for any event where one may be named; no event bears it."""

RESERVED_UNIT_TYPES = frozenset({"person", "device", "session"})
"""Unit types that are not groups."""

MAX_NESTING = 200
"""How many levels of objects and lists an event's properties may have, the object around all of them counted: engines
crash on what is nested some thousands deep."""

Scalar: TypeAlias = str | int | float | bool | None
"""The value of a trait."""


def utc_naive(instant: datetime) -> datetime:
    """``instant`` in UTC, without offset.

    >>> from datetime import timedelta, timezone
    >>> utc_naive(datetime(2024, 1, 1, 1, tzinfo=timezone(timedelta(hours=1))))
    datetime.datetime(2024, 1, 1, 0, 0)
    """
    return instant if instant.tzinfo is None else instant.astimezone(UTC).replace(tzinfo=None)


class EventRecord(msgspec.Struct, frozen=True):
    """An event to keep.

    Attributes:
        event_id: The idempotency key; a second event with the same key is a duplicate.
        event: Its name, not empty.
        occurred_at: When it happened, within ``EARLIEST`` and ``LATEST``.
        received_at: When it came in.
        distinct_id: Who, as the source knows them; None for nobody.
        source: Where it came from.
        client_id: The source's own id of the event.
        properties: A JSON object, as text.
    """

    event_id: UUID
    event: str
    occurred_at: datetime
    received_at: datetime
    distinct_id: str | None = None
    session_id: str | None = None
    groups: dict[str, str] = {}
    source: str = ""
    client_id: str | None = None
    properties: str = "{}"


class Appended(msgspec.Struct, frozen=True):
    """What an append did; it is durable. ``duplicates`` were known already, or twice in the batch."""

    stored: int
    duplicates: int
    revision: int


class Merge(msgspec.Struct, frozen=True):
    """``alias`` is the same person as ``distinct_id``.

    Attributes:
        distinct_id: Names the person.
        alias: Their other name.
        guarded: Whether it is made only while ``alias`` is a name that nobody else has claimed: two persons who use
            one device after another do not become one.
    """

    distinct_id: str
    alias: str
    guarded: bool = False


class UnitTraits(msgspec.Struct, frozen=True):
    """Traits of a unit from ``at`` on; ``once`` keeps a value that the trait has had at any time."""

    unit_type: str
    unit: str
    properties: Mapping[str, Scalar]
    at: datetime
    once: bool = False


class Observation(msgspec.Struct, frozen=True):
    """One value of an external series."""

    day: date
    value: float
    dimensions: Mapping[str, str] = {}


class QueryResult(msgspec.Struct, frozen=True):
    """Rows as the engine gave them, with the statement that gave them."""

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]  # Any: what a column holds is known to the one who wrote the expression
    sql: str
    elapsed_ms: float


class Refreshed(msgspec.Struct, frozen=True):
    """What a refresh of the facts did; ``duplicates`` are events that it removed, ``measures`` those that it built."""

    revision: int
    days: int
    measures: int
    merges: int
    duplicates: int
    elapsed_ms: float


class StoreInfo(msgspec.Struct, frozen=True):
    """What the store holds. The field names are those of ``WorkspaceInfo``."""

    events: int
    first_event_at: datetime | None
    last_event_at: datetime | None
    last_received_at: datetime | None
    revision: int
    dirty_days: int
    storage_bytes: int
    engine: str


class StoredEvent(msgspec.Struct, frozen=True):
    """An event as it is kept; ``properties`` is JSON text."""

    event_id: str
    event: str
    occurred_at: datetime
    received_at: datetime
    distinct_id: str | None
    session_id: str | None
    source: str
    properties: str


class EventCounts(msgspec.Struct, frozen=True):
    """One event name. ``units`` counts persons, ``without_unit`` the events of nobody."""

    event: str
    count: int
    units: int
    without_unit: int
    first_at: datetime
    last_at: datetime
    last_received_at: datetime


class Delivered(msgspec.Struct, frozen=True):
    """Events of one name from one source, of imports from one run: ``run`` is when it was received, else None.

    ``of_persons`` says whether some of them have a person; ``first_at`` and ``last_at`` are when the first and the last
    of them occurred, ``revision`` is the last change that brought some.
    """

    source: str
    run: datetime | None
    event: str
    of_persons: bool
    first_at: datetime
    last_at: datetime
    revision: int = 0


class PropertyCounts(msgspec.Struct, frozen=True):
    """One property in a sample of events: types and examples by frequency, ``share`` of events that have it."""

    name: str
    types: tuple[str, ...]
    share: float
    examples: tuple[str, ...]


class TraitCounts(msgspec.Struct, frozen=True):
    """One trait: of which unit type, and how many units ever had it."""

    unit_type: str
    name: str
    units: int


class Rejected(msgspec.Struct, frozen=True):
    """A row that could not become an event; ``line`` counts from 1, 0 where there are no lines."""

    source: str
    line: int
    reason: str
    raw: str
    rejected_at: datetime
