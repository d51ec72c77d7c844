"""Random numbers that belong to a person, a day and a purpose, whatever else happens.

A counter-based generator (Philox, Salmon et al. 2011) is keyed by seed, purpose and day, and person ``i`` gets the
``i``-th number. Two runs with one seed therefore differ only where the worlds differ: common random numbers, which is
what makes a paired run a counterfactual and not a second company.
"""

import enum

import numpy as np
from numpy.typing import NDArray

__all__ = ["Draws", "Purpose"]


class Purpose(enum.IntEnum):
    """What a random number decides."""

    ARRIVALS = 0
    COUNTRY = 1
    PLATFORM = 2
    TRAITS = 3
    FAMILIES = 4
    SHOCKS = 5
    ACTIVE = 6
    CHURN = 7
    COMEBACK = 8
    PODCAST = 9
    SAVED = 10
    SEARCH = 11
    PLAYLIST = 12
    TRIAL = 13
    CONVERT = 14
    CANCEL = 15
    REFUND = 16
    CRASH = 17
    ARM = 18
    ADOPTION = 19
    SURVEY = 20
    SCORE = 21
    TIME = 22
    AMOUNT = 23
    MESS = 24
    KARAOKE = 25


class Draws:
    """The random numbers of one seed."""

    def __init__(self, seed: int) -> None:
        self._seed = np.uint64(seed)

    def generator(self, purpose: Purpose, day: int = 0) -> np.random.Generator:
        """A generator of its own for a purpose and a day."""
        stream = np.uint64(purpose) << np.uint64(32) | np.uint64(day)
        return np.random.Generator(np.random.Philox(key=np.array([self._seed, stream], dtype=np.uint64)))

    def uniform(self, purpose: Purpose, day: int, people: int) -> NDArray[np.float32]:
        """Numbers in [0, 1) for the first ``people`` persons; a longer call begins with the same numbers."""
        return self.generator(purpose, day).random(people, dtype=np.float32)
