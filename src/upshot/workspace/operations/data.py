"""What the store holds, for the data page."""

from upshot.answers.facts import refresh_facts
from upshot.api.data import (
    DATA_EVENTS,
    DATA_PROPERTIES,
    DATA_REJECTS,
    FACTS_REFRESH,
    EventName,
    EventSummaries,
    EventSummary,
    PropertySummaries,
    PropertySummary,
    Reject,
    Rejects,
    RejectsQuery,
)
from upshot.api.operation import Principal
from upshot.api.state import Done, Nothing
from upshot.core.time import aware_instant
from upshot.workspace.binding import Binding
from upshot.workspace.resources import Resources

__all__ = ["BINDINGS", "event_names", "properties", "refresh", "rejects"]

_MOST_REJECTS = 10_000


def event_names(resources: Resources, principal: Principal, request: Nothing) -> EventSummaries:
    """Every event name."""
    del principal, request
    return EventSummaries(
        tuple(
            EventSummary(
                event=e.event,
                count=e.count,
                units=e.units,
                without_unit=e.without_unit,
                first_at=aware_instant(e.first_at),
                last_at=aware_instant(e.last_at),
                last_received_at=aware_instant(e.last_received_at),
            )
            for e in resources.store.event_summaries()
        )
    )


def properties(resources: Resources, principal: Principal, request: EventName) -> PropertySummaries:
    """The properties of an event, from a sample of the newest."""
    del principal
    found, sampled = resources.store.property_summaries(request.event)
    return PropertySummaries(tuple(PropertySummary(p.name, p.types, p.share, p.examples) for p in found), sampled)


def rejects(resources: Resources, principal: Principal, request: RejectsQuery) -> Rejects:
    """The newest rows that could not become events."""
    del principal
    found, total = resources.store.rejects(min(max(request.limit, 0), _MOST_REJECTS))
    return Rejects(tuple(Reject(r.source, r.line, r.reason, r.raw, aware_instant(r.rejected_at)) for r in found), total)


def refresh(resources: Resources, principal: Principal, request: Nothing) -> Done:
    """Rebuild the facts of days with new events."""
    del principal, request
    return Done(refresh_facts(resources.answering))


BINDINGS = (
    Binding(FACTS_REFRESH, refresh),
    Binding(DATA_EVENTS, event_names),
    Binding(DATA_PROPERTIES, properties),
    Binding(DATA_REJECTS, rejects),
)
