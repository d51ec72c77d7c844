"""What one request brings to a store: kept all at once, or not at all."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from upshot.engines.columns import EventColumns
from upshot.engines.store import Merge, Rejected, UnitTraits

__all__ = ["Intake", "Taken"]


class Intake(msgspec.Struct, frozen=True):
    """Events, with what they say of persons and groups, and what could not become an event."""

    events: EventColumns
    merges: Sequence[Merge] = ()
    traits: Sequence[UnitTraits] = ()
    rejects: Sequence[Rejected] = ()


class Taken(msgspec.Struct, frozen=True):
    """What became of an intake; it is durable.

    Attributes:
        stored: New events.
        duplicates: Events that were known already, or twice in the intake.
        rejected: Messages in quarantine, and merges that were not made.
        revision: Of the store, when all of it was kept.
    """

    stored: int
    duplicates: int
    rejected: int
    revision: int
