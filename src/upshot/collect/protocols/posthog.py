"""PostHog's capture API: its endpoints of old and the versioned one, all with one shape of event.

Specification: PostHog's API reference (capture, batch, historical migrations), its ingestion's rules for timestamps,
identify, alias and groups, and for ``/i/v1/analytics/events`` the wire format that its clients write.

Every event is kept under its own name, ``$identify`` and the like too; what they say of persons and groups is applied
besides.
"""

from datetime import datetime, timedelta

import msgspec

from upshot.collect.clock import clock_shift, instant_of, settled
from upshot.collect.delivery import Arrival, Delivery, Envelope, Link, Malformed, Refusal, TraitChange
from upshot.collect.protocols.body import decompressed, posted_text
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

__all__ = ["NAME", "decode", "decode_versioned"]

NAME = "posthog"
_ABSENT = msgspec.Raw()
_NO_LINKS = frozenset(
    {
        *("", "anonymous", "guest", "distinctid", "distinct_id", "id", "email", "not_authenticated"),
        *("none", "null", "undefined", "nil", "0", "true", "false", "nan", "[object object]"),
    }
)
"""Ids that clients send by mistake for everybody: PostHog refuses to join persons by them."""


class _Options(msgspec.Struct):
    disable_skew_correction: bool | None = None


class _Event(msgspec.Struct, forbid_unknown_fields=True):
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
    type: msgspec.Raw = _ABSENT
    library: str | None = None
    library_version: str | None = None


class _LooseEvent(_Event, forbid_unknown_fields=False):
    """The same, with fields that nobody knows beside them."""


class _Properties(msgspec.Struct):
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
    lib: str | None = msgspec.field(default=None, name="$lib")
    lib_version: Id = msgspec.field(default=None, name="$lib_version")
    ignore_sent_at: msgspec.Raw = msgspec.field(default=_ABSENT, name="$ignore_sent_at")


class _Batch(msgspec.Struct):
    batch: list[msgspec.Raw]
    api_key: str | None = None
    token: str | None = None
    sent_at: Time = None


_BATCH = msgspec.json.Decoder(_Batch)
_LIST = msgspec.json.Decoder(list[msgspec.Raw])
_EVENT = msgspec.json.Decoder(_Event)
_LOOSE = msgspec.json.Decoder(_LooseEvent)
_PROPERTIES = msgspec.json.Decoder(_Properties)
_GROUPS = msgspec.json.Decoder(dict[str, Id])
_KNOWN = frozenset(field.encode_name for field in msgspec.structs.fields(_Event))


def decode(envelope: Envelope, limit: int) -> Delivery:
    """The events of a request to ``/capture/``, ``/e/``, ``/i/v0/e/``, ``/batch/``, ``/track/`` or ``/engage/``.

    Raises:
        TooLarge: It unpacks to more than ``limit`` bytes.
        Malformed: It is no event, no list of events and no batch.
    """
    body, fields = posted_text(envelope, limit)
    sent_at = instant_of(_number(fields.get("sent_at") or fields.get("_") or ""))
    delivery = Delivery(NAME, fields.get("api_key") or fields.get("token") or "")
    try:
        if body.lstrip()[:1] == b"[":
            messages = _LIST.decode(body)
        elif b'"batch"' in body and "batch" in RAW_OBJECT.decode(body):
            batch = _BATCH.decode(body)
            delivery.write_key = delivery.write_key or batch.api_key or batch.token or ""
            sent_at = instant_of(batch.sent_at) or sent_at
            messages = batch.batch
        else:
            RAW_OBJECT.decode(body)
            messages = [msgspec.Raw(body)]
    except DECODE_ERRORS as error:
        raise Malformed(
            f"The body is neither an event nor a batch of events: {error}.", hint='Send {"api_key", "batch": [...]}.'
        ) from None
    whole = _Whole(envelope.received_at, sent_at)
    for position, raw in enumerate(messages, start=1):
        _take(delivery, bytes(raw), position, whole)
    return delivery


