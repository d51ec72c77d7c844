"""Events column by column: what many of them take to be kept at once, without an object for each."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from upshot.core.errors import InvalidInput
from upshot.core.ids import named_id
from upshot.engines.records import problem_of
from upshot.engines.values import utc_naive

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Self

    from upshot.engines.values import EventRecord

__all__ = ["EventColumns"]


class EventColumns(msgspec.Struct, gc=False):
    """Columns of one length. Each row is an event that ``problem_of`` has nothing against, with clean values.

    Attributes:
        event_id: UUIDs as 16 bytes.
        event: Names.
        occurred_at: UTC without offset.
        received_at: UTC without offset.
        distinct_id: None for nobody, never empty.
        session_id: None for none, never empty.
        groups: Units by unit type, without empty ones; the list may be empty when no row has any.
        source: Where they came from.
        client_id: The sources' own ids.
        properties: JSON objects as UTF-8.
    """

    event_id: list[bytes] = []
    event: list[str] = []
    occurred_at: list[datetime] = []
    received_at: list[datetime] = []
    distinct_id: list[str | None] = []
    session_id: list[str | None] = []
    groups: list[dict[str, str]] = []
    source: list[str] = []
    client_id: list[str | None] = []
    properties: list[bytes] = []

    def __len__(self) -> int:
        return len(self.event)

    @property
    def doubtful(self) -> bool:
        """Whether properties may not be castable: a text may hold half a surrogate pair, and nothing else is such."""
        texts = b"".join(self.properties)
        return b"\\u" in texts and b"\\ud" in texts.lower()

    @classmethod
    def of(cls, records: Iterable[EventRecord]) -> Self:
        """The records as columns.

        Raises:
            InvalidInput: One of them cannot be kept; the message says which and why.
        """
        columns = cls()
        for number, record in enumerate(records, start=1):
            problem = problem_of(record)
            if problem:
                raise InvalidInput(f"Event {number} ({record.event!r}) {problem}")
            columns.add(record)
        if not any(columns.groups):
            columns.groups = []
        return columns

    def add(self, record: EventRecord) -> None:
        """Add a record that can be kept; ids that name nobody become None."""
        self.event_id.append(record.event_id.bytes)
        self.event.append(record.event)
        self.occurred_at.append(utc_naive(record.occurred_at))
        self.received_at.append(utc_naive(record.received_at))
        self.distinct_id.append(named_id(record.distinct_id))
        self.session_id.append(named_id(record.session_id))
        self.groups.append({kind: unit for kind, unit in record.groups.items() if named_id(unit)})
        self.source.append(record.source)
        self.client_id.append(record.client_id)
        self.properties.append(record.properties.encode())

    @classmethod
    def joined(cls, parts: Iterable[EventColumns]) -> Self:
        """All rows of ``parts``, in order."""
        whole = cls()
        for part in parts:
            if part.groups and len(whole.groups) < len(whole):
                whole.groups.extend({} for _ in range(len(whole) - len(whole.groups)))
            if part.groups or whole.groups:
                whole.groups.extend(part.groups or ({} for _ in range(len(part))))
            whole.event_id.extend(part.event_id)
            whole.event.extend(part.event)
            whole.occurred_at.extend(part.occurred_at)
            whole.received_at.extend(part.received_at)
            whole.distinct_id.extend(part.distinct_id)
            whole.session_id.extend(part.session_id)
            whole.source.extend(part.source)
            whole.client_id.extend(part.client_id)
            whole.properties.extend(part.properties)
        return whole
