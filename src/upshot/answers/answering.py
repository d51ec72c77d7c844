"""What answers are made from."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from upshot.answers.compiled import CompiledQueries
from upshot.answers.metric_book import MetricBook
from upshot.answers.segment_book import SegmentBook
from upshot.answers.streams import Pace, Stream, Streams
from upshot.answers.study_worker import StudyWorker
from upshot.catalog.catalog import Catalog
from upshot.core.lru import Lru
from upshot.core.time import local_day
from upshot.engines.store import EventStore
from upshot.engines.values import StoreInfo
from upshot.objectives.measure import Standing

__all__ = ["Answering", "KeptStanding", "SeenNames"]

_STANDINGS = 500
_PACES = 1_000


@dataclass(slots=True)
class SeenNames:
    """Names that some event bears; never forgotten, as events are not.

    Attributes:
        events: Of events.
        properties: Of properties.
    """

    events: set[str] = field(default_factory=set)
    properties: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class KeptStanding:
    """Where an objective stood at a revision of the store and an instant."""

    revision: int
    at: datetime
    standing: Standing


class _Contents:
    """What the store holds; looked up once for each revision, as it takes a pass over the events."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: StoreInfo | None = None

    def of(self, store: EventStore) -> StoreInfo:
        with self._lock:
            revision, seen = store.revision, self._seen
        if seen is None or seen.revision != revision:
            seen = store.info()
            with self._lock:
                self._seen = seen
        return seen


@dataclass(frozen=True, slots=True)
class Answering:
    """What answers are made from: events, declarations, and what is remembered of both.

    Attributes:
        store: The events.
        catalog: What people declared.
        metrics: The catalog's metrics, parsed.
        segments: The catalog's segments, parsed.
        currency: Which money is counted in.
        clock: What time it is.
        compiled: Statements of questions that were asked before.
        names: Names that some event bears.
        standings: Where objectives stood, by the hashes of objective and metric and the local day.
        worker: The process that concludes studies.
        streams: Which events come together.
        paces: How streams, and all events together, came in until their ends.
    """

    store: EventStore
    catalog: Catalog
    metrics: MetricBook
    segments: SegmentBook
    currency: str
    clock: Callable[[], datetime]
    compiled: CompiledQueries = field(default_factory=CompiledQueries)
    names: SeenNames = field(default_factory=SeenNames)
    standings: Lru[tuple[str, str, date], KeptStanding] = field(default_factory=lambda: Lru(_STANDINGS))
    worker: StudyWorker = field(default_factory=StudyWorker)
    streams: Streams = field(default_factory=Streams)
    paces: Lru[Stream, Pace] = field(default_factory=lambda: Lru(_PACES))
    _contents: _Contents = field(default_factory=_Contents)

    @classmethod
    def over(
        cls,
        store: EventStore,
        catalog: Catalog,
        currency: str,
        clock: Callable[[], datetime],
        statements: Path | None = None,
    ) -> "Answering":
        """The answering of questions over an open store and an open catalog.

        Args:
            store: The events.
            catalog: What people declared.
            currency: Which money is counted in.
            clock: What time it is.
            statements: The file in which compiled statements outlive the process; None where they do not.
        """
        segments = SegmentBook(catalog)
        return cls(
            store, catalog, MetricBook(catalog, segments), segments, currency, clock, CompiledQueries(statements)
        )

    @property
    def zone(self) -> ZoneInfo:
        """Whose local days are counted."""
        return self.store.zone

    def held(self) -> StoreInfo:
        """What the store holds."""
        return self._contents.of(self.store)

    def today(self) -> date:
        """The local day that it is."""
        return self.clock().astimezone(self.zone).date()

    def local_day(self, instant: datetime) -> date:
        """The local day of an instant of the stores, which carry no offset."""
        return local_day(instant, self.zone)
