"""PostHog's capture API: its endpoints of old and the versioned one, all with one shape of event.

Specification: PostHog's API reference (capture, batch, historical migrations), its ingestion's rules for timestamps,
identify, alias and groups, and for ``/i/v1/analytics/events`` the wire format that its clients write.

Every event is kept under its own name, ``$identify`` and the like too; what they say of persons and groups is applied
besides.
"""

from datetime import datetime, timedelta

import msgspec

from upshot.collect.clock import clock_shift, event_time, instant_of, unreadable
from upshot.collect.delivery import Arrivals, Delivery, Envelope, Link, Malformed, TraitChange
from upshot.collect.protocols.authorization import bearer_token
from upshot.collect.protocols.body import decompressed, posted_text
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
from upshot.engines.values import RESERVED_UNIT_TYPES

__all__ = ["NAME", "PROTOCOL", "decode", "decode_versioned"]

NAME = "posthog"
_ABSENT = msgspec.Raw()
_NONE = timedelta(0)


class _Options(msgspec.Struct, gc=False):
    disable_skew_correction: bool | None = None


class _Event(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    event: str | None = None
    distinct_id: Id | list[Id] = None
    uuid: str | None = None
    timestamp: Time = None
    offset: int | float | None = None
    sent_at: Time = None
    api_key: str | None = None
    token: str | None = None
    session_id: str | None = None
    window_id: str | None = None
    properties: msgspec.Raw = _ABSENT
    options: _Options | None = None
    set: msgspec.Raw = msgspec.field(default=_ABSENT, name="$set")
    set_once: msgspec.Raw = msgspec.field(default=_ABSENT, name="$set_once")
    unset: list[str] | dict[str, msgspec.Raw] | None = msgspec.field(default=None, name="$unset")
    type: msgspec.Raw = _ABSENT
    library: str | None = None
    library_version: str | None = None


class _LooseEvent(_Event, forbid_unknown_fields=False):
    """The same, with fields that nobody knows beside them."""


class _Properties(msgspec.Struct, gc=False):
    distinct_id: Id = None
    token: str | None = None
    alias: Id = None
    anonymous_id: Id = msgspec.field(default=None, name="$anon_distinct_id")
    session_id: Id = msgspec.field(default=None, name="$session_id")
    groups: msgspec.Raw = msgspec.field(default=_ABSENT, name="$groups")
    group_type: Id = msgspec.field(default=None, name="$group_type")
    group_key: Id = msgspec.field(default=None, name="$group_key")
    group_set: msgspec.Raw = msgspec.field(default=_ABSENT, name="$group_set")
    set: msgspec.Raw = msgspec.field(default=_ABSENT, name="$set")
    set_once: msgspec.Raw = msgspec.field(default=_ABSENT, name="$set_once")
    unset: list[str] | dict[str, msgspec.Raw] | None = msgspec.field(default=None, name="$unset")
    lib: str | None = msgspec.field(default=None, name="$lib")
    lib_version: Id = msgspec.field(default=None, name="$lib_version")
    ignore_sent_at: msgspec.Raw = msgspec.field(default=_ABSENT, name="$ignore_sent_at")


class _Batch(msgspec.Struct):
    batch: list[_Event]
    api_key: str | None = None
    token: str | None = None
    sent_at: Time = None


class _Whole(msgspec.Struct, frozen=True):
    """What holds for every event of a request."""

    received_at: datetime
    shift: timedelta
    sdk: str = ""


_MESSAGES: MessageDecoder[_Event] = MessageDecoder(_Event, _LooseEvent)
_BATCH = msgspec.json.Decoder(_Batch)
_LIST = msgspec.json.Decoder(list[_Event])
_PROPERTIES = msgspec.json.Decoder(_Properties)
_GROUPS = msgspec.json.Decoder(dict[str, Id])


def decode(envelope: Envelope, limit: int) -> Delivery:
    """The events of a request to ``/capture/``, ``/e/``, ``/i/v0/e/``, ``/batch/``, ``/track/`` or ``/engage/``.

    Raises:
        TooLarge: It unpacks to more than ``limit`` bytes.
        Malformed: It is no event, no list of events and no batch.
    """
    text, fields = posted_text(envelope, limit)
    body, clean = clean_text(text)
    batch, pieces = _opened(body)
    key = fields.get("api_key") or fields.get("token") or batch.api_key or batch.token or ""
    sent_at = instant_of(batch.sent_at) or instant_of(_number(fields.get("sent_at") or fields.get("_") or ""))
    delivery = Delivery(NAME, body, key, clean, sent_at=sent_at)
    _take(delivery, batch, pieces, _Whole(envelope.received_at, clock_shift(sent_at, envelope.received_at)))
    return delivery


def decode_versioned(envelope: Envelope, limit: int) -> Delivery:
    """The events of a request to ``/i/v1/analytics/events``: key, clock and library stand in its headers.

    Raises:
        TooLarge: It unpacks to more than ``limit`` bytes.
        Malformed: It is no batch.
    """
    body, clean = clean_text(decompressed(envelope, limit))
    sent_at = instant_of(envelope.client_time or None)
    delivery = Delivery(NAME, body, bearer_token(envelope.authorization), clean, sent_at=sent_at)
    batch, pieces = _opened(body)
    shift = clock_shift(sent_at, envelope.received_at)
    _take(delivery, batch, pieces, _Whole(envelope.received_at, shift, envelope.sdk))
    return delivery


def _opened(body: bytes) -> tuple[_Batch, list[bytes]]:
    """The batch with its events, or without them and their texts."""
    start = body.lstrip()[:1]
    try:
        if start == b"[":
            return _Batch(_LIST.decode(body)), []
        if b'"batch"' in body:
            return _BATCH.decode(body), []
        event = _MESSAGES.strict(body)
        if event.event:
            return _Batch([event]), [body]
    except DECODE_ERRORS:
        pass  # one event that speaks of a batch, or one that is not as it should be: below they are read one by one
    if start == b"[" and (pieces := elements(body)) is not None:
        return _Batch([]), pieces
    fields = members(body)
    if not fields:
        raise Malformed(
            "The body is neither an event nor a batch of events.", hint='Send {"api_key": ..., "batch": [...]}.'
        )
    if fields.get("batch", b"")[:1] == b"[" and (pieces := elements(fields["batch"])) is not None:
        key, token, sent_at = (scalar(fields.get(name)) for name in ("api_key", "token", "sent_at"))
        return _Batch([], id_text(key), id_text(token), sent_at), pieces
    return _Batch([]), [body]


def _take(delivery: Delivery, batch: _Batch, pieces: list[bytes], whole: _Whole) -> None:
    body = delivery.body

    def texts() -> list[bytes]:
        return pieces or elements(body if body.lstrip()[:1] == b"[" else members(body)["batch"]) or []

    def read(event: _Event, extras: Extras, position: int, found: Arrivals) -> str:
        given = bytes(event.properties)
        if given[:1] != b"{" and is_absent(event.properties):
            given = EMPTY
        properties = _PROPERTIES.decode(given)
        if not delivery.write_key:
            delivery.write_key = event.api_key or event.token or properties.token or ""
        if not event.event:
            return "It has no event."
        distinct_id = _distinct_id(event, properties)
        if not distinct_id:
            return "It has no distinct_id."
        if event.event == "$groupidentify" and id_text(properties.group_type) in RESERVED_UNIT_TYPES:
            return f"It sets a group of the type {properties.group_type!r}, which is not a name for groups."
        said = instant_of(event.timestamp)
        if said is None and event.timestamp is not None:
            return unreadable(event.timestamp)
        at = _instant(said, event, properties, whole)
        found.put(
            event.event,
            at,
            distinct_id,
            event.uuid or "",
            event.session_id or id_text(properties.session_id),
            _groups(properties) if properties.groups else {},
            _kept(event, given, extras),
            whole.sdk or _sdk(event, properties),
            _links(event, properties, distinct_id) if event.event[0] == "$" else (),
            _traits(event, properties, distinct_id, at),
            position,
        )
        return ""

    take(delivery, _MESSAGES, batch.batch, texts, read)


def _distinct_id(event: _Event, properties: _Properties) -> str:
    given = event.distinct_id
    if isinstance(given, list):
        given = given[0] if given else None
    return id_text(properties.distinct_id if given is None else given)


def _instant(said: datetime | None, event: _Event, properties: _Properties, whole: _Whole) -> datetime:
    if said is None:
        return event_time(_earlier(whole.received_at, event.offset or 0), _NONE, whole.received_at)
    if event.options is None and event.sent_at is None and not properties.ignore_sent_at:
        return event_time(said, whole.shift, whole.received_at)
    trusted = bytes(properties.ignore_sent_at) in (b"true", b'"true"', b"1", b'"1"') or (
        event.options is not None and event.options.disable_skew_correction is True
    )
    sent_at = instant_of(event.sent_at)
    shift = _NONE if trusted else whole.shift if sent_at is None else clock_shift(sent_at, whole.received_at)
    return event_time(said, shift, whole.received_at)


def _earlier(instant: datetime, milliseconds: float) -> datetime | None:
    try:
        return instant - timedelta(milliseconds=milliseconds)
    except (OverflowError, ValueError):
        return None


def _groups(properties: _Properties) -> dict[str, str]:
    if is_absent(properties.groups):
        return {}
    return {kind: text for kind, key in _GROUPS.decode(properties.groups).items() if (text := id_text(key))}


def _traits(event: _Event, properties: _Properties, distinct_id: str, at: datetime) -> tuple[TraitChange, ...]:
    """What is known of the person, or of a group; the field of the event counts over that of its properties."""
    unset = tuple(name for names in (properties.unset, event.unset) for name in names or () if name)
    if not (properties.set or event.set or properties.set_once or event.set_once or properties.group_set or unset):
        return ()
    said = (
        (properties.set_once, True),
        (event.set_once, True),
        (properties.set, False),
        (event.set, False),
    )
    changes = [
        TraitChange("person", distinct_id, trait_values(bytes(raw)), at, once)
        for raw, once in said
        if not is_absent(raw)
    ]
    if unset:
        changes.append(TraitChange("person", distinct_id, dict.fromkeys(unset), at))
    if event.event == "$groupidentify" and not is_absent(properties.group_set):
        kind, key = id_text(properties.group_type), id_text(properties.group_key)
        if kind and key:
            changes.append(TraitChange(kind, key, trait_values(bytes(properties.group_set)), at))
    return tuple(changes)


def _links(event: _Event, properties: _Properties, distinct_id: str) -> tuple[Link, ...]:
    """Who is who."""
    match event.event:
        case "$identify":
            alias = id_text(properties.anonymous_id)
        case "$create_alias" | "$merge_dangerously":
            alias = id_text(properties.alias)
        case _:
            return ()
    if not alias or alias == distinct_id:
        return ()
    return (Link(distinct_id, alias, guarded=event.event != "$merge_dangerously"),)


def _kept(event: _Event, given: bytes, extras: Extras) -> bytes:
    """The properties, with what else the event carried."""
    if not (extras or event.set or event.set_once or event.unset or event.window_id):
        return given
    more: list[tuple[str, bytes]] = []
    if event.set:
        more.append(("$set", bytes(event.set)))
    if event.set_once:
        more.append(("$set_once", bytes(event.set_once)))
    if event.unset:
        more.append(("$unset", msgspec.json.encode(list(event.unset))))
    if event.window_id:
        more.append(("$window_id", msgspec.json.encode(event.window_id)))
    return joined(given, [*more, *extras])


def _sdk(event: _Event, properties: _Properties) -> str:
    name = properties.lib or event.library or ""
    version = id_text(properties.lib_version) or event.library_version or ""
    return f"{name}/{version}".rstrip("/") if name else ""


def _number(text: str) -> Time:
    try:
        return float(text) if text else None
    except ValueError:
        return text


def _acknowledged(delivery: Delivery, taken: Taken) -> bytes:
    del delivery, taken
    return b'{"status":"Ok"}'


def _each_acknowledged(delivery: Delivery, taken: Taken) -> bytes:
    del taken
    results: dict[str, dict[str, str]] = {uuid or "": {"result": "ok"} for uuid in delivery.arrivals.client_id}
    for refusal in delivery.refusals:
        found = _uuid_of(refusal.raw)
        if found:
            results[found] = {"result": "drop", "details": refusal.reason}
    return msgspec.json.encode({"results": results})


class _Named(msgspec.Struct):
    uuid: str = ""


def _uuid_of(raw: bytes) -> str:
    try:
        return msgspec.json.decode(raw, type=_Named).uuid
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""


_EVENT_SCHEMA: Schema = {
    "type": "object",
    "required": ["event", "distinct_id"],
    "properties": {
        "event": {"type": "string"},
        "distinct_id": ID_SCHEMA,
        "uuid": {"type": "string"},
        "timestamp": TIME_SCHEMA,
        "api_key": {"type": "string"},
        "properties": OBJECT_SCHEMA,
        "$set": OBJECT_SCHEMA,
        "$set_once": OBJECT_SCHEMA,
    },
}
_BATCH_SCHEMA: Schema = {
    "type": "object",
    "required": ["batch"],
    "properties": {
        "batch": {"type": "array", "items": _EVENT_SCHEMA},
        "api_key": {"type": "string"},
        "sent_at": TIME_SCHEMA,
        "historical_migration": {"type": "boolean"},
    },
}
_STATUS_SCHEMA: Schema = {"type": "object", "required": ["status"], "properties": {"status": {"const": "Ok"}}}
_RESULTS_SCHEMA: Schema = {"type": "object", "required": ["results"], "properties": {"results": OBJECT_SCHEMA}}


def _endpoint(path: str) -> Endpoint:
    operation = NAME + path.replace("/", ".").rstrip(".")
    either = {"oneOf": [_EVENT_SCHEMA, _BATCH_SCHEMA]}
    described = Described(operation, "PostHog's capture API.", either, _STATUS_SCHEMA)
    return Endpoint(path, decode, _acknowledged, described, may_get=True)


PROTOCOL = Protocol(
    NAME,
    endpoints=(
        *map(_endpoint, ("/batch/", "/capture/", "/e/", "/engage/", "/i/v0/e/", "/track/")),
        Endpoint("/i/v0/ai/batch/", decode, _acknowledged, may_get=True),
        Endpoint(
            "/i/v1/analytics/events",
            decode_versioned,
            _each_acknowledged,
            Described("posthog.v1", "PostHog's versioned capture API.", _BATCH_SCHEMA, _RESULTS_SCHEMA),
        ),
    ),
    batch=Batch("batch", "sent_at", decode),
    clock_header=b"posthog-request-timestamp",
    sdk_header=b"posthog-sdk-info",
)
