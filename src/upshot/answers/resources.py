"""What an open workspace is made of."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from upshot.answers.background import Background
from upshot.answers.compiled import CompiledQueries
from upshot.answers.metric_book import MetricBook
from upshot.answers.segment_book import SegmentBook
from upshot.answers.study_worker import StudyWorker
from upshot.catalog.catalog import Catalog
from upshot.collect.collector import Collector
from upshot.core.errors import InvalidInput, NotFound
from upshot.core.settings import SETTINGS_FILE, LoadedSettings
from upshot.core.time import zone
from upshot.engines.store import EventStore, StoreInfo

if TYPE_CHECKING:
    from upshot.answers.objective_measure import Measured
    from upshot.collect.imports.mapping import Status

__all__ = ["STORE_FILE", "TIME_ZONE", "Resources", "aware", "aware_instant", "open_store", "utc_now"]

STORE_FILE = "events.duckdb"
TIME_ZONE = "time_zone"
_MEGABYTE = 1_000_000


def utc_now() -> datetime:
    """The instant, with its offset."""
    return datetime.now(UTC)


def aware_instant(instant: datetime) -> datetime:
    """An instant of the stores, which carry no offset, as UTC."""
    return instant.replace(tzinfo=UTC)


def aware(instant: datetime | None) -> datetime | None:
    """``aware_instant``, or None for none."""
    return None if instant is None else aware_instant(instant)


@dataclass(slots=True)
class Resources:
    """An open workspace's parts.

    Attributes:
        folder: Where it is, absolute.
        loaded: Its settings and where they come from.
        store: Its events.
        catalog: What people declared.
        metrics: The catalog's metrics, parsed.
        segments: The catalog's segments, parsed.
        compiled: Statements of questions that were asked before.
        background: Work that goes on after its request was answered.
        known_properties: Names of properties that some event has; never forgotten, as events are not.
        known_events: Names that some event bears; never forgotten either.
        measured: What objectives were measured at, by objective, metric and day, and at which revision and instant.
        running: Imports that run or wait in this process, by id.
        worker: The process that concludes studies.
        tried: Readings of launches that could not be made, with the store's revision and the day on which it was tried.
        collector: Takes in what clients send.
        beginning: Held while an import is looked for and begun, so that none is begun twice.
        clock: What time it is.
    """

    folder: Path
    loaded: LoadedSettings
    store: EventStore
    catalog: Catalog
    metrics: MetricBook
    segments: SegmentBook
    compiled: CompiledQueries = field(default_factory=CompiledQueries)
    background: Background = field(default_factory=Background)
    known_properties: set[str] = field(default_factory=set)
    known_events: set[str] = field(default_factory=set)
    measured: "dict[tuple[str, str, date], tuple[int, datetime, Measured]]" = field(default_factory=dict)
    running: "dict[str, Status]" = field(default_factory=dict)
    worker: StudyWorker = field(default_factory=StudyWorker)
    tried: dict[tuple[str, date], tuple[int, date]] = field(default_factory=dict)
    collector: Collector = field(init=False)
    beginning: threading.Lock = field(default_factory=threading.Lock)
    clock: Callable[[], datetime] = utc_now
    _noted: set[str] = field(default_factory=set)
    _seen: StoreInfo | None = None

    def __post_init__(self) -> None:
        self.collector = Collector(
            self.store,
            self.catalog,
            noted=self.note_source,
            settings=self.loaded.settings.collect,
            limit=self.loaded.settings.server.max_body_mb * _MEGABYTE,
            clock=lambda: self.clock(),
        )

    @classmethod
    def open(cls, folder: Path, loaded: LoadedSettings, *, clock: Callable[[], datetime] = utc_now) -> "Resources":
        """Open the workspace in ``folder``.

        Raises:
            NotFound: There is none.
            InvalidInput: The time zone in the settings is not the one that the workspace was made with.
        """
        if not (folder / SETTINGS_FILE).is_file():
            raise NotFound("workspace", str(folder), hint=f"Make one with `upshot init {folder}`.")
        store = open_store(folder, loaded)
        try:
            catalog = Catalog.in_folder(folder, loaded.settings.catalog.url, clock)
        except BaseException:
            store.close()
            raise
        try:
            _check_zone(catalog, loaded)
        except BaseException:
            store.close()
            catalog.close()
            raise
        segments = SegmentBook(catalog)
        return cls(folder, loaded, store, catalog, MetricBook(catalog, segments), segments, clock=clock)

    @property
    def zone(self) -> ZoneInfo:
        """Whose local days are counted."""
        return self.store.zone

    @property
    def name(self) -> str:
        """What pages call the workspace."""
        return self.loaded.settings.workspace.name or self.folder.name

    def held(self) -> StoreInfo:
        """What the store holds; looked up once for each revision, as it takes a pass over the events."""
        revision, seen = self.store.revision, self._seen
        if seen is None or seen.revision != revision:
            seen = self._seen = self.store.info()
        return seen

    def note_source(self, name: str, kind: str) -> None:
        """Write down where events come from, once for each process."""
        if name not in self._noted:
            self._noted.add(name)
            self.catalog.sources.seen(name, kind)

    def today(self) -> date:
        """The local day that it is."""
        return self.clock().astimezone(self.zone).date()

    def local_day(self, instant: datetime) -> date:
        """The local day of an instant of the stores."""
        return instant.replace(tzinfo=UTC).astimezone(self.zone).date()

    def close(self) -> None:
        """Stop what goes on in the background, then close the stores."""
        self.background.close()
        self.worker.close()
        self.store.close()
        self.catalog.close()


def open_store(folder: Path, loaded: LoadedSettings) -> EventStore:
    """The event store of the workspace in ``folder``; made if there is none."""
    from upshot.engines.duckdb import DuckDBStore
    from upshot.engines.duckdb import Resources as Limits

    limits = Limits(loaded.settings.store.memory_mb, loaded.settings.store.threads)
    return DuckDBStore(folder / STORE_FILE, zone(loaded.settings.workspace.time_zone), resources=limits)


def _check_zone(catalog: Catalog, loaded: LoadedSettings) -> None:
    fixed, given = catalog.property(TIME_ZONE), loaded.settings.workspace.time_zone
    if fixed is not None and fixed != given:
        raise InvalidInput(
            f"The workspace counts in the days of {fixed}, but the settings say {given}.",
            hint=f'Put time_zone = "{fixed}" back; a workspace in another zone is a new one.',
        )
