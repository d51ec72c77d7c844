"""Segment's HTTP tracking API, which RudderStack's clients speak too.

Specification: the HTTP API source (authentication, batch, import), the Spec's common fields, and its calls track,
identify, page, screen, group and alias. The browser's client calls the same by their first letters.

Each message becomes an event, so that nothing of it is lost and its ``messageId`` keeps it from counting twice: a track
under its own name, the others under the names that PostHog's clients use for the same (``$pageview``, ``$screen``,
``$identify``, ``$groupidentify``, ``$create_alias``). What is no property is kept in ``$context`` and ``$segment``.
"""

import base64
import binascii
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

__all__ = ["CALLS", "NAME", "basic_user", "decode"]

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
_COMPANY = "group"
"""The unit type of a group call, which knows only one kind of group."""
_ABSENT = msgspec.Raw()


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
class _Message(msgspec.Struct, forbid_unknown_fields=True):
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
    batch: list[msgspec.Raw]
    sentAt: Time = None  # noqa: N815
    writeKey: str | None = None  # noqa: N815
    context: msgspec.Raw = _ABSENT
    integrations: msgspec.Raw = _ABSENT


_BATCH = msgspec.json.Decoder(_Batch)
_MESSAGE = msgspec.json.Decoder(_Message)
_LOOSE = msgspec.json.Decoder(_LooseMessage)
_CONTEXT = msgspec.json.Decoder(_Context)
_KNOWN = frozenset(field.encode_name for field in msgspec.structs.fields(_Message))
_KEPT = (("integrations", "integrations"), ("channel", "channel"), ("version", "version"), ("metadata", "_metadata"))


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
    body = decompressed(envelope, limit)
    delivery = Delivery(NAME, basic_user(envelope.authorization))
    if call != "batch":
        _take(delivery, body, 1, call, _Whole(envelope.received_at))
        return delivery
    try:
        batch = _BATCH.decode(body)
    except DECODE_ERRORS as error:
        raise Malformed(f"The body is not a batch: {error}.", hint='Send {"batch": [...]}.') from None
    delivery.write_key = delivery.write_key or batch.writeKey or ""
    whole = _Whole(
        envelope.received_at,
        instant_of(batch.sentAt),
        b"" if is_absent(batch.context) else bytes(batch.context),
        b"" if is_absent(batch.integrations) else bytes(batch.integrations),
    )
    for position, raw in enumerate(batch.batch, start=1):
        _take(delivery, bytes(raw), position, "", whole)
    return delivery


def basic_user(authorization: str) -> str:
    """The user name of a basic authorization, which is the write key; empty when there is none.

    >>> basic_user("Basic " + base64.b64encode(b"key:").decode())
    'key'
    """
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(token.strip(), validate=True).decode().partition(":")[0]
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return ""


class _Whole(msgspec.Struct, frozen=True):
    """What holds for every message of a request."""

    received_at: datetime
    sent_at: datetime | None = None
    context: bytes = b""
    integrations: bytes = b""


def _take(delivery: Delivery, raw: bytes, position: int, call: str, whole: _Whole) -> None:
    try:
        arrival = _arrival(delivery, raw, call, whole)
    except DECODE_ERRORS as error:
        if call:
            raise Malformed(f"The body is not a message: {error}.", hint="Send a JSON object.") from None
        arrival = refusable(error)
    if isinstance(arrival, str):
        delivery.refusals.append(Refusal(position, arrival, raw))
    else:
        delivery.arrivals.append(arrival)


