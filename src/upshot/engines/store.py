"""What every event store offers, whatever its engine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from concurrent.futures import Future
    from datetime import date, datetime
    from types import TracebackType
    from typing import Self
    from zoneinfo import ZoneInfo

    from ibis.expr.types import Table

    from upshot.engines.intake import Intake, Quarantined, Taken
    from upshot.engines.values import (
        Appended,
        Delivered,
        EventCounts,
        EventRecord,
        Merge,
        Observation,
        PropertyCounts,
        QueryResult,
        Refreshed,
        Rejected,
        StoredEvent,
        StoreInfo,
        TraitCounts,
        UnitTraits,
    )
    from upshot.metrics.dialect import Dialect

__all__ = ["EventStore"]


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

    def compiled_against(self) -> str:
        """What ``dialect()`` is now, without loading the compiler: whose days, and for whom and what facts are kept.

        Equal strings promise equal statements for equal questions.
        """
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

    def single_source(self) -> bool:
        """Whether all events came from one source, and in one import at most: a look at statistics, not at events."""
        ...

    def deliveries(self, after: int) -> tuple[list[Delivered], int]:
        """Which events came from where in changes beyond a revision, and the last such change.

        What a refresh removes as a duplicate stays in what was told before.

        Args:
            after: The revision; it is what is returned where no event came in beyond it.
        """
        ...

    def newest_days(
        self, source: str, events: Sequence[str], most: int, since: date | None = None
    ) -> list[tuple[date, datetime]]:
        """The newest local days on which events of these names came from a source, newest first, and when they ended.

        The instants are UTC without offset.

        Args:
            source: Where they came from; with no source and no names, events of every source and name.
            events: Their names.
            most: How many days, at most.
            since: The first day that is looked at; None for all.
        """
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

    def held(self, limit: int, *, source: str = "", held_id: str = "") -> tuple[list[Quarantined], int]:
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
