"""Which metrics are fractions of sums over units, so that their intervals follow from sums, squares and products."""

from upshot.core.time import Grain
from upshot.metrics.definition import Metric, Window
from upshot.metrics.kinds import Clock
from upshot.metrics.ripening import window_grain

__all__ = ["has_moments"]


def has_moments(metric: Metric, grain: Grain | None) -> bool:
    """Whether the metric is a fraction whose parts are sums over units, in periods of ``grain``.

    Values that were counted distinct over units, or averaged over windows, are no sums over units.
    """
    match metric.is_a.interval:
        case "delta":
            return True
        case "parts":
            return all(_adds_up(part, grain) for part in metric.parts)
        case "" | "wilson":
            return False


def _adds_up(part: Metric, grain: Grain | None) -> bool:
    if part.is_a.clock is not Clock.WINDOW:
        return part.additive
    window = window_grain(part)
    if grain is None:
        return window is not Grain.DAY
    return part.window is Window.PERIOD or window is grain
