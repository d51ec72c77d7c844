"""The metric after the launch beside as many days before it: a description, grade D, never a verdict.

Season, trend and whatever else happened are all in that difference, so it bears no interval: there is nothing that one
would bound. Beside it stands how often such a difference arose at other times.
"""

import math
from datetime import timedelta

import numpy as np

from upshot.catalog.verdict import Check, Grade, StudyDesign
from upshot.causal.description import before_after
from upshot.causal.refusal import Refusal
from upshot.causal.series import Series, Window
from upshot.core.units import format_change
from upshot.studies.findings import Finding, Refused, no_effect_of
from upshot.studies.inputs import StudyInputs

__all__ = ["METHOD", "describe_before_after"]

METHOD = "before/after, a description"
_DESIGN = StudyDesign.BEFORE_AFTER


def describe_before_after(inputs: StudyInputs) -> Finding | Refused:
    """The two means and how usual their difference is; or why it cannot be described."""
    metric = inputs.primary
    daily = inputs.daily(metric.name)
    if daily is None:
        return Refused(_DESIGN, (metric.no_daily or f"There are no daily values of {metric.title}.",))
    launch, last = (inputs.launch_day - daily.first_day).days, (inputs.reading - daily.first_day).days
    first, until = inputs.study.first_day, min(last, len(daily.values) - 1) - launch
    if launch <= 0 or until < first:
        return Refused(_DESIGN, (f"There are no days of {metric.title} on both sides of the launch.",))
    values = np.array([math.nan if v is None else v for v in daily.values], dtype=np.float64)
    found = before_after(Series(values, launch), Window(first, until))
    if isinstance(found, Refusal):
        return Refused(_DESIGN, (found.sentence,))
    sentence = (
        f"The mean day of {metric.title} went from {metric.written(found.before)} to {metric.written(found.after)}"
    )
    if math.isfinite(found.relative):
        sentence += f" ({format_change(found.relative)})"
    if math.isfinite(found.usual):
        sentence += f"; at other times {found.usual:.0%} of such comparisons differed as much"
    window = inputs.launch_day + timedelta(days=first), inputs.launch_day + timedelta(days=until)
    effect = no_effect_of(metric, window, f"{sentence}.", level=inputs.study.level, method=METHOD)
    check = Check(
        name="description",
        passed=None,
        sentence=f"{sentence}. Season, trend and everything else that happened are in that difference.",
    )
    return Finding(_DESIGN, Grade.D, (effect,), (check,), window)
