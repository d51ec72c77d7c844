"""From what was decoded to what is kept: keys of events, and what no store can keep."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from upshot.collect.delivery import Arrival, Delivery
from upshot.collect.protocols.elements import message_texts
from upshot.core.ids import event_id_bytes
from upshot.engines.columns import EventColumns
from upshot.engines.intake import Intake
from upshot.engines.records import problem_of, text_problem
from upshot.engines.store import (
    ANY_EVENT,
    EARLIEST,
    LATEST,
    MAX_NESTING,
    RESERVED_UNIT_TYPES,
    EventRecord,
    Merge,
    Rejected,
    UnitTraits,
)

__all__ = ["KEPT_RAW_BYTES", "Admitted", "admit"]

KEPT_RAW_BYTES = 100_000
"""How much of a refused message is kept, in bytes."""
_SHALLOW_BYTES = 2 * MAX_NESTING
"""An object shorter than this cannot be nested deeper than is allowed."""


class Admitted(msgspec.Struct, frozen=True):
    """What goes to the store, and the arrivals that became its events, in order."""

    intake: Intake
    arrivals: Sequence[Arrival]


def admit(delivery: Delivery, source: str, received_at: datetime) -> Admitted:
    """What of a delivery goes into the store, and what to quarantine."""
    rejects = [_rejected(source, r.position, r.reason, r.raw, received_at) for r in delivery.refusals]
    arrivals: Sequence[Arrival] = delivery.arrivals
    if not (delivery.clean and _all_keepable(arrivals)):
        arrivals = _keepable(delivery, source, received_at, rejects)
    events = EventColumns(
        event_id=event_id_bytes(source, [a.client_id for a in arrivals]),
        event=[a.event for a in arrivals],
        occurred_at=[a.occurred_at for a in arrivals],
        received_at=[received_at] * len(arrivals),
        distinct_id=[a.distinct_id or None for a in arrivals],
        session_id=[a.session_id or None for a in arrivals],
        groups=[a.groups for a in arrivals] if any(a.groups for a in arrivals) else [],
        source=[source] * len(arrivals),
        client_id=[a.client_id or None for a in arrivals],
        properties=[a.properties for a in arrivals],
    )
    merges = [Merge(link.distinct_id, link.alias, link.guarded) for a in arrivals for link in a.links]
    traits = [UnitTraits(t.unit_type, t.unit, t.traits, t.at, t.once) for a in arrivals for t in a.traits]
    return Admitted(Intake(events, merges, traits, rejects), arrivals)


def _all_keepable(arrivals: Sequence[Arrival]) -> bool:
    """Whether every one can be kept, so that none must be looked at; their texts are known to be clean."""
    if not arrivals:
        return True
    names = {a.event for a in arrivals}
    times = [a.occurred_at for a in arrivals]
    return (
        "" not in names
        and ANY_EVENT not in names
        and min(times) >= EARLIEST
        and max(times) < LATEST
        and not any(a.groups and (RESERVED_UNIT_TYPES & a.groups.keys() or "" in a.groups) for a in arrivals)
        and all(len(a.properties) < _SHALLOW_BYTES or _is_shallow(a.properties) for a in arrivals)
    )


def _is_shallow(properties: bytes) -> bool:
    return properties.count(b"{") + properties.count(b"[") <= MAX_NESTING


def _keepable(delivery: Delivery, source: str, received_at: datetime, rejects: list[Rejected]) -> list[Arrival]:
    """Those that can be kept; the others go to ``rejects``."""
    texts: list[bytes] = []
    kept = []
    for arrival in delivery.arrivals:
        problem = _problem(arrival, source, received_at)
        if not problem:
            kept.append(arrival)
            continue
        texts = texts or message_texts(delivery.body)
        raw = texts[arrival.position - 1] if arrival.position <= len(texts) else arrival.properties
        rejects.append(_rejected(source, arrival.position, f"It {problem}", raw, received_at))
    return kept


def _rejected(source: str, position: int, reason: str, raw: bytes, received_at: datetime) -> Rejected:
    """A message for the quarantine; a very long one is cut."""
    return Rejected(source, position, reason, raw[:KEPT_RAW_BYTES].decode("utf-8", "replace"), received_at)


def _problem(arrival: Arrival, source: str, received_at: datetime) -> str:
    """Why it cannot be kept; empty when it can."""
    try:
        properties = arrival.properties.decode()
    except UnicodeDecodeError:
        return "has properties that are not UTF-8."
    for text in _texts(arrival):
        problem = text_problem(text)
        if problem:
            return problem
    return problem_of(
        EventRecord(
            event_id=UUID(int=0),
            event=arrival.event,
            occurred_at=arrival.occurred_at,
            received_at=received_at,
            distinct_id=arrival.distinct_id,
            session_id=arrival.session_id,
            groups=arrival.groups,
            source=source,
            client_id=arrival.client_id,
            properties=properties,
        )
    )


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
