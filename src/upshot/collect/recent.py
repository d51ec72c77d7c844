"""What was sent lately, as it came, beside what was stored of it: for those who build the tracking and look on."""

import threading
from collections import OrderedDict

import msgspec

__all__ = ["Recent", "Sent"]

_MOST_BYTES = 20_000


class Sent(msgspec.Struct, frozen=True):
    """A message as it came. ``raw`` is JSON text, cut where it is very long."""

    protocol: str
    sdk: str
    raw: str


class Recent:
    """The messages of the newest events, by event id.

    Args:
        most: How many are kept.
    """

    def __init__(self, most: int = 1000) -> None:
        self._most = most
        self._kept: OrderedDict[str, tuple[str, str, bytes]] = OrderedDict()
        self._lock = threading.Lock()

    def keep(self, messages: list[tuple[str, str, str, bytes]]) -> None:
        """Keep messages: event id, protocol, sdk, raw; of many at once, the last."""
        with self._lock:
            for event_id, protocol, sdk, raw in messages[-self._most :]:
                self._kept[event_id] = (protocol, sdk, raw[:_MOST_BYTES])
                self._kept.move_to_end(event_id)
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)

    def of(self, event_id: str) -> Sent | None:
        """The message of an event; None when it came too long ago, or not by a client."""
        with self._lock:
            found = self._kept.get(event_id)
        if found is None:
            return None
        protocol, sdk, raw = found
        return Sent(protocol, sdk, raw.decode("utf-8", "replace"))
