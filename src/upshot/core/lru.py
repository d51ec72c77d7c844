"""A bounded memory: what was not used for longest makes room for what is new."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

__all__ = ["Lru"]

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Lru(Generic[K, V]):
    """The most recently used values, by key; threads share it.

    Args:
        most: How many are kept, at least 1.

    >>> kept = Lru[str, int](2)
    >>> kept.put("a", 1), kept.put("b", 2), kept.get("a"), kept.put("c", 3)
    (None, None, 1, None)
    >>> kept.get("a"), kept.get("b"), len(kept)
    (1, None, 2)
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: OrderedDict[K, V] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        with self._lock:
            return len(self._kept)

    def get(self, key: K) -> V | None:
        """The value, which counts as used now; None where there is none."""
        with self._lock:
            value = self._kept.get(key)
            if value is not None:
                self._kept.move_to_end(key)
            return value

    def put(self, key: K, value: V) -> None:
        """Keep ``value``."""
        with self._lock:
            self._kept[key] = value
            self._kept.move_to_end(key)
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)

    def items(self) -> tuple[tuple[K, V], ...]:
        """Keys and values as they are now, the least recently used first."""
        with self._lock:
            return tuple(self._kept.items())

    def forget(self, which: Callable[[V], bool] = lambda _: True) -> None:
        """Let go of the values that ``which`` names; of all when it is not given."""
        with self._lock:
            for key in [key for key, value in self._kept.items() if which(value)]:
                del self._kept[key]