def _arrival(delivery: Delivery, raw: bytes, call: str, whole: _Whole) -> Arrival | str:
    """What the message says, or why it says nothing."""
    extras: list[tuple[str, bytes]] = []
    try:
        message = _MESSAGE.decode(raw)
    except msgspec.ValidationError:
        message = _LOOSE.decode(raw)
        extras = [(name, bytes(value)) for name, value in RAW_OBJECT.decode(raw).items() if name not in _KNOWN]
    delivery.write_key = delivery.write_key or message.writeKey or ""
    call = call or message.type or message.action
    name = message.event if call == "track" else _EVENTS.get(call, "")
    if not name:
        return "It is a track call without an event." if call == "track" else f"Its type is {call!r}, which is no call."
    problem = _incomplete(message, call)
    if problem:
        return problem
    user, anonymous, previous = id_text(message.userId), id_text(message.anonymousId), id_text(message.previousId)
    context_raw = whole.context if is_absent(message.context) else bytes(message.context)
    context = _context(context_raw)
    said = instant_of(message.timestamp if message.originalTimestamp is None else message.originalTimestamp)
    sent_at = (instant_of(message.sentAt) or whole.sent_at) if said else None
    at = settled(said, clock_shift(sent_at, whole.received_at), whole.received_at)
    person = user or anonymous
    pairs = (Link(user, anonymous), Link(person, previous, guarded=False))
    links = tuple(link for link in pairs if link.distinct_id and link.alias and link.distinct_id != link.alias)
    group = id_text(message.groupId) or id_text(context.groupId)
    return Arrival(
        event=name,
        occurred_at=at,
        distinct_id=person,
        client_id=id_text(message.messageId),
        session_id=id_text(context.sessionId),
        groups={_COMPANY: group} if group else {},
        properties=_properties(message, call, context, context_raw, whole, extras),
        sdk=_sdk(context),
        raw=raw,
        links=links,
        traits=_traits(message, call, person, at),
    )


def _context(raw: bytes) -> _Context:
    """What is used of a context; nothing of one that is not as specified, which is kept all the same."""
    try:
        return _CONTEXT.decode(raw) if raw else _Context()
    except msgspec.ValidationError:
        return _Context()


def _incomplete(message: _Message, call: str) -> str:
    """What the specification asks for and the message lacks."""
    if not id_text(message.userId) and not id_text(message.anonymousId):
        return "It has neither userId nor anonymousId."
    if call == "group" and not id_text(message.groupId):
        return "It is a group call without groupId."
    if call == "alias" and not id_text(message.previousId):
        return "It is an alias call without previousId."
    return ""


def _traits(message: _Message, call: str, person: str, at: datetime) -> tuple[TraitChange, ...]:
    if is_absent(message.traits):
        return ()
    match call:
        case "identify":
            return (TraitChange("person", person, trait_values(bytes(message.traits)), at),)
        case "group":
            return (TraitChange(_COMPANY, id_text(message.groupId), trait_values(bytes(message.traits)), at),)
        case _:
            return ()


def _properties(
    message: _Message,
    call: str,
    context: _Context,
    context_raw: bytes,
    whole: _Whole,
    extras: list[tuple[str, bytes]],
) -> bytes:
    given = EMPTY if is_absent(message.properties) else bytes(message.properties)
    if given.lstrip()[:1] != b"{":
        raise msgspec.ValidationError("`properties` is not an object")
    more: list[tuple[str, bytes]] = []
    if call in ("page", "screen"):
        more += [(k, msgspec.json.encode(v)) for k, v in (("name", message.name), ("category", message.category)) if v]
    if call == "alias":
        more.append(("alias", msgspec.json.encode(id_text(message.previousId))))
    if context.page is not None and context.page.url:
        more.append(("$current_url", msgspec.json.encode(context.page.url)))
    if not is_absent(message.traits):
        more.append(("$group_set" if call == "group" else "$set", bytes(message.traits)))
    if context_raw:
        more.append(("$context", context_raw))
    kept = [(name, bytes(getattr(message, field))) for field, name in _KEPT if getattr(message, field)]
    if whole.integrations and is_absent(message.integrations):
        kept.append(("integrations", whole.integrations))
    if call not in ("page", "screen"):
        kept += [(k, msgspec.json.encode(v)) for k, v in (("name", message.name), ("category", message.category)) if v]
    if kept or extras:
        more.append(("$segment", joined(EMPTY, [*kept, *extras])))
    return joined(given, more)


def _sdk(context: _Context) -> str:
    if context.library is None or not context.library.name:
        return ""
    return f"{context.library.name}/{id_text(context.library.version)}".rstrip("/")
