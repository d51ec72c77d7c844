"""Student's t for whole degrees of freedom, without SciPy: loading that takes longer than a command over objectives.

``upshot.stats`` keeps SciPy's, which takes arrays and any degrees; tests hold both to the same numbers.

Source: Abramowitz and Stegun, Handbook of Mathematical Functions (1964), 26.7.3 and 26.7.4.
"""

import math
from statistics import NormalDist

__all__ = ["chance_below", "quantile"]

_STEPS = 50
_CLOSE = 4e-16


def chance_below(degrees: int, value: float) -> float:
    """P(T < ``value``), to within 1e-14.

    >>> chance_below(1, 1.0)
    0.75

    Args:
        degrees: Degrees of freedom, at least 1.
        value: Any number, also infinite.
    """
    angle = math.atan2(value, math.sqrt(degrees)) if math.isfinite(value) else math.copysign(math.pi / 2, value)
    sine, cosine = math.sin(angle), math.cos(angle)
    # The sum of 26.7.3 (odd) is over odd powers of the cosine, that of 26.7.4 (even) over even ones.
    odd = degrees % 2
    term, total = (cosine if odd else 1.0), 0.0
    for power in range(1 + odd, degrees, 2):
        total += term
        term *= cosine * cosine * power / (power + 1)
    both = (angle + sine * total) * 2 / math.pi if odd else sine * total
    return min(max((1 + both) / 2, 0.0), 1.0)


def quantile(degrees: int, chance: float) -> float:
    """The value that T is below with a ``chance``.

    Args:
        degrees: Degrees of freedom, at least 1.
        chance: Between one half and 1.
    """
    # The normal law's lies on the near side, where the distribution function is concave: Newton's steps never pass.
    value = NormalDist().inv_cdf(chance)
    scale = math.exp(math.lgamma((degrees + 1) / 2) - math.lgamma(degrees / 2)) / math.sqrt(degrees * math.pi)
    for _ in range(_STEPS):
        density = scale * (1 + value * value / degrees) ** (-(degrees + 1) / 2)
        step = (chance - chance_below(degrees, value)) / density
        value += step
        if abs(step) <= _CLOSE * abs(value):
            break
    return value
