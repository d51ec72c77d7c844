"""Questions about definitions that are not saved: series, cohort grids, how values are spread."""

from datetime import date
from typing import Literal

import msgspec

from upshot.api.metrics import LeftOut, MetricSeries, MetricView, RetentionGrid
from upshot.api.operation import Operation, Permission
from upshot.core.time import Grain

__all__ = [
    "DATA_VALUES",
    "EXPLORE_DISTRIBUTION",
    "EXPLORE_RETENTION",
    "EXPLORE_SERIES",
    "Distribution",
    "ExploreDistribution",
    "ExploreRetention",
    "ExploreSeries",
    "FieldValue",
    "FieldValues",
    "Quantile",
    "Step",
    "ValuesQuery",
]


class ExploreSeries(msgspec.Struct, frozen=True):
    """A series of a metric that is not saved: ``definition`` is one metric as YAML, the rest as in ``MetricQuery``."""

    definition: str
    first: date
    last: date
    grain: Grain = Grain.DAY
    breakdown: tuple[str, ...] = ()
    where: tuple[str, ...] = ()
    compare: Literal["none", "previous", "year"] = "none"
    limit: int = 20
    intervals: bool = False


class ExploreRetention(msgspec.Struct, frozen=True):
    """A cohort grid of a metric that is not saved; see ``RetentionQuery``."""

    definition: str
    first: date
    last: date
    grain: Grain = Grain.MONTH
    periods: int = 12
    where: tuple[str, ...] = ()


class ExploreDistribution(msgspec.Struct, frozen=True):
    """How a metric's values are spread over ``first`` to ``last``: of each unit that has one, or of each event.

    Either ``definition`` (one metric as YAML, which need not be saved) or ``name`` says which metric. ``steps`` is how
    many steps the histogram may have.
    """

    first: date
    last: date
    definition: str = ""
    name: str = ""
    each: Literal["unit", "event"] = "unit"
    where: tuple[str, ...] = ()
    steps: int = 30


class Quantile(msgspec.Struct, frozen=True):
    """Below ``value`` lies the ``share`` of all values."""

    share: float
    value: float


class Step(msgspec.Struct, frozen=True):
    """How many values are at least ``low`` and less than ``high``; null where the step has no bound."""

    low: float | None
    high: float | None
    count: int


class Distribution(msgspec.Struct, frozen=True):
    """The answer. ``n`` values; without one, ``mean``, ``low`` and ``high`` are null and there are no steps.

    ``whole``: all values are integers. The first and the last step may have no outer bound: a far tail is one step.
    """

    metric: MetricView
    each: Literal["unit", "event"]
    n: int
    mean: float | None
    low: float | None
    high: float | None
    whole: bool
    quantiles: tuple[Quantile, ...]
    steps: tuple[Step, ...]
    sql: str
    route: str
    elapsed_ms: float
    currency: str
    notes: tuple[str, ...] = ()
    left_out: tuple[LeftOut, ...] = ()


class ValuesQuery(msgspec.Struct, frozen=True):
    """The values of a field that hold ``typed``, in any case; of one event, or of all where ``event`` is empty."""

    field: str
    typed: str = ""
    event: str = ""
    limit: int = 50


class FieldValue(msgspec.Struct, frozen=True):
    """One value, null for events without one, and how many events bear it."""

    value: str | None
    count: int


class FieldValues(msgspec.Struct, frozen=True):
    """Most frequent first, counted from the day ``first`` to the day ``last``: the newest days of the data.

    ``more``: there are further ones.
    """

    values: tuple[FieldValue, ...]
    first: date
    last: date
    more: bool


DATA_VALUES = Operation("data.values", Permission.READ, ValuesQuery, FieldValues)
EXPLORE_SERIES = Operation("explore.series", Permission.READ, ExploreSeries, MetricSeries)
EXPLORE_RETENTION = Operation("explore.retention", Permission.READ, ExploreRetention, RetentionGrid)
EXPLORE_DISTRIBUTION = Operation("explore.distribution", Permission.READ, ExploreDistribution, Distribution)
