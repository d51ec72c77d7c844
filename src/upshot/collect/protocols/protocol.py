"""What a protocol says of itself: where its clients send, how that becomes messages, and what they are told."""

from collections.abc import Callable, Mapping
from datetime import datetime

# a schema of OpenAPI is an open tree of JSON
from typing import Any

import msgspec

from upshot.collect.delivery import Delivery, Envelope
from upshot.engines.intake import Taken

__all__ = [
    "ID_SCHEMA",
    "OBJECT_SCHEMA",
    "TIME_SCHEMA",
    "Acknowledge",
    "Batch",
    "Decode",
    "Described",
    "Endpoint",
    "Protocol",
    "Schema",
]

Schema = Mapping[str, Any]
Decode = Callable[[Envelope, int], Delivery]
"""From a request to what it carries; the number is how many bytes its body may unpack to.

It raises ``TooLarge`` where it unpacks to more, and ``Malformed`` where it is nothing of the protocol as a whole.
"""
Acknowledge = Callable[[Delivery, Taken], bytes]
"""The JSON text that a client is told when what it sent is durable."""

ID_SCHEMA: Schema = {"type": ["string", "integer", "null"]}
TIME_SCHEMA: Schema = {"type": ["string", "null"], "examples": ["2024-05-01T12:00:00Z"]}
OBJECT_SCHEMA: Schema = {"type": "object"}


class Described(msgspec.Struct, frozen=True):
    """An address in the description of the API.

    Attributes:
        operation: Its id there.
        summary: In a few words.
        request: What its body is, as a schema.
        answer: What ``acknowledge`` says, as a schema.
    """

    operation: str
    summary: str
    request: Schema
    answer: Schema


class Endpoint(msgspec.Struct, frozen=True):
    """An address that clients send to.

    Attributes:
        path: As its clients write it; with and without a slash at its end it is the same.
        decode: How a request becomes messages.
        acknowledge: What is told of it.
        described: None leaves it out of the description.
        may_get: Whether a request may stand in the address alone.
    """

    path: str
    decode: Decode
    acknowledge: Acknowledge
    described: Described | None = None
    may_get: bool = False


class Batch(msgspec.Struct, frozen=True):
    """A request of several messages: its fields for them and for the client's clock, and how it is decoded."""

    messages: str
    sent_at: str
    decode: Decode

    def of(self, message: bytes, sent_at: datetime | None) -> bytes:
        """The body with this one message.

        >>> Batch("events", "sent_at", lambda envelope, limit: Delivery("", b"", "", True)).of(b'{"a": 1}', None)
        b'{"events":[{"a": 1}],"sent_at":null}'
        """
        messages, clock = msgspec.json.encode(self.messages), msgspec.json.encode(self.sent_at)
        return b"{" + messages + b":[" + message + b"]," + clock + b":" + msgspec.json.encode(sent_at) + b"}"


class Protocol(msgspec.Struct, frozen=True):
    """One protocol.

    Attributes:
        name: What its deliveries call it.
        endpoints: Its addresses.
        batch: How a message of the quarantine is tried again.
        calls: The same for a message that only its address told what it is: by the ``call`` of its delivery.
        clock_header: In lower case; where its clients say what their clock says. Empty for nowhere.
        sdk_header: In lower case; where they say which library they are. Empty for nowhere.
    """

    name: str
    endpoints: tuple[Endpoint, ...]
    batch: Batch
    calls: Mapping[str, Decode] = {}
    clock_header: bytes = b""
    sdk_header: bytes = b""
