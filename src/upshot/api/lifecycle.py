"""Units of each period by state: new, returning, resurrected, dormant."""

from datetime import date

import msgspec

from upshot.api.metrics import MetricView
from upshot.api.operation import Operation, Permission
from upshot.core.time import Grain

__all__ = ["METRIC_LIFECYCLE", "Lifecycle", "LifecyclePeriod", "LifecycleQuery"]


class LifecycleQuery(msgspec.Struct, frozen=True):
    """The states of the units of a metric of type lifecycle, quick_ratio or active, from ``first`` to ``last``.

    A metric with a window of its own is asked by that; periods that the days cut are answered whole.
    """

    name: str
    first: date
    last: date
    grain: Grain = Grain.WEEK
    where: tuple[str, ...] = ()


class LifecyclePeriod(msgspec.Struct, frozen=True):
    """One period. ``active`` is ``new`` and ``returning`` and ``resurrected`` together; ``dormant`` is not among them.

    ``quick_ratio`` is new and resurrected over dormant. What the data cannot tell is null, and ``note`` says why: who
    was there before they begin, and who is gone while the period is not over.
    """

    period: date
    new: int | None = None
    returning: int | None = None
    resurrected: int | None = None
    dormant: int | None = None
    active: int | None = None
    quick_ratio: float | None = None
    complete: bool = True
    note: str = ""


class Lifecycle(msgspec.Struct, frozen=True):
    """The answer to a ``LifecycleQuery``, by periods of ``grain``."""

    metric: MetricView
    grain: Grain
    periods: tuple[LifecyclePeriod, ...]
    sql: str
    route: str
    elapsed_ms: float
    notes: tuple[str, ...] = ()


METRIC_LIFECYCLE = Operation("metric.lifecycle", Permission.READ, LifecycleQuery, Lifecycle)
