"""From what was decoded to what is kept: keys of events, and what no store can keep."""

import hashlib
from collections.abc import Callable, Iterator
from datetime import datetime
from uuid import UUID

import msgspec

from upshot.collect.delivery import Arrival, Arrivals, Delivery
from upshot.collect.identity import told_apart
from upshot.collect.policy import Breakages, SourcePolicy
from upshot.collect.protocols.elements import message_texts
from upshot.core.ids import event_id, event_id_bytes
from upshot.engines.columns import EventColumns
from upshot.engines.intake import Intake, Quarantined
from upshot.engines.records import problem_of, text_problem
from upshot.engines.values import (
    ANY_EVENT,
    EARLIEST,
    LATEST,
    MAX_NESTING,
    RESERVED_UNIT_TYPES,
    EventRecord,
    Merge,
    UnitTraits,
)

__all__ = ["KEPT_RAW_BYTES", "Admitted", "admit", "text_of"]

KEPT_RAW_BYTES = 100_000
"""How much of a refused message is kept, in bytes."""
_NO_NAMES = frozenset({"", ANY_EVENT})
_SHALLOW_BYTES = 2 * MAX_NESTING
"""An object shorter than this cannot be nested deeper than is allowed."""


class Admitted(msgspec.Struct, frozen=True):
    """What goes to the store, and the arrivals that became its events, in order."""

    intake: Intake
    arrivals: Arrivals


def admit(
    delivery: Delivery, source: str, received_at: datetime, policy: SourcePolicy, breakages: Breakages
) -> Admitted:
    """What of a delivery goes into the store, and what to quarantine."""
    refused = [(r.position, r.reason, r.raw) for r in delivery.refusals]

    def noted(arrival: Arrival, problem: str) -> None:
        breakages.note(source, arrival.sdk, arrival.event, problem, received_at)

    arrivals = told_apart(delivery.arrivals, noted)
    if not (delivery.clean and _all_keepable(arrivals)):
        arrivals = _kept(delivery, arrivals, refused, lambda a: _problem(a, source, received_at))
    if policy.concerns(delivery.body):

        def broken(arrival: Arrival) -> str:
            problems = policy.problems(arrival.event, arrival.properties)
            for problem in problems:
                noted(arrival, problem)
            return " ".join(problems) if policy.mode == "enforce" else ""

        arrivals = Arrivals.of(_cleaned(arrival, policy) for arrival in _kept(delivery, arrivals, refused, broken))
    held = [_held(delivery, source, received_at, policy, *each) for each in refused]
    events = EventColumns(
        event_id=event_id_bytes(source, arrivals.client_id),
        event=arrivals.event,
        occurred_at=arrivals.occurred_at,
        received_at=[received_at] * len(arrivals),
        distinct_id=arrivals.distinct_id,
        session_id=arrivals.session_id,
        groups=arrivals.groups,
        source=[source] * len(arrivals),
        client_id=arrivals.client_id,
        properties=arrivals.properties,
    )
    fuller = arrivals.fuller.values()
    merges = [Merge(link.distinct_id, link.alias, link.guarded) for a in fuller for link in a.links]
    traits = [UnitTraits(t.unit_type, t.unit, t.traits, t.at, t.once) for a in fuller for t in a.traits]
    return Admitted(Intake(events, merges, traits, held), arrivals)


def _all_keepable(arrivals: Arrivals) -> bool:
    """Whether every one can be kept, so that none must be looked at; their texts are known to be clean."""
    if not arrivals:
        return True
    return (
        _NO_NAMES.isdisjoint(arrivals.event)
        and min(arrivals.occurred_at) >= EARLIEST
        and max(arrivals.occurred_at) < LATEST
        and not any(RESERVED_UNIT_TYPES & a.groups.keys() or "" in a.groups for a in arrivals.fuller.values())
        and (
            max(map(len, arrivals.properties)) < _SHALLOW_BYTES
            or all(len(each) < _SHALLOW_BYTES or _is_shallow(each) for each in arrivals.properties)
        )
    )


def _is_shallow(properties: bytes) -> bool:
    return properties.count(b"{") + properties.count(b"[") <= MAX_NESTING


def _kept(
    delivery: Delivery,
    arrivals: Arrivals,
    refused: list[tuple[int, str, bytes]],
    problem_with: Callable[[Arrival], str],
) -> Arrivals:
    """Those that there is no problem with; the others go to ``refused``."""
    texts: list[bytes] = []
    kept = Arrivals()
    for arrival in arrivals:
        problem = problem_with(arrival)
        if not problem:
            kept.add(arrival)
            continue
        texts = texts or message_texts(delivery.body)
        raw = texts[arrival.position - 1] if arrival.position <= len(texts) else arrival.properties
        refused.append((arrival.position, problem, raw))
    return kept


def _cleaned(arrival: Arrival, policy: SourcePolicy) -> Arrival:
    """Without what must not be kept."""
    properties = policy.cleaned(arrival.properties)
    if properties is arrival.properties and not arrival.traits:
        return arrival
    traits = tuple(
        msgspec.structs.replace(change, traits=policy.cleaned_traits(change.traits)) for change in arrival.traits
    )
    return msgspec.structs.replace(arrival, properties=properties, traits=traits)


def _held(
    delivery: Delivery,
    source: str,
    received_at: datetime,
    policy: SourcePolicy,
    position: int,
    reason: str,
    raw: bytes,
) -> Quarantined:
    """A message for the quarantine; a very long one is cut, and cannot be tried again."""
    text = policy.redacted(raw)
    whole = len(text) <= KEPT_RAW_BYTES and text == raw
    protocol = f"{delivery.protocol}:{delivery.call}" if delivery.call else delivery.protocol
    return Quarantined(
        id=event_id(source, f"{delivery.protocol} {hashlib.sha256(raw).hexdigest()}").hex,
        source=source,
        protocol=protocol if whole else "",
        position=position,
        reason=text_of(reason),
        raw=text_of(text[:KEPT_RAW_BYTES].decode("utf-8", "replace")),
        received_at=received_at,
        sent_at=delivery.sent_at,
    )


def text_of(text: str) -> str:
    """A text with what cannot be kept replaced."""
    return text.encode("utf-8", "replace").decode().replace("\0", "\ufffd")


def _problem(arrival: Arrival, source: str, received_at: datetime) -> str:
    """Why it cannot be kept; empty when it can."""
    try:
        properties = arrival.properties.decode()
    except UnicodeDecodeError:
        return "It has properties that are not UTF-8."
    for text in _texts(arrival):
        problem = text_problem(text)
        if problem:
            return f"It {problem}"
    problem = problem_of(
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
    return f"It {problem}" if problem else ""


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
