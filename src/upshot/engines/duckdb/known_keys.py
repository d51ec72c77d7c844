"""Keys of persons at hand, so that not every append walks through all units."""

from __future__ import annotations

from typing import TYPE_CHECKING

from upshot.engines.duckdb.identity import unit_keys

if TYPE_CHECKING:
    from collections.abc import Sequence

    from upshot.engines.duckdb.writer import Transaction

__all__ = ["KnownKeys"]


class KnownKeys:
    """Keys of persons that were asked for lately, as committed.

    Args:
        most: How many are kept; when there are more, all are forgotten.
    """

    def __init__(self, most: int = 500_000) -> None:
        self._most = most
        self._keys: dict[str | None, int | None] = {None: None}

    def of(self, transaction: Transaction, names: Sequence[str | None]) -> list[int | None]:
        """The keys of persons by distinct id, None for nobody; those that had none are given one."""
        keys = self._keys
        missing = {name for name in names if name not in keys}
        if not missing:
            return [keys[name] for name in names]
        found = unit_keys(transaction.connection, "person", [name for name in missing if name is not None])
        transaction.afterwards.append(lambda: self._keep(found))
        return [found[name] if name in missing and name is not None else keys[name] for name in names]

    def _keep(self, found: dict[str, int]) -> None:
        if len(self._keys) + len(found) > self._most:
            self._keys = {None: None}
        self._keys.update(found)
