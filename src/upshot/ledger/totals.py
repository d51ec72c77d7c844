"""What rows of the ledger come to."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from upshot.catalog.kinds import OutputKind
from upshot.catalog.verdict import Effect, Interval
from upshot.ledger.waste import Spent, WasteKind, WasteSum, sum_waste
from upshot.ledger.worth import Worth, sum_of_worths

__all__ = ["Entry", "Found", "Totals", "total"]


@dataclass(frozen=True, slots=True)
class Entry:
    """What counts of one output.

    Attributes:
        launch: The launch that tells what it did; empty where it is not launched.
        kind: Why it was made.
        cost: In the workspace's currency; None where that is not known.
        cost_days: Days of work; None where nobody said.
        waste: Its kind of waste.
        met: Whether what happened was foretold; None where nothing can be said.
    """

    launch: str
    kind: OutputKind
    cost: float | None
    cost_days: float | None
    waste: WasteKind
    met: bool | None


@dataclass(frozen=True, slots=True)
class Found:
    """What counts of one launch, shared by its outputs: its main effect and its worth, where there are any."""

    effect: Effect | None
    worth: Worth | None


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
        measured_share: Of the launches that hold a bet, those with an effect (0 to 1); None without such a launch.
        waste: Each kind of waste; of days of work where no cost is known.
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
    measured_share: float | None
    waste: tuple[WasteSum, ...]
    scored: int
    met: int


def total(entries: Iterable[Entry], found: Mapping[str, Found]) -> Totals:
    """The totals of ``entries``; ``found`` holds their launches by name."""
    rows = tuple(entries)
    launched = [row for row in rows if row.launch]
    costs = [row.cost for row in launched if row.cost is not None]
    worths = [each.worth for each in found.values() if each.worth is not None]
    bets = {row.launch for row in launched if row.kind is OutputKind.BET}
    measured = [name for name in bets if found[name].effect is not None]
    scored = [row.met for row in launched if row.met is not None]
    spent = [Spent(row.waste, row.cost if costs else row.cost_days) for row in launched]
    return Totals(
        outputs=len(rows),
        launched=len(launched),
        cost=float(sum(costs)),
        cost_days=float(sum(row.cost_days or 0.0 for row in launched)),
        costed=len(costs),
        worth=sum_of_worths(worths),
        valued=len(worths),
        measured_share=len(measured) / len(bets) if bets else None,
        waste=tuple(each if costs else WasteSum(each.kind, each.outputs, 0.0, each.share) for each in sum_waste(spent)),
        scored=len(scored),
        met=sum(scored),
    )
