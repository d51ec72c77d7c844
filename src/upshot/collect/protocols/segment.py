"""Segment's HTTP tracking API, which RudderStack's clients speak too.

Specification: the HTTP API source (authentication, batch, import), the Spec's common fields, and its calls track,
identify, page, screen, group and alias. The browser's client calls the same by their first letters.

Each message becomes an event, so that nothing of it is lost and its ``messageId`` keeps it from counting twice: a track
under its own name, the others under the names that PostHog's clients use for the same (``$pageview``, ``$screen``,
``$identify``, ``$groupidentify``, ``$create_alias``). What is no property is kept in ``$context`` and ``$segment``.
"""

from datetime import datetime, timedelta

import msgspec

from upshot.collect.clock import clock_shift, event_time, instant_of, unreadable
from upshot.collect.delivery import Arrivals, Delivery, Envelope, Link, Malformed, TraitChange
from upshot.collect.protocols.authorization import basic_user
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
    Decode,
    Described,
    Endpoint,
    Protocol,
    Schema,
)
from upshot.engines.intake import Taken

__all__ = ["CALLS", "NAME", "PROTOCOL", "decode"]

NAME = "segment"
CALLS = {
    "track": "track",
    "identify": "identify",
    "page": "page",
    "screen": "screen",
    "group": "group",
    "alias": "alias",
    "batch": "batch",
    "import": "batch",
    "t": "track",
    "i": "identify",
    "p": "page",
    "s": "screen",
    "g": "group",
    "a": "alias",
    "b": "batch",
}
"""The last part of an address below ``/v1/`` and the call that it means."""
_EVENTS = {
    "identify": "$identify",
    "page": "$pageview",
    "screen": "$screen",
    "group": "$groupidentify",
    "alias": "$create_alias",
}
_WITH_TRAITS = frozenset({"identify", "group"})
_COMPANY = "group"
"""The unit type of a group call, which knows only one kind of group."""
_ABSENT = msgspec.Raw()
_NONE = timedelta(0)


class _Library(msgspec.Struct):
    name: str | None = None
    version: Time = None


class _Page(msgspec.Struct):
    path: str | None = None
    referrer: str | None = None
    search: str | None = None
    title: str | None = None
    url: str | None = None


class _Context(msgspec.Struct):
    library: _Library | None = None
    traits: msgspec.Raw = _ABSENT
    groupId: Id = None  # noqa: N815  # the specification's name
    sessionId: Id = None  # noqa: N815
    page: _Page | None = None


