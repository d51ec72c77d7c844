"""Keys with which clients send events.

They stand in every browser's page, so they are no secrets and are kept as they are; they open nothing but the way in
for events. One that was revoked stays, so that its name is not taken again.
"""

import secrets
from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Engine, func, insert, select, update

from upshot.catalog.commits import Part, Writing
from upshot.catalog.tables import write_keys as table
from upshot.catalog.types import WriteKey
from upshot.core.errors import InvalidInput, NotFound

__all__ = ["WriteKeys"]

_PREFIX = "upk_"
_KEY_BYTES = 24
_LONGEST_NAME = 200
_MOST_EVENTS = 10**12


class WriteKeys:
    """Write keys by name, which is the source of the events that come with them."""

    def __init__(self, reading: Engine, writing: Writing, clock: Callable[[], datetime]) -> None:
        self._reading, self._writing, self._clock = reading, writing, clock

    def add(self, name: str, *, by: str, events_a_second: int = 0, events_a_day: int = 0, key: str = "") -> WriteKey:
        """Make a key.

        Args:
            name: What it is for; its events get it as their source.
            by: Who makes it.
            events_a_second: How many events it may bring each second on average; 0 for no limit.
            events_a_day: How many events it may bring each day; 0 for no limit.
            key: The key itself, where clients in the field have one already; a new one when empty.

        Raises:
            InvalidInput: The name or the key is empty, too long or taken, or a limit is none.
        """
        name = name.strip()
        if not name or len(name) > _LONGEST_NAME:
            raise InvalidInput(f"{name!r} cannot be the name of a write key.", hint="Name the app that sends with it.")
        for field, limit in (("second", events_a_second), ("day", events_a_day)):
            if not 0 <= limit <= _MOST_EVENTS:
                raise InvalidInput(
                    f"A write key cannot be limited to {limit} events a {field}.",
                    hint=f"Give a number of events up to {_MOST_EVENTS:,}, or 0 for no limit.",
                )
        made = WriteKey(
            name=name,
            key=key.strip() or _PREFIX + secrets.token_urlsafe(_KEY_BYTES),
            events_a_second=events_a_second,
            events_a_day=events_a_day,
            created_at=self._clock(),
            created_by=by,
            revoked_at=None,
        )
        with self._writing.begin(Part.WRITE_KEYS) as connection:
            clash = select(table.c.name).where((table.c.name == name) | (table.c.key == made.key))
            if connection.execute(clash).first() is not None:
                raise InvalidInput(
                    f"There is, or was, a write key named {name!r}, or with this key.", hint="Take another name."
                )
            values = {field: getattr(made, field) for field in made.__struct_fields__}
            connection.execute(insert(table).values(**values))
        return made

    def all(self) -> tuple[WriteKey, ...]:
        """Every key, those that were revoked too, oldest first."""
        with self._reading.connect() as connection:
            rows = connection.execute(select(table).order_by(table.c.created_at, table.c.name)).mappings()
            return tuple(WriteKey(**row) for row in rows)

    def any(self) -> bool:
        """Whether a key was ever made: from then on events need one."""
        with self._reading.connect() as connection:
            return bool(connection.execute(select(func.count()).select_from(table)).scalar_one())

    def revoke(self, name: str) -> None:
        """Refuse the key from now on.

        Raises:
            NotFound: No key in force has that name.
        """
        with self._writing.begin(Part.WRITE_KEYS) as connection:
            valid = select(table.c.name).where(table.c.revoked_at.is_(None))
            names = connection.execute(valid).scalars().all()
            if name not in names:
                raise NotFound("write key", name, names, hint="`upshot key list` shows all of them.")
            connection.execute(update(table).where(table.c.name == name).values(revoked_at=self._clock()))
