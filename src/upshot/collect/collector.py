"""The way of a request into the store: decoded, ascribed to a source, admitted, and kept as a whole."""

import re
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from datetime import UTC, datetime

import msgspec

from upshot.catalog.catalog import Catalog
from upshot.catalog.commits import Change, Part
from upshot.catalog.kinds.tracking import TrackingPlan
from upshot.collect.admission import admit
from upshot.collect.delivery import Delivery, Envelope, Malformed, TooLarge
from upshot.collect.keys import KeyRing
from upshot.collect.policy import Breakages, Policy
from upshot.collect.protocols import PROTOCOLS
from upshot.collect.protocols.protocol import Decode
from upshot.collect.recent import Recent, Sent
from upshot.core.ids import new_token
from upshot.core.settings import CollectSettings
from upshot.engines.intake import Intake, Quarantined, Taken
from upshot.engines.store import EventStore

__all__ = ["Collector", "Receipt"]

_SALT = "hash_salt"
_ROBOT = re.compile(
    r"\b(?!cubot\b)\w*bot\b|\b\w*(?:crawler|spider)\b|\b(?:crawl|slurp|facebookexternalhit|headlesschrome|pingdom)|"
    r"lighthouse|phantomjs",
    re.IGNORECASE,
)
_PROTOCOLS = {protocol.name: protocol for protocol in PROTOCOLS}


class Receipt(msgspec.Struct, frozen=True):
    """A request that was taken in; ``done`` is over when it is durable."""

    delivery: Delivery
    done: Future[Taken]


class Collector:
    """Takes in what clients send.

    Args:
        store: Where it goes.
        catalog: Whose keys count.
        settings: What of it is kept.
        noted: Called with the name of each source and its protocol when the first of its events came.
        limit: How many bytes a request may unpack to.
        clock: What time it is.

    Attributes:
        limit: As given.
        settings: As given.
        recent: What was sent lately.
        breakages: How events broke their plans since the start.
        robots: How many requests of robots were left out since the start.
    """

    def __init__(
        self,
        store: EventStore,
        catalog: Catalog,
        *,
        noted: Callable[[str, str], None],
        settings: CollectSettings,
        limit: int,
        clock: Callable[[], datetime],
    ) -> None:
        self._store, self._catalog, self._noted = store, catalog, noted
        self.limit, self._clock = limit, clock
        self.settings = settings
        self._lock = threading.Lock()
        self._ring: KeyRing | None = None
        self._policy: Policy | None = None
        self.recent = Recent()
        self.breakages = Breakages()
        self.robots = 0
        catalog.listen(self._changed)

    def _changed(self, change: Change) -> None:
        """Forget what was read of the catalog, where it has changed."""
        with self._lock:
            if change.parts & {Part.ACCESS, Part.WRITE_KEYS}:
                self._ring = None
            if Part.DECLARATIONS in change.parts:
                self._policy = None

    def receive(self, envelope: Envelope, decode: Decode, *, origin: str = "") -> Receipt:
        """Take a request in.

        Args:
            envelope: The request.
            decode: How its protocol is read at the address that it came to.
            origin: The site whose page sent it; empty where no browser did.

        Raises:
            Malformed: It is nothing of that protocol.
            TooLarge: It unpacks to too much.
            Refused: Its write key is not in force.
            TooMany: The key brings more than it may.
            Busy: The store cannot keep up.
        """
        delivery = decode(envelope, self.limit)
        source = self._keys().source(delivery.write_key, delivery.protocol, origin)
        source.spend(len(delivery.arrivals) + len(delivery.refusals))
        if self.settings.bots == "drop" and _ROBOT.search(envelope.user_agent):
            self.robots += 1
            return Receipt(Delivery(delivery.protocol, b"", "", clean=True), self._nothing())
        policy = self._rules().of(source.name)
        admitted = admit(delivery, source.name, envelope.received_at, policy, self.breakages)
        done = self._store.take_in(admitted.intake)
        self.recent.keep(delivery, admitted.intake.events.event_id, admitted.arrivals)
        self._noted(source.name, delivery.protocol)
        return Receipt(delivery, done)

    def replay(self, held: Sequence[Quarantined]) -> tuple[int, int]:
        """Try messages of the quarantine again; those that become events leave it.

        Returns:
            How many did, and how many stay.
        """
        left, waiting = 0, []
        for each in held:
            intake = self._again(each)
            if intake is not None:
                waiting.append(self._store.take_in(intake))
                left += 1
        for done in waiting:
            done.result()
        return left, len(held) - left

    def sent(self, event_id: str, source: str) -> Sent | None:
        """What the client sent of a recent event, as it may be shown; None when it came too long ago."""
        return self.recent.of(event_id, self._rules().of(source).redacted)

    def _again(self, held: Quarantined) -> Intake | None:
        """The message as it is taken in now; None where it still cannot be."""
        name, _, call = held.protocol.partition(":")
        protocol = _PROTOCOLS.get(name)
        if protocol is None:
            return None
        raw = held.raw.encode()
        decode = protocol.calls.get(call) if call else protocol.batch.decode
        if decode is None:
            return None
        body = raw if call else protocol.batch.of(raw, held.sent_at)
        try:
            delivery = decode(Envelope(body, held.received_at), self.limit)
        except (Malformed, TooLarge):
            return None
        intake = admit(delivery, held.source, held.received_at, self._rules().of(held.source), Breakages()).intake
        if intake.held or not intake.events:
            return None
        return msgspec.structs.replace(intake, let_go=[held.id])

    def _nothing(self) -> Future[Taken]:
        done: Future[Taken] = Future()
        done.set_result(Taken(0, 0, 0, self._store.revision))
        return done

    def now(self) -> datetime:
        """The instant, in UTC without offset."""
        return self._clock().astimezone(UTC).replace(tzinfo=None)

    @property
    def asks_for_keys(self) -> bool:
        """Whether events need a write key."""
        return self._keys().asks

    def _keys(self) -> KeyRing:
        with self._lock:
            if self._ring is None:
                self._ring = KeyRing(
                    self._catalog.write_keys.all(), self._spent, is_open=not self._catalog.access.any()
                )
            return self._ring

    def _rules(self) -> Policy:
        with self._lock:
            if self._policy is None:
                plans = self._catalog.declarations.current(TrackingPlan).values()
                self._policy = Policy(
                    (plan.value for plan in plans), addresses=self.settings.addresses, salt=self._salt().encode()
                )
            return self._policy

    def _salt(self) -> str:
        salt = self._catalog.property(_SALT)
        if salt is None:
            salt = new_token()
            self._catalog.set_property(_SALT, salt)
        return salt

    def _spent(self, source: str) -> int:
        """How many events of that source came in this day of UTC."""
        now = self.now()
        return self._store.received_since(source, now.replace(hour=0, minute=0, second=0, microsecond=0))
