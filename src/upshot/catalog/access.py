"""Who may come in. A token is 256 random bits, so a plain SHA-256 of it cannot be searched; only that is stored."""

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import Engine, delete, func, insert, select, update

from upshot.catalog.commits import Part, Writing
from upshot.catalog.tables import access as table
from upshot.catalog.types import AccessRecord
from upshot.core.errors import InvalidInput, NotFound
from upshot.core.ids import new_token

__all__ = ["Access"]

_SHOWN = (table.c.name, table.c.role, table.c.created_at, table.c.last_used_at)
_USE_IS_NOTED_EVERY = timedelta(minutes=1)


class Access:
    """Access entries by name."""

    def __init__(self, reading: Engine, writing: Writing, clock: Callable[[], datetime]) -> None:
        self._reading, self._writing, self._clock = reading, writing, clock

    def add(self, name: str, role: str) -> str:
        """Let ``name`` in as ``role``; returns the token, which cannot be read again.

        Raises:
            InvalidInput: The name is empty or taken.
        """
        if not name.strip():
            raise InvalidInput("The name of an access entry is empty.", hint="Name the person or the program.")
        token = new_token()
        with self._writing.begin(Part.ACCESS) as connection:
            taken = connection.execute(select(func.count()).select_from(table).where(table.c.name == name)).scalar_one()
            if taken:
                raise InvalidInput(f"{name!r} has access already.", hint="Revoke it first, or take another name.")
            connection.execute(
                insert(table).values(name=name, role=role, token_hash=_hash(token), created_at=self._clock())
            )
        return token

    def all(self) -> tuple[AccessRecord, ...]:
        """Every entry, by name."""
        with self._reading.connect() as connection:
            rows = connection.execute(select(*_SHOWN).order_by(table.c.name)).mappings()
            return tuple(AccessRecord(**row) for row in rows)

    def any(self) -> bool:
        """Whether there is an entry at all."""
        with self._reading.connect() as connection:
            return bool(connection.execute(select(func.count()).select_from(table)).scalar_one())

    def of(self, token: str) -> AccessRecord | None:
        """Whose token that is; None when nobody's."""
        now = self._clock()
        with self._reading.connect() as connection:
            row = connection.execute(select(*_SHOWN).where(table.c.token_hash == _hash(token))).mappings().first()
        if row is None:
            return None
        record = AccessRecord(**row)
        if record.last_used_at is None or now - record.last_used_at > _USE_IS_NOTED_EVERY:
            with self._writing.begin() as connection:
                connection.execute(update(table).where(table.c.name == record.name).values(last_used_at=now))
        return record

    def revoke(self, name: str) -> None:
        """Take the access of ``name`` away.

        Raises:
            NotFound: Nobody of that name has access.
        """
        with self._writing.begin(Part.ACCESS) as connection:
            names = connection.execute(select(table.c.name)).scalars().all()
            if name not in names:
                raise NotFound("access entry", name, names, hint="`upshot access list` shows who has access.")
            connection.execute(delete(table).where(table.c.name == name))


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
