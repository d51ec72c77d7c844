"""What clients sent: the quarantine, how it broke tracking plans, and how it came."""

import msgspec

from upshot.api.collect import (
    EVENTS_SENT,
    QUARANTINE_LIST,
    QUARANTINE_REPLAY,
    TRACKING_BREAKAGES,
    EventIds,
    HeldMessage,
    PlanBreakage,
    PlanBreakages,
    Quarantine,
    QuarantineQuery,
    QuarantineReplay,
    Replayed,
    SentMessage,
    SentMessages,
)
from upshot.api.operation import Principal
from upshot.api.state import Nothing
from upshot.core.errors import NotFound
from upshot.core.time import aware_instant
from upshot.engines.intake import Quarantined
from upshot.workspace.binding import Binding
from upshot.workspace.resources import Resources

__all__ = ["BINDINGS", "breakages", "quarantine", "replay", "sent"]

_MOST_LISTED = 10_000
_MOST_REPLAYED = 100_000


def quarantine(resources: Resources, principal: Principal, request: QuarantineQuery) -> Quarantine:
    """The newest messages that could not become events."""
    del principal
    found, total = resources.store.held(min(max(request.limit, 0), _MOST_LISTED), source=request.source)
    return Quarantine(tuple(map(_message, found)), total)


def replay(resources: Resources, principal: Principal, request: QuarantineReplay) -> Replayed:
    """Try messages again."""
    del principal
    found, _ = resources.store.held(_MOST_REPLAYED, source=request.source, held_id=request.id)
    if request.id and not found:
        raise NotFound("message in quarantine", request.id, hint="`upshot data quarantine` shows what is there.")
    return Replayed(*resources.collector.replay(found))


def breakages(resources: Resources, principal: Principal, request: Nothing) -> PlanBreakages:
    """How events broke tracking plans since the start."""
    del principal, request
    collector = resources.collector
    return PlanBreakages(
        tuple(
            msgspec.convert(
                {
                    **msgspec.structs.asdict(each),
                    "first_at": aware_instant(each.first_at),
                    "last_at": aware_instant(each.last_at),
                },
                PlanBreakage,
            )
            for each in collector.breakages.all()
        ),
        collector.robots,
    )


def sent(resources: Resources, principal: Principal, request: EventIds) -> SentMessages:
    """What clients sent of recent events."""
    del principal
    found = ((event_id, resources.collector.sent(event_id, source)) for event_id, source in request.events)
    return SentMessages(tuple(SentMessage(i, s.protocol, s.sdk, s.raw) for i, s in found if s is not None))


def _message(held: Quarantined) -> HeldMessage:
    return HeldMessage(
        id=held.id,
        source=held.source,
        protocol=held.protocol,
        position=held.position,
        reason=held.reason,
        raw=held.raw,
        received_at=aware_instant(held.received_at),
        replayable=bool(held.protocol),
    )


BINDINGS = (
    Binding(EVENTS_SENT, sent),
    Binding(QUARANTINE_LIST, quarantine),
    Binding(QUARANTINE_REPLAY, replay),
    Binding(TRACKING_BREAKAGES, breakages),
)
