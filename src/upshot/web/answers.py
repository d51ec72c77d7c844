"""Answers that several looks at a page share: the same question about the same data is asked once.

An answer depends on the store's revision, on the definitions, on the day, and on the question; all of them are the key,
so nothing has to be thrown away by name.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import TypeVar

import msgspec

__all__ = ["Answers"]

Answer = TypeVar("Answer", bound=msgspec.Struct)


class Answers:
    """The most recent answers; threads share them.

    Args:
        most: How many are kept.
    """

    def __init__(self, most: int = 128) -> None:
        self._most = most
        self._kept: OrderedDict[Hashable, msgspec.Struct] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable, shape: type[Answer], ask: Callable[[], Answer]) -> Answer:
        """The answer kept under ``key``, or the one that ``ask`` gives now; an error is not kept."""
        with self._lock:
            kept = self._kept.get(key)
            if isinstance(kept, shape):
                self._kept.move_to_end(key)
                return kept
        answer = ask()
        with self._lock:
            self._kept[key] = answer
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return answer
