"""A map of 64-bit numbers that grows by batches and is asked by batches."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["ABSENT", "SortedRuns"]

ABSENT = -1


class SortedRuns:
    """Sorted arrays, each more than twice as long as the next, so that there are few: 16 bytes for each number.

    A number that was added twice is found with either value.
    """

    def __init__(self) -> None:
        self._runs: list[tuple[NDArray[np.uint64], NDArray[np.int64]]] = []

    def __len__(self) -> int:
        return sum(len(numbers) for numbers, _ in self._runs)

    def find(self, numbers: NDArray[np.uint64]) -> NDArray[np.int64]:
        """The value of each number, ``ABSENT`` where there is none."""
        found = np.full(len(numbers), ABSENT, np.int64)
        for known, values in self._runs:
            at = np.searchsorted(known, numbers)
            at[at == len(known)] = 0
            hit = known[at] == numbers
            found[hit] = values[at[hit]]
        return found

    def add(self, numbers: NDArray[np.uint64], values: NDArray[np.int64]) -> None:
        """Add numbers with their values, which are not negative."""
        if not len(numbers):
            return
        order = np.argsort(numbers)
        new, of_new = numbers[order], values[order]
        while self._runs and len(self._runs[-1][0]) <= 2 * len(new):
            old, of_old = self._runs.pop()
            joined, of_joined = np.concatenate([old, new]), np.concatenate([of_old, of_new])
            order = np.argsort(joined, kind="stable")
            new, of_new = joined[order], of_joined[order]
        self._runs.append((new, of_new))
