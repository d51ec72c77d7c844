"""The catalog: one object for each thing that people declare, over one database."""

from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path

import msgspec
from sqlalchemy import func, insert, select, text, update

from upshot.catalog.access import Access
from upshot.catalog.audit import Audit
from upshot.catalog.commits import Change, Part, Writing
from upshot.catalog.conclusions import Conclusions
from upshot.catalog.database import CATALOG_FILE, open_database, shown_url, sqlite_url
from upshot.catalog.declarations import Declarations, Declared, Managed, Put, Remove
from upshot.catalog.jobs import Jobs
from upshot.catalog.kinds import Declaration, Output
from upshot.catalog.metrics import Metrics
from upshot.catalog.sources import Sources
from upshot.catalog.tables import HEAD, declarations, metric_versions, properties, seals
from upshot.catalog.types import MetricVersion
from upshot.catalog.verdict import Seal
from upshot.catalog.write_keys import WriteKeys
from upshot.core.errors import CorruptStore
from upshot.core.time import utc_now

__all__ = ["Catalog", "Made"]


class Made(msgspec.Struct, frozen=True):
    """New versions of declarations and of metrics, and new seals."""

    versions: tuple[Declared[Declaration], ...]
    metrics: tuple[MetricVersion, ...]
    sealed: tuple[Seal, ...]


class Catalog:
    """An open catalog.

    Attributes:
        metrics: Versions of metric definitions.
        sources: Where events come from.
        jobs: Work under leases.
        access: Who may come in.
        audit: Who changed what.
        declarations: What people declared: objectives, outputs, launches, …
        conclusions: Seals of expectations, snapshots of inputs, verdicts.
        write_keys: Keys with which clients send events.
    """

    def __init__(self, url: str, clock: Callable[[], datetime] = utc_now) -> None:
        self._engine = open_database(url)
        self._writing = Writing(self._engine)
        self.url = shown_url(url)
        self.metrics = Metrics(self._engine, self._writing, clock)
        self.sources = Sources(self._engine, self._writing, clock)
        self.jobs = Jobs(self._engine, self._writing, clock)
        self.access = Access(self._engine, self._writing, clock)
        self.audit = Audit(self._engine, self._writing, clock)
        self.declarations = Declarations(self._engine, self._writing, clock)
        self.conclusions = Conclusions(self._engine, self._writing, clock)
        self.write_keys = WriteKeys(self._engine, self._writing, clock)

    @classmethod
    def in_folder(cls, folder: Path, url: str = "", clock: Callable[[], datetime] = utc_now) -> "Catalog":
        """The catalog of the workspace in ``folder``: at ``url``, or the file there when empty.

        Raises:
            CorruptStore: The file is there and holds nothing.
        """
        file = folder / CATALOG_FILE
        if not url and file.is_file() and file.stat().st_size == 0:
            raise CorruptStore(
                f"{file} is empty, so the definitions that it should hold are not there.",
                hint="Restore it from a backup, or delete it to begin with a new catalog.",
            )
        return cls(url or sqlite_url(folder), clock)

    @property
    def kind(self) -> str:
        """``sqlite`` or ``postgresql``."""
        return self._engine.dialect.name

    @property
    def schema(self) -> str:
        """The revision of its tables."""
        return HEAD

    def revision(self) -> int:
        """How many versions of metrics and declarations, seals and verdicts there are: it grows with each change."""
        return self._writing.revision()

    @property
    def announced(self) -> int:
        """The revision after this process's last commit, or with which it was opened."""
        return self._writing.announced

    def listen(self, listener: Callable[[Change], None]) -> Callable[[], None]:
        """Have ``listener`` called after each commit that changed something people declare, conclude or are let in by.

        It is called from the thread that made the change: it must return at once.

        Returns:
            What ends it.
        """
        return self._writing.listen(listener)

    def check(self) -> None:
        """Ask the database something.

        Raises:
            UserError: It does not answer.
        """
        with self._engine.connect() as connection:
            connection.execute(text("SELECT 1")).all()

    def declare(
        self,
        changes: Iterable[Put | Remove],
        metrics: Iterable[tuple[str, str, str, str]] = (),
        *,
        by: str,
        source: str,
        managed: Managed,
    ) -> Made:
        """Make all of the changes or none, and seal what changed outputs expect.

        Args:
            changes: Of declarations.
            metrics: New versions: name, hash, definition and source of each.
            by: Who.
            source: Where the changes come from, where one does not say.
            managed: How.

        Raises:
            InvalidInput: Somebody else changed one of them meanwhile, or one cannot be changed.
            NotFound: What should be removed is not there.
        """
        with self._writing.begin(
            Part.METRICS, Part.DECLARATIONS, Part.CONCLUSIONS, alone=(metric_versions, declarations, seals)
        ) as connection:
            added = self.metrics.add_within(connection, metrics, by=by)
            versions = self.declarations.change_within(connection, changes, by=by, source=source, managed=managed)
            outputs = [v.value for v in versions if isinstance(v.value, Output) and not v.removed]
            expected = ((output.name, expectation) for output in outputs for expectation in output.expectations)
            sealed = self.conclusions.seal_within(connection, expected, by=by)
        return Made(versions, added, sealed)

    def property(self, name: str) -> str | None:
        """A fact about the workspace that was fixed when it was made, such as its time zone."""
        with self._engine.connect() as connection:
            return connection.execute(select(properties.c.value).where(properties.c.name == name)).scalar()

    def set_property(self, name: str, value: str) -> None:
        """Fix a fact about the workspace."""
        with self._writing.begin() as connection:
            there = connection.execute(
                select(func.count()).select_from(properties).where(properties.c.name == name)
            ).scalar_one()
            statement = (
                update(properties).where(properties.c.name == name).values(value=value)
                if there
                else insert(properties).values(name=name, value=value)
            )
            connection.execute(statement)

    def close(self) -> None:
        """Give all connections back."""
        self._engine.dispose()
