"""Ids of recent events at hand: an append asks the store only about events that it may have.

Without them each commit compared its events with all of the days around them, which took 3 ms where these held 100,000
events, 25 ms at a million, and 100 ms at five million.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, cast

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from upshot.engines.duckdb.writer import Transaction

__all__ = ["RecentIds"]

_DAYS = 7
_NONE = -1


class RecentIds:
    """Of each event from a day on, the first eight bytes of its id; others are asked of the store.

    That an id is here may be wrong (of a change that failed, or of equal first bytes); that it is not is always right.

    Args:
        most: How many are read from the store at most, in whole days; twice as many are kept before they are read anew.
    """

    def __init__(self, most: int = 8_000_000) -> None:
        self._most = most
        self._runs: list[NDArray[np.uint64]] = []
        self._since = date.max
        self._seen = _NONE

    def doubtful(self, transaction: Transaction, keys: NDArray[np.uint64], first: date) -> NDArray[np.int64]:
        """Rows that the store may have already; from now on these ids count as recent.

        Args:
            transaction: The one that keeps them.
            keys: The first eight bytes of their ids, as numbers.
            first: The first day on which an event with the same id makes one of them a duplicate.
        """
        self._catch_up(transaction)
        known = np.full(len(keys), first < self._since)
        for run in self._runs:
            at = np.searchsorted(run, keys)
            at[at == len(run)] = 0
            known |= run[at] == keys
        self._add(keys)
        revision = transaction.revision
        transaction.afterwards.append(lambda: self._saw(revision))
        return np.flatnonzero(known)

    def _saw(self, revision: int) -> None:
        self._seen = revision

    def _catch_up(self, transaction: Transaction) -> None:
        """Read what other changes have brought since; at first, or when there are too many, all of the last days."""
        if self._seen == _NONE or sum(map(len, self._runs)) > 2 * self._most:
            self._since = self._first_day(transaction)
            self._runs = []
            self._read(transaction, _NONE)
        elif self._seen < transaction.revision - 1:
            self._read(transaction, self._seen)

    def _first_day(self, transaction: Transaction) -> date:
        today = datetime.now(UTC).date()
        counted = transaction.connection.execute(
            "SELECT day, count(*) FROM events WHERE day > $1 GROUP BY day ORDER BY day DESC",
            [today - timedelta(days=_DAYS)],
        ).fetchall()
        room = self._most
        for day, count in counted:
            room -= count
            if room < 0:
                return cast("date", day) + timedelta(days=1)
        return today - timedelta(days=_DAYS - 1)

    def _read(self, transaction: Transaction, after: int) -> None:
        keys = transaction.connection.execute(
            "SELECT (event_id::UHUGEINT >> 64)::UBIGINT AS key FROM events WHERE day >= $1 AND revision > $2",
            [self._since, after],
        ).fetchnumpy()["key"]
        self._add(np.asarray(keys, np.uint64))

    def _add(self, keys: NDArray[np.uint64]) -> None:
        """As a sorted run; runs that are not much larger are merged with it, so that there are few."""
        new = np.sort(keys)
        while self._runs and len(self._runs[-1]) <= 2 * len(new):
            new = np.sort(np.concatenate([self._runs.pop(), new]), kind="stable")
        if len(new):
            self._runs.append(new)
