"""The way of a request into the store: decoded, ascribed to a source, admitted, and kept as a whole."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from datetime import UTC, datetime

import msgspec

from upshot.catalog.catalog import Catalog
from upshot.collect.admission import admit
from upshot.collect.delivery import Delivery, Envelope
from upshot.collect.keys import KeyRing
from upshot.collect.protocols import native, posthog, segment
from upshot.collect.recent import Recent
from upshot.engines.intake import Taken
from upshot.engines.store import EventStore

__all__ = ["Collector", "Receipt"]


class Receipt(msgspec.Struct, frozen=True):
    """A request that was taken in; ``done`` is over when it is durable."""

    delivery: Delivery
    done: Future[Taken]


class Collector:
    """Takes in what clients send.

    Args:
        store: Where it goes.
        catalog: Whose keys count.
        noted: Called with the name of each source and its protocol when the first of its events came.
        limit: How many bytes a request may unpack to.
        clock: What time it is.

    Attributes:
        limit: As given.
        recent: What was sent lately.
    """

    def __init__(
        self,
        store: EventStore,
        catalog: Catalog,
        *,
        noted: Callable[[str, str], None],
        limit: int,
        clock: Callable[[], datetime],
    ) -> None:
        self._store, self._catalog, self._noted = store, catalog, noted
        self.limit, self._clock = limit, clock
        self._lock = threading.Lock()
        self._ring: KeyRing | None = None
        self.recent = Recent()

    def renew(self) -> None:
        """Forget what was read of the catalog, as it has changed."""
        with self._lock:
            self._ring = None

    def receive(self, envelope: Envelope, protocol: str, call: str = "", *, origin: str = "") -> Receipt:
        """Take a request in.

        Args:
            envelope: The request.
            protocol: Which one it speaks: ``segment``, ``posthog``, ``posthog-v1`` or ``native``.
            call: For Segment, which call.
            origin: The site whose page sent it; empty where no browser did.

        Raises:
            Malformed: It is nothing of that protocol.
            TooLarge: It unpacks to too much.
            Refused: Its write key is not in force.
            TooMany: The key brings more than it may.
            Busy: The store cannot keep up.
        """
        delivery = self._decode(envelope, protocol, call)
        source = self._keys().source(delivery.write_key, delivery.protocol, origin)
        source.spend(len(delivery.arrivals) + len(delivery.refusals))
        admitted = admit(delivery, source.name, envelope.received_at)
        done = self._store.take_in(admitted.intake)
        self.recent.keep(delivery, admitted.intake.events.event_id, admitted.arrivals)
        self._noted(source.name, delivery.protocol)
        return Receipt(delivery, done)

    def now(self) -> datetime:
        """The instant, in UTC without offset."""
        return self._clock().astimezone(UTC).replace(tzinfo=None)

    @property
    def asks_for_keys(self) -> bool:
        """Whether events need a write key."""
        return self._keys().asks

    def _decode(self, envelope: Envelope, protocol: str, call: str) -> Delivery:
        match protocol:
            case "segment":
                return segment.decode(envelope, call, self.limit)
            case "posthog":
                return posthog.decode(envelope, self.limit)
            case "posthog-v1":
                return posthog.decode_versioned(envelope, self.limit)
            case _:
                return native.decode(envelope, self.limit)

    def _keys(self) -> KeyRing:
        with self._lock:
            if self._ring is None:
                self._ring = KeyRing(
                    self._catalog.write_keys.all(), self._spent, is_open=not self._catalog.access.any()
                )
            return self._ring

    def _spent(self, source: str) -> int:
        """How many events of that source came in this day of UTC."""
        now = self.now()
        return self._store.received_since(source, now.replace(hour=0, minute=0, second=0, microsecond=0))
