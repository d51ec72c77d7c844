"""What an experiment's arms must show before their effects are read: the split, likeness before, even tails."""

from collections.abc import Iterable, Sequence

import numpy as np

from upshot.catalog.verdict import Check
from upshot.stats import Moments, Reason, difference, sample_ratio, stack_arms
from upshot.studies.inputs import ArmUnits, ArmValues
from upshot.studies.readout import ArmStatistics, have_past, short_of, tails_of

__all__ = ["ALARM", "balance_checks", "split_check", "tail_checks"]

ALARM = 0.001
"""Below this p-value a check of the split fails: every experiment is checked, so the level is low."""


def split_check(arms: Sequence[ArmUnits]) -> Check:
    """Whether units are split as planned, with counts and shares of all arms."""
    counts = [arm.units for arm in arms]
    if not sum(counts):
        return Check(name="exposures", passed=False, sentence="No unit has met a variant yet.")
    tested = sample_ratio(counts, [arm.weight for arm in arms])
    p_value = float(tested.p_value)
    total = sum(arm.weight for arm in arms)
    shown = ", ".join(
        f"{arm.variant} {arm.units:,} (planned {arm.weight / total:.0%}, met {arm.units / sum(counts):.1%})"
        for arm in arms
    )
    fine = p_value >= ALARM
    told = (
        "as planned up to chance"
        if fine
        else "not the split that was planned: assignment, logging or filtering differs between the variants"
    )
    return Check(
        name="sample ratio", passed=fine, sentence=f"{shown}: {told} (p = {p_value:.2g}, alarm below {ALARM:g})."
    )


def balance_checks(arms: Sequence[ArmValues], before: str) -> list[Check]:
    """Whether the arms were alike before: what the lot has mixed can differ by chance only.

    Args:
        arms: One metric's values by arm, the control first; nothing is checked where their past is not known.
        before: What was known before, as the subject of a sentence.
    """
    if not (arms and have_past(arms)):
        return []
    moments = stack_arms([Moments(arm.n, arm.mean_b or 0.0, arm.variance_b or 0.0) for arm in arms])
    tested = difference(moments[0], moments[1:])
    p_values = np.atleast_1d(tested.p_value)
    known = p_values[np.isfinite(p_values)]
    if not known.size:
        return []
    p_value = float(min(1.0, known.min() * known.size))
    fine = p_value >= ALARM
    told = "alike" if fine else "different before anybody was exposed"
    return [
        Check(name="balance before", passed=fine, sentence=f"{before} is {told} in the variants (p = {p_value:.2g}).")
    ]


def tail_checks(read: Iterable[tuple[str, ArmStatistics, float]]) -> list[Check]:
    """Whether an interval of a skewed metric misses on one side more often than promised: of the worst metric.

    Also which metrics are so skewed that their arms are too small for any interval to be sure, in even splits too.

    Args:
        read: Title, statistics and coverage of each metric that is read.
    """
    worst: tuple[float, float, float, str] | None = None
    short: list[str] = []
    for title, arms, level in read:
        if arms.shape == "proportion":
            continue
        skewness, least = (float(part) for part in short_of(arms))
        if least == least:
            short.append(
                f"{title} is skewed by about {skewness:.0f}: its intervals are known to hold from some {least:,.0f} "
                f"units in the smallest variant on, which has {int(arms.n.min()):,}."
            )
        limit = tails_of(arms, level=level)
        if not (limit.reason == Reason.OK).any():
            continue
        at = int(np.nanargmax(limit.times_the_units))
        times, share = float(limit.times_the_units[at]), 0.5 * (1.0 - level)
        if worst is None or times > worst[0]:
            worst = times, share + float(limit.tail_error[at]), share, title
    if worst is None:
        return []
    times, missed, share, title = worst
    if times <= 1.0 and short:
        return [
            Check(name="even tails", passed=None, sentence=f"{' '.join(short)} Read them with care, or cap values.")
        ]
    if times <= 1.0:
        return [Check(name="even tails", passed=True, sentence="Few large values do not tilt any interval.")]
    sentence = (
        f"Few large values tilt the interval of {title}: one end misses in about {missed:.1%} of such experiments "
        f"instead of {share:.1%}. Some {times:.1f} times as many units would cure it, or a metric with capped values."
    )
    return [Check(name="even tails", passed=None, sentence=" ".join([sentence, *short]))]
