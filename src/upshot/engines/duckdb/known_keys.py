"""Keys of persons and groups at hand, so that an append need not walk through all units.

To look a few names up among all units took 4 ms where there were 20,000, and 30 to 50 ms at a million.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from upshot.engines.duckdb.identity import unit_keys
from upshot.engines.duckdb.sorted_runs import ABSENT, SortedRuns

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from duckdb import DuckDBPyConnection
    from numpy.typing import NDArray

    from upshot.engines.duckdb.writer import Transaction

__all__ = ["KnownGroups", "KnownKeys"]

_NEWEST = 200_000


class KnownKeys:
    """Keys of persons: of those that were asked for lately by name, of all others by the hash of their name.

    That a hash is known proves nothing (of a change that failed, or of another name), and is verified in the store;
    that it is not is always right.

    Args:
        most: How many names are kept; when there are more, all are forgotten.
    """

    def __init__(self, most: int = 500_000) -> None:
        self._most = most
        self._keys: dict[str | None, int | None] = {None: None}
        self._has_begun = False
        self._hashed = SortedRuns()
        self._last = ABSENT

    def of(self, transaction: Transaction, names: Sequence[str | None]) -> list[int | None]:
        """The keys of persons by distinct id, None for nobody; those that had none are given one."""
        self.begin(transaction.connection)
        keys = self._keys
        missing = {name for name in names if name is not None and name not in keys}
        if not missing:
            return [keys[name] for name in names]
        found = self._look_up(transaction, list(missing))
        transaction.afterwards.append(lambda: self._keep(found))
        return [found[name] if name is not None and name in missing else keys[name] for name in names]

    def begin(self, connection: DuckDBPyConnection) -> None:
        """Read the names of the newest persons, as committed; they are the likeliest to come again."""
        if self._has_begun:
            return
        newest = "SELECT unit, unit_key FROM units WHERE unit_type = 'person' ORDER BY unit_key DESC LIMIT $1"
        self._keys.update(connection.cursor().execute(newest, [min(self._most, _NEWEST)]).fetchall())
        self._has_begun = True

    def _look_up(self, transaction: Transaction, names: list[str]) -> dict[str, int]:
        connection = transaction.connection
        self._catch_up(transaction)
        hashes = np.asarray(
            connection.execute("SELECT hash(unnest($1::VARCHAR[])) AS hash", [names]).fetchnumpy()["hash"], np.uint64
        )
        candidates = self._hashed.find(hashes)
        fresh = [name for name, key in zip(names, candidates, strict=True) if key == ABSENT]
        found = _verified(connection, set(names), candidates[candidates != ABSENT])
        if fresh:
            given = dict(
                connection.execute(
                    "INSERT INTO units SELECT nextval('unit_keys'), 'person', unnest($1::VARCHAR[]) "
                    "RETURNING unit, unit_key",
                    [fresh],
                ).fetchall()
            )
            self._hashed.add(hashes[candidates == ABSENT], np.array([given[name] for name in fresh], np.int64))
            found |= given
        doubtful = [name for name in names if name not in found]
        return found | unit_keys(connection, "person", doubtful) if doubtful else found

    def _catch_up(self, transaction: Transaction) -> None:
        """Read the persons that other changes have brought; at first, all of them."""
        read = transaction.connection.execute(
            "SELECT hash(unit) AS hash, unit_key FROM units WHERE unit_key > $1 AND unit_type = 'person'", [self._last]
        ).fetchnumpy()
        keys = np.asarray(read["unit_key"], np.int64)
        if len(keys):
            self._hashed.add(np.asarray(read["hash"], np.uint64), keys)
            last = int(keys.max())
            transaction.afterwards.append(lambda: self._saw(last))

    def _saw(self, last: int) -> None:
        self._last = max(self._last, last)

    def _keep(self, found: Mapping[str, int]) -> None:
        if len(self._keys) + len(found) > self._most:
            self._keys = {None: None}
        self._keys.update(found)


class KnownGroups:
    """Groups that were named before, as committed.

    Args:
        most: How many are kept; when there are more, all are forgotten.
    """

    def __init__(self, most: int = 500_000) -> None:
        self._most = most
        self._known: set[tuple[str, str]] = set()

    def new(self, transaction: Transaction, named: frozenset[tuple[str, str]]) -> bool:
        """Whether one of them may have no key yet, by unit type and name; from now on all of them count as known."""
        if named <= self._known:
            return False
        transaction.afterwards.append(lambda: self._keep(named))
        return True

    def _keep(self, named: frozenset[tuple[str, str]]) -> None:
        if len(self._known) + len(named) > self._most:
            self._known = set()
        self._known |= named


def _verified(connection: DuckDBPyConnection, names: set[str], keys: NDArray[np.int64]) -> dict[str, int]:
    """Which of the names have one of the keys."""
    if not len(keys):
        return {}
    rows = connection.execute(
        "SELECT unit, unit_key FROM units WHERE unit_key IN (SELECT unnest($1::BIGINT[])) AND unit_type = 'person'",
        [keys.tolist()],
    ).fetchall()
    return {unit: key for unit, key in rows if unit in names}
