"""What the analysis of a table of people reads and says; without the numerical libraries that make it."""

import msgspec

from upshot.catalog.verdict import Check, Interval
from upshot.studies.inputs import ArmUnits, ArmValues

__all__ = ["ArmDecision", "ArmSpread", "TableEffect", "TableInputs", "TableMean", "TableReport"]


class ArmSpread(msgspec.Struct, frozen=True, kw_only=True):
    """How an arm's people are spread around a quantile: all that its estimate and its interval need.

    Attributes:
        metric: The outcome.
        variant: The arm.
        share: Which quantile, in (0, 1).
        values: Those around the quantile, ascending.
        counts: How many people have each; the first has those with less as well, the last those with more.
    """

    metric: str
    variant: str
    share: float
    values: tuple[float, ...]
    counts: tuple[int, ...]


class TableInputs(msgspec.Struct, frozen=True, kw_only=True):
    """Sufficient statistics of a finished experiment that is kept as one row for each person.

    Attributes:
        arms: The control first.
        values: By outcome and arm, of outcomes that are means, shares or ratios.
        level: Coverage of the intervals: of the primary outcome's for all arms together, of any other's by itself.
        spreads: By outcome and arm, of outcomes that are quantiles.
        order: The outcomes' names, the primary one first; those that it leaves out follow, values before spreads.
        margins: The outcomes that must not get worse, each with the relative loss that is accepted.
        lower: The outcomes of which less is better.
    """

    arms: tuple[ArmUnits, ...]
    values: tuple[ArmValues, ...] = ()
    level: float = 0.95
    spreads: tuple[ArmSpread, ...] = ()
    order: tuple[str, ...] = ()
    margins: dict[str, float] = {}
    lower: tuple[str, ...] = ()

    @property
    def outcomes(self) -> tuple[str, ...]:
        """The outcomes' names, the primary one first."""
        named = (*(value.metric for value in self.values), *(spread.metric for spread in self.spreads))
        return tuple(dict.fromkeys((*(name for name in self.order if name in named), *named)))


class TableMean(msgspec.Struct, frozen=True, kw_only=True):
    """What an arm's people had of an outcome: mean, ratio of both means or quantile; None where that is no number."""

    outcome: str
    arm: str
    units: int
    mean: float | None


class TableEffect(msgspec.Struct, frozen=True, kw_only=True):
    """An arm against the control.

    Attributes:
        outcome: Which.
        arm: The treatment.
        absolute: Per person; None where there is none.
        relative: As a share of the control's; None where there is none.
        level: Of both intervals.
        p_value: None where the method has none.
        method: The estimator.
        why_not: Why there is no estimate; empty where there is one.
    """

    outcome: str
    arm: str
    absolute: Interval | None
    relative: Interval | None
    level: float
    p_value: float | None
    method: str
    why_not: str = ""


class ArmDecision(msgspec.Struct, frozen=True, kw_only=True):
    """What the rule says of an arm: ship where an outcome that should rise is better and no guardrail is worse.

    Attributes:
        arm: The treatment.
        word: ``SHIP``, ``DO_NOT_SHIP`` or ``NOT_MEASURABLE``.
        sentences: The recommendation, then one sentence for each outcome.
    """

    arm: str
    word: str
    sentences: tuple[str, ...]


class TableReport(msgspec.Struct, frozen=True, kw_only=True):
    """What the table says.

    Attributes:
        arms: As they were given, the control first.
        sample_ratio_p: Chance of a split at least as unlikely, if people are assigned as planned.
        checks: What the comparison rests on.
        refused: Why nothing is compared; empty where it is.
        means: By outcome and arm; none where nothing is compared.
        effects: By outcome and treatment; none where nothing is compared.
        decisions: By treatment; none where nothing is compared.
    """

    arms: tuple[ArmUnits, ...]
    sample_ratio_p: float
    checks: tuple[Check, ...]
    refused: tuple[str, ...]
    means: tuple[TableMean, ...]
    effects: tuple[TableEffect, ...]
    decisions: tuple[ArmDecision, ...] = ()
