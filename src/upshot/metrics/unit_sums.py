"""Which metrics are fractions of sums over units, so that their intervals follow from sums, squares and products."""

from upshot.core.time import Grain
from upshot.metrics.definition import Metric, Window
from upshot.metrics.kinds import Clock
from upshot.metrics.ripening import window_grain

__all__ = ["has_moments", "why_not_by_unit"]


def has_moments(metric: Metric, grain: Grain | None) -> bool:
    """Whether the metric is a fraction whose parts are sums over units, in periods of ``grain``.

    Values that were counted distinct over units, or averaged over windows, are no sums over units.
    """
    match metric.is_a.interval:
        case "delta":
            return True
        case "parts":
            return metric.fractional and all(_adds_up(leaf, grain) for leaf in metric.arithmetic.leaves.values())
        case "" | "wilson":
            return False


def _adds_up(part: Metric, grain: Grain | None) -> bool:
    if part.is_a.no_unit:
        return False
    if part.is_a.clock is not Clock.WINDOW:
        return part.additive
    window = window_grain(part)
    if grain is None:
        return window is not Grain.DAY
    return part.window is Window.PERIOD or window is grain


def why_not_by_unit(metric: Metric) -> str:
    """Why it has no value of each unit that adds up to everybody's; empty where it has one, as most have.

    >>> from upshot.metrics.parse import parse_metrics
    >>> squared = "{name: squared, type: formula, formula: n * n, parts: [{name: n, type: count}]}"
    >>> why_not_by_unit(parse_metrics(squared).metrics[0])[:60]
    'The formula n * n is neither a weighted sum nor a fraction o'
    """
    if metric.formula is None:
        return next(filter(None, map(why_not_by_unit, metric.parts)), metric.is_a.no_unit)
    found, said = metric.arithmetic, f"The formula {metric.formula.text}"
    fraction = found.fraction
    if fraction is None or not all(side.sums for side in (fraction.upper, fraction.lower) if side is not None):
        return (
            f"{said} is neither a weighted sum nor a fraction of two, so what it is for one unit says nothing of all."
        )
    for leaf in found.leaves.values():
        if leaf.is_a.no_unit:
            return f"{said} has a {leaf.type} in it. {leaf.is_a.no_unit}"
        if not leaf.is_a.part:
            return f"{said} has a {leaf.type} in it, whose values of single units do not add up."
        if leaf.unit != metric.unit:
            return f"{said} counts by {metric.unit}, and a part of it by {leaf.unit}."
    return ""
