"""Upshot's own API, ``POST /api/events``: one event, a list of events, a batch, or one event on each line.

The chapter on collecting (``docs/collect.md``) is its specification.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial

import msgspec

from upshot.collect.clock import clock_shift, event_time, instant_of, unreadable
from upshot.collect.delivery import Arrivals, Delivery, Envelope, Link, Malformed, TraitChange
from upshot.collect.protocols.authorization import basic_user, bearer_token
from upshot.collect.protocols.body import decompressed
from upshot.collect.protocols.elements import elements, members
from upshot.collect.protocols.json_text import (
    DECODE_ERRORS,
    EMPTY,
    Extras,
    Id,
    MessageDecoder,
    Time,
    clean_text,
    id_text,
    is_absent,
    joined,
    scalar,
    take,
    trait_values,
)
from upshot.collect.protocols.protocol import (
    ID_SCHEMA,
    OBJECT_SCHEMA,
    TIME_SCHEMA,
    Batch,
    Described,
    Endpoint,
    Protocol,
    Schema,
)
from upshot.engines.intake import Taken

__all__ = ["LINES", "NAME", "PROTOCOL", "decode"]

NAME = "native"
LINES = frozenset({"application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines"})
"""Media types of one event on each line."""
_ABSENT = msgspec.Raw()
_ALIAS = "$create_alias"


class _Event(msgspec.Struct, forbid_unknown_fields=True, gc=False):
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


class _Batch(msgspec.Struct, forbid_unknown_fields=True):
    events: list[_Event]
    write_key: str | None = None
    sent_at: Time = None
    sdk: str | None = None


class _Whole(msgspec.Struct, frozen=True):
    """What holds for every event of a request."""

    received_at: datetime
    shift: timedelta
    sdk: str


class _More(msgspec.Struct, frozen=True):
    """What an event says beside its columns."""

    groups: dict[str, str]
    links: tuple[Link, ...] = ()
    traits: tuple[TraitChange, ...] = ()


_NOTHING_MORE = _More({})
_MESSAGES: MessageDecoder[_Event] = MessageDecoder(_Event, _LooseEvent)
_LIST = msgspec.json.Decoder(list[_Event])
_BATCH = msgspec.json.Decoder(_Batch)
_Pieces = Callable[[], Sequence[bytes]]


def decode(envelope: Envelope, limit: int) -> Delivery:
    """The events of a request.

    Raises:
        TooLarge: It unpacks to more than ``limit`` bytes.
        Malformed: It is no event and no list of events.
    """
    body, clean = clean_text(decompressed(envelope, limit))
    named = bearer_token(envelope.authorization) or basic_user(envelope.authorization)
    key = named or envelope.query.get("write_key", "")
    batch, pieces = _opened(body, envelope.content_type)
    delivery = Delivery(NAME, body, key or batch.write_key or "", clean)
    sent_at = delivery.sent_at = instant_of(batch.sent_at) or instant_of(envelope.client_time or None)
    whole = _Whole(envelope.received_at, clock_shift(sent_at, envelope.received_at), batch.sdk or "")
    take(delivery, _MESSAGES, batch.events, pieces, partial(_read, whole))
    return delivery


def _opened(body: bytes, content_type: str) -> tuple[_Batch, _Pieces]:
    """The batch with its events, or without them and a way to their texts."""
    if content_type in LINES:
        return _Batch([]), lambda: [line for line in body.split(b"\n") if line.strip()]
    start = body.lstrip()[:1]
    try:
        if start == b"[":
            return _Batch(_LIST.decode(body)), lambda: elements(body) or []
        if start == b"{" and b'"events"' in body:
            return _BATCH.decode(body), lambda: elements(members(body)["events"]) or []
        if start == b"{":
            return _Batch([_MESSAGES.strict(body)]), lambda: [body]
    except DECODE_ERRORS:
        pass  # an event of it is not as it should be: below they are read one by one, and it alone is refused
    if start == b"[" and (pieces := elements(body)) is not None:
        return _Batch([]), lambda: pieces
    fields = members(body)
    inner = elements(fields["events"]) if fields.get("events", b"")[:1] == b"[" else None
    if inner is not None:
        key, sent_at, sdk = (scalar(fields.get(name)) for name in ("write_key", "sent_at", "sdk"))
        return _Batch([], id_text(key), sent_at, id_text(sdk)), lambda: inner
    if not fields:
        raise Malformed(
            "The body is neither an event nor a list of events.",
            hint='Send {"event": ..., "distinct_id": ...}, or a list of such, or one on each line as x-ndjson.',
        )
    return _Batch([]), lambda: [body]


def _read(whole: _Whole, event: _Event, extras: Extras, position: int, found: Arrivals) -> str:
    """Put what the event says; why it says nothing, where it does not."""
    said = instant_of(event.timestamp)
    if said is None and event.timestamp is not None:
        return unreadable(event.timestamp)
    at = event_time(said, whole.shift, whole.received_at)
    more = _NOTHING_MORE
    unit = id_text(event.distinct_id)
    properties = bytes(event.properties)
    if (
        extras
        or properties[:1] != b"{"
        or event.anonymous_id is not None
        or event.groups
        or event.set
        or event.set_once
        or event.group_set
    ):  # most events say none of this, and need not be asked for each
        found_more = _more(event, unit, at)
        if isinstance(found_more, str):
            return found_more
        more = found_more
        unit = unit or id_text(event.anonymous_id)
        properties = _kept(event, extras)
    found.put(
        event.event,
        at,
        unit,
        id_text(event.id),
        id_text(event.session_id),
        more.groups,
        properties,
        event.sdk or whole.sdk,
        more.links,
        more.traits,
        position,
    )
    return ""


def _more(event: _Event, person: str, at: datetime) -> _More | str:
    """What the event says of groups, of who is who, and of traits; or why that cannot be."""
    anonymous = id_text(event.anonymous_id)
    linked = person and anonymous and person != anonymous
    links = (Link(person, anonymous, guarded=event.event != _ALIAS),) if linked else ()
    groups = {kind: text for kind, key in event.groups.items() if (text := id_text(key))} if event.groups else {}
    if not (event.set or event.set_once or event.group_set):
        return _More(groups, links)
    unit = person or anonymous
    return _incomplete(event, unit, groups) or _More(groups, links, _traits(event, unit, groups, at))


def _incomplete(event: _Event, unit: str, groups: dict[str, str]) -> str:
    if not unit and not (is_absent(event.set) and is_absent(event.set_once)):
        return "It sets traits of nobody: it has no distinct_id."
    unknown = (event.group_set or {}).keys() - groups.keys()
    if unknown:
        return f"It sets traits of a group that it does not name in groups: {min(unknown)!r}."
    return ""


def _traits(event: _Event, unit: str, groups: dict[str, str], at: datetime) -> tuple[TraitChange, ...]:
    said = ((event.set_once, True), (event.set, False))
    changes = [
        TraitChange("person", unit, trait_values(bytes(raw)), at, once) for raw, once in said if not is_absent(raw)
    ]
    changes += [TraitChange(k, groups[k], trait_values(bytes(raw)), at) for k, raw in (event.group_set or {}).items()]
    return tuple(changes)


def _kept(event: _Event, extras: Extras) -> bytes:
    given = bytes(event.properties)
    if given[:1] != b"{":
        if not is_absent(event.properties):
            raise msgspec.ValidationError("`properties` is not an object")
        given = EMPTY
    if not (event.set or event.set_once or extras):
        return given
    more = [(name, bytes(raw)) for name, raw in (("$set", event.set), ("$set_once", event.set_once)) if raw]
    return joined(given, [*more, *extras])


class _Accepted(msgspec.Struct, omit_defaults=True):
    accepted: int
    quarantined: int
    duplicates: int | None = None


def _acknowledged(delivery: Delivery, taken: Taken) -> bytes:
    del delivery
    return msgspec.json.encode(_Accepted(taken.stored, taken.held, taken.duplicates))


_EVENT_SCHEMA: Schema = {
    "type": "object",
    "required": ["event"],
    "properties": {
        "event": {"type": "string", "minLength": 1},
        "distinct_id": ID_SCHEMA,
        "anonymous_id": ID_SCHEMA,
        "id": ID_SCHEMA,
        "timestamp": TIME_SCHEMA,
        "session_id": ID_SCHEMA,
        "groups": {"type": "object", "additionalProperties": ID_SCHEMA},
        "properties": OBJECT_SCHEMA,
        "set": OBJECT_SCHEMA,
        "set_once": OBJECT_SCHEMA,
        "group_set": {"type": "object", "additionalProperties": OBJECT_SCHEMA},
        "sdk": {"type": "string"},
    },
}
_LIST_SCHEMA: Schema = {"type": "array", "items": _EVENT_SCHEMA}
_BATCH_SCHEMA: Schema = {
    "type": "object",
    "required": ["events"],
    "properties": {
        "events": _LIST_SCHEMA,
        "write_key": {"type": "string"},
        "sent_at": TIME_SCHEMA,
        "sdk": {"type": "string"},
    },
}
_ACCEPTED_SCHEMA: Schema = {
    "type": "object",
    "required": ["accepted", "quarantined"],
    "properties": {name: {"type": "integer"} for name in ("accepted", "duplicates", "quarantined")},
}

PROTOCOL = Protocol(
    NAME,
    endpoints=(
        Endpoint(
            "/api/events",
            decode,
            _acknowledged,
            Described(
                "events",
                "Upshot's own API.",
                {"oneOf": [_EVENT_SCHEMA, _LIST_SCHEMA, _BATCH_SCHEMA]},
                _ACCEPTED_SCHEMA,
            ),
        ),
    ),
    batch=Batch("events", "sent_at", decode),
    clock_header=b"x-sent-at",
)
