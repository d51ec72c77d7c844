"""What rows of the ledger come to."""

from collections.abc import Iterable
from dataclasses import dataclass

from upshot.catalog.verdict import Interval
from upshot.ledger.buckets import BucketSum, Reason, Spent, sum_buckets
from upshot.ledger.worth import Worth, sum_of_worths

__all__ = ["Entry", "Totals", "total"]


@dataclass(frozen=True, slots=True)
class Entry:
    """What counts of one output.

    Attributes:
        launch: The launch that tells what it did; empty where it is not launched.
        cost: In the workspace's currency; None where that is not known.
        cost_days: Days of work; None where nobody said.
        reason: Why it lies in its bucket; None where it is not launched.
        met: Whether what happened was foretold; None where nothing can be said.
    """

    launch: str
    cost: float | None
    cost_days: float | None
    reason: Reason | None
    met: bool | None


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums; each launch counts once.

    Attributes:
        outputs: How many rows.
        launched: How many of them are launched; all that follows is of those.
        cost: The known costs.
        cost_days: The days of work.
        costed: How many costs are known.
        worth: The sum of worths; None of none.
        valued: How many launches have a worth.
        buckets: Where the work went, all four; their costs add up to ``cost`` and their days to ``cost_days``.
        scored: How many expectations were met or were not.
        met: How many were met.
    """

    outputs: int
    launched: int
    cost: float
    cost_days: float
    costed: int
    worth: Interval | None
    valued: int
    buckets: tuple[BucketSum, ...]
    scored: int
    met: int


def total(entries: Iterable[Entry], worths: Iterable[Worth]) -> Totals:
    """The totals of ``entries``; ``worths`` are those of their launches, each once."""
    rows, known = tuple(entries), tuple(worths)
    launched = [row for row in rows if row.launch]
    scored = [row.met for row in launched if row.met is not None]
    buckets = sum_buckets(Spent(row.reason, row.cost, row.cost_days) for row in launched if row.reason is not None)
    return Totals(
        outputs=len(rows),
        launched=len(launched),
        cost=sum((each.cost for each in buckets), start=0.0),
        cost_days=sum((each.cost_days for each in buckets), start=0.0),
        costed=sum(row.cost is not None for row in launched),
        worth=sum_of_worths(known),
        valued=len(known),
        buckets=buckets,
        scored=len(scored),
        met=sum(scored),
    )
