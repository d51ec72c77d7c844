"""Versions of what people declared. A change is a new version, a removal too, so that every change can be undone."""

import hashlib
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Generic, Literal, TypeAlias, TypeVar, cast

import msgspec
from sqlalchemy import Connection, Engine, RowMapping, and_, func, insert, not_, select

from upshot.catalog.commits import Part, Writing
from upshot.catalog.kinds import Declaration
from upshot.catalog.kinds.declaration import with_article
from upshot.catalog.tables import declarations as table
from upshot.core.errors import InvalidInput, NotFound

__all__ = ["Declarations", "Declared", "Managed", "Put", "Remove", "body_hash"]

D = TypeVar("D", bound=Declaration)
Row: TypeAlias = RowMapping | Mapping[str, Any]  # Any: columns are of many types
Managed = Literal["hand", "code", "import"]
_MANY = 50


class Declared(msgspec.Struct, Generic[D], frozen=True):
    """A declaration at one version.

    Attributes:
        value: What was declared; of a removal, what was removed.
        version: Counts from 1 for each kind and name.
        hash: SHA-256 of the body, 64 hexadecimal digits.
        removed: Whether this version took it away.
        managed: ``code``: from YAML files, so read-only in the pages; ``hand``: in the pages or by a command;
            ``import``: read from git, a tracker or a table.
        source: The file, the repository or the page.
    """

    value: D
    version: int
    hash: str
    removed: bool
    managed: Managed
    source: str
    created_at: datetime
    created_by: str


class Put(msgspec.Struct, frozen=True):
    """Add ``value``, or change what bears its name.

    Attributes:
        after: The version that this change was made from; None: whatever is there. 0: nothing was there.
        source: The file, the repository or the page; empty: as the whole change says.
    """

    value: Declaration
    after: int | None = None
    source: str = ""


class Remove(msgspec.Struct, frozen=True):
    """Take a declaration away."""

    kind: type[Declaration]
    name: str
    after: int | None = None


def body_hash(value: Declaration) -> str:
    """SHA-256 of a declaration's body, 64 hexadecimal digits."""
    return hashlib.sha256(msgspec.json.encode(value)).hexdigest()


