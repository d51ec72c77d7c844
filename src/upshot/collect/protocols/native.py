"""Upshot's own API, ``POST /api/events``: one event, a list of events, a batch, or one event on each line.

The chapter on collecting (``docs/collect.md``) is its specification.
"""

from datetime import datetime

import msgspec

from upshot.collect.clock import clock_shift, instant_of, settled
from upshot.collect.delivery import Arrival, Delivery, Envelope, Link, Malformed, Refusal, TraitChange
from upshot.collect.protocols.body import decompressed
from upshot.collect.protocols.json_text import EMPTY, RAW_OBJECT, is_absent, joined, refusable, trait_values
from upshot.collect.protocols.segment import basic_user

__all__ = ["LINES", "NAME", "decode"]

NAME = "native"
LINES = frozenset({"application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines"})
"""Media types of one event on each line."""
_ABSENT = msgspec.Raw()
_Time = str | int | float | None
_Id = str | int | float | None
_ALIAS = "$create_alias"


class _Event(msgspec.Struct, forbid_unknown_fields=True):
    event: str
    distinct_id: _Id = None
    id: _Id = None
    timestamp: _Time = None
    session_id: _Id = None
    groups: dict[str, _Id] | None = None
    properties: msgspec.Raw = _ABSENT
    anonymous_id: _Id = None
    set: msgspec.Raw = _ABSENT
    set_once: msgspec.Raw = _ABSENT
    group_set: dict[str, msgspec.Raw] | None = None
    sdk: str | None = None


class _LooseEvent(_Event, forbid_unknown_fields=False):
    """The same, with fields that nobody knows beside them."""


class _Batch(msgspec.Struct):
    events: list[msgspec.Raw]
    write_key: str | None = None
    sent_at: _Time = None
    sdk: str | None = None


_BATCH = msgspec.json.Decoder(_Batch)
_LIST = msgspec.json.Decoder(list[msgspec.Raw])
_EVENT = msgspec.json.Decoder(_Event)
_LOOSE = msgspec.json.Decoder(_LooseEvent)
_KNOWN = frozenset(field.encode_name for field in msgspec.structs.fields(_Event))
_DecodeErrors = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


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
    except _DecodeErrors as error:
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
        problem = _add(delivery, raw, whole)
    except _DecodeErrors as error:
        problem = refusable(error)
    if problem:
        delivery.refusals.append(Refusal(position, problem, raw))


def _add(delivery: Delivery, raw: bytes, whole: _Whole) -> str:
    """Add what the event says; returns why it says nothing."""
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
    person, anonymous = _text(event.distinct_id), _text(event.anonymous_id)
    groups = {kind: text for kind, key in (event.groups or {}).items() if (text := _text(key))}
    problem = _relate(delivery, event, (person, anonymous), groups, at)
    if problem:
        return problem
    delivery.arrivals.append(
        Arrival(
            event=event.event,
            occurred_at=at,
            distinct_id=person or anonymous,
            client_id=_text(event.id),
            session_id=_text(event.session_id),
            groups=groups,
            properties=_kept(event, extras),
            sdk=event.sdk or whole.sdk,
            raw=raw,
        )
    )
    return ""


def _relate(
    delivery: Delivery, event: _Event, names: tuple[str, str], groups: dict[str, str], at: datetime
) -> str:
    """Who is who, and what is known of them; returns why that cannot be."""
    person, anonymous = names
    unit = person or anonymous
    sets = [(raw, once) for raw, once in ((event.set, False), (event.set_once, True)) if not is_absent(raw)]
    if sets and not unit:
        return "It sets traits of nobody: it has no distinct_id."
    unknown = (event.group_set or {}).keys() - groups.keys()
    if unknown:
        return f"It sets traits of a group that it does not name in groups: {min(unknown)!r}."
    changes = [TraitChange("person", unit, trait_values(raw), at, once) for raw, once in sets]
    changes += [TraitChange(k, groups[k], trait_values(raw), at) for k, raw in (event.group_set or {}).items()]
    delivery.traits += changes
    if person and anonymous and person != anonymous:
        delivery.links.append(Link(person, anonymous, guarded=event.event != _ALIAS))
    return ""


def _kept(event: _Event, extras: list[tuple[str, bytes]]) -> bytes:
    given = EMPTY if is_absent(event.properties) else bytes(event.properties)
    if given.lstrip()[:1] != b"{":
        raise msgspec.ValidationError("`properties` is not an object")
    more = [(name, bytes(raw)) for name, raw in (("$set", event.set), ("$set_once", event.set_once)) if raw]
    return joined(given, [*more, *extras]) if more or extras else given


def _text(value: _Id) -> str:
    """An id as text; whole numbers without their fraction."""
    match value:
        case None:
            return ""
        case str():
            return value.strip()
        case float() if value == int(value):
            return str(int(value))
        case _:
            return str(value)
