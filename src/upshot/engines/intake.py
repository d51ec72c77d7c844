"""What one request brings to a store: kept all at once, or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from upshot.engines.columns import EventColumns
from upshot.engines.values import Merge, UnitTraits

__all__ = ["Intake", "Quarantined", "Taken"]


class Quarantined(msgspec.Struct, frozen=True):
    """A message in quarantine.

    Attributes:
        id: The same for the same message of the same source, however often it is sent.
        source: Where it came from.
        protocol: What it speaks, and where it matters the call; empty where it cannot be tried again.
        position: Which message of its request it was, from 1.
        reason: Why it is no event.
        raw: As it came.
        received_at: When it had come in, UTC without offset.
        sent_at: What the client's clock said at the sending; None where it said nothing.
    """

    id: str
    source: str
    protocol: str
    position: int
    reason: str
    raw: str
    received_at: datetime
    sent_at: datetime | None


class Intake(msgspec.Struct, frozen=True):
    """Events, with what they say of persons and groups, and what could not become an event.

    ``let_go`` names messages that leave the quarantine with this intake.
    """

    events: EventColumns
    merges: Sequence[Merge] = ()
    traits: Sequence[UnitTraits] = ()
    held: Sequence[Quarantined] = ()
    let_go: Sequence[str] = ()


class Taken(msgspec.Struct, frozen=True):
    """What became of an intake; it is durable.

    Attributes:
        stored: New events; where ``duplicates`` is None, all of its events.
        duplicates: Events that were known already, or twice in the intake. None when so much comes in that this is
            found out later: a duplicate is left out then.
        held: Messages in quarantine, and merges that are known not to be made.
        revision: Of the store, when all of it was in its tables; None when that comes later.
    """

    stored: int
    duplicates: int | None
    held: int
    revision: int | None
