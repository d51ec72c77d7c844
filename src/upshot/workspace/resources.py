"""What an open workspace is made of."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from upshot.answers.answering import Answering
from upshot.answers.background import Background
from upshot.answers.metric_book import MetricBook
from upshot.catalog.catalog import Catalog
from upshot.collect.collector import Collector
from upshot.core.errors import InvalidInput, NotFound
from upshot.core.settings import SETTINGS_FILE, LoadedSettings
from upshot.core.time import utc_now, zone
from upshot.engines.store import EventStore
from upshot.engines.values import StoreInfo

if TYPE_CHECKING:
    from upshot.collect.imports.mapping import Status

__all__ = ["STORE_FILE", "TIME_ZONE", "Imports", "Resources", "SourceNotes", "open_store"]

STORE_FILE = "events.duckdb"
_STATEMENTS_FILE = "statements.cache"
TIME_ZONE = "time_zone"
_MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True)
class Imports:
    """Imports of files in this process.

    Attributes:
        background: Runs them.
        running: Those that run or wait, by id.
        beginning: Held while an import is looked for and begun, so that none is begun twice.
    """

    background: Background = field(default_factory=Background)
    running: "dict[str, Status]" = field(default_factory=dict)
    beginning: threading.Lock = field(default_factory=threading.Lock)


class SourceNotes:
    """Writes down where events come from, once for each process.

    Args:
        catalog: Where.
    """

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._noted: set[str] = set()

    def note(self, name: str, kind: str) -> None:
        """Write ``name`` down with the kind of its client, unless it was done before."""
        if name not in self._noted:
            self._noted.add(name)
            self._catalog.sources.seen(name, kind)


@dataclass(frozen=True, slots=True)
class Resources:
    """An open workspace's parts.

    Attributes:
        folder: Where it is, absolute.
        loaded: Its settings and where they come from.
        answering: What its answers are made from.
        sources: Writes down where events come from.
        collector: Takes in what clients send.
        imports: Imports of files.
        unready: Readings of launches that could not be made, with the store's revision and the day of the attempt.
    """

    folder: Path
    loaded: LoadedSettings
    answering: Answering
    sources: SourceNotes
    collector: Collector
    imports: Imports = field(default_factory=Imports)
    unready: dict[tuple[str, date], tuple[int, date]] = field(default_factory=dict)

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
        sources = SourceNotes(catalog)
        collector = Collector(
            store,
            catalog,
            noted=sources.note,
            settings=loaded.settings.collect,
            limit=loaded.settings.server.max_body_mb * _MEGABYTE,
            clock=clock,
        )
        return cls(
            folder,
            loaded,
            Answering.over(store, catalog, loaded.settings.workspace.currency, clock, folder / _STATEMENTS_FILE),
            sources,
            collector,
        )

    @property
    def store(self) -> EventStore:
        """Its events."""
        return self.answering.store

    @property
    def catalog(self) -> Catalog:
        """What people declared."""
        return self.answering.catalog

    @property
    def metrics(self) -> MetricBook:
        """The catalog's metrics, parsed."""
        return self.answering.metrics

    @property
    def clock(self) -> Callable[[], datetime]:
        """What time it is."""
        return self.answering.clock

    @property
    def zone(self) -> ZoneInfo:
        """Whose local days are counted."""
        return self.answering.zone

    @property
    def name(self) -> str:
        """What pages call the workspace."""
        return self.loaded.settings.workspace.name or self.folder.name

    def held(self) -> StoreInfo:
        """What the store holds."""
        return self.answering.held()

    def today(self) -> date:
        """The local day that it is."""
        return self.answering.today()

    def local_day(self, instant: datetime) -> date:
        """The local day of an instant of the stores."""
        return self.answering.local_day(instant)

    def close(self) -> None:
        """Stop what goes on in the background, then close the stores."""
        self.imports.background.close()
        self.answering.worker.close()
        self.answering.compiled.keep()
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
