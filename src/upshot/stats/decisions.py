r"""Three questions of one metric: is it better, is it not worse, is it the same?

**Superiority** asks whether treatment is better than control. **Non-inferiority** asks whether it is worse by less than
a margin that was stated beforehand: the question of a guardrail, because "no significant harm" is what a small
experiment always finds. **Equivalence** asks whether the difference lies inside a region on both sides (two one-sided
tests): the only way to show that nothing happened.

All three work on differences and on lifts, for metrics whose higher values are better and for those whose lower ones
are. Rules that combine many metrics are in ``upshot.stats.decisions_ship``.

Sources: Wellek, "Testing Statistical Hypotheses of Equivalence and Noninferiority" (2nd ed. 2010), ch. 1–3;
Schuirmann, "A comparison of the two one-sided tests procedure and the power approach", J. Pharmacokinet. Biopharm. 15
(1987), for equivalence.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

import numpy as np

from upshot.core.errors import InvalidInput
from upshot.stats.arguments import chosen, compared, function_of, number, pair_of
from upshot.stats.bayes import BETTERS
from upshot.stats.difference import difference
from upshot.stats.moments import Moments

if TYPE_CHECKING:
    from upshot.stats.bayes import Better
    from upshot.stats.result import Alternative, Estimates, FloatArray

__all__ = ["Compare", "checked_alpha", "equivalence", "inferiority", "non_inferiority", "superiority"]


_TAKEN = frozenset({"level", "alternative", "null"})


class Compare(Protocol):
    """A comparison of two groups with a test against any null value: ``difference``, ``lift``, ``fieller_lift``.

    Examples:
        >>> from upshot.stats.moments import Moments
        >>> methods: list[Compare] = [difference]
        >>> float(methods[0](Moments(9, 1.0, 1.0), Moments(9, 2.0, 1.0), null=1.0).p_value)
        1.0
    """

    def __call__(
        self,
        control: Moments,
        treatment: Moments,
        *,
        level: float = ...,
        alternative: Alternative = ...,
        null: FloatArray | float = ...,
    ) -> Estimates:
        """Treatment against control."""


def superiority(
    control: Moments,
    treatment: Moments,
    *,
    better: Better = "higher",
    alpha: float = 0.05,
    compare: Compare = difference,
) -> Estimates:
    """Is treatment better than control? One-sided.

    Args:
        control: Moments of the control group.
        treatment: Moments of one or many treatment groups.
        better: Which direction is better.
        alpha: Chance to claim "better" where it is not, in (0, 0.5).
        compare: ``difference`` or ``lift``; the results are on its scale.

    Returns:
        Estimates whose interval of level 1 − alpha is bounded on the side that matters; better is shown where the
        p-value is at most alpha, which is where the interval leaves out 0. Reasons: those of ``compare``.

    Raises:
        InvalidInput: ``alpha`` is out of range.

    Examples:
        >>> from upshot.stats.moments import Moments
        >>> effect = superiority(Moments(1000, 10.0, 4.0), Moments(1000, 10.2, 4.0)).at()
        >>> round(effect.low, 4), round(effect.p_value, 4)
        (0.0528, 0.0127)
    """
    function_of("compare", compare, _TAKEN)
    compared(Moments, control, treatment)
    chosen("better", better, BETTERS)
    side: Alternative = "greater" if better == "higher" else "less"
    return compare(control, treatment, level=1.0 - checked_alpha(alpha), alternative=side)


def inferiority(
    control: Moments,
    treatment: Moments,
    *,
    better: Better = "higher",
    alpha: float = 0.05,
    compare: Compare = difference,
) -> Estimates:
    """Is treatment worse than control? The mirror image of ``superiority``, for alarms on any metric.

    Args:
        control: Moments of the control group.
        treatment: Moments of one or many treatment groups.
        better: Which direction is better; the alarm looks into the other.
        alpha: Chance of a false alarm, in (0, 0.5).
        compare: ``difference`` or ``lift``.

    Returns:
        Estimates; worse is shown where the p-value is at most alpha.

    Raises:
        InvalidInput: ``alpha`` is out of range.

    Examples:
        >>> from upshot.stats.moments import Moments
        >>> alarm = inferiority(Moments(1000, 10.0, 4.0), Moments(1000, 10.2, 4.0)).at()
        >>> round(alarm.p_value, 4)
        0.9873
    """
    function_of("compare", compare, _TAKEN)
    compared(Moments, control, treatment)
    chosen("better", better, BETTERS)
    return superiority(
        control, treatment, better="lower" if better == "higher" else "higher", alpha=alpha, compare=compare
    )


def non_inferiority(
    control: Moments,
    treatment: Moments,
    *,
    margin: float,
    better: Better = "higher",
    alpha: float = 0.05,
    compare: Compare = difference,
) -> Estimates:
    """Is treatment worse than control by less than a margin? One-sided.

    Args:
        control: Moments of the control group.
        treatment: Moments of one or many treatment groups.
        margin: The loss that would still be accepted, above 0, on the scale of ``compare`` (a lift's 0.01 is 1 %).
            State it before the data are seen.
        better: Which direction is better.
        alpha: Chance to claim "not worse" where the loss is the margin or more, in (0, 0.5).
        compare: ``difference`` or ``lift``.

    Returns:
        Estimates whose interval of level 1 − alpha is bounded on the side of harm; not worse is shown where the
        p-value is at most alpha, which is where the interval leaves out the margin. Reasons: those of ``compare``.

    Raises:
        InvalidInput: ``margin`` is not positive, or ``alpha`` out of range.

    Examples:
        >>> from upshot.stats.moments import Moments
        >>> effect = non_inferiority(Moments(9000, 10.0, 4.0), Moments(9000, 9.99, 4.0), margin=0.1).at()
        >>> round(effect.low, 4), round(effect.p_value, 4)
        (-0.059, 0.0013)
    """
    function_of("compare", compare, _TAKEN)
    compared(Moments, control, treatment)
    chosen("better", better, BETTERS)
    margin = number("margin", margin, above=0.0)
    level = 1.0 - checked_alpha(alpha)
    if better == "higher":
        return compare(control, treatment, level=level, alternative="greater", null=-margin)
    return compare(control, treatment, level=level, alternative="less", null=margin)


def equivalence(
    control: Moments,
    treatment: Moments,
    *,
    margin: float | tuple[float, float],
    alpha: float = 0.05,
    compare: Compare = difference,
) -> Estimates:
    """Is the difference within a margin? Two one-sided tests (Schuirmann, 1987).

    Args:
        control: Moments of the control group.
        treatment: Moments of one or many treatment groups.
        margin: Differences that do not matter, on the scale of ``compare``: one number for both sides, or (low, high)
            around 0.
        alpha: Chance to claim "the same" where the difference is outside, in (0, 0.5).
        compare: ``difference`` or ``lift``.

    Returns:
        Estimates whose p-value is the larger one of both tests, and whose two-sided interval has the level
        1 − 2 alpha: it lies within the margin exactly where the p-value is at most alpha. Reasons: those of
        ``compare``.

    Raises:
        InvalidInput: The margin does not hold 0 inside, or ``alpha`` is out of range.

    Examples:
        >>> from upshot.stats.moments import Moments
        >>> effect = equivalence(Moments(9000, 10.0, 4.0), Moments(9000, 10.02, 4.0), margin=0.1).at()
        >>> round(effect.low, 3), round(effect.high, 3), round(effect.p_value, 4)
        (-0.029, 0.069, 0.0036)
    """
    function_of("compare", compare, _TAKEN)
    compared(Moments, control, treatment)
    if isinstance(margin, tuple | list):
        low, high = pair_of("margin", margin)
    else:
        high = number("margin", margin, above=0.0)
        low = -high
    if not low < 0.0 < high:
        raise InvalidInput(f"A margin from {low} to {high} does not hold 0.", hint="Give (low, high) around 0.")
    level = 1.0 - checked_alpha(alpha)
    above = compare(control, treatment, level=level, alternative="greater", null=low)
    below = compare(control, treatment, level=level, alternative="less", null=high)
    return replace(
        above,
        high=below.high,
        p_value=np.maximum(above.p_value, below.p_value),
        level=1.0 - 2.0 * alpha,
        method="equivalence",
    )


def checked_alpha(alpha: float) -> float:
    """The alpha, if it is one.

    Raises:
        InvalidInput: It is not between 0 and one half.
    """
    return number("alpha", alpha, above=0.0, below=0.5)
