"""What was sent lately, as it came, beside what was stored of it: for those who build the tracking and look on."""

import threading
import uuid
from collections import deque
from collections.abc import Callable, Sequence

import msgspec

from upshot.collect.delivery import Arrivals, Delivery
from upshot.collect.protocols.elements import message_texts

__all__ = ["Recent", "Sent"]

_MOST_LETTERS = 20_000


class Sent(msgspec.Struct, frozen=True):
    """A message as it came. ``raw`` is JSON text, cut where it is very long."""

    protocol: str
    sdk: str
    raw: str


class Recent:
    """The newest requests. They are kept as they came, and taken apart when somebody looks.

    Args:
        most_bytes: How much is kept.
        most: How many requests are kept.
    """

    def __init__(self, most_bytes: int = 8 << 20, most: int = 2000) -> None:
        self._most_bytes, self._most = most_bytes, most
        self._kept: deque[tuple[Delivery, Sequence[bytes], Arrivals]] = deque()
        self._bytes = 0
        self._lock = threading.Lock()

    def keep(self, delivery: Delivery, event_ids: Sequence[bytes], arrivals: Arrivals) -> None:
        """Keep a request whose ``arrivals`` became events with these ids; one that is too large is left out."""
        size = len(delivery.body)
        if size > self._most_bytes // 8 or not event_ids:
            return
        with self._lock:
            self._kept.append((delivery, event_ids, arrivals))
            self._bytes += size
            while self._bytes > self._most_bytes or len(self._kept) > self._most:
                self._bytes -= len(self._kept.popleft()[0].body)

    def of(self, event_id: str, redacted: Callable[[bytes], bytes]) -> Sent | None:
        """The message of an event as ``redacted`` leaves it; None when it came too long ago, or not by a client."""
        wanted = uuid.UUID(event_id).bytes
        with self._lock:
            requests = tuple(self._kept)
        for delivery, event_ids, arrivals in reversed(requests):
            if wanted in event_ids:
                arrival = arrivals[event_ids.index(wanted)]
                texts = message_texts(delivery.body)
                raw = texts[arrival.position - 1] if arrival.position <= len(texts) else b""
                text = redacted(raw).decode("utf-8", "replace")
                return Sent(delivery.protocol, arrival.sdk, text[:_MOST_LETTERS])
        return None
