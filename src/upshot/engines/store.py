"""What every event store offers, whatever its engine: the protocol and the values that cross it.

Instants are UTC. Those that come in may carry an offset (it is converted) or none (it is taken as UTC); those that come
out carry none. A ``revision`` is a number that grows with each durable change.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias
from uuid import UUID

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import Future
    from types import TracebackType
    from typing import Self
    from zoneinfo import ZoneInfo

    from ibis.expr.types import Table

    from upshot.engines.intake import Held, Intake, Taken
    from upshot.metrics.dialect import Dialect

__all__ = [
    "ANY_EVENT",
    "EARLIEST",
    "LATEST",
    "MAX_NESTING",
    "RESERVED_UNIT_TYPES",
    "Appended",
    "EventCounts",
    "EventRecord",
    "EventStore",
    "Merge",
    "Observation",
    "PropertyCounts",
    "QueryResult",
    "Refreshed",
    "Rejected",
    "Scalar",
    "StoreInfo",
    "StoredEvent",
    "TraitCounts",
    "UnitTraits",
    "utc_naive",
]

EARLIEST = datetime(1900, 1, 1)  # noqa: DTZ001 - instants of the stores are UTC without offset
LATEST = datetime(2200, 1, 1)  # noqa: DTZ001
"""Instants that an event may bear: from ``EARLIEST`` up to but without ``LATEST``. Others are a defect of the source,
and one of them would stretch every page's axis."""

ANY_EVENT = "*"
"""Stands for any event where one may be named; no event bears it."""

RESERVED_UNIT_TYPES = frozenset({"person", "device", "session"})
"""Unit types that are not groups."""

MAX_NESTING = 200
"""How many levels of objects and lists an event's properties may have, the object around all of them counted: engines
crash on what is nested some thousands deep."""

Scalar: TypeAlias = str | int | float | bool | None
"""The value of a trait."""


def utc_naive(instant: datetime) -> datetime:
    """``instant`` in UTC, without offset.

    >>> from datetime import timedelta, timezone
    >>> utc_naive(datetime(2024, 1, 1, 1, tzinfo=timezone(timedelta(hours=1))))
    datetime.datetime(2024, 1, 1, 0, 0)
    """
    return instant if instant.tzinfo is None else instant.astimezone(UTC).replace(tzinfo=None)


class EventRecord(msgspec.Struct, frozen=True):
    """An event to keep.

    Attributes:
        event_id: The idempotency key; a second event with the same key is a duplicate.
        event: Its name, not empty.
        occurred_at: When it happened, within ``EARLIEST`` and ``LATEST``.
        received_at: When it came in.
        distinct_id: Who, as the source knows them; None for nobody.
        source: Where it came from.
        client_id: The source's own id of the event.
        properties: A JSON object, as text.
    """

    event_id: UUID
    event: str
    occurred_at: datetime
    received_at: datetime
    distinct_id: str | None = None
    session_id: str | None = None
    groups: dict[str, str] = {}
    source: str = ""
    client_id: str | None = None
    properties: str = "{}"


class Appended(msgspec.Struct, frozen=True):
    """What an append did; it is durable. ``duplicates`` were known already, or twice in the batch."""

    stored: int
    duplicates: int
    revision: int


class Merge(msgspec.Struct, frozen=True):
    """``alias`` is the same person as ``distinct_id``.

    Attributes:
        distinct_id: Names the person.
        alias: Their other name.
        guarded: Whether it is made only while ``alias`` is a name that nobody else has claimed: two persons who use
            one device after another do not become one.
    """

    distinct_id: str
    alias: str
    guarded: bool = False


class UnitTraits(msgspec.Struct, frozen=True):
    """Traits of a unit from ``at`` on; ``once`` keeps a value that the trait has had at any time."""

    unit_type: str
    unit: str
    properties: Mapping[str, Scalar]
    at: datetime
    once: bool = False


class Observation(msgspec.Struct, frozen=True):
    """One value of an external series."""

    day: date
    value: float
    dimensions: Mapping[str, str] = {}


class QueryResult(msgspec.Struct, frozen=True):
    """Rows as the engine gave them, with the statement that gave them."""

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]  # Any: what a column holds is known to the one who wrote the expression
    sql: str
    elapsed_ms: float


class Refreshed(msgspec.Struct, frozen=True):
    """What a refresh of the facts did; ``duplicates`` are events that it removed, ``measures`` those that it built."""

    revision: int
    days: int
    measures: int
    merges: int
    duplicates: int
    elapsed_ms: float


class StoreInfo(msgspec.Struct, frozen=True):
    """What the store holds. The field names are those of ``WorkspaceInfo``."""

    events: int
    first_event_at: datetime | None
    last_event_at: datetime | None
    last_received_at: datetime | None
    revision: int
    dirty_days: int
    storage_bytes: int
    engine: str


class StoredEvent(msgspec.Struct, frozen=True):
    """An event as it is kept; ``properties`` is JSON text."""

    event_id: str
    event: str
    occurred_at: datetime
    received_at: datetime
    distinct_id: str | None
    session_id: str | None
    source: str
    properties: str


class EventCounts(msgspec.Struct, frozen=True):
    """One event name. ``units`` counts persons, ``without_unit`` the events of nobody."""

    event: str
    count: int
    units: int
    without_unit: int
    first_at: datetime
    last_at: datetime
    last_received_at: datetime


class PropertyCounts(msgspec.Struct, frozen=True):
    """One property in a sample of events: types and examples by frequency, ``share`` of events that have it."""

    name: str
    types: tuple[str, ...]
    share: float
    examples: tuple[str, ...]


