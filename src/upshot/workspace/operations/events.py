"""Events, merges, traits and observations that come in one by one."""

import uuid
from datetime import datetime

import msgspec

from upshot.api.events import (
    EVENTS_APPEND,
    EVENTS_RECENT,
    IDENTITY_MERGE,
    OBSERVATIONS_APPEND,
    UNIT_PROPERTIES_SET,
    EventRow,
    EventRows,
    EventsAppend,
    EventsAppended,
    EventsRecent,
    IdentityMerge,
    NewEvent,
    ObservationsAppend,
    UnitPropertiesSet,
)
from upshot.api.operation import Principal
from upshot.api.state import Done
from upshot.core.errors import InvalidInput
from upshot.core.ids import event_id, is_of_many, named_id
from upshot.core.time import aware_instant
from upshot.engines.values import EventRecord, Merge, Observation, UnitTraits
from upshot.workspace.binding import Binding
from upshot.workspace.resources import Resources

__all__ = ["BINDINGS", "append", "merge", "observe", "recent", "set_traits"]

_MOST_RECENT = 1000


def append(resources: Resources, principal: Principal, request: EventsAppend) -> EventsAppended:
    """Keep events; durable when it returns."""
    del principal
    if not request.source.strip():
        raise InvalidInput("The source of the events is empty.", hint="Name where they come from.")
    received_at = resources.clock()
    done = resources.store.append([_record(request.source, event, received_at) for event in request.events])
    resources.sources.note(request.source, "api")
    return EventsAppended(done.stored, done.duplicates, done.revision)


def _record(source: str, event: NewEvent, received_at: datetime) -> EventRecord:
    return EventRecord(
        event_id=event_id(source, event.id) if event.id and named_id(event.id) else uuid.uuid4(),
        event=event.event,
        occurred_at=event.occurred_at,
        received_at=received_at,
        distinct_id=event.distinct_id,
        session_id=event.session_id,
        groups=event.groups,
        source=source,
        client_id=event.id,
        properties=bytes(event.properties).decode(),
    )


def recent(resources: Resources, principal: Principal, request: EventsRecent) -> EventRows:
    """The newest events by arrival."""
    del principal
    limit = min(max(request.limit, 0), _MOST_RECENT)
    found = resources.store.recent_events(limit, event=request.event, distinct_id=request.distinct_id)
    return EventRows(
        tuple(
            EventRow(
                event_id=e.event_id,
                event=e.event,
                occurred_at=aware_instant(e.occurred_at),
                received_at=aware_instant(e.received_at),
                distinct_id=e.distinct_id,
                session_id=e.session_id,
                source=e.source,
                properties=msgspec.Raw(e.properties.encode()),
            )
            for e in found
        )
    )


def merge(resources: Resources, principal: Principal, request: IdentityMerge) -> Done:
    """Join two ids into one person."""
    del principal
    for name in (request.distinct_id, request.alias):
        if is_of_many(name):
            raise InvalidInput(
                f"{name!r} is no id of one person: programs send it where they have none.",
                hint="Give the ids that the two have in your own tables.",
            )
    return Done(resources.store.merge([Merge(request.distinct_id, request.alias)]))


def set_traits(resources: Resources, principal: Principal, request: UnitPropertiesSet) -> Done:
    """Keep traits of a unit."""
    del principal
    if named_id(request.unit) is None:
        raise InvalidInput(f"{request.unit!r} is no id of a {request.unit_type}.", hint="Give the id of one.")
    traits = UnitTraits(request.unit_type, request.unit, request.properties, request.at, request.once)
    return Done(resources.store.set_traits([traits]))


def observe(resources: Resources, principal: Principal, request: ObservationsAppend) -> Done:
    """Keep values of an external series."""
    del principal
    values = [Observation(v.day, v.value, v.dimensions) for v in request.values]
    return Done(resources.store.observe(request.series, values, resources.clock()))


BINDINGS = (
    Binding(EVENTS_APPEND, append),
    Binding(EVENTS_RECENT, recent),
    Binding(IDENTITY_MERGE, merge),
    Binding(UNIT_PROPERTIES_SET, set_traits),
    Binding(OBSERVATIONS_APPEND, observe),
)