# the field names of the specification; a field that is not here is kept by the slower way below
class _Message(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    type: str = ""
    action: str = ""
    messageId: Id = None  # noqa: N815
    event: str | None = None
    name: str | None = None
    category: str | None = None
    userId: Id = None  # noqa: N815
    anonymousId: Id = None  # noqa: N815
    previousId: Id = None  # noqa: N815
    groupId: Id = None  # noqa: N815
    timestamp: Time = None
    originalTimestamp: Time = None  # noqa: N815
    sentAt: Time = None  # noqa: N815
    receivedAt: Time = None  # noqa: N815
    writeKey: str | None = None  # noqa: N815
    properties: msgspec.Raw = _ABSENT
    traits: msgspec.Raw = _ABSENT
    context: msgspec.Raw = _ABSENT
    integrations: msgspec.Raw = _ABSENT
    channel: msgspec.Raw = _ABSENT
    version: msgspec.Raw = _ABSENT
    metadata: msgspec.Raw = msgspec.field(default=_ABSENT, name="_metadata")


class _LooseMessage(_Message, forbid_unknown_fields=False):
    """The same, with fields that nobody knows beside them."""


class _Batch(msgspec.Struct):
    batch: list[_Message]
    sentAt: Time = None  # noqa: N815
    writeKey: str | None = None  # noqa: N815
    context: msgspec.Raw = _ABSENT
    integrations: msgspec.Raw = _ABSENT


_MESSAGES: MessageDecoder[_Message] = MessageDecoder(_Message, _LooseMessage)
_BATCH = msgspec.json.Decoder(_Batch)
_CONTEXT = msgspec.json.Decoder(_Context)
_KEPT = (("integrations", "integrations"), ("channel", "channel"), ("version", "version"), ("metadata", "_metadata"))
_CONTEXT_KEY = b'"$context"'
_OBJECTS_ONLY = "`{}` is not an object"


class _Seen(msgspec.Struct):
    """A context, decoded: messages of one request mostly share theirs."""

    context: _Context
    session_id: str
    group: str
    sdk: str
    url: bytes
    last: bytes
    """How an object ends that gets the context as its last field."""


class _Whole(msgspec.Struct):
    """What holds for every message of a request."""

    received_at: datetime
    call: str
    shift: timedelta | None = None
    context: bytes = b""
    integrations: bytes = b""
    seen: dict[bytes, _Seen] = {}


def decode(envelope: Envelope, call: str, limit: int) -> Delivery:
    """The messages of a request to ``/v1/{call}``.

    Args:
        envelope: The request.
        call: A value of ``CALLS``.
        limit: How many bytes the body may unpack to.

    Raises:
        TooLarge: It unpacks to more.
        Malformed: The body is no JSON object, or a batch without its list.
    """
    body, clean = clean_text(decompressed(envelope, limit))
    delivery = Delivery(NAME, body, basic_user(envelope.authorization), clean)
    whole = _Whole(envelope.received_at, "" if call == "batch" else call)
    delivery.call = whole.call
    messages: list[_Message] = []
    pieces: list[bytes] = [body]
    if call == "batch":
        batch, pieces = _opened(body)
        messages = batch.batch
        delivery.write_key = delivery.write_key or batch.writeKey or ""
        sent_at = delivery.sent_at = instant_of(batch.sentAt)
        whole.shift = clock_shift(sent_at, envelope.received_at) if sent_at else None
        whole.context = b"" if is_absent(batch.context) else bytes(batch.context)
        whole.integrations = b"" if is_absent(batch.integrations) else bytes(batch.integrations)

    def read(message: _Message, extras: Extras, position: int, found: Arrivals) -> str:
        if message.writeKey and not delivery.write_key:
            delivery.write_key = message.writeKey
        return _read(message, extras, whole, position, found)

    take(delivery, _MESSAGES, messages, lambda: pieces or elements(members(body)["batch"]) or [], read)
    if call != "batch" and delivery.refusals and not members(body):
        raise Malformed("The body is not a message.", hint="Send a JSON object.")
    return delivery


def _opened(body: bytes) -> tuple[_Batch, list[bytes]]:
    """The batch with its messages, or without them and their texts."""
    try:
        return _BATCH.decode(body), []
    except DECODE_ERRORS:
        fields = members(body)
    pieces = elements(fields["batch"]) if fields.get("batch", b"")[:1] == b"[" else None
    if pieces is None:
        raise Malformed("The body is not a batch of messages.", hint='Send {"batch": [...]}.')
    batch = _Batch([], scalar(fields.get("sentAt")), id_text(scalar(fields.get("writeKey"))))
    for name in ("context", "integrations"):
        if fields.get(name, b"")[:1] == b"{":
            setattr(batch, name, msgspec.Raw(fields[name]))
    return batch, pieces


def _read(message: _Message, extras: Extras, whole: _Whole, position: int, found: Arrivals) -> str:
    """Put what the message says; why it says nothing, where it does not."""
    call = whole.call or message.type or message.action
    name = message.event if call == "track" else _EVENTS.get(call, "")
    if not name:
        return "It is a track call without an event." if call == "track" else f"Its type is {call!r}, which is no call."
    user, anonymous = id_text(message.userId), id_text(message.anonymousId)
    person = user or anonymous
    problem = _incomplete(message, call, person)
    if problem:
        return problem
    context_raw = bytes(message.context)
    if not context_raw or context_raw == b"null":
        context_raw = whole.context
    seen = whole.seen.get(context_raw)
    if seen is None:
        seen = whole.seen[context_raw] = _seen(context_raw)
    at = _instant(message, whole)
    if isinstance(at, str):
        return at
    group = id_text(message.groupId) or seen.group
    found.put(
        name,
        at,
        person,
        id_text(message.messageId),
        seen.session_id,
        {_COMPANY: group} if group else {},
        _properties(message, call, seen, context_raw, whole, extras),
        seen.sdk,
        _links(user, anonymous, id_text(message.previousId)),
        _traits(message, seen.context, call, person, at) if call in _WITH_TRAITS else (),
        position,
    )
    return ""


def _instant(message: _Message, whole: _Whole) -> datetime | str:
    """When it happened, or why nobody can tell.

    A client says ``timestamp`` (RudderStack's ``originalTimestamp``) and ``sentAt``. Whoever took the message in
    before, as in an archive, has noted ``receivedAt`` or both of the former: its ``timestamp`` is corrected already.
    """
    original = message.originalTimestamp
    written = original if message.timestamp is None else message.timestamp
    said = instant_of(written)
    if said is None and written is not None:
        return unreadable(written)
    received = None if message.receivedAt is None else instant_of(message.receivedAt)
    is_corrected = message.timestamp is not None and (message.receivedAt is not None or original is not None)
    if said is None or is_corrected:
        return event_time(said or received, _NONE, whole.received_at)
    sent_at = None if message.sentAt is None else instant_of(message.sentAt)
    if received is not None:
        return event_time(said, clock_shift(sent_at, received), whole.received_at)
    shift = whole.shift if sent_at is None else clock_shift(sent_at, whole.received_at)
    return event_time(said, shift or _NONE, whole.received_at)


def _links(user: str, anonymous: str, previous: str) -> tuple[Link, ...]:
    if not previous and (not anonymous or not user or user == anonymous):
        return ()
    pairs = (Link(user, anonymous), Link(user or anonymous, previous, guarded=False))
    return tuple(link for link in pairs if link.distinct_id and link.alias and link.distinct_id != link.alias)


def _seen(raw: bytes) -> _Seen:
    """What is used of a context; nothing of one that is not as specified, which is kept all the same."""
    try:
        context = _CONTEXT.decode(raw) if raw else _Context()
    except msgspec.ValidationError:
        context = _Context()
    url = msgspec.json.encode(context.page.url) if context.page is not None and context.page.url else b""
    return _Seen(
        context,
        id_text(context.sessionId),
        id_text(context.groupId),
        _sdk(context),
        url,
        b"," + _CONTEXT_KEY + b":" + raw + b"}",
    )


def _incomplete(message: _Message, call: str, person: str) -> str:
    """What the specification asks for and the message lacks."""
    if not person:
        return "It has neither userId nor anonymousId."
    if call == "group" and not id_text(message.groupId):
        return "It is a group call without groupId."
    if call == "alias" and not id_text(message.previousId):
        return "It is an alias call without previousId."
    return ""


def _traits(message: _Message, context: _Context, call: str, person: str, at: datetime) -> tuple[TraitChange, ...]:
    """What is known from now on; RudderStack's clients say a person's traits in the context only."""
    raw = bytes(message.traits)
    if call == "identify" and is_absent(message.traits):
        raw = bytes(context.traits)
        if raw[:1] != b"{":  # kept as it came, but nothing is known by it
            return ()
    if not raw or raw == b"null":
        return ()
    unit_type, unit = ("person", person) if call == "identify" else (_COMPANY, id_text(message.groupId))
    return (TraitChange(unit_type, unit, trait_values(raw), at),)


def _properties(message: _Message, call: str, seen: _Seen, context: bytes, whole: _Whole, extras: Extras) -> bytes:
    given = bytes(message.properties)
    if given[:1] != b"{":
        if not is_absent(message.properties):
            raise msgspec.ValidationError(_OBJECTS_ONLY.format("properties"))
        given = EMPTY
    more = _beside(message, call, seen, whole, extras)
    if more:
        return joined(given, [*more, ("$context", context)] if context else more)
    if not context:
        return given
    if b'"' not in given or (b"$" in given and _CONTEXT_KEY in given):  # without a field, or with that one
        return joined(given, [("$context", context)])
    return given[:-1] + seen.last


def _beside(message: _Message, call: str, seen: _Seen, whole: _Whole, extras: Extras) -> list[tuple[str, bytes]]:
    """What a message carries beside its properties and its context."""
    if call in ("track", "identify", "group") and not (
        extras
        or seen.url
        or whole.integrations
        or message.traits
        or message.integrations
        or message.channel
        or message.version
        or message.metadata
        or message.name
        or message.category
    ):
        return []
    more: list[tuple[str, bytes]] = []
    names = [(k, msgspec.json.encode(v)) for k, v in (("name", message.name), ("category", message.category)) if v]
    if call in ("page", "screen"):
        more += names
        names = []
    if call == "alias":
        more.append(("alias", msgspec.json.encode(id_text(message.previousId))))
    if seen.url:
        more.append(("$current_url", seen.url))
    if message.traits and not is_absent(message.traits):
        more.append(("$group_set" if call == "group" else "$set", bytes(message.traits)))
    kept = [(name, bytes(getattr(message, field))) for field, name in _KEPT if getattr(message, field)]
    if whole.integrations and is_absent(message.integrations):
        kept.append(("integrations", whole.integrations))
    if kept or extras or names:
        more.append(("$segment", joined(EMPTY, [*kept, *names, *extras])))
    return more


def _sdk(context: _Context) -> str:
    if context.library is None or not context.library.name:
        return ""
    return f"{context.library.name}/{id_text(context.library.version)}".rstrip("/")


def _acknowledged(delivery: Delivery, taken: Taken) -> bytes:
    del delivery, taken
    return b'{"success":true}'


_MESSAGE_SCHEMA: Schema = {
    "type": "object",
    "properties": {
        "type": {"enum": sorted(set(CALLS.values()) - {"batch"})},
        "messageId": ID_SCHEMA,
        "event": {"type": "string"},
        "userId": ID_SCHEMA,
        "anonymousId": ID_SCHEMA,
        "previousId": ID_SCHEMA,
        "groupId": ID_SCHEMA,
        "timestamp": TIME_SCHEMA,
        "sentAt": TIME_SCHEMA,
        "properties": OBJECT_SCHEMA,
        "traits": OBJECT_SCHEMA,
        "context": OBJECT_SCHEMA,
        "writeKey": {"type": "string"},
    },
}
_BATCH_SCHEMA: Schema = {
    "type": "object",
    "required": ["batch"],
    "properties": {"batch": {"type": "array", "items": _MESSAGE_SCHEMA}},
}
_SUCCESS_SCHEMA: Schema = {"type": "object", "required": ["success"], "properties": {"success": {"const": True}}}


def _decoder(call: str) -> Decode:
    return lambda envelope, limit: decode(envelope, call, limit)


def _endpoint(name: str, call: str) -> Endpoint:
    request = _BATCH_SCHEMA if call == "batch" else _MESSAGE_SCHEMA
    described = Described(f"{NAME}.{name}", f"Segment's call {call}.", request, _SUCCESS_SCHEMA)
    return Endpoint(f"/v1/{name}", _decoder(call), _acknowledged, described)


PROTOCOL = Protocol(
    NAME,
    endpoints=tuple(_endpoint(name, call) for name, call in CALLS.items()),
    batch=Batch("batch", "sentAt", _decoder("batch")),
    calls={call: _decoder(call) for call in CALLS.values() if call != "batch"},
)
