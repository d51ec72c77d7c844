"""From a value and its variance to interval and p-value: the last step that most estimators share.

Source: Welch, "The generalization of Student's problem when several different population variances are involved",
Biometrika 34 (1947), eq. 28, for the degrees of freedom (Satterthwaite's approximation).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never, cast

import numpy as np
from scipy.special import ndtr, ndtri, stdtr, stdtrit

from upshot.core.errors import InvalidInput
from upshot.stats.arguments import chosen, number, tested
from upshot.stats.moments import every, first_reason
from upshot.stats.result import ALTERNATIVES, OK, Alternative, Estimates, FloatArray, IntArray, Reason, Scale

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

__all__ = ["checked_level", "critical_value", "masked", "satterthwaite", "shaped_estimates", "tail_probability", "wald"]


def checked_level(level: float) -> float:
    """The level, if it is one.

    Raises:
        InvalidInput: ``level`` is not between 0 and 1, both excluded.
    """
    return number("level", level, above=0.0, below=1.0)


def critical_value(level: float, alternative: Alternative, df: FloatArray | None = None) -> FloatArray:
    """The quantile that an interval reaches on each side it is bounded on.

    Args:
        level: Coverage of the interval, in (0, 1).
        alternative: ``two-sided`` splits the error; the one-sided ones do not.
        df: Degrees of freedom of Student's t; None for the normal distribution.

    Returns:
        Zero or more; of the shape of ``df``.

    Raises:
        InvalidInput: ``level`` is not in (0, 1), or below one half for a one-sided interval, whose bound would then lie
            on the other side of the estimate.

    Examples:
        >>> round(float(critical_value(0.95, "two-sided")), 4)
        1.96
    """
    chosen("alternative", alternative, ALTERNATIVES)
    probability = 0.5 + checked_level(level) / 2.0 if alternative == "two-sided" else checked_level(level)
    if probability < 0.5:
        raise InvalidInput(f"A one-sided level of {level} is below one half.", hint="0.95 is usual.")
    # Casts, not conversions: NumPy scalars stay scalars, which makes a single comparison several times faster.
    return cast("FloatArray", ndtri(probability) if df is None else stdtrit(df, probability))


def tail_probability(statistic: ArrayLike, alternative: Alternative, df: FloatArray | None = None) -> FloatArray:
    """The p-value of a statistic: normal, or Student's t with ``df`` degrees of freedom.

    Args:
        statistic: (estimate − null) / standard error.
        alternative: Which side counts as evidence against the null hypothesis.
        df: Degrees of freedom; None for the normal distribution.

    Examples:
        >>> round(float(tail_probability(1.96, "two-sided")), 3), round(float(tail_probability(1.96, "less")), 3)
        (0.05, 0.975)
    """
    t = np.asarray(statistic, np.float64)[()]
    factor = 1.0
    match alternative:
        case "two-sided":
            t, factor = -np.abs(t), 2.0
        case "greater":
            t = -t
        case "less":
            pass
        case _:
            assert_never(alternative)
    return factor * (ndtr(t) if df is None else stdtr(df, t))


def satterthwaite(first: FloatArray, first_df: FloatArray, second: FloatArray, second_df: FloatArray) -> FloatArray:
    """Degrees of freedom of a sum of two independent variance estimates (Welch, eq. 28).

    Args:
        first: Variance of the first term of the estimate (such as s²/n).
        first_df: Its degrees of freedom (such as n − 1).
        second: As ``first``, of the second term.
        second_df: As ``first_df``.
    """
    total = first + second
    share, rest = first / total, second / total
    freedom: FloatArray = 1.0 / (share * share / first_df + rest * rest / second_df)
    return freedom


def wald(
    value: FloatArray,
    variance: FloatArray,
    df: FloatArray | None,
    *,
    n: FloatArray,
    reason: IntArray,
    level: float,
    alternative: Alternative,
    null: FloatArray | float,
    method: str,
    scale: Scale,
) -> Estimates:
    """Estimates with the interval value ± quantile × √variance; call it where floating-point errors are ignored.

    Args:
        value: Point estimates.
        variance: Their squared standard errors.
        df: Degrees of freedom of Student's t, or None for the normal distribution.
        n: Units that entered.
        reason: Why there is no estimate, where there is none. Places whose variance is zero and whose numbers are not
            finite get a reason here.
        level: Coverage of the interval, in (0, 1).
        alternative: Which side counts; one-sided intervals are bounded on the other side only.
        null: Value under the null hypothesis, on the scale of ``value``.
        method: The public function's name.
        scale: Of ``value``.

    Returns:
        Arrays of the broadcast shape of the inputs.
    """
    if null.__class__ is not float:
        null = tested(null, value.shape)
    error = cast("FloatArray", np.sqrt(variance))
    reach = critical_value(level, alternative, df) * error
    p_value = tail_probability((value - null) / error, alternative, df)
    low = value - reach if alternative != "less" else np.full_like(reach, -np.inf)
    high = value + reach if alternative != "greater" else np.full_like(reach, np.inf)
    usable = (variance > 0.0) & (np.abs(value) + np.abs(p_value) < np.inf)
    shape = p_value.shape
    if not every(usable & (reason == OK)):
        late = np.where(usable, Reason.OK, np.where(variance == 0.0, Reason.ZERO_VARIANCE, Reason.NOT_FINITE))
        reason = first_reason(reason, late)
        value, error, low, high, p_value = masked(reason, value, error, low, high, p_value)
    return shaped_estimates(
        (value, low, high, error, p_value, n), reason, level=level, method=method, scale=scale, shape=shape
    )


def shaped_estimates(
    numbers: Sequence[FloatArray],
    reason: IntArray,
    *,
    level: float,
    method: str,
    scale: Scale,
    shape: tuple[int, ...] | None = None,
) -> Estimates:
    """Estimates of one shape.

    Args:
        numbers: Value, low, high, standard error, p-value and n, in this order; arrays or NumPy scalars.
        reason: Codes; where they are not ``OK`` the numbers must be NaN already (see ``masked``).
        level: As in ``Estimates``.
        method: As in ``Estimates``.
        scale: As in ``Estimates``.
        shape: The broadcast shape, where it is known.
    """
    wide = shape if shape is not None else np.broadcast_shapes(*(np.shape(a) for a in numbers), reason.shape)
    value, low, high, error, p_value, n = (
        np.asarray(a) if a.shape == wide else np.broadcast_to(a, wide) for a in numbers
    )
    codes = np.asarray(reason) if reason.shape == wide else np.broadcast_to(reason, wide)
    return Estimates(value, low, high, error, p_value, n, codes, level, method, scale)


def masked(reason: IntArray, *numbers: FloatArray) -> tuple[FloatArray, ...]:
    """The numbers with NaN wherever there is a reason."""
    ok = reason == OK
    return numbers if every(ok) else tuple(np.where(ok, array, np.nan) for array in numbers)
