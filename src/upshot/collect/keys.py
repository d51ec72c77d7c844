"""Whose events a request brings: by its write key, or by none while a workspace has no keys yet."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from upshot.catalog.types import WriteKey
from upshot.core.errors import Busy, NotAllowed

__all__ = ["KeyRing", "Refused", "Source", "TooMany"]

_LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
_DAY_SECONDS = 86_400
_BURST_SECONDS = 10


class Refused(NotAllowed):
    """The request names no key, or one that is not in force."""

    code = "unauthorized"


class TooMany(Busy):
    """A key brings more than it may."""

    code = "too_many"


@dataclass(slots=True)
class Source:
    """Where events come from, and how many more may.

    Attributes:
        name: What their source is called.
        events_a_second: The limit on average; 0 for none.
        events_a_day: The limit for each day of UTC; 0 for none.
        spent: How many of this day came before this process did.
    """

    name: str
    events_a_second: int = 0
    events_a_day: int = 0
    spent: int = 0
    _clock: Callable[[], float] = time.time
    _tokens: float = field(default=0.0, init=False)
    _seen_at: float = field(default=0.0, init=False)
    _day: int = field(default=-1, init=False)
    _today: int = field(default=0, init=False)

    def spend(self, events: int) -> None:
        """Count ``events``, which may come all at once: ten seconds' worth of the rate is saved up.

        Raises:
            TooMany: They are more than the key may bring now; none of them counts.
        """
        if not self.events_a_second and not self.events_a_day:
            return
        now = self._clock()
        if int(now // _DAY_SECONDS) != self._day:
            self._today = self.spent if self._day < 0 else 0
            self._day = int(now // _DAY_SECONDS)
        if self.events_a_day and self._today + events > self.events_a_day:
            raise TooMany(
                f"The write key {self.name!r} has brought {self._today} of its {self.events_a_day} events of this day.",
                hint="Send them again tomorrow, or ask for a higher limit.",
                retry_after_seconds=max(1, int(_DAY_SECONDS - now % _DAY_SECONDS)),
            )
        self._check_rate(events, now)
        self._today += events

    def _check_rate(self, events: int, now: float) -> None:
        if not self.events_a_second:
            return
        full = float(self.events_a_second * _BURST_SECONDS)
        self._tokens = min(full, self._tokens + (now - self._seen_at) * self.events_a_second)
        self._seen_at = now
        # A request larger than all that can be saved up passes when all is saved up, and is paid off afterwards.
        if self._tokens < min(events, full):
            missing = min(events, full) - self._tokens
            raise TooMany(
                f"The write key {self.name!r} brings more than its {self.events_a_second} events a second.",
                hint="Send them again later.",
                retry_after_seconds=max(1, int(missing / self.events_a_second) + 1),
            )
        self._tokens -= events


class KeyRing:
    """The keys in force.

    Args:
        keys: All keys, those that were revoked too.
        spent: How many events of that source came today already; asked only where a key has a limit for a day.
        is_open: Whether nobody needs access to the workspace: then, and while no key was ever made, none is asked for.
        clock: Seconds since 1970.
    """

    def __init__(
        self,
        keys: tuple[WriteKey, ...],
        spent: Callable[[str], int],
        *,
        is_open: bool,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._sources = {
            key.key: Source(
                key.name,
                key.events_a_second,
                key.events_a_day,
                spent(key.name) if key.events_a_day else 0,
                clock,
            )
            for key in keys
            if key.revoked_at is None
        }
        self._asks = bool(keys) or not is_open

    @property
    def asks(self) -> bool:
        """Whether a key is asked for."""
        return self._asks

    def source(self, key: str, protocol: str, origin: str) -> Source:
        """Whose events they are.

        Args:
            key: What the request gave.
            protocol: Names the source where no key is asked for.
            origin: The site whose page sent the request; empty where no browser did.

        Raises:
            Refused: The key is missing or not in force; or no key is asked for, and another site sent the request.
        """
        found = self._sources.get(key)
        if found is not None:
            return found
        if self._asks:
            raise Refused(
                "The write key is not one of this workspace." if key else "The request has no write key.",
                hint="Make one with `upshot key add NAME`, and give it to the client.",
            )
        if origin and urlsplit(origin).hostname not in _LOOPBACK_NAMES:
            raise Refused(
                f"Without a write key, only pages of this machine may send events; {origin} is another site.",
                hint="Make one with `upshot key add NAME`, and give it to the client.",
            )
        return Source(protocol)
