"""What one request of a client carries, whatever protocol it spoke."""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from upshot.core.errors import UserError

__all__ = ["Arrival", "Delivery", "Envelope", "Link", "Malformed", "Refusal", "TooLarge", "TraitChange", "TraitValue"]

TraitValue = str | float | bool | None
"""The value of a trait; what is nested is its JSON text."""


class Malformed(UserError):
    """A request that is none of its protocol as a whole; nothing of it can be kept."""

    code = "malformed"


class TooLarge(UserError):
    """A request that is larger, or unpacks to more, than is read."""

    code = "too_large"


class Envelope(msgspec.Struct, frozen=True):
    """A request before it is decoded.

    Attributes:
        body: As it came.
        received_at: When it had come in, UTC without offset.
        content_type: The media type without parameters, in lower case.
        content_encoding: In lower case; empty for none.
        authorization: The header, as it came.
        user_agent: Of the client.
        query: The first value of each name in the address.
        client_time: What the client's clock said at the sending, where a header tells it.
        sdk: Name and version of the client, where a header tells it, as ``name/version``.
    """

    body: bytes
    received_at: datetime
    content_type: str = ""
    content_encoding: str = ""
    authorization: str = ""
    user_agent: str = ""
    query: Mapping[str, str] = {}
    client_time: str = ""
    sdk: str = ""


class Link(msgspec.Struct, frozen=True):
    """``alias`` is said to be the same person as ``distinct_id``.

    ``guarded``: only where ``alias`` is nobody else yet, as two persons may use one device after another.
    """

    distinct_id: str
    alias: str
    guarded: bool = True


class TraitChange(msgspec.Struct, frozen=True):
    """Traits of a unit from ``at`` on; ``once`` keeps what is there already."""

    unit_type: str
    unit: str
    traits: dict[str, TraitValue]
    at: datetime
    once: bool = False


class Arrival(msgspec.Struct, frozen=True):
    """An event as it was decoded. ``properties`` is a JSON object; ``groups`` is empty for none.

    Attributes:
        event: Its name.
        occurred_at: When it happened, corrected for the client's clock, UTC without offset.
        distinct_id: Who did it, as the client knows them; empty for nobody.
        client_id: The client's own id of the event; empty when it gave none.
        session_id: The client's session; empty when it gave none.
        groups: Units by unit type.
        properties: A JSON object as UTF-8.
        sdk: Which client library, as ``name/version``; empty when it does not say.
        links: Who it says is who.
        traits: What it says of units.
        position: Which message of its request it was, from 1.
    """

    event: str
    occurred_at: datetime
    distinct_id: str
    client_id: str
    session_id: str
    groups: dict[str, str]
    properties: bytes
    sdk: str
    links: tuple[Link, ...]
    traits: tuple[TraitChange, ...]
    position: int


class Refusal(msgspec.Struct, frozen=True):
    """A message that cannot become an event; ``position`` counts from 1 in its request."""

    position: int
    reason: str
    raw: bytes


class Delivery(msgspec.Struct):
    """Everything of one request.

    Attributes:
        protocol: Which one it spoke.
        body: What it said, unpacked.
        write_key: Empty where the request names none.
        clean: Whether all texts in it can be kept; else each is looked at.
        arrivals: Its events.
        refusals: What of it is no event.
        sent_at: What the client's clock said at the sending, where it holds for the whole request.
        call: What the address says of its messages beside the protocol; empty for nothing.
    """

    protocol: str
    body: bytes
    write_key: str
    clean: bool
    arrivals: list[Arrival] = []
    refusals: list[Refusal] = []
    sent_at: datetime | None = None
    call: str = ""
