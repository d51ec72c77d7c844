"""Definitions, series and cohort grids."""

from datetime import date, datetime
from typing import Literal

import msgspec

from upshot.api.operation import Operation, Permission
from upshot.api.state import Nothing
from upshot.core.problems import Problem
from upshot.core.time import Grain
from upshot.metrics.kinds import Topic

__all__ = [
    "METRIC_APPLY",
    "METRIC_LIST",
    "METRIC_QUERY",
    "METRIC_RETENTION",
    "METRIC_SHOW",
    "Compared",
    "Headline",
    "LeftOut",
    "MetricApplied",
    "MetricApply",
    "MetricChange",
    "MetricList",
    "MetricName",
    "MetricQuery",
    "MetricSeries",
    "MetricView",
    "Point",
    "RetentionCell",
    "RetentionGrid",
    "RetentionQuery",
]


class MetricView(msgspec.Struct, frozen=True):
    """A metric as people see it; ``definition`` is its YAML.

    ``format`` is count, money, percent, duration or number. ``grid``: whether a cohort grid says something of it.
    ``states``: whether it is about units that are new, returning, resurrected or dormant.
    ``topic`` is volume, activity, engagement, conversion or retention.
    """

    name: str
    title: str
    description: str
    type: str
    format: str
    direction: Literal["up", "down", "none"]
    unit: str
    version: int
    hash: str
    definition: str
    additive: bool
    grid: bool = False
    states: bool = False
    topic: Topic = Topic.VOLUME


class MetricList(msgspec.Struct, frozen=True):
    """All metrics, in the order in which they were first defined."""

    metrics: tuple[MetricView, ...]


class MetricName(msgspec.Struct, frozen=True):
    """Which metric."""

    name: str


class MetricApply(msgspec.Struct, frozen=True):
    """Definitions as YAML. ``source`` names where they come from, for messages and the audit log."""

    yaml: str
    source: str = ""
    dry_run: bool = False


class MetricChange(msgspec.Struct, frozen=True):
    """What applying did, or would do, to one metric."""

    name: str
    change: Literal["added", "changed", "unchanged"]
    version: int
    hash: str


class MetricApplied(msgspec.Struct, frozen=True):
    """Changes and problems; nothing is changed while one of them is an error, and warnings hinder nothing."""

    changes: tuple[MetricChange, ...]
    problems: tuple[Problem, ...]


class MetricQuery(msgspec.Struct, frozen=True):
    """A series. ``first`` and ``last`` are local days, both counted.

    ``breakdown`` and ``where`` are in the words of the command line: ``Country``, ``person.plan``,
    ``Country in (France, Spain)``. With ``intervals``, points of means, ratios, conversions and retentions have their
    sampling interval.
    """

    name: str
    first: date
    last: date
    grain: Grain = Grain.DAY
    breakdown: tuple[str, ...] = ()
    where: tuple[str, ...] = ()
    compare: Literal["none", "previous", "year"] = "none"
    limit: int = 20
    intervals: bool = False
    year: bool = False


class Point(msgspec.Struct, frozen=True):
    """One value of a series. ``value`` is null where the data give none, and ``note`` says why.

    ``complete`` is false where the period is not over, the data begin or end inside it, or its units still have time.
    ``group`` holds the breakdown's values in the order asked, null for none. ``low`` and ``high`` bound the sampling
    interval, where one was asked for and there is one.
    """

    period: date
    value: float | None
    complete: bool
    group: tuple[str | None, ...] = ()
    numerator: float | None = None
    denominator: float | None = None
    note: str = ""
    low: float | None = None
    high: float | None = None
    small: bool = False


class Compared(msgspec.Struct, frozen=True):
    """What a headline is compared with: the days, the value on them, and the relative change, 0.1 for a tenth more.

    ``change`` is null where there is nothing to compare with. Against the year before, days without one of the same
    date are left out of it on both sides where values add up.
    """

    first: date
    last: date
    value: float | None
    change: float | None


class Headline(msgspec.Struct, frozen=True):
    """The one number of a metric for the days that were asked about: cards, pages, tiles and commands show it.

    It stands for ``first`` to ``last``: the days asked about that are over, covered by the data and whose units have
    had their time; of a metric with a window of its own its last whole window. ``complete`` is false where there are
    no such days: the value is then what there is so far, and ``note`` says why.
    """

    value: float | None
    first: date
    last: date
    complete: bool
    note: str = ""
    before: Compared | None = None
    year_before: Compared | None = None


class LeftOut(msgspec.Struct, frozen=True):
    """Values of ``property`` that a sum or a mean left out because they are no numbers: how many ``values``."""

    property: str
    values: int


class MetricSeries(msgspec.Struct, frozen=True):
    """The answer to a ``MetricQuery``; ``total`` is the metric over the whole window, where it has a meaning.

    ``grain`` is the length of one point: the one asked for, or the metric's own where that is longer.
    ``previous`` is aligned with ``points``: its nth period is compared with the nth. ``route`` says what was read:
    ``facts``, ``measures`` or ``events``. ``interval`` names the method of the points' intervals: ``wilson`` or
    ``delta``, or is empty where they have none; ``level`` is their coverage. ``left_out`` counts over all days and
    groups that were asked about.
    """

    metric: MetricView
    grain: Grain
    points: tuple[Point, ...]
    previous: tuple[Point, ...]
    total: Point | None
    totals: tuple[Point, ...]
    previous_total: Point | None
    headline: Headline
    sql: str
    route: str
    elapsed_ms: float
    time_zone: str
    currency: str
    data_from: date | None
    data_until: datetime | None
    notes: tuple[str, ...] = ()
    truncated_groups: int = 0
    interval: Literal["", "wilson", "delta"] = ""
    level: float = 0.95
    left_out: tuple[LeftOut, ...] = ()


class RetentionQuery(msgspec.Struct, frozen=True):
    """A cohort grid of a retention metric, or of any activity that the metric counts."""

    name: str
    first: date
    last: date
    grain: Grain = Grain.MONTH
    periods: int = 12
    where: tuple[str, ...] = ()


class RetentionCell(msgspec.Struct, frozen=True):
    """One cell: ``units`` of the cohort's ``size`` came back.

    ``offset`` says how many periods after their own, and ``offset_last`` until when: another number for a bracket.
    ``complete`` is false while units can still come back, and where the days asked about cut the cohort or the period;
    ``note`` says why.
    """

    cohort: date
    offset: int
    offset_last: int
    units: int
    share: float | None
    complete: bool
    size: int
    note: str = ""


class RetentionGrid(msgspec.Struct, frozen=True):
    """The grid. ``cut_off_left``: the first cohort holds everybody seen before, as the data begin inside or with it."""

    metric: MetricView
    grain: Grain
    cells: tuple[RetentionCell, ...]
    cut_off_left: tuple[date, ...]
    sql: str
    route: str
    elapsed_ms: float
    notes: tuple[str, ...] = ()


METRIC_LIST = Operation("metric.list", Permission.READ, Nothing, MetricList)
METRIC_SHOW = Operation("metric.show", Permission.READ, MetricName, MetricView)
METRIC_APPLY = Operation("metric.apply", Permission.WRITE, MetricApply, MetricApplied, changes=True)
METRIC_QUERY = Operation("metric.query", Permission.READ, MetricQuery, MetricSeries)
METRIC_RETENTION = Operation("metric.retention", Permission.READ, RetentionQuery, RetentionGrid)
