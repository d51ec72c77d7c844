"""From what was decoded to what is kept: keys of events, what no store can keep, and the raw text beside it."""

import uuid
from collections.abc import Iterator
from datetime import datetime

from upshot.collect.delivery import Arrival, Delivery
from upshot.core.ids import event_id
from upshot.engines.intake import Intake
from upshot.engines.records import problem_of, text_problem
from upshot.engines.store import EventRecord, Merge, Rejected, UnitTraits

__all__ = ["KEPT_RAW_BYTES", "admit", "rejected"]

KEPT_RAW_BYTES = 100_000
"""How much of a refused message is kept, in bytes."""


def admit(delivery: Delivery, source: str, received_at: datetime) -> tuple[Intake, list[Arrival]]:
    """What of a delivery goes into the store or to quarantine, and the arrivals that became its events, in order."""
    kept: list[Arrival] = []
    events: list[EventRecord] = []
    merges: list[Merge] = []
    traits: list[UnitTraits] = []
    rejects = [rejected(source, r.position, r.reason, r.raw, received_at) for r in delivery.refusals]
    for arrival in delivery.arrivals:
        problem = _unkeepable(arrival)
        record = None if problem else _record(arrival, source, received_at)
        if record is not None:
            problem = problem_of(record)
        if record is None or problem:
            rejects.append(rejected(source, 0, f"It {problem}", arrival.raw, received_at))
            continue
        events.append(record)
        kept.append(arrival)
        merges += [Merge(link.distinct_id, link.alias, link.guarded) for link in arrival.links]
        traits += [UnitTraits(t.unit_type, t.unit, t.traits, t.at, t.once) for t in arrival.traits]
    return Intake(events, merges, traits, rejects), kept


def rejected(source: str, position: int, reason: str, raw: bytes, received_at: datetime) -> Rejected:
    """A message for the quarantine; a very long one is cut."""
    return Rejected(source, position, reason, raw[:KEPT_RAW_BYTES].decode("utf-8", "replace"), received_at)


def _record(arrival: Arrival, source: str, received_at: datetime) -> EventRecord:
    return EventRecord(
        event_id=event_id(source, arrival.client_id) if arrival.client_id else uuid.uuid4(),
        event=arrival.event,
        occurred_at=arrival.occurred_at,
        received_at=received_at,
        distinct_id=arrival.distinct_id or None,
        session_id=arrival.session_id or None,
        groups=arrival.groups,
        source=source,
        client_id=arrival.client_id or None,
        properties=arrival.properties.decode(),
    )


def _unkeepable(arrival: Arrival) -> str:
    """What of it is no text that can be kept; empty when all is."""
    try:
        arrival.properties.decode()
    except UnicodeDecodeError:
        return "has properties that are not UTF-8."
    for text in _texts(arrival):
        problem = text_problem(text)
        if problem:
            return problem
    return ""


def _texts(arrival: Arrival) -> Iterator[str]:
    for link in arrival.links:
        yield link.distinct_id
        yield link.alias
    for change in arrival.traits:
        yield change.unit_type
        yield change.unit
        for name, value in change.traits.items():
            yield name
            if isinstance(value, str):
                yield value
