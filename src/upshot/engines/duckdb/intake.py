"""Keeping what requests brought, in the writer's transaction: many of them at once."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import accumulate
from typing import TYPE_CHECKING

import msgspec

from upshot.core.errors import InvalidInput
from upshot.core.ids import event_id
from upshot.engines.columns import EventColumns
from upshot.engines.duckdb import identity, quarantine, traits
from upshot.engines.intake import Held, Taken
from upshot.engines.store import Appended

if TYPE_CHECKING:
    from collections.abc import Sequence
    from zoneinfo import ZoneInfo

    from upshot.engines.duckdb.columns import Known
    from upshot.engines.duckdb.writer import Transaction
    from upshot.engines.intake import Intake
    from upshot.engines.store import Merge

__all__ = ["Keeper"]


class Keeper:
    """Keeps intakes.

    Args:
        zone: Whose local days are counted.
    """

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self._known: Known | None = None

    def warm_up(self, transaction: Transaction) -> None:
        """Load the libraries of the first append, and let the engine find them."""
        from upshot.engines.duckdb.columns import empty

        nothing = empty()  # noqa: F841 - the statement names it
        transaction.connection.execute("SELECT count(*) FROM nothing").fetchall()
        self._what_is_known().keys.begin(transaction.connection)

    def append(self, transaction: Transaction, batches: Sequence[EventColumns]) -> list[Appended]:
        """Keep events only.

        Raises:
            InvalidInput: One of them cannot be kept.
        """
        stored = self._append(transaction, batches)
        return [Appended(n, len(b) - n, transaction.revision) for b, n in zip(batches, stored, strict=True)]

    def keep(self, transaction: Transaction, intakes: Sequence[Intake]) -> list[Taken]:
        """Keep all of them.

        Raises:
            InvalidInput: One of them cannot be kept.
        """
        stored = self._append(transaction, [intake.events for intake in intakes])
        merges = [merge for intake in intakes for merge in intake.merges]
        refused = identity.merge(transaction, merges) if merges else []
        changes = [change for intake in intakes for change in intake.traits]
        if changes:
            traits.set_traits(transaction, changes)
        held = [each for intake in intakes for each in intake.held]
        let_go = [each for intake in intakes for each in intake.let_go]
        if let_go:
            quarantine.let_go(transaction, let_go)
        if held or refused:
            quarantine.hold(transaction, [*held, *map(_held, refused)])
        return [
            Taken(
                stored=new,
                duplicates=len(intake.events) - new,
                held=len(intake.held) + sum(merge in refused for merge in intake.merges),
                revision=transaction.revision,
            )
            for intake, new in zip(intakes, stored, strict=True)
        ]

    def _append(self, transaction: Transaction, batches: Sequence[EventColumns]) -> list[int]:
        """How many events of each batch are new."""
        events = batches[0] if len(batches) == 1 else EventColumns.joined(batches)
        if not events:
            return [0] * len(batches)
        # Heavy libraries, which not every command that opens a store needs.
        from pyarrow import ArrowInvalid

        from upshot.engines.duckdb.columns import append

        try:
            fresh = append(transaction, events, self._zone, self._what_is_known())
        except (ArrowInvalid, UnicodeError) as error:
            raise InvalidInput(f"An event holds text that cannot be kept: {error}.") from error
        ends = list(accumulate(map(len, batches)))
        return [int(fresh[start:end].sum()) for start, end in zip([0, *ends], ends, strict=False)]

    def _what_is_known(self) -> Known:
        """What is known of the store without asking it."""
        if self._known is None:
            from upshot.engines.duckdb.columns import Known
            from upshot.engines.duckdb.known_keys import KnownGroups, KnownKeys
            from upshot.engines.duckdb.recent_ids import RecentIds

            self._known = Known(KnownKeys(), KnownGroups(), RecentIds())
        return self._known


def _held(merge: Merge) -> Held:
    raw = msgspec.json.encode({"distinct_id": merge.distinct_id, "alias": merge.alias}).decode()
    return Held(
        id=event_id("identity", raw).hex,
        source="identity",
        protocol="",
        position=0,
        reason=f"{merge.alias!r} belongs to another person already, and was not joined with {merge.distinct_id!r}.",
        raw=raw,
        received_at=datetime.now(UTC).replace(tzinfo=None),
        sent_at=None,
    )
