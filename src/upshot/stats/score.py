"""Score intervals: the values of a parameter that a score test does not reject, found for all comparisons at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np

from upshot.stats.wald import critical_value

if TYPE_CHECKING:
    from collections.abc import Callable

    from upshot.stats.result import Alternative, FloatArray

__all__ = ["falling_root", "score_reach"]

_ITERATIONS = 100


def falling_root(
    function: Callable[[FloatArray], FloatArray],
    left: FloatArray,
    right: FloatArray,
    start: FloatArray | None = None,
) -> FloatArray:
    """Where a function falls through zero, elementwise, by the Illinois variant of the false position.

    Args:
        function: Continuous, maps an array to one of its shape, not negative at ``left`` and
            not positive just before ``right``.
        left: Lower ends.
        right: Upper ends.
        start: Where to look first, best just left of the root; ignored where outside of the bracket.

    Returns:
        The roots, to about 1e-14 of the bracket's size; NaN where the function was not finite or had not settled.

    Source: Dowell and Jarratt, "A modified regula falsi method", BIT 11 (1971).

    Examples:
        >>> import numpy as np
        >>> float(falling_root(lambda x: 2.0 - x * x, np.asarray(0.0), np.asarray(2.0)))
        1.41421356237...
    """
    low, high = np.broadcast_arrays(left, right)
    tolerance = 1e-14 * (np.abs(low) + np.abs(high))
    at_low, at_high = function(low), function(high)
    # A zero at the right end is not trusted: with no spread at the estimate itself the function touches zero there and
    # falls through it further left. The first step then halves the bracket.
    at_high = np.where(at_high >= 0.0, -at_low, at_high)
    root = np.where(at_low <= 0.0, low, high)
    done = at_low <= 0.0
    usable = done | (np.isfinite(at_low) & np.isfinite(at_high))
    side = np.zeros(low.shape)
    for _ in range(_ITERATIONS):
        if (done | ~usable).all():
            break
        if start is None:
            middle = low + (high - low) * (at_low / (at_low - at_high))
            # A step that rounds onto an end is put just inside: where the root is there, the bracket then closes.
            middle = np.minimum(np.maximum(middle, low + 0.5 * tolerance), high - 0.5 * tolerance)
        else:
            middle = np.where((start > low) & (start < high), start, 0.5 * (low + high))
            start = None
        value = function(middle)
        above = value > 0.0
        # A side that stays twice in a row has its value halved, so that the next step crosses over.
        at_high = np.where(above & (side > 0), 0.5 * at_high, at_high)
        at_low = np.where(~above & (side < 0), 0.5 * at_low, at_low)
        low, at_low = np.where(above, middle, low), np.where(above, value, at_low)
        high, at_high = np.where(above, high, middle), np.where(above, at_high, value)
        side = np.where(above, 1.0, -1.0)
        root = np.where(done, root, middle)
        usable &= done | np.isfinite(value)
        done |= (value == 0.0) | (high - low <= tolerance)
    return cast("FloatArray", np.where(done & usable, root, np.nan))


def score_reach(level: float, alternative: Alternative) -> FloatArray:
    """The normal quantile of a score interval.

    Raises:
        InvalidInput: ``level`` is not in (0, 1), or below one half for a one-sided interval, whose bound would then lie
            on the other side of the estimate.
    """
    return critical_value(level, alternative)