def decode_versioned(envelope: Envelope, limit: int) -> Delivery:
    """The events of a request to ``/i/v1/analytics/events``: key, clock and library stand in its headers.

    Raises:
        TooLarge: It unpacks to more than ``limit`` bytes.
        Malformed: It is no batch.
    """
    body = decompressed(envelope, limit)
    scheme, _, token = envelope.authorization.partition(" ")
    delivery = Delivery(NAME, token.strip() if scheme.lower() == "bearer" else "")
    try:
        messages = _BATCH.decode(body).batch
    except DECODE_ERRORS as error:
        raise Malformed(f"The body is not a batch of events: {error}.", hint='Send {"batch": [...]}.') from None
    whole = _Whole(envelope.received_at, instant_of(envelope.client_time), envelope.sdk)
    for position, raw in enumerate(messages, start=1):
        _take(delivery, bytes(raw), position, whole)
    return delivery


class _Whole(msgspec.Struct, frozen=True):
    """What holds for every event of a request."""

    received_at: datetime
    sent_at: datetime | None = None
    sdk: str = ""


def _take(delivery: Delivery, raw: bytes, position: int, whole: _Whole) -> None:
    try:
        arrival = _arrival(delivery, raw, whole)
    except DECODE_ERRORS as error:
        arrival = refusable(error)
    if isinstance(arrival, str):
        delivery.refusals.append(Refusal(position, arrival, raw))
    else:
        delivery.arrivals.append(arrival)


def _arrival(delivery: Delivery, raw: bytes, whole: _Whole) -> Arrival | str:
    """What the event says, or why it says nothing."""
    extras: list[tuple[str, bytes]] = []
    try:
        event = _EVENT.decode(raw)
    except msgspec.ValidationError:
        event = _LOOSE.decode(raw)
        extras = [(name, bytes(value)) for name, value in RAW_OBJECT.decode(raw).items() if name not in _KNOWN]
    given = EMPTY if is_absent(event.properties) else bytes(event.properties)
    properties = _PROPERTIES.decode(given)
    delivery.write_key = delivery.write_key or event.api_key or event.token or properties.token or ""
    if not event.event:
        return "It has no event."
    distinct_id = _distinct_id(event, properties)
    if not distinct_id:
        return "It has no distinct_id."
    at = _instant(event, properties, whole)
    return Arrival(
        event=event.event,
        occurred_at=at,
        distinct_id=distinct_id,
        client_id=event.uuid or "",
        session_id=event.session_id or id_text(properties.session_id),
        groups=_groups(properties),
        properties=_kept(event, given, extras),
        sdk=whole.sdk or _sdk(event, properties),
        raw=raw,
        links=_links(event, properties, distinct_id),
        traits=_traits(event, properties, distinct_id, at),
    )


def _distinct_id(event: _Event, properties: _Properties) -> str:
    given = event.distinct_id
    if isinstance(given, list):
        given = given[0] if given else None
    return id_text(properties.distinct_id if given is None else given)


def _instant(event: _Event, properties: _Properties, whole: _Whole) -> datetime:
    said = instant_of(event.timestamp)
    if said is None:
        return settled(_earlier(whole.received_at, event.offset or 0), timedelta(0), whole.received_at)
    trusted = bytes(properties.ignore_sent_at) in (b"true", b'"true"', b"1", b'"1"') or (
        event.options is not None and event.options.disable_skew_correction is True
    )
    sent_at = None if trusted else instant_of(event.sent_at) or whole.sent_at
    return settled(said, clock_shift(sent_at, whole.received_at), whole.received_at)


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
    if alias == distinct_id or alias.lower() in _NO_LINKS or distinct_id.lower() in _NO_LINKS:
        return ()
    return (Link(distinct_id, alias, guarded=event.event != "$merge_dangerously"),)


def _kept(event: _Event, given: bytes, extras: list[tuple[str, bytes]]) -> bytes:
    """The properties, with what else the event carried."""
    more: list[tuple[str, bytes]] = []
    if event.set:
        more.append(("$set", bytes(event.set)))
    if event.set_once:
        more.append(("$set_once", bytes(event.set_once)))
    if event.window_id:
        more.append(("$window_id", msgspec.json.encode(event.window_id)))
    return joined(given, [*more, *extras]) if more or extras else given


def _sdk(event: _Event, properties: _Properties) -> str:
    name = properties.lib or event.library or ""
    version = id_text(properties.lib_version) or event.library_version or ""
    return f"{name}/{version}".rstrip("/") if name else ""


def _number(text: str) -> Time:
    try:
        return float(text)
    except ValueError:
        return text or None
