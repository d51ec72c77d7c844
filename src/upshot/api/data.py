"""What the store holds."""

from datetime import datetime

import msgspec

from upshot.api.operation import Operation, Permission
from upshot.api.state import Done, Nothing

__all__ = [
    "DATA_EVENTS",
    "DATA_PROPERTIES",
    "DATA_REJECTS",
    "FACTS_REFRESH",
    "EventName",
    "EventSummaries",
    "EventSummary",
    "PropertySummaries",
    "PropertySummary",
    "Reject",
    "Rejects",
    "RejectsQuery",
]


class EventSummary(msgspec.Struct, frozen=True):
    """One event name and what the store knows of it."""

    event: str
    count: int
    units: int
    without_unit: int
    first_at: datetime
    last_at: datetime
    last_received_at: datetime


class EventSummaries(msgspec.Struct, frozen=True):
    """All event names, most frequent first."""

    events: tuple[EventSummary, ...]


class EventName(msgspec.Struct, frozen=True):
    """Which event; empty for all."""

    event: str = ""


class PropertySummary(msgspec.Struct, frozen=True):
    """One property: its share of events and some values, by frequency in a sample."""

    name: str
    types: tuple[str, ...]
    share: float
    examples: tuple[str, ...]


class PropertySummaries(msgspec.Struct, frozen=True):
    """Properties, most frequent first; from ``sampled`` events."""

    properties: tuple[PropertySummary, ...]
    sampled: int


class Reject(msgspec.Struct, frozen=True):
    """A row that could not become an event."""

    source: str
    line: int
    reason: str
    raw: str
    rejected_at: datetime


class Rejects(msgspec.Struct, frozen=True):
    """Newest first; ``total`` counts all of them."""

    rejects: tuple[Reject, ...]
    total: int


class RejectsQuery(msgspec.Struct, frozen=True):
    """How many to show."""

    limit: int = 100


FACTS_REFRESH = Operation("facts.refresh", Permission.WRITE, Nothing, Done)
DATA_EVENTS = Operation("data.events", Permission.READ, Nothing, EventSummaries)
DATA_PROPERTIES = Operation("data.properties", Permission.READ, EventName, PropertySummaries)
DATA_REJECTS = Operation("data.rejects", Permission.READ, RejectsQuery, Rejects)
