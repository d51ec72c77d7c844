"""Streams of events: what comes together, and therefore begins and ends together.

A source is one stream: as long as it delivers anything, a name that has not come lately is only rare. Files that were
imported under one name are one stream where they share a name of an event (January's file and February's), and
several where they share none (orders and visits), as each ends by itself.
"""

import threading
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from upshot.engines.store import EventStore
from upshot.engines.values import Delivered

__all__ = ["Pace", "Stream", "Streams", "joined"]


@dataclass(frozen=True, slots=True)
class Stream:
    """Events that come together.

    Attributes:
        source: Where they come from.
        events: Their names.
        of_persons: The names of those that have a person.
        first_at: When the first of them occurred; UTC without offset.
        last_at: When the last of them occurred.
        revision: The last change of the store that brought some.
    """

    source: str
    events: frozenset[str]
    of_persons: frozenset[str]
    first_at: datetime
    last_at: datetime
    revision: int


@dataclass(frozen=True, slots=True)
class Pace:
    """How a stream came in until its end.

    Attributes:
        silence: How many days apart its days with events are at most, but for one in ten.
        whole: Whether it covers the whole of its last day.
    """

    silence: int
    whole: bool


class Streams:
    """The streams of a store: read once, and then from each change what it brought."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._read = self._revision = -1
        self._delivered: dict[tuple[str, datetime | None, str], Delivered] = {}
        self._found: tuple[Stream, ...] = ()

    def of(self, store: EventStore) -> tuple[Stream, ...]:
        """The streams; none where all events came from one source, which ends with the store."""
        with self._lock:
            revision = store.revision
            if revision != self._revision:
                if self._delivered or not store.single_source():
                    self._go_on(store)
                self._revision = revision
            return self._found

    def _go_on(self, store: EventStore) -> None:
        fresh, self._read = store.deliveries(self._read)
        for each in fresh:
            key = (each.source, each.run, each.event)
            before = self._delivered.get(key, each)
            self._delivered[key] = Delivered(
                *key,
                of_persons=each.of_persons or before.of_persons,
                first_at=min(each.first_at, before.first_at),
                last_at=max(each.last_at, before.last_at),
                revision=max(each.revision, before.revision),
            )
        if fresh:
            self._found = joined(self._delivered.values())


def joined(delivered: Iterable[Delivered]) -> tuple[Stream, ...]:
    """Streams of what was delivered, by source and names.

    >>> jan, feb, noon = datetime(2024, 1, 31), datetime(2024, 2, 29), datetime(2024, 3, 1, 12)
    >>> files = [(jan, "visit"), (jan, "refund"), (feb, "visit"), (noon, "order")]
    >>> [sorted(s.events) for s in joined(Delivered("import", run, name, True, run, run) for run, name in files)]
    [['order'], ['refund', 'visit']]
    """
    by_source: dict[str, list[_Part]] = {}
    for each in delivered:
        parts = by_source.setdefault(each.source, [])
        of_persons = {each.event} if each.of_persons else set[str]()
        own = _Part({each.run}, {each.event}, of_persons, each.first_at, each.last_at, each.revision)
        met = [part for part in parts if not (own.runs.isdisjoint(part.runs) and own.names.isdisjoint(part.names))]
        if not met:
            parts.append(own)
            continue
        first, *others = met
        for part in (own, *others):
            first.take(part)
        if others:
            by_source[each.source] = [part for part in parts if part not in others]
    found = [
        Stream(
            *(source, frozenset(part.names), frozenset(part.of_persons)),
            *(part.first_at, part.last_at, part.revision),
        )
        for source, parts in by_source.items()
        for part in parts
    ]
    return tuple(sorted(found, key=lambda stream: (stream.source, sorted(stream.events))))


@dataclass(slots=True, eq=False)
class _Part:
    """What belongs to one stream as far as it has been read."""

    runs: set[datetime | None]
    names: set[str]
    of_persons: set[str]
    first_at: datetime
    last_at: datetime
    revision: int

    def take(self, other: "_Part") -> None:
        self.runs |= other.runs
        self.names |= other.names
        self.of_persons |= other.of_persons
        self.first_at = min(self.first_at, other.first_at)
        self.last_at = max(self.last_at, other.last_at)
        self.revision = max(self.revision, other.revision)
