"""Upshot's own API, ``POST /api/events``: one event, a list of events, a batch, or one event on each line.

The chapter on collecting (``docs/collect.md``) is its specification.
"""

from datetime import datetime

import msgspec

from upshot.collect.clock import clock_shift, instant_of, settled
from upshot.collect.delivery import Arrival, Delivery, Envelope, Link, Malformed, Refusal, TraitChange
from upshot.collect.protocols.body import decompressed
from upshot.collect.protocols.json_text import (
    DECODE_ERRORS,
    EMPTY,
    RAW_OBJECT,
    Id,
    Time,
    id_text,
    is_absent,
    joined,
    refusable,
    trait_values,
)
from upshot.collect.protocols.segment import basic_user

__all__ = ["LINES", "NAME", "decode"]

NAME = "native"
LINES = frozenset({"application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines"})
"""Media types of one event on each line."""
_ABSENT = msgspec.Raw()
_ALIAS = "$create_alias"


class _Event(msgspec.Struct, forbid_unknown_fields=True):
    event: str
    distinct_id: Id = None
    id: Id = None
    timestamp: Time = None
    session_id: Id = None
    groups: dict[str, Id] | None = None
    properties: msgspec.Raw = _ABSENT
    anonymous_id: Id = None
    set: msgspec.Raw = _ABSENT
    set_once: msgspec.Raw = _ABSENT
    group_set: dict[str, msgspec.Raw] | None = None
    sdk: str | None = None


class _LooseEvent(_Event, forbid_unknown_fields=False):
    """The same, with fields that nobody knows beside them."""


class _Batch(msgspec.Struct):
    events: list[msgspec.Raw]
    write_key: str | None = None
    sent_at: Time = None
    sdk: str | None = None


_BATCH = msgspec.json.Decoder(_Batch)
_LIST = msgspec.json.Decoder(list[msgspec.Raw])
_EVENT = msgspec.json.Decoder(_Event)
_LOOSE = msgspec.json.Decoder(_LooseEvent)
_KNOWN = frozenset(field.encode_name for field in msgspec.structs.fields(_Event))


def decode(envelope: Envelope, limit: int) -> Delivery:
    """The events of a request.

    Raises:
        TooLarge: It unpacks to more than ``limit`` bytes.
        Malformed: It is no event and no list of events.
    """
    body = decompressed(envelope, limit)
    scheme, _, token = envelope.authorization.partition(" ")
    bearer = token.strip() if scheme.lower() == "bearer" else ""
    key = bearer or basic_user(envelope.authorization) or envelope.query.get("write_key", "")
    delivery = Delivery(NAME, key)
    sent_at, sdk = instant_of(envelope.client_time), ""
    try:
        if envelope.content_type in LINES:
            messages = [line for line in body.split(b"\n") if line.strip()]
        elif body.lstrip()[:1] == b"[":
            messages = [bytes(raw) for raw in _LIST.decode(body)]
        elif b'"events"' in body and "events" in RAW_OBJECT.decode(body):
            batch = _BATCH.decode(body)
            delivery.write_key = key or batch.write_key or ""
            sent_at, sdk = instant_of(batch.sent_at) or sent_at, batch.sdk or ""
            messages = [bytes(raw) for raw in batch.events]
        else:
            RAW_OBJECT.decode(body)
            messages = [body]
    except DECODE_ERRORS as error:
        raise Malformed(
            f"The body is neither an event nor a list of events: {error}.",
            hint='Send {"event": ..., "distinct_id": ...}, or a list of such, or one on each line as x-ndjson.',
        ) from None
    whole = _Whole(envelope.received_at, sent_at, sdk)
    for position, raw in enumerate(messages, start=1):
        _take(delivery, raw, position, whole)
    return delivery


class _Whole(msgspec.Struct, frozen=True):
    """What holds for every event of a request."""

    received_at: datetime
    sent_at: datetime | None = None
    sdk: str = ""


def _take(delivery: Delivery, raw: bytes, position: int, whole: _Whole) -> None:
    try:
        arrival = _arrival(raw, whole)
    except DECODE_ERRORS as error:
        arrival = refusable(error)
    if isinstance(arrival, str):
        delivery.refusals.append(Refusal(position, arrival, raw))
    else:
        delivery.arrivals.append(arrival)


def _arrival(raw: bytes, whole: _Whole) -> Arrival | str:
    """What the event says, or why it says nothing."""
    extras: list[tuple[str, bytes]] = []
    try:
        event = _EVENT.decode(raw)
    except msgspec.ValidationError:
        event = _LOOSE.decode(raw)
        extras = [(name, bytes(value)) for name, value in RAW_OBJECT.decode(raw).items() if name not in _KNOWN]
    said = instant_of(event.timestamp)
    if said is None and event.timestamp is not None:
        return f"Its timestamp is {event.timestamp!r}; write it as 2024-05-01T12:00:00Z."
    at = settled(said, clock_shift(whole.sent_at if said else None, whole.received_at), whole.received_at)
    person, anonymous = id_text(event.distinct_id), id_text(event.anonymous_id)
    groups = {kind: text for kind, key in (event.groups or {}).items() if (text := id_text(key))}
    problem = _incomplete(event, person or anonymous, groups)
    if problem:
        return problem
    linked = person and anonymous and person != anonymous
    return Arrival(
        event=event.event,
        occurred_at=at,
        distinct_id=person or anonymous,
        client_id=id_text(event.id),
        session_id=id_text(event.session_id),
        groups=groups,
        properties=_kept(event, extras),
        sdk=event.sdk or whole.sdk,
        raw=raw,
        links=(Link(person, anonymous, guarded=event.event != _ALIAS),) if linked else (),
        traits=_traits(event, person or anonymous, groups, at),
    )


def _incomplete(event: _Event, unit: str, groups: dict[str, str]) -> str:
    if not unit and not (is_absent(event.set) and is_absent(event.set_once)):
        return "It sets traits of nobody: it has no distinct_id."
    unknown = (event.group_set or {}).keys() - groups.keys()
    if unknown:
        return f"It sets traits of a group that it does not name in groups: {min(unknown)!r}."
    return ""


def _traits(event: _Event, unit: str, groups: dict[str, str], at: datetime) -> tuple[TraitChange, ...]:
    said = ((event.set_once, True), (event.set, False))
    changes = [TraitChange("person", unit, trait_values(raw), at, once) for raw, once in said if not is_absent(raw)]
    changes += [TraitChange(k, groups[k], trait_values(raw), at) for k, raw in (event.group_set or {}).items()]
    return tuple(changes)


def _kept(event: _Event, extras: list[tuple[str, bytes]]) -> bytes:
    given = EMPTY if is_absent(event.properties) else bytes(event.properties)
    if given.lstrip()[:1] != b"{":
        raise msgspec.ValidationError("`properties` is not an object")
    more = [(name, bytes(raw)) for name, raw in (("$set", event.set), ("$set_once", event.set_once)) if raw]
    return joined(given, [*more, *extras]) if more or extras else given
