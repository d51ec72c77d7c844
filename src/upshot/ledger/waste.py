"""Which work bought nothing that can be shown, by kind, and what it cost."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from upshot.catalog.kinds import OutputKind
from upshot.catalog.verdict import Grade, VerdictWord

__all__ = ["BARELY_USED", "WASTES", "Spent", "WasteKind", "WasteSum", "sum_waste", "waste_of"]

WasteKind = Literal["harm", "no effect", "unused", "unmeasured", "too early", "none"]
WASTES: tuple[WasteKind, ...] = ("harm", "no effect", "unused", "unmeasured", "too early")
BARELY_USED = 0.01
"""A feature that a smaller share of a day's active people uses is unused."""


@dataclass(frozen=True, slots=True)
class Spent:
    """What one output cost (None: not known), and its kind of waste."""

    kind: WasteKind
    cost: float | None


@dataclass(frozen=True, slots=True)
class WasteSum:
    """A kind of waste: how many outputs, their known cost, and its share of all known cost of launched outputs."""

    kind: WasteKind
    outputs: int
    cost: float
    share: float


def waste_of(
    word: VerdictWord | None, grade: Grade, kind: OutputKind, used_share: float | None, *, worse: bool = False
) -> tuple[WasteKind, str]:
    """The kind of waste, and why in words.

    Args:
        word: The verdict; None where the output is not launched.
        grade: Of the evidence.
        kind: Why the output was made; of what is no bet nobody expects an effect.
        used_share: Share of a day's active people who use it; None where no metric says so.
        worse: Whether the primary metric went the bad way; a harm that healed is still one.
    """
    if word is None:
        return "none", ""
    if word is VerdictWord.HARMED:
        return "harm", "It did harm."
    if word is VerdictWord.TRANSIENT and worse:
        return "harm", "It did harm for some days."
    if used_share is not None and used_share < BARELY_USED:
        return "unused", f"{used_share:.2%} of a day's active people use it."
    if kind is not OutputKind.BET:
        return "none", f"Of {kind} no effect is expected."
    match word:
        case VerdictWord.NO_EFFECT:
            return "no effect", "What it did is smaller than what matters."
        case VerdictWord.TRANSIENT:
            return "no effect", "What it did was over by the reading."
        case VerdictWord.TOO_EARLY:
            return "too early", "Its reading date has not come."
        case VerdictWord.NOT_MEASURABLE:
            described = " It is only described." if grade is Grade.D else ""
            return "unmeasured", f"Nobody can say what it did.{described}"
        case VerdictWord.INCONCLUSIVE:
            return "unmeasured", "It was measured, too vaguely to say what it did."
        case VerdictWord.IMPROVED | VerdictWord.MIXED:
            return "none", ""


def sum_waste(spent: Iterable[Spent]) -> tuple[WasteSum, ...]:
    """Each kind of waste with its share of the cost that is known; kinds without an output too."""
    everything = list(spent)
    known = sum(each.cost for each in everything if each.cost is not None)
    sums = []
    for kind in WASTES:
        of_kind = [each for each in everything if each.kind == kind]
        cost = sum(each.cost for each in of_kind if each.cost is not None)
        sums.append(WasteSum(kind, len(of_kind), cost, cost / known if known else 0.0))
    return tuple(sums)
