"""Events, merges, traits and observations that come in one by one."""

from datetime import date, datetime

import msgspec

from upshot.api.operation import Operation, Permission
from upshot.api.state import Done

__all__ = [
    "EVENTS_APPEND",
    "EVENTS_RECENT",
    "IDENTITY_MERGE",
    "OBSERVATIONS_APPEND",
    "UNIT_PROPERTIES_SET",
    "EventRow",
    "EventRows",
    "EventsAppend",
    "EventsAppended",
    "EventsRecent",
    "IdentityMerge",
    "NewEvent",
    "NewObservation",
    "ObservationsAppend",
    "UnitPropertiesSet",
]


class NewEvent(msgspec.Struct, frozen=True):
    """An event to keep.

    ``id`` is the client's own; without one the event gets a random key and cannot be told from a second sending.
    """

    event: str
    occurred_at: datetime
    distinct_id: str | None = None
    id: str | None = None
    session_id: str | None = None
    groups: dict[str, str] = {}
    # a factory, as the description of the API cannot show a raw default
    properties: msgspec.Raw = msgspec.field(default_factory=lambda: msgspec.Raw(b"{}"))


class EventsAppend(msgspec.Struct, frozen=True):
    """Events of one source."""

    source: str
    events: tuple[NewEvent, ...]


class EventsAppended(msgspec.Struct, frozen=True):
    """Durable: they survive a crash. ``duplicates`` were known already."""

    stored: int
    duplicates: int
    revision: int


class EventsRecent(msgspec.Struct, frozen=True):
    """The newest events by arrival."""

    limit: int = 50
    event: str = ""
    distinct_id: str = ""


class EventRow(msgspec.Struct, frozen=True):
    """A stored event; ``properties`` is JSON."""

    event_id: str
    event: str
    occurred_at: datetime
    received_at: datetime
    distinct_id: str | None
    session_id: str | None
    source: str
    properties: msgspec.Raw


class EventRows(msgspec.Struct, frozen=True):
    """Newest first."""

    events: tuple[EventRow, ...]


class IdentityMerge(msgspec.Struct, frozen=True):
    """``alias`` is the same person as ``distinct_id``."""

    distinct_id: str
    alias: str


class UnitPropertiesSet(msgspec.Struct, frozen=True):
    """Traits of a unit from ``at`` on; ``once`` keeps a value that the trait has had at any time."""

    unit_type: str
    unit: str
    properties: dict[str, str | float | bool | None]
    at: datetime
    once: bool = False


class NewObservation(msgspec.Struct, frozen=True):
    """One value of an external series."""

    day: date
    value: float
    dimensions: dict[str, str] = {}


class ObservationsAppend(msgspec.Struct, frozen=True):
    """Values of one series; a later recording of the same day and dimensions supersedes, and the earlier is kept."""

    series: str
    values: tuple[NewObservation, ...]


EVENTS_APPEND = Operation("events.append", Permission.WRITE, EventsAppend, EventsAppended, changes=True)
EVENTS_RECENT = Operation("events.recent", Permission.READ, EventsRecent, EventRows)
IDENTITY_MERGE = Operation("identity.merge", Permission.WRITE, IdentityMerge, Done, changes=True)
UNIT_PROPERTIES_SET = Operation("unit_properties.set", Permission.WRITE, UnitPropertiesSet, Done, changes=True)
OBSERVATIONS_APPEND = Operation("observations.append", Permission.WRITE, ObservationsAppend, Done, changes=True)
