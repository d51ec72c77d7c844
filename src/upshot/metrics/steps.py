"""Steps for a histogram: round bounds that people can read, a long tail gathered beyond the last one."""

import math

from upshot.metrics.compile.query import Steps

__all__ = ["steps_between"]

_ROUND = (1.0, 2.0, 2.5, 5.0, 10.0)
_TAIL = 3.0
"""A tail longer than this many times the rest is gathered in one step."""


def steps_between(low: float, high: float, inner: tuple[float, float], *, whole: bool, most: int) -> Steps:
    """At most ``most`` steps from ``low`` to ``high``; beyond ``inner`` only where that is not far away.

    Args:
        low: The smallest value.
        high: The largest value.
        inner: Between which values nearly all lie (for example the quantiles of 1 and 99 %).
        whole: Whether all values are integers: a step then holds whole numbers.
        most: How many steps there may be.

    >>> steps_between(1, 9, (1, 9), whole=True, most=20)
    Steps(start=1.0, width=1.0, count=9)
    >>> steps_between(0.0, 1000.0, (0.2, 9.7), whole=False, most=20)
    Steps(start=0.0, width=0.5, count=20)
    """
    span = max(inner[1] - inner[0], 0.0)
    if span:
        low = inner[0] if inner[0] - low > _TAIL * span else low
        high = inner[1] if high - inner[1] > _TAIL * span else high
    width = _round_up((high - low) / most if high > low else 1.0)
    if whole:
        width = float(max(math.ceil(width), 1))
    start = math.floor(low / width) * width
    while (count := math.floor((high - start) / width) + 1) > most + 1:
        width *= 2.0
        start = math.floor(low / width) * width
    # A value on the last bound opens no step of its own, unless steps are whole numbers.
    if not whole and count > 1 and start + (count - 1) * width >= high:
        count -= 1
    return Steps(start, width, count)


def _round_up(width: float) -> float:
    size = 10.0 ** math.floor(math.log10(width))
    return next(size * factor for factor in _ROUND if size * factor >= width * (1 - 1e-9))
