"""Where the work went: every launched output lies in one of four buckets, and their costs add up to the whole.

Paid off is what is shown to have improved; waste only what is shown to have brought nothing: no effect that matters,
harm, or a feature that next to nobody uses. What cannot be said, or not yet, is not known, and neither. Of upkeep,
enabling and compliance nobody expected an effect.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from upshot.catalog.kinds import OutputKind
from upshot.catalog.verdict import Grade, VerdictWord

__all__ = [
    "BARELY_USED",
    "BUCKETS",
    "REASONS",
    "Bucket",
    "BucketSum",
    "Placed",
    "Reason",
    "ReasonSum",
    "Spent",
    "bucket_of",
    "sum_buckets",
    "whole_percents",
]

Bucket = Literal["paid off", "waste", "not known", "upkeep"]
Reason = Literal[
    "improved", "harm", "no effect", "unused", "mixed", "too vague", "unmeasured", "too early", "no effect expected"
]
BUCKETS: Mapping[Bucket, str] = {
    "paid off": "paid off",
    "waste": "no effect, harm or unused",
    "not known": "not known",
    "upkeep": "upkeep and enabling",
}
"""The buckets in their order, and how they are written."""
REASONS: Mapping[Reason, Bucket] = {
    "improved": "paid off",
    "harm": "waste",
    "no effect": "waste",
    "unused": "waste",
    "mixed": "not known",
    "too vague": "not known",
    "unmeasured": "not known",
    "too early": "not known",
    "no effect expected": "upkeep",
}
"""Why an output lies in a bucket, and in which."""
BARELY_USED = 0.01
"""A feature that a smaller share of a day's active people uses is unused."""


@dataclass(frozen=True, slots=True)
class Placed:
    """In which bucket an output lies, and why in a word and in a sentence."""

    reason: Reason
    note: str

    @property
    def bucket(self) -> Bucket:
        """The bucket."""
        return REASONS[self.reason]


@dataclass(frozen=True, slots=True)
class Spent:
    """What one launched output cost, in money and in days of work (None: not known), and why it lies in its bucket."""

    reason: Reason
    cost: float | None
    cost_days: float | None


@dataclass(frozen=True, slots=True)
class ReasonSum:
    """How many outputs of a bucket lie there for one reason, and their known cost in money and in days."""

    reason: Reason
    outputs: int
    cost: float
    cost_days: float


@dataclass(frozen=True, slots=True)
class BucketSum:
    """One bucket.

    Attributes:
        outputs: How many launched outputs lie in it.
        costed: Of how many of them the cost is known.
        cost: Their known cost in money; of all buckets together the whole.
        cost_days: Their days of work.
        share: Of the known cost of all buckets, 0 to 1; of days of work where no cost is known; None where neither is.
        percent: The share in whole per cent, so rounded that those of all buckets are 100.
        reasons: What it is made of, without reasons that no output has.
    """

    bucket: Bucket
    outputs: int
    costed: int
    cost: float
    cost_days: float
    share: float | None
    percent: int | None
    reasons: tuple[ReasonSum, ...]


def bucket_of(
    word: VerdictWord, grade: Grade, kind: OutputKind, used_share: float | None, *, worse: bool = False
) -> Placed:
    """In which bucket a launched output lies.

    Args:
        word: The verdict on its launch.
        grade: Of the evidence.
        kind: Why the output was made; of what is no bet nobody expects an effect.
        used_share: Share of a day's active people who use it; None where no metric says so.
        worse: Whether the primary metric went the bad way; a harm that healed is still one.
    """
    if word is VerdictWord.HARMED:
        return Placed("harm", "It did harm.")
    if word is VerdictWord.TRANSIENT and worse:
        return Placed("harm", "It did harm for some days.")
    if used_share is not None and used_share < BARELY_USED:
        return Placed("unused", f"{used_share:.2%} of a day's active people use it.")
    if kind is not OutputKind.BET:
        return Placed("no effect expected", f"Of {kind} no effect is expected.")
    match word:
        case VerdictWord.IMPROVED:
            return Placed("improved", "")
        case VerdictWord.NO_EFFECT:
            return Placed("no effect", "What it did is smaller than what matters.")
        case VerdictWord.TRANSIENT:
            return Placed("no effect", "What it did was over by the reading.")
        case VerdictWord.MIXED:
            return Placed("mixed", "It improved something and harmed something else.")
        case VerdictWord.TOO_EARLY:
            return Placed("too early", "What it did is not known yet.")
        case VerdictWord.NOT_MEASURABLE:
            described = " It is only described." if grade is Grade.D else ""
            return Placed("unmeasured", f"Nobody can say what it did.{described}")
        case VerdictWord.INCONCLUSIVE:
            return Placed("too vague", "It was measured, too vaguely to say what it did.")


def sum_buckets(spent: Iterable[Spent]) -> tuple[BucketSum, ...]:
    """All four buckets, those without an output too; shares are of money where any cost is known, else of days."""
    everything = list(spent)
    in_money = any(each.cost is not None for each in everything)
    parts = {bucket: [each for each in everything if REASONS[each.reason] == bucket] for bucket in BUCKETS}
    sizes = [_cost(part) if in_money else _days(part) for part in parts.values()]
    whole = sum(sizes)
    percents = whole_percents(sizes)
    return tuple(
        BucketSum(
            bucket=bucket,
            outputs=len(part),
            costed=sum((each.cost if in_money else each.cost_days) is not None for each in part),
            cost=_cost(part),
            cost_days=_days(part),
            share=size / whole if whole else None,
            percent=percents[place] if percents else None,
            reasons=_reasons(part),
        )
        for place, ((bucket, part), size) in enumerate(zip(parts.items(), sizes, strict=True))
    )


def whole_percents(parts: Sequence[float]) -> tuple[int, ...]:
    """The parts in whole per cent that add up to 100, by the largest remainders; empty where the parts are nothing.

    >>> whole_percents([1, 1, 1]), whole_percents([0, 0])
    ((34, 33, 33), ())
    """
    whole = sum(parts)
    if not whole > 0:
        return ()
    exact = [100 * part / whole for part in parts]
    found = [int(each) for each in exact]
    by_rest = sorted(range(len(parts)), key=lambda place: (found[place] - exact[place], place))
    for place in by_rest[: 100 - sum(found)]:
        found[place] += 1
    return tuple(found)


def _reasons(part: Sequence[Spent]) -> tuple[ReasonSum, ...]:
    found = {reason: [each for each in part if each.reason == reason] for reason in REASONS}
    return tuple(ReasonSum(why, len(those), _cost(those), _days(those)) for why, those in found.items() if those)


def _cost(part: Iterable[Spent]) -> float:
    return sum((each.cost for each in part if each.cost is not None), start=0.0)


def _days(part: Iterable[Spent]) -> float:
    return sum((each.cost_days for each in part if each.cost_days is not None), start=0.0)
