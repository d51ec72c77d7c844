"""Keeping what a request brought, in the writer's transaction."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec

from upshot.engines.duckdb import append, identity, summaries, traits
from upshot.engines.intake import Taken
from upshot.engines.store import Appended, Rejected

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from upshot.engines.duckdb.writer import Transaction
    from upshot.engines.intake import Intake
    from upshot.engines.store import Merge

__all__ = ["take_in"]


def take_in(transaction: Transaction, intake: Intake, payload: str, zone: ZoneInfo) -> Taken:
    """Keep it; ``payload`` is its events as ``append.encode`` made them, empty for none."""
    done = append.append(transaction, payload, zone) if payload else Appended(0, 0, transaction.revision)
    refused = identity.merge(transaction, intake.merges) if intake.merges else []
    if intake.traits:
        traits.set_traits(transaction, intake.traits)
    rejects = [*intake.rejects, *(_reject(merge) for merge in refused)]
    if rejects:
        summaries.keep_rejects(transaction, rejects)
    return Taken(done.stored, done.duplicates, len(rejects), transaction.revision)


def _reject(merge: Merge) -> Rejected:
    return Rejected(
        source="identity",
        line=0,
        reason=f"{merge.alias!r} belongs to another person already, and was not joined with {merge.distinct_id!r}.",
        raw=msgspec.json.encode({"distinct_id": merge.distinct_id, "alias": merge.alias}).decode(),
        rejected_at=datetime.now(UTC).replace(tzinfo=None),
    )
