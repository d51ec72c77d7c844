r"""Several treatments against one control: intervals and p-values that hold for all of them together.

The comparisons share the control, so they move together, and Dunnett's quantile takes that in: it is smaller than
Bonferroni's, the more treatments there are. With :math:`λ_i² = n_i/(n_i + n_0)`, Z normal and S the pooled standard
deviation over the true one,

.. math:: P(\max_i |T_i| ≤ q) = E\, \prod_i \left[Φ\left(\frac{λ_i Z + q S}{\sqrt{1 - λ_i²}}\right) -
    Φ\left(\frac{λ_i Z - q S}{\sqrt{1 - λ_i²}}\right)\right].

Assumes independent units and the same variance in every group, as analysis of variance does.

Source: Dunnett, "A multiple comparison procedure for comparing several treatments with a control", Journal of the
American Statistical Association 50 (1955):1096, section 3.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import brentq
from scipy.special import chdtri, ndtr

from upshot.core.errors import InvalidInput
from upshot.stats.arguments import chosen, compared
from upshot.stats.moments import Moments, first_reason, group_reasons
from upshot.stats.result import ALTERNATIVES, Reason
from upshot.stats.wald import checked_level, masked, shaped_estimates

if TYPE_CHECKING:
    from upshot.stats.result import Alternative, Estimates, FloatArray

__all__ = ["dunnett"]

_NODES = 96
_FARTHEST = 60.0


def dunnett(
    control: Moments, treatments: Moments, *, level: float = 0.95, alternative: Alternative = "two-sided"
) -> Estimates:
    """Mean of each treatment minus the control's, at a level for all of them together.

    Args:
        control: Moments of the control group, a single one.
        treatments: Moments of the treatments, shape (k,), independent of each other and of the control.
        level: Chance that all intervals hold their differences, in (0, 1); one-sided, from one half on.
        alternative: ``greater`` asks whether a treatment exceeds the control.

    Returns:
        Estimates of shape (k,), in the metric's unit, with simultaneous intervals and adjusted p-values: where none of
        the treatments differs, the chance that any p-value is at most alpha is alpha. Accurate to about 1e-5. Where one
        group cannot be used, the reason stands at its place and the others are compared without it.

    Raises:
        InvalidInput: The shapes are others, the means were adjusted together, or ``level`` is out of range.

    Examples:
        >>> found = dunnett(Moments(100, 10.0, 4.0), Moments([100, 100, 100], [10.3, 10.7, 9.9], 4.0))
        >>> found.p_value.round(3).tolist(), round(found.at(1).low, 2), round(found.at(1).high, 2)
        ([0.582, 0.037, 0.971], 0.03, 1.37)
    """
    compared(Moments, control, treatments, ("control", "treatments"))
    if control.shape or len(treatments.shape) != 1 or not treatments.shape[0]:
        raise InvalidInput(
            f"control has shape {control.shape}, treatments have shape {treatments.shape}.",
            hint="Give one control and a row of treatments.",
        )
    if control.shared is not None or treatments.shared is not None:
        raise InvalidInput(
            "The means were adjusted together: they depend on each other in more than their control.",
            hint="Compare adjusted means with difference or lift, and adjust the p-values with holm.",
        )
    level = checked_level(level)
    chosen("alternative", alternative, ALTERNATIVES)
    if alternative != "two-sided" and level < 0.5:
        raise InvalidInput(f"A one-sided level of {level} is below one half.", hint="0.95 is usual.")
    reason = np.broadcast_to(group_reasons(control, treatments), treatments.shape)
    usable = reason == Reason.OK
    n, mean, variance = (
        np.broadcast_to(a, treatments.shape) for a in (treatments.n, treatments.mean, treatments.variance)
    )
    n_0 = float(control.n)
    with np.errstate(all="ignore"):
        freedom = float(n_0 - 1.0 + (n[usable] - 1.0).sum())
        pooled = (float(control.variance) * (n_0 - 1.0) + (variance[usable] * (n[usable] - 1.0)).sum()) / freedom
        error = np.sqrt(pooled * (1.0 / n + 1.0 / n_0))
        value = mean - float(control.mean)
        flat = usable & ~(error > 0.0)
        reason = first_reason(reason, np.where(flat, np.int64(Reason.ZERO_VARIANCE), np.int64(Reason.OK)))
        usable = usable & ~flat
    p, reach = np.full(n.shape, np.nan), np.full(n.shape, np.nan)
    if usable.any():
        loads = tuple(np.sqrt(n[usable] / (n[usable] + n_0)).tolist())
        sides = 2 if alternative == "two-sided" else 1
        t = value[usable] / error[usable]
        t = np.abs(t) if sides == 2 else t if alternative == "greater" else -t
        p[usable] = [1.0 - _inside(float(one), loads, freedom, sides) for one in t]
        reach[usable] = _quantile(level, loads, freedom, sides) * error[usable]
    low = value - reach if alternative != "less" else np.full_like(reach, -np.inf)
    high = value + reach if alternative != "greater" else np.full_like(reach, np.inf)
    numbers = masked(reason, value, low, high, error, p, n + n_0)
    return shaped_estimates(numbers, reason, level=level, method="dunnett", scale="absolute")


@lru_cache(maxsize=256)
def _quantile(level: float, loads: tuple[float, ...], freedom: float, sides: int) -> float:
    return float(brentq(lambda q: _inside(q, loads, freedom, sides) - level, 0.0, _FARTHEST, xtol=1e-9))


def _inside(q: float, loads: tuple[float, ...], freedom: float, sides: int) -> float:
    """P(max |T| ≤ q), or of T itself for one side."""
    (s, s_weight), (z, z_weight) = _spreads(freedom), _normals()
    centre, reach = z[:, None], q * s[None, :]
    product = np.ones((z.size, s.size))
    for load in loads:
        rest = np.sqrt(1.0 - load * load)
        upper = ndtr((load * centre + reach) / rest)
        product *= upper - ndtr((load * centre - reach) / rest) if sides == 2 else upper
    return float(np.clip(z_weight @ product @ s_weight, 0.0, 1.0))


@lru_cache(maxsize=1)
def _normals() -> tuple[FloatArray, FloatArray]:
    x, weight = np.polynomial.hermite_e.hermegauss(_NODES)
    return x, weight / weight.sum()


@lru_cache(maxsize=64)
def _spreads(freedom: float) -> tuple[FloatArray, FloatArray]:
    """Nodes of the pooled standard deviation over the true one, and their weights."""
    x, weight = np.polynomial.legendre.leggauss(_NODES)
    return np.sqrt(chdtri(freedom, 0.5 - 0.5 * x) / freedom), weight / 2.0
