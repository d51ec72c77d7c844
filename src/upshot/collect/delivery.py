"""What one request of a client carries, whatever protocol it spoke."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Self

import msgspec

from upshot.core.errors import UserError

__all__ = [
    "Arrival",
    "Arrivals",
    "Delivery",
    "Envelope",
    "Link",
    "Malformed",
    "Refusal",
    "TooLarge",
    "TraitChange",
    "TraitValue",
]

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


class Link(msgspec.Struct, frozen=True, gc=False):
    """``alias`` is said to be the same person as ``distinct_id``.

    ``guarded``: only where ``alias`` is nobody else yet, as two persons may use one device after another.
    """

    distinct_id: str
    alias: str
    guarded: bool = True


class TraitChange(msgspec.Struct, frozen=True, gc=False):
    """Traits of a unit from ``at`` on; ``once`` keeps what is there already."""

    unit_type: str
    unit: str
    traits: dict[str, TraitValue]
    at: datetime
    once: bool = False


class Arrival(msgspec.Struct, frozen=True, gc=False):
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


@dataclass(slots=True, eq=False)
class Arrivals:
    """Events of a request column by column, as a store takes them: most are never looked at one by one.

    One is made an ``Arrival`` when somebody asks for it.

    The columns are of one length, and as an ``Arrival`` has them but that None stands for what is empty.

    Attributes:
        event: Names.
        occurred_at: When each happened.
        distinct_id: Who did it.
        client_id: The client's own ids.
        session_id: The client's sessions.
        properties: JSON objects.
        sdk: Which client library; empty for none.
        fuller: By row, in order, those that say more than stands in the columns: of groups, of who is who, of traits;
            and those whose position is not that of their row, as others were refused.
    """

    event: list[str] = field(default_factory=list)
    occurred_at: list[datetime] = field(default_factory=list)
    distinct_id: list[str | None] = field(default_factory=list)
    client_id: list[str | None] = field(default_factory=list)
    session_id: list[str | None] = field(default_factory=list)
    properties: list[bytes] = field(default_factory=list)
    sdk: list[str] = field(default_factory=list)
    fuller: dict[int, Arrival] = field(default_factory=dict)

    @classmethod
    def of(cls, arrivals: Iterable[Arrival]) -> Self:
        """The same as columns."""
        found = cls()
        for arrival in arrivals:
            found.add(arrival)
        return found

    def add(self, arrival: Arrival) -> None:
        """Add one as the last."""
        self.put(*msgspec.structs.astuple(arrival))

    def put(  # the fields of an Arrival, which most events are never made
        self,
        event: str,
        occurred_at: datetime,
        distinct_id: str,
        client_id: str,
        session_id: str,
        groups: dict[str, str],
        properties: bytes,
        sdk: str,
        links: tuple[Link, ...],
        traits: tuple[TraitChange, ...],
        position: int,
    ) -> None:
        """Add the one that has these fields as the last."""
        self.event.append(event)
        self.occurred_at.append(occurred_at)
        self.distinct_id.append(distinct_id or None)
        self.client_id.append(client_id or None)
        self.session_id.append(session_id or None)
        self.properties.append(properties)
        self.sdk.append(sdk)
        if groups or links or traits or position != len(self.event):
            self.fuller[len(self.event) - 1] = Arrival(
                event,
                occurred_at,
                distinct_id,
                client_id,
                session_id,
                groups,
                properties,
                sdk,
                links,
                traits,
                position,
            )

    @property
    def groups(self) -> list[dict[str, str]]:
        """Units by unit type of each; an empty list where no event names any."""
        if not any(arrival.groups for arrival in self.fuller.values()):
            return []
        return [self.fuller[row].groups if row in self.fuller else {} for row in range(len(self))]

    def __len__(self) -> int:
        return len(self.event)

    def __iter__(self) -> Iterator[Arrival]:
        return map(self.__getitem__, range(len(self)))

    def __getitem__(self, row: int) -> Arrival:
        return self.fuller.get(row) or Arrival(
            self.event[row],
            self.occurred_at[row],
            self.distinct_id[row] or "",
            self.client_id[row] or "",
            self.session_id[row] or "",
            {},
            self.properties[row],
            self.sdk[row],
            (),
            (),
            row + 1,
        )


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
    arrivals: Arrivals = msgspec.field(default_factory=Arrivals)
    refusals: list[Refusal] = []
    sent_at: datetime | None = None
    call: str = ""
