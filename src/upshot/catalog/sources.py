"""Where events come from."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Engine, insert, select, update

from upshot.catalog.commits import Writing
from upshot.catalog.tables import sources as table
from upshot.catalog.types import SourceRecord

__all__ = ["Sources"]


class Sources:
    """Sources by name."""

    def __init__(self, reading: Engine, writing: Writing, clock: Callable[[], datetime]) -> None:
        self._reading, self._writing, self._clock = reading, writing, clock

    def seen(self, name: str, kind: str) -> None:
        """Note that events came from ``name`` just now."""
        now = self._clock()
        with self._writing.begin() as connection:
            changed = connection.execute(update(table).where(table.c.name == name).values(last_seen_at=now))
            if not changed.rowcount:
                connection.execute(insert(table).values(name=name, kind=kind, first_seen_at=now, last_seen_at=now))

    def all(self) -> tuple[SourceRecord, ...]:
        """Every source, by name."""
        with self._reading.connect() as connection:
            rows = connection.execute(select(table).order_by(table.c.name)).mappings()
            return tuple(SourceRecord(**row) for row in rows)