class Declarations:
    """Declarations by kind and name; the highest version is the one in force."""

    def __init__(self, reading: Engine, writing: Writing, clock: Callable[[], datetime]) -> None:
        self._reading, self._writing, self._clock = reading, writing, clock
        self._decoded: dict[tuple[str, str], Declaration] = {}
        self._lock = threading.Lock()

    def current(self, kind: type[D]) -> dict[str, Declared[D]]:
        """What is in force, by name, in the order of first declaration."""
        newest = (
            select(
                table.c.name,
                func.max(table.c.version).label("version"),
                func.min(table.c.created_at).label("first_at"),
            )
            .where(table.c.kind == kind.KIND)
            .group_by(table.c.name)
            .subquery()
        )
        join = table.join(newest, and_(table.c.name == newest.c.name, table.c.version == newest.c.version))
        statement = (
            select(table)
            .select_from(join)
            .where(table.c.kind == kind.KIND, table.c.removed.is_(False))
            .order_by(newest.c.first_at, table.c.name)
        )
        with self._reading.connect() as connection:
            rows = connection.execute(statement).mappings().all()
        return {row["name"]: self._declared(kind, row) for row in rows}

    def removed(self, kind: type[D], *, not_by: str = "") -> set[str]:
        """Names of what was there and is not any more; without what an import from ``not_by`` took away itself."""
        newest = (
            select(table.c.name, func.max(table.c.version).label("version"))
            .where(table.c.kind == kind.KIND)
            .group_by(table.c.name)
            .subquery()
        )
        join = table.join(newest, and_(table.c.name == newest.c.name, table.c.version == newest.c.version))
        itself = and_(table.c.managed == "import", table.c.source == not_by)
        gone = (
            select(table.c.name)
            .select_from(join)
            .where(table.c.kind == kind.KIND, table.c.removed.is_(True), not_(itself))
        )
        with self._reading.connect() as connection:
            return set(connection.execute(gone).scalars())

    def get(self, kind: type[D], name: str) -> Declared[D]:
        """The one of that name.

        Raises:
            NotFound: There is none.
        """
        with self._reading.connect() as connection:
            row = _newest(connection, kind.KIND, name)
        if row is None or row["removed"]:
            raise NotFound(kind.KIND, name, self.current(kind))
        return self._declared(kind, row)

    def history(self, kind: type[D], name: str) -> tuple[Declared[D], ...]:
        """Every version, oldest first, removals too."""
        statement = select(table).where(table.c.kind == kind.KIND, table.c.name == name).order_by(table.c.version)
        with self._reading.connect() as connection:
            rows = connection.execute(statement).mappings().all()
        return tuple(self._declared(kind, row) for row in rows)

    def change(
        self, changes: Iterable[Put | Remove], *, by: str, source: str, managed: Managed
    ) -> tuple[Declared[Declaration], ...]:
        """Make all of the changes or none; returns the new versions. What changes nothing gets no version.

        Raises:
            InvalidInput: Somebody else changed one of them meanwhile (``after``), or one cannot be changed.
            NotFound: What should be removed is not there.
        """
        with self._writing.begin(Part.DECLARATIONS, alone=(table,)) as connection:
            return self.change_within(connection, changes, by=by, source=source, managed=managed)

    def change_within(
        self, connection: Connection, changes: Iterable[Put | Remove], *, by: str, source: str, managed: Managed
    ) -> tuple[Declared[Declaration], ...]:
        """``change`` as a part of a transaction. Each is a microsecond later than the one before it: order is kept."""
        asked = tuple(changes)
        newest = _newest_of(connection, asked)
        at, made = self._clock(), []
        for change in asked:
            version = self._one(newest, change, now=at, by=by, source=source, managed=managed)
            if version is not None:
                at += timedelta(microseconds=1)
                made.append(version)
                newest[version.value.KIND, version.value.name] = _row(version)
        if made:
            connection.execute(insert(table), [_row(version) for version in made])
        return tuple(made)

    def restore(self, kind: type[D], name: str, *, by: str) -> Declared[D]:
        """Undo the last change of that name: what was before it is in force again, as a new version.

        Raises:
            NotFound: Nothing of that name was ever declared.
            InvalidInput: There is nothing before its only version, which can be removed instead.
        """
        wanted, after = self.before_last(kind, name)
        change = Put(wanted.value, after=after)
        self.change([change], by=by, source=wanted.source, managed=wanted.managed)
        return self.get(kind, name)

    def before_last(self, kind: type[D], name: str) -> tuple[Declared[D], int]:
        """What was in force before the last change of that name, and the version in force now (0: none is).

        Raises:
            NotFound: Nothing of that name was ever declared.
            InvalidInput: There is nothing before its only version, which can be removed instead.
        """
        versions = self.history(kind, name)
        if not versions:
            raise NotFound(kind.KIND, name, self.current(kind))
        last = versions[-1]
        if last.removed:
            return last, 0
        if len(versions) == 1:
            raise InvalidInput(f"{name!r} was never changed.", hint="Remove it instead.")
        if versions[-2].removed:
            raise InvalidInput(f"{name!r} was not there before its last change.", hint="Remove it instead.")
        return versions[-2], last.version

    def _one(
        self,
        newest: Mapping[tuple[str, str], Row],
        change: Put | Remove,
        *,
        now: datetime,
        by: str,
        source: str,
        managed: Managed,
    ) -> Declared[Declaration] | None:
        kind = type(change.value) if isinstance(change, Put) else change.kind
        name = change.value.name if isinstance(change, Put) else change.name
        row = newest.get((kind.KIND, name))
        there = None if row is None or row["removed"] else row
        if change.after == 0 and there:
            raise InvalidInput(
                f"There is {with_article(kind.KIND)} named {name!r} already.",
                hint="It was made or changed meanwhile, or has the same title: give this one another title or name, or "
                "change the one that is there.",
            )
        if change.after is not None and change.after != (there["version"] if there else 0):
            raise InvalidInput(
                f"The {kind.KIND} {name!r} was changed meanwhile.", hint="Look at it as it is now, then change it."
            )
        if isinstance(change, Put):
            value = change.value
            if there and there["hash"] == body_hash(value) and there["managed"] == managed:
                return None
            if there and kind.IMMUTABLE and there["hash"] != body_hash(value):
                raise InvalidInput(f"The {kind.KIND} {name!r} cannot be changed.", hint="Add another one beside it.")
        elif there:
            value = self._declared(kind, there).value
        else:
            raise NotFound(kind.KIND, name, self.current(kind))
        return Declared(
            value=value,
            version=1 if row is None else row["version"] + 1,
            hash=body_hash(value),
            removed=isinstance(change, Remove),
            managed=managed,
            source=(change.source if isinstance(change, Put) else "") or source,
            created_at=now,
            created_by=by,
        )

    def _declared(self, kind: type[D], row: Row) -> Declared[D]:
        key = (kind.KIND, row["hash"])
        with self._lock:
            value = self._decoded.get(key)
            if value is None:
                value = self._decoded[key] = msgspec.json.decode(row["body"], type=kind)
        columns = {field: row[field] for field in Declared.__struct_fields__ if field != "value"}
        return Declared(value=cast("D", value), **columns)


def _newest(connection: Connection, kind: str, name: str) -> RowMapping | None:
    statement = (
        select(table).where(table.c.kind == kind, table.c.name == name).order_by(table.c.version.desc()).limit(1)
    )
    return connection.execute(statement).mappings().first()


def _newest_of(connection: Connection, changes: Sequence[Put | Remove]) -> dict[tuple[str, str], Row]:
    """The newest row of each name that is changed; by one statement a kind where many are."""
    names: dict[str, set[str]] = {}
    for change in changes:
        kind, name = (
            (change.value.KIND, change.value.name) if isinstance(change, Put) else (change.kind.KIND, change.name)
        )
        names.setdefault(kind, set()).add(name)
    found: dict[tuple[str, str], Row] = {}
    for kind, asked in names.items():
        if len(asked) > _MANY:
            rows = connection.execute(select(table).where(table.c.kind == kind).order_by(table.c.version)).mappings()
            found |= {(kind, row["name"]): row for row in rows if row["name"] in asked}
        else:
            newest = {(kind, name): _newest(connection, kind, name) for name in asked}
            found |= {key: row for key, row in newest.items() if row is not None}
    return found


def _row(version: Declared[Declaration]) -> dict[str, Any]:  # Any: columns are of many types
    columns = {field: getattr(version, field) for field in version.__struct_fields__ if field != "value"}
    body = msgspec.json.encode(version.value).decode()
    return {"kind": version.value.KIND, "name": version.value.name, "body": body, **columns}
