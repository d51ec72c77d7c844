"""Who changed what. Nothing in the log is ever changed."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Engine, insert, select

from upshot.catalog.commits import Writing
from upshot.catalog.tables import audit as table
from upshot.catalog.types import AuditRecord

__all__ = ["Audit"]

_SHOWN = tuple(column for column in table.c if column.name != "id")


class Audit:
    """The log, newest last."""

    def __init__(self, reading: Engine, writing: Writing, clock: Callable[[], datetime]) -> None:
        self._reading, self._writing, self._clock = reading, writing, clock

    def write(self, *, principal: str, role: str, operation: str, request: str, outcome: str) -> None:
        """Add a line; ``request`` is JSON without secrets, ``outcome`` is ``done`` or an error's code."""
        with self._writing.begin() as connection:
            connection.execute(
                insert(table).values(
                    at=self._clock(),
                    principal=principal,
                    role=role,
                    operation=operation,
                    request=request,
                    outcome=outcome,
                )
            )

    def recent(self, limit: int = 100) -> tuple[AuditRecord, ...]:
        """The newest ``limit`` lines, newest first."""
        with self._reading.connect() as connection:
            rows = connection.execute(select(*_SHOWN).order_by(table.c.id.desc()).limit(limit)).mappings()
            return tuple(AuditRecord(**row) for row in rows)
