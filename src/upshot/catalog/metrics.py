"""Versions of metric definitions. A changed definition is a new version; old ones stay, as decisions rest on them."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, func, insert, select

from upshot.catalog.commits import Part, Writing
from upshot.catalog.tables import metric_versions as table
from upshot.catalog.types import MetricVersion

__all__ = ["Metrics"]


class Metrics:
    """Metric versions by name; the highest version is the one in use."""

    def __init__(self, reading: Engine, writing: Writing, clock: Callable[[], datetime]) -> None:
        self._reading, self._writing, self._clock = reading, writing, clock

    def current(self) -> dict[str, MetricVersion]:
        """The newest version of every metric by name, in the order in which they were first defined."""
        newest = (
            select(
                table.c.name,
                func.max(table.c.version).label("version"),
                func.min(table.c.created_at).label("defined_at"),
            )
            .group_by(table.c.name)
            .subquery()
        )
        join = table.join(newest, (table.c.name == newest.c.name) & (table.c.version == newest.c.version))
        in_order = select(table).select_from(join).order_by(newest.c.defined_at, table.c.name)
        with self._reading.connect() as connection:
            rows = connection.execute(in_order).mappings().all()
        return {row["name"]: MetricVersion(**row) for row in rows}

    def history(self, name: str) -> tuple[MetricVersion, ...]:
        """All versions of one metric, oldest first."""
        with self._reading.connect() as connection:
            rows = connection.execute(select(table).where(table.c.name == name).order_by(table.c.version)).mappings()
            return tuple(MetricVersion(**row) for row in rows)

    def add(self, definitions: Iterable[tuple[str, str, str]], *, source: str, by: str) -> tuple[MetricVersion, ...]:
        """Store a new version of each (name, hash, definition), all of them or none; returns what was stored.

        Each is a microsecond later than the one before it, which keeps the order of a file.
        """
        with self._writing.begin(Part.METRICS) as connection:
            whole = ((name, digest, definition, source) for name, digest, definition in definitions)
            return self.add_within(connection, whole, by=by)

    def add_within(
        self, connection: Connection, definitions: Iterable[tuple[str, str, str, str]], *, by: str
    ) -> tuple[MetricVersion, ...]:
        """``add`` as a part of a transaction, of (name, hash, definition, source)."""
        now = self._clock()
        stored = []
        for place, (name, digest, definition, source) in enumerate(definitions):
            last = connection.execute(select(func.max(table.c.version)).where(table.c.name == name)).scalar()
            at = now + timedelta(microseconds=place)
            version = MetricVersion(name, (last or 0) + 1, digest, definition, source, at, by)
            connection.execute(
                insert(table).values({field: getattr(version, field) for field in version.__struct_fields__})
            )
            stored.append(version)
        return tuple(stored)
