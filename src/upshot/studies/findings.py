"""What a design hands back before words are found for it."""

from dataclasses import dataclass, field
from datetime import date

from upshot.catalog.verdict import Check, Effect, Grade, MetricRole, Point, StudyDesign
from upshot.studies.inputs import MetricInput

__all__ = ["Finding", "Refused", "no_effect_of"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What a design found.

    Attributes:
        design: The method.
        grade: Of the evidence.
        effects: On each metric; the primary one first.
        checks: What the design rests on, with what was found.
        reasons: What a reader should know of why it was measured so.
        path: The primary metric day by day.
        window: First and last measured local day.
        transient: What says that the effect was over by the reading; empty where nothing says so.
    """

    design: StudyDesign
    grade: Grade
    effects: tuple[Effect, ...]
    checks: tuple[Check, ...]
    window: tuple[date, date]
    reasons: tuple[str, ...] = ()
    path: tuple[Point, ...] = ()
    transient: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a design was not used.

    Attributes:
        design: The method.
        reasons: One sentence each; the first is the one to tell.
        checks: What was looked at.
        path: The primary metric day by day, where that much is known.
    """

    design: StudyDesign
    reasons: tuple[str, ...]
    checks: tuple[Check, ...] = field(default=())
    path: tuple[Point, ...] = ()


def no_effect_of(
    metric: MetricInput, window: tuple[date, date], why_not: str, *, level: float, method: str, variant: str = ""
) -> Effect:
    """The place of an estimate that there is not, with the reason."""
    return Effect(
        metric=metric.name,
        metric_hash=metric.hash,
        role=metric.role or MetricRole.SECONDARY,
        direction=metric.direction,
        first_day=window[0],
        last_day=window[1],
        relative=None,
        absolute=None,
        per="total" if metric.additive else "day",
        level=level,
        p_value=None,
        method=method,
        n=0.0,
        why_not=why_not,
        variant=variant,
    )
