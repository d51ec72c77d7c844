"""What the analysis of a table of people reads and says; without the numerical libraries that make it."""

import msgspec

from upshot.catalog.verdict import Check, Interval
from upshot.studies.inputs import ArmUnits, ArmValues

__all__ = ["TableEffect", "TableInputs", "TableMean", "TableReport"]


class TableInputs(msgspec.Struct, frozen=True, kw_only=True):
    """Sufficient statistics of a finished experiment that is kept as one row for each person.

    Attributes:
        arms: The control first.
        values: By outcome and arm; the first outcome is the primary one.
        level: Coverage of the intervals: of the primary outcome's for all arms together, of any other's by itself.
    """

    arms: tuple[ArmUnits, ...]
    values: tuple[ArmValues, ...]
    level: float = 0.95

    @property
    def outcomes(self) -> tuple[str, ...]:
        """The outcomes' names, the primary one first."""
        return tuple(dict.fromkeys(value.metric for value in self.values))


class TableMean(msgspec.Struct, frozen=True, kw_only=True):
    """What an arm's people had of an outcome: their mean, or the ratio of both means; None where that is no number."""

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


class TableReport(msgspec.Struct, frozen=True, kw_only=True):
    """What the table says.

    Attributes:
        arms: As they were given, the control first.
        sample_ratio_p: Chance of a split at least as unlikely, if people are assigned as planned.
        checks: What the comparison rests on.
        refused: Why nothing is compared; empty where it is.
        means: By outcome and arm; none where nothing is compared.
        effects: By outcome and treatment; none where nothing is compared.
    """

    arms: tuple[ArmUnits, ...]
    sample_ratio_p: float
    checks: tuple[Check, ...]
    refused: tuple[str, ...]
    means: tuple[TableMean, ...]
    effects: tuple[TableEffect, ...]
