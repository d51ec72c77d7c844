"""Which arm of a table of people to ship: one rule over all outcomes, so that its risk holds as a whole.

An arm is shipped where an outcome that should get better has, and every guardrail is worse by less than its margin, if
at all. The chance to ship an arm of which that is not so is half of what the intervals' level leaves, shared among the
arms: what two-sided intervals of that level leave on the side of harm.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from upshot.stats import (
    MetricTest,
    NoEstimate,
    RiskPlan,
    Role,
    Successes,
    difference,
    lift,
    plan_risks,
    quantile_difference,
    quantile_lift,
    score_difference,
    score_lift,
    ship,
)
from upshot.studies.readout import ArmStatistics, adjusted, few_successes
from upshot.studies.tabled import ArmDecision

if TYPE_CHECKING:
    from upshot.stats import Estimate
    from upshot.studies.table_spread import Spreads
    from upshot.studies.tabled import TableInputs

__all__ = ["decide"]

_Side = Literal["greater", "less"]


def decide(
    inputs: TableInputs, statistics: dict[str, ArmStatistics], spreads: dict[str, Spreads]
) -> tuple[ArmDecision, ...]:
    """The rule's word on each treatment; none where every outcome is a guardrail and so nothing should get better."""
    guards = [name for name in inputs.outcomes if name in inputs.margins]
    goals = [name for name in inputs.outcomes if name not in inputs.margins]
    if not goals:
        return ()
    treatments = [arm.variant for arm in inputs.arms[1:]]
    alpha = 0.5 * (1.0 - inputs.level) / len(treatments)
    plan = plan_risks(successes=len(goals), guardrails=len(guards), alpha=alpha)
    found = []
    for place, arm in enumerate(treatments):
        tests = []
        for name in (*goals, *guards):
            goal = _test(inputs, name, statistics.get(name), spreads.get(name), place, plan)
            tests.append(MetricTest(name, Role.GUARDRAIL if name in guards else Role.SUCCESS, goal))
        decision = ship(tests, plan)
        found.append(ArmDecision(arm=arm, word=decision.shipping.name, sentences=decision.sentences))
    return tuple(found)


def _test(
    inputs: TableInputs,
    name: str,
    arms: ArmStatistics | None,
    spread: Spreads | None,
    place: int,
    plan: RiskPlan,
) -> Estimate | NoEstimate:
    """The one-sided test of an outcome: that it is better, or that it is not worse by its margin."""
    better: _Side = "less" if name in inputs.lower else "greater"
    margin = inputs.margins.get(name)
    null = 0.0 if margin is None else margin if better == "less" else -margin
    level = 1.0 - (plan.alpha_success if margin is None else plan.alpha_guardrail)
    if spread is not None:
        return _of_quantiles(spread, place, relative=margin is not None, side=better, null=null, level=level)
    if arms is None:
        raise AssertionError("an outcome has values or spreads")
    if arms.shape == "proportion" and bool(np.asarray(few_successes(arms)).any()):
        counted = arms.successes
        pair = (Successes(counted.n[at], counted.successes[at]) for at in (0, place + 1))
        score = score_difference if margin is None else score_lift
        return score(*pair, level=level, alternative=better, null=null).at()
    moments = adjusted(arms)[0]
    compare = difference if margin is None else lift
    return compare(moments[0], moments[place + 1], level=level, alternative=better, null=null).at()


def _of_quantiles(
    spread: Spreads, place: int, *, relative: bool, side: _Side, null: float, level: float
) -> Estimate | NoEstimate:
    """Where values tie the interval decides, and the p-value says only that: at most what the level leaves, or 1."""
    quantiles = spread.quantiles(level)
    compare = quantile_lift if relative else quantile_difference
    found = compare(quantiles[0], quantiles[place + 1], level=level, alternative=side, null=null).at()
    if isinstance(found, NoEstimate) or np.isfinite(found.p_value):
        return found
    excluded = found.low > null if side == "greater" else found.high < null
    return replace(found, p_value=1.0 - level if excluded else 1.0)
