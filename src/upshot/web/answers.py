"""Answers that several looks at a page share: the same question about the same data is asked once.

An answer depends on the store's revision, on the definitions, on the day, and on the question; all of them are the key,
so nothing has to be thrown away by name.
"""

from collections.abc import Callable, Hashable
from typing import TypeVar

import msgspec

from upshot.core.lru import Lru

__all__ = ["Answers"]

Answer = TypeVar("Answer", bound=msgspec.Struct)


class Answers:
    """The most recent answers; threads share them.

    Args:
        most: How many are kept.
    """

    def __init__(self, most: int = 128) -> None:
        self._kept = Lru[Hashable, msgspec.Struct](most)

    def get(self, key: Hashable, expected: type[Answer], ask: Callable[[], Answer]) -> Answer:
        """The answer kept under ``key``, or the one that ``ask`` gives now; an error is not kept."""
        kept = self._kept.get(key)
        if isinstance(kept, expected):
            return kept
        answer = ask()
        self._kept.put(key, answer)
        return answer
