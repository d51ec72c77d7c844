"""Keeping what requests brought, in the writer's transaction: many of them at once."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import accumulate
from typing import TYPE_CHECKING

import msgspec

from upshot.core.ids import event_id
from upshot.engines.columns import EventColumns
from upshot.engines.duckdb import added_facts, facts, identity, quarantine, traits
from upshot.engines.intake import Quarantined, Taken
from upshot.engines.values import Appended

if TYPE_CHECKING:
    from collections.abc import Sequence
    from zoneinfo import ZoneInfo

    from upshot.engines.duckdb.columns import Batch, Known
    from upshot.engines.duckdb.writer import Transaction
    from upshot.engines.intake import Intake
    from upshot.engines.values import Merge

__all__ = ["Keeper", "prepared"]

_FEW_ARRIVALS = 30_000
"""So many are moved with a transaction of the backlog; more of them are left to a refresh, beside the writer."""


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
        nothing = prepared(EventColumns()).table  # noqa: F841 - the statement names it
        transaction.connection.execute("SELECT count(*) FROM nothing").fetchall()
        self._what_is_known().keys.begin(transaction.connection)

    def append(self, transaction: Transaction, batches: Sequence[EventColumns]) -> list[Appended]:
        """Keep events only.

        Raises:
            InvalidInput: One of them cannot be kept.
        """
        stored = self._append(transaction, [prepared(batch) for batch in batches], with_facts=False)
        return [Appended(n, len(b) - n, transaction.revision) for b, n in zip(batches, stored, strict=True)]

    def keep(self, transaction: Transaction, intakes: Sequence[Intake]) -> list[Taken]:
        """Keep all of them.

        Raises:
            InvalidInput: One of them cannot be kept.
        """
        stored = self._append(transaction, [prepared(intake.events) for intake in intakes], with_facts=False)
        refused = _keep_rest(transaction, intakes)
        return [
            Taken(
                stored=new,
                duplicates=len(intake.events) - new,
                held=len(intake.held) + sum(merge in refused for merge in intake.merges),
                revision=transaction.revision,
            )
            for intake, new in zip(intakes, stored, strict=True)
        ]

    def keep_journal(
        self,
        transaction: Transaction,
        batches: Sequence[Batch],
        rest: Sequence[Intake],
        number: int,
        *,
        with_facts: bool,
    ) -> None:
        """Keep what the journal holds up to a record.

        Args:
            transaction: The writer's; nothing else is in it.
            batches: The events of those records.
            rest: Their intakes that bring more than events.
            number: Of the last of them.
            with_facts: Whether the events go to where they are read fast, and their facts are added; the caller holds
                the writer's ``facts`` then.

        Raises:
            InvalidInput: Something of it cannot be kept.
        """
        self._append(transaction, batches, with_facts=with_facts)
        if with_facts:
            _add_facts(transaction)
        _keep_rest(transaction, rest)
        transaction.connection.execute("UPDATE state SET journal = ?, revision = ?", [number, transaction.revision])
        transaction.is_noted = True

    def set_aside(self, transaction: Transaction, intake: Intake, reason: str) -> None:
        """Bring an intake into quarantine that was promised and cannot be kept."""
        columns = intake.events
        held = [*intake.held, *(_set_aside(columns, row, reason) for row in range(len(columns)))]
        if intake.merges or intake.traits:
            raw = msgspec.json.encode({"merges": intake.merges, "traits": intake.traits}).decode()
            held.append(_of_identity(raw, reason))
        quarantine.hold(transaction, held)

    def _append(self, transaction: Transaction, batches: Sequence[Batch], *, with_facts: bool) -> list[int]:
        """How many events of each batch are new."""
        # Heavy libraries, which not every command that opens a store needs.
        from upshot.engines.duckdb.columns import Batch, append

        if not any(batches):
            return [0] * len(batches)
        fresh = append(transaction, Batch.joined(batches), self._zone, self._what_is_known(), with_facts=with_facts)
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


def prepared(columns: EventColumns) -> Batch:
    """Events in the engine's form.

    Raises:
        InvalidInput: A text is not UTF-8.
    """
    from upshot.engines.duckdb.columns import Batch

    return Batch.of(columns)


def _add_facts(transaction: Transaction) -> None:
    """Add the facts of what this transaction kept, and of the little that came before it when little came in.

    All of them at once: facts that were added twice in one transaction, beside persons that a refresh repaired, came
    out as garbage (of DuckDB 2.0.0).
    """
    connection = transaction.connection
    waiting, first, last = connection.execute(
        "SELECT count(*), min(revision), max(revision) FROM arrived_events"
    ).fetchall()[0]
    which = [f"NOT arrived AND revision = {transaction.revision}"] if transaction.is_noted else []
    moves = 0 < waiting <= _FEW_ARRIVALS
    if moves:
        which.append(facts.arrived_between(first, last))
    if which:
        added_facts.add(connection, " OR ".join(f"({each})" for each in which))
    if moves:
        facts.move(connection, first, last)


def _keep_rest(transaction: Transaction, intakes: Sequence[Intake]) -> list[Merge]:
    """Keep what intakes bring beside events; returns the merges that were not made."""
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
    return refused


def _set_aside(columns: EventColumns, row: int, reason: str) -> Quarantined:
    names = ("event", "occurred_at", "distinct_id", "session_id", "client_id")
    said = {name: getattr(columns, name)[row] for name in names}
    said["groups"] = columns.groups[row] if columns.groups else {}
    said["properties"] = columns.properties[row].decode("utf-8", "replace")
    return Quarantined(
        id=columns.event_id[row].hex(),
        source=columns.source[row],
        protocol="",
        position=0,
        reason=reason,
        raw=msgspec.json.encode(said).decode(),
        received_at=columns.received_at[row],
        sent_at=None,
    )


def _held(merge: Merge) -> Quarantined:
    raw = msgspec.json.encode({"distinct_id": merge.distinct_id, "alias": merge.alias}).decode()
    return _of_identity(
        raw, f"{merge.alias!r} belongs to another person already, and was not joined with {merge.distinct_id!r}."
    )


def _of_identity(raw: str, reason: str) -> Quarantined:
    """What was said of persons."""
    return Quarantined(
        id=event_id("identity", raw).hex,
        source="identity",
        protocol="",
        position=0,
        reason=reason,
        raw=raw,
        received_at=datetime.now(UTC).replace(tzinfo=None),
        sent_at=None,
    )
