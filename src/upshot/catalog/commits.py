"""Transactions that change the catalog, and who is told when one is committed."""

import contextlib
import enum
import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, Table, func, select

from upshot.catalog.tables import declarations, metric_versions, seals, verdicts

__all__ = ["Change", "Part", "Writing"]

_GROWING = (metric_versions, declarations, seals, verdicts)


class Part(enum.Enum):
    """What a commit may have changed; audit lines, leases and sightings of sources are no such part."""

    METRICS = "metrics"
    DECLARATIONS = "declarations"
    CONCLUSIONS = "conclusions"
    ACCESS = "access"
    WRITE_KEYS = "write keys"


@dataclass(frozen=True, slots=True)
class Change:
    """A commit.

    Attributes:
        parts: What it may have changed.
        revision: The catalog's revision after it.
    """

    parts: frozenset[Part]
    revision: int


class Writing:
    """The catalog's database for writing: SQLite's write lock is taken at once, so that no transaction fails half-way.

    Args:
        engine: The database.
    """

    def __init__(self, engine: Engine) -> None:
        self._reading = engine
        self._writing = engine.execution_options(sqlite_begin="IMMEDIATE")
        self._listeners: list[Callable[[Change], None]] = []
        self._lock = threading.Lock()
        self._announced = self.revision()

    @property
    def announced(self) -> int:
        """The revision after this process's last commit, or with which it was opened."""
        return self._announced

    def revision(self) -> int:
        """How many versions of metrics and declarations, seals and verdicts there are: it grows with each change."""
        counts = (select(func.count()).select_from(table).scalar_subquery() for table in _GROWING)
        with self._reading.connect() as connection:
            return sum(connection.execute(select(*counts)).one())

    @contextmanager
    def begin(self, *parts: Part, alone: Collection[Table] = ()) -> Iterator[Connection]:
        """A transaction; after its commit whoever listens is told which ``parts`` it may have changed, if any.

        Args:
            parts: None where nobody waits for the change.
            alone: Tables that nobody else changes meanwhile, so that what is read of them stays right until the end.
        """
        with self._writing.begin() as connection:
            if alone and connection.dialect.name == "postgresql":
                names = ", ".join(f'"{table.name}"' for table in alone)
                connection.exec_driver_sql(f"LOCK TABLE {names} IN SHARE ROW EXCLUSIVE MODE")
            yield connection
        if parts:
            self._announce(frozenset(parts))

    def listen(self, listener: Callable[[Change], None]) -> Callable[[], None]:
        """Have ``listener`` called after each commit that changed a part, from the thread that made it.

        It must return at once, and write nothing that would be announced.

        Returns:
            What ends it.
        """
        with self._lock:
            self._listeners.append(listener)

        def end() -> None:
            with self._lock, contextlib.suppress(ValueError):
                self._listeners.remove(listener)

        return end

    def _announce(self, parts: frozenset[Part]) -> None:
        revision = self.revision()
        with self._lock:
            self._announced = max(self._announced, revision)
            change = Change(parts, self._announced)
            listeners = tuple(self._listeners)
        for listener in listeners:
            listener(change)
