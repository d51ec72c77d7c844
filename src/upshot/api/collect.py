"""What clients sent: the quarantine, how it broke tracking plans, and how it came."""

from datetime import datetime

import msgspec

from upshot.api.operation import Operation, Permission
from upshot.api.state import Nothing

__all__ = [
    "EVENTS_SENT",
    "QUARANTINE_LIST",
    "QUARANTINE_REPLAY",
    "TRACKING_BREAKAGES",
    "EventIds",
    "HeldMessage",
    "PlanBreakage",
    "PlanBreakages",
    "Quarantine",
    "QuarantineQuery",
    "QuarantineReplay",
    "Replayed",
    "SentMessage",
    "SentMessages",
]


class QuarantineQuery(msgspec.Struct, frozen=True):
    """The newest messages in quarantine; of one source when it is named."""

    limit: int = 100
    source: str = ""


class HeldMessage(msgspec.Struct, frozen=True):
    """A message that could not become an event; ``replayable`` when it is kept whole, so that it can be tried again."""

    id: str
    source: str
    protocol: str
    position: int
    reason: str
    raw: str
    received_at: datetime
    replayable: bool


class Quarantine(msgspec.Struct, frozen=True):
    """Newest first; ``total`` counts all of them."""

    messages: tuple[HeldMessage, ...]
    total: int


class QuarantineReplay(msgspec.Struct, frozen=True):
    """Try messages again: the one of that id, those of one source, or all."""

    id: str = ""
    source: str = ""


class Replayed(msgspec.Struct, frozen=True):
    """How many messages became events and left the quarantine, and how many of those tried stay."""

    left: int
    stay: int


class PlanBreakage(msgspec.Struct, frozen=True):
    """How often events of one client library broke a tracking plan in one way."""

    source: str
    sdk: str
    event: str
    problem: str
    count: int
    first_at: datetime
    last_at: datetime


class PlanBreakages(msgspec.Struct, frozen=True):
    """Most frequent first, since the server started; ``robots`` counts requests of robots that were left out."""

    breakages: tuple[PlanBreakage, ...]
    robots: int


class EventIds(msgspec.Struct, frozen=True):
    """Stored events, by their keys, with their sources."""

    events: tuple[tuple[str, str], ...]


class SentMessage(msgspec.Struct, frozen=True):
    """What a client sent of a stored event, without what must not be kept; ``raw`` is JSON text."""

    event_id: str
    protocol: str
    sdk: str
    raw: str


class SentMessages(msgspec.Struct, frozen=True):
    """Those that came since the server started and are not too many requests ago."""

    messages: tuple[SentMessage, ...]


_R, _W = Permission.READ, Permission.WRITE
EVENTS_SENT = Operation("events.sent", _R, EventIds, SentMessages)
QUARANTINE_LIST = Operation("quarantine.list", _R, QuarantineQuery, Quarantine)
QUARANTINE_REPLAY = Operation("quarantine.replay", _W, QuarantineReplay, Replayed, changes=True)
TRACKING_BREAKAGES = Operation("tracking.breakages", _R, Nothing, PlanBreakages)