class TraitCounts(msgspec.Struct, frozen=True):
    """One trait: of which unit type, and how many units ever had it."""

    unit_type: str
    name: str
    units: int


class Rejected(msgspec.Struct, frozen=True):
    """A row that could not become an event; ``line`` counts from 1, 0 where there are no lines."""

    source: str
    line: int
    reason: str
    raw: str
    rejected_at: datetime


class EventStore(Protocol):
    """A store of events and of the facts derived from them.

    Every method may be called from any thread. A method that changes something returns when the change is durable.

    Raises:
        StoreFull: From any change, when the disk has no room; nothing of that change is kept.
        Busy: From any change, when too many wait already.
    """

    @property
    def zone(self) -> ZoneInfo:
        """The zone whose local days are counted; fixed when the store was made."""
        ...

    @property
    def revision(self) -> int:
        """Grows with each durable change."""
        ...

    # --- changes ---

    def submit(self, events: Sequence[EventRecord]) -> Future[Appended]:
        """Queue an append; the future is done when the events are durable.

        Raises:
            InvalidInput: An event cannot be kept (instant out of range, text that is not UTF-8 or holds NUL,
                properties that are not a JSON object): the message says which and why; nothing is queued.
            Busy: The queue is full.
        """
        ...

    def append(self, events: Sequence[EventRecord]) -> Appended:
        """``submit``, and wait."""
        ...

    def take_in(self, intake: Intake) -> Future[Taken]:
        """Queue what a request brought; the future is done when all of it is durable.

        Guarded merges that are not made are kept in quarantine. When much comes in, questions see it a moment later;
        ``Taken`` then bears no revision.

        Raises:
            InvalidInput: Something of it cannot be kept; nothing is queued.
            Busy: The queue is full.
        """
        ...

    def merge(self, merges: Sequence[Merge]) -> int:
        """Join persons; any order of the same merges that are not guarded gives the same persons.

        Returns:
            The revision.
        """
        ...

    def set_traits(self, traits: Sequence[UnitTraits]) -> int:
        """Keep traits of units with their history. Returns the revision."""
        ...

    def observe(self, series: str, values: Sequence[Observation], recorded_at: datetime) -> int:
        """Keep values of an external series; earlier recordings stay. Returns the revision."""
        ...

    def reject(self, rejects: Sequence[Rejected]) -> int:
        """Keep rows that could not become events. Returns the revision."""
        ...

    def refresh_facts(self) -> Refreshed:
        """Add what has arrived to the facts, rebuild dirty days, repair merged persons, remove duplicates."""
        ...

    def waiting_events(self) -> int:
        """How many events have arrived that the next refresh adds to the facts."""
        ...

    def declare_measures(self, measures: Mapping[str, Table]) -> None:
        """Keep facts of exactly these measures, by hash; the others are dropped, new ones are built by the refresh.

        Args:
            measures: For each hash, ``dialect.events()`` filtered and with a column ``value`` (double) added; all
                columns of ``events()`` stay in it.
        """
        ...

    def warm_up(self) -> None:
        """Load what the first append would wait for."""
        ...

    # --- questions ---

    def dialect(self) -> Dialect:
        """The relations that metrics are compiled against."""
        ...

    def compile(self, expression: Table) -> str:
        """The statement that answers an expression over ``dialect()``; it stays right whatever is committed later."""
        ...

    def run(self, expression: Table) -> QueryResult:
        """``compile`` and ``run_sql``."""
        ...

    def run_sql(self, sql: str) -> QueryResult:
        """Answer a compiled statement from one snapshot; never waits for writers.

        Raises:
            InvalidInput: The engine refuses it; with its reason.
        """
        ...

    def info(self) -> StoreInfo:
        """Counts, first and last, size."""
        ...

    def recent_events(self, limit: int, *, event: str = "", distinct_id: str = "") -> list[StoredEvent]:
        """The newest by arrival, newest first."""
        ...

    def received_since(self, source: str, instant: datetime) -> int:
        """How many events of ``source`` have come in since ``instant``."""
        ...

    def event_summaries(self) -> list[EventCounts]:
        """Every event name, most frequent first."""
        ...

    def property_summaries(self, event: str = "", *, sample: int = 10_000) -> tuple[list[PropertyCounts], int]:
        """Properties of the ``sample`` newest events of that name (empty: of all), and how many were looked at."""
        ...

    def trait_summaries(self) -> list[TraitCounts]:
        """Every trait that units have, most frequent first."""
        ...

    def rejects(self, limit: int) -> tuple[list[Rejected], int]:
        """The newest rejected rows, and how many there are."""
        ...

    def held(self, limit: int, *, source: str = "", held_id: str = "") -> tuple[list[Held], int]:
        """The newest messages in quarantine, of one source or one id where it is given, and how many there are."""
        ...

    def observations(self, series: str) -> Table:
        """What is known of an external series: day, dimensions (map), value, recorded_at; the latest recording each."""
        ...

    def wait_for_revision(self, after: int, timeout_seconds: float) -> int:
        """The revision as soon as it is above ``after``, or what it is when the time is over."""
        ...

    def listen(self, callback: Callable[[int], None]) -> Callable[[], None]:
        """Call ``callback`` with each new revision, from the writer's thread: it must return at once.

        Returns:
            A function that ends it.
        """
        ...

    def close(self) -> None:
        """Finish what is queued, checkpoint, let go of the files."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
