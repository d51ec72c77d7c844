"""What a kind of metric is, in one table: everything that differs between kinds and is no query stands here.

A new kind is a member of ``MetricType``, a row of ``KINDS``, and its queries in ``compile``. What depends on one
definition besides its kind (a window, a period) is worked out from the row in ``upshot.metrics.ripening``.
"""

import enum
import math
from dataclasses import dataclass, field
from typing import Literal

__all__ = [
    "KINDS",
    "LEAST_SIZE",
    "MEASURES",
    "MOST_STEPS",
    "WORDS",
    "Clock",
    "Combine",
    "EventMeasure",
    "Format",
    "Kind",
    "MetricType",
    "RetentionKind",
    "Ripens",
    "State",
    "Topic",
    "Window",
]

Format = Literal["count", "money", "percent", "duration", "number"]

LEAST_SIZE = 30
"""A share or mean over fewer is named as one of a small group."""

MOST_STEPS = 20
"""A funnel of more is refused: each is a pass over its events."""


class MetricType(enum.StrEnum):
    """The kinds of numbers."""

    COUNT = "count"
    SUM = "sum"
    MEAN = "mean"
    DISTINCT = "distinct"
    ACTIVE = "active"
    STICKINESS = "stickiness"
    LIFECYCLE = "lifecycle"
    QUICK_RATIO = "quick_ratio"
    RATIO = "ratio"
    FORMULA = "formula"
    CONVERSION = "conversion"
    FUNNEL = "funnel"
    RETENTION = "retention"

    @property
    def kind(self) -> "Kind":
        """Its row of the table."""
        return KINDS[self]


class Window(enum.StrEnum):
    """Over which days a unit counts as active.

    ``PERIOD`` follows the grain of the question; ``ROLLING_28_DAYS`` ends with the day that is asked about; the others
    are calendar periods, and a question with a longer grain gets the mean over its whole ones.
    """

    PERIOD = "period"
    DAY = "day"
    WEEK = "week"
    ROLLING_28_DAYS = "28d"
    MONTH = "month"


class State(enum.StrEnum):
    """Where a unit stands in a period: seen for the first time, back from the period before, back after a gap, or gone.

    The first three are the active ones; ``DORMANT`` was active in the period before and is not in this one.
    """

    NEW = "new"
    RETURNING = "returning"
    RESURRECTED = "resurrected"
    DORMANT = "dormant"


class RetentionKind(enum.StrEnum):
    """When a unit counts as having come back at period k: in k, in k or later, or within the bracket that holds k."""

    N_DAY = "n-day"
    UNBOUNDED = "unbounded"
    BRACKET = "bracket"


class Clock(enum.Enum):
    """What says how long a kind's shortest period is: always a day, its window, its period, or its parts."""

    DAY = "day"
    WINDOW = "window"
    PERIOD = "period"
    PARTS = "parts"


class Ripens(enum.Enum):
    """When the number of a unit that began on a day is final: at the day's end, after ``within``, after ``after``.

    ``PARTS``: when those of all parts are.
    """

    AT_ONCE = "at once"
    WITHIN = "within"
    PERIODS = "periods"
    PARTS = "parts"


class Combine(enum.Enum):
    """How the steps of a series make the value of a longer time.

    Values add up, numerators and denominators do, or the mean is taken; ``NONE``: the value does not follow from steps
    and must be asked for as a whole.
    """

    SUM = "sum"
    POOL = "pool"
    MEAN = "mean"
    NONE = "none"


class Topic(enum.StrEnum):
    """What a number tells: how much there is, or of users who is there, how often, who gets somewhere, who returns."""

    VOLUME = "volume"
    ACTIVITY = "activity"
    ENGAGEMENT = "engagement"
    CONVERSION = "conversion"
    RETENTION = "retention"


@dataclass(frozen=True, slots=True)
class EventMeasure:
    """What can be asked of any one event without a definition.

    Attributes:
        word: Its name in addresses.
        label: What it is called where one is chosen.
        title: What the answer is called, with ``{event}`` and ``{value}`` in it.
        of_every: What it is called of every event, where that is not the title with "any event" in it.
        window: Over which days a unit counts.
    """

    word: str
    label: str
    title: str
    of_every: str = ""
    window: Window = Window.PERIOD


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind.

    Attributes:
        keys: What a definition says besides what every definition says.
        needed: Those of ``keys`` without which it says nothing.
        format: How it is shown where the definition does not say.
        additive: Whether values of disjoint periods, groups and units add up.
        fraction: Whether it is a numerator over a denominator.
        counts: Whether it counts something, so that nothing is 0, and it can be part of a ratio.
        share: Whether it lies in [0, 1].
        clock: What its shortest period follows.
        windows: Those that it may have where its clock is the window; the first is what it has when it says none.
        compares: Whether a period's number needs to know who was there in the whole period before.
        ripens: When a unit's number is final.
        combine: How steps make a longer time; of ``active`` without a window ``NONE``.
        interval: How an interval is made around a value; ``parts``: the delta method where both parts allow it.
        states: Whether it counts units that are active, so that they are new, returning, resurrected or dormant.
        grid: Whether a cohort grid says something of it: who came back.
        raw: Why raw events are read always; empty where facts may hold all.
        by_unit: What the value of a unit is, counted from an exposure: ``mean``, ``proportion`` (0 or 1) or ``ratio``.
        topic: What it tells.
        any_value: Whether ``value`` may be anything, and not a number alone.
        measures: Which of its metrics can be asked of any one event.
        every_unit_once: Whether each unit either counts or does not, so that there is no spread over units.
        no_unit: Why there is no value of each unit; empty where there is one.
    """

    keys: frozenset[str]
    needed: frozenset[str] = field(default_factory=frozenset)
    format: Format = "number"
    additive: bool = False
    fraction: bool = False
    counts: bool = False
    share: bool = False
    clock: Clock = Clock.DAY
    windows: tuple[Window, ...] = ()
    compares: bool = False
    ripens: Ripens = Ripens.AT_ONCE
    combine: Combine = Combine.NONE
    interval: Literal["", "wilson", "delta", "parts"] = ""
    states: bool = False
    grid: bool = False
    raw: str = ""
    by_unit: Literal["mean", "proportion", "ratio"] = "mean"
    topic: Topic = Topic.VOLUME
    any_value: bool = False
    measures: tuple[EventMeasure, ...] = ()
    every_unit_once: bool = False
    no_unit: str = ""

    @property
    def people(self) -> bool:
        """Whether it says what units do, and not how much there is of something."""
        return self.topic is not Topic.VOLUME

    @property
    def amounts(self) -> bool:
        """Whether it adds up a value of each event, so that the value can be an amount of money that was paid."""
        return self.additive and "value" in self.needed

    @property
    def absent(self) -> float | None:
        """The value of a period without a row: 0 of what counts or adds up, otherwise none."""
        return 0.0 if self.counts or self.additive else None

    @property
    def part(self) -> bool:
        """Whether it can be the numerator or the denominator of a ratio."""
        return self.counts or self.additive

    @property
    def bounds(self) -> tuple[float, float]:
        """Values that it can have."""
        if self.share:
            return 0.0, 1.0
        return (0.0 if self.counts else -math.inf), math.inf


_EVENTS = frozenset({"event", "where"})
_VALUED = _EVENTS | {"value"}
_VALUE = frozenset({"value"})
_PARTS = frozenset({"numerator", "denominator"})
_WHOLE = (Window.PERIOD, Window.DAY, Window.WEEK, Window.MONTH)
_NO_STATE_OF_ITS_OWN = (
    "A {} sorts units by calendar periods, which say nothing of one unit from its exposure on: "
    "measure who is active, or who comes back."
)

KINDS: dict[MetricType, Kind] = {
    MetricType.COUNT: Kind(
        keys=_EVENTS,
        format="count",
        additive=True,
        counts=True,
        combine=Combine.SUM,
        grid=True,
        measures=(EventMeasure("events", "Number of events", "{event}", "Events"),),
    ),
    MetricType.SUM: Kind(
        keys=_VALUED,
        needed=_VALUE,
        additive=True,
        combine=Combine.SUM,
        measures=(EventMeasure("sum", "Sum of a property", "Sum of {value} of {event}"),),
    ),
    MetricType.MEAN: Kind(
        keys=_VALUED,
        needed=_VALUE,
        fraction=True,
        combine=Combine.POOL,
        interval="delta",
        by_unit="ratio",
        measures=(EventMeasure("mean", "Mean of a property", "Mean {value} of {event}"),),
    ),
    MetricType.DISTINCT: Kind(
        keys=_VALUED,
        needed=_VALUE,
        format="count",
        counts=True,
        raw="A distinct count needs every value, so raw events are read.",
        any_value=True,
        measures=(EventMeasure("distinct", "Distinct values of a property", "Distinct {value} of {event}"),),
    ),
    MetricType.ACTIVE: Kind(
        keys=_EVENTS | {"window"},
        format="count",
        counts=True,
        clock=Clock.WINDOW,
        windows=tuple(Window),
        combine=Combine.MEAN,
        states=True,
        grid=True,
        by_unit="proportion",
        topic=Topic.ACTIVITY,
        measures=(
            EventMeasure("persons", "Persons who did it", "Persons with {event}"),
            EventMeasure("days", "Days on which persons did it", "Persons with {event}, a day", window=Window.DAY),
        ),
    ),
    MetricType.STICKINESS: Kind(
        keys=_EVENTS | {"window"},
        format="percent",
        fraction=True,
        share=True,
        clock=Clock.WINDOW,
        windows=(Window.MONTH, Window.WEEK, Window.ROLLING_28_DAYS),
        combine=Combine.MEAN,
        topic=Topic.ENGAGEMENT,
    ),
    MetricType.LIFECYCLE: Kind(
        keys=_EVENTS | {"state", "window"},
        needed=frozenset({"state"}),
        format="count",
        counts=True,
        clock=Clock.WINDOW,
        windows=_WHOLE,
        compares=True,
        states=True,
        combine=Combine.MEAN,
        topic=Topic.ACTIVITY,
        every_unit_once=True,
        no_unit=_NO_STATE_OF_ITS_OWN.format("lifecycle"),
    ),
    MetricType.QUICK_RATIO: Kind(
        keys=_EVENTS | {"window"},
        fraction=True,
        clock=Clock.WINDOW,
        windows=_WHOLE,
        compares=True,
        states=True,
        combine=Combine.POOL,
        topic=Topic.ACTIVITY,
        every_unit_once=True,
        no_unit=_NO_STATE_OF_ITS_OWN.format("quick_ratio"),
    ),
    MetricType.RATIO: Kind(
        keys=_PARTS,
        needed=_PARTS,
        fraction=True,
        clock=Clock.PARTS,
        combine=Combine.POOL,
        interval="parts",
        by_unit="ratio",
    ),
    MetricType.FORMULA: Kind(
        keys=frozenset({"formula", "parts"}),
        needed=frozenset({"formula"}),
        clock=Clock.PARTS,
        ripens=Ripens.PARTS,
        interval="parts",
    ),
    MetricType.CONVERSION: Kind(
        keys=_EVENTS | {"of", "within"},
        needed=frozenset({"of", "within"}),
        format="percent",
        fraction=True,
        share=True,
        ripens=Ripens.WITHIN,
        interval="wilson",
        raw="A conversion needs the instant of every event, so raw events are read.",
        by_unit="ratio",
        topic=Topic.CONVERSION,
        every_unit_once=True,
    ),
    MetricType.FUNNEL: Kind(
        keys=frozenset({"steps", "within"}),
        needed=frozenset({"steps", "within"}),
        format="percent",
        fraction=True,
        share=True,
        ripens=Ripens.WITHIN,
        interval="wilson",
        raw="A funnel needs the instant of every event, so raw events are read.",
        by_unit="ratio",
        topic=Topic.CONVERSION,
        every_unit_once=True,
    ),
    MetricType.RETENTION: Kind(
        keys=_EVENTS | {"of", "kind", "period", "after", "brackets"},
        format="percent",
        fraction=True,
        share=True,
        clock=Clock.PERIOD,
        ripens=Ripens.PERIODS,
        combine=Combine.POOL,
        interval="wilson",
        grid=True,
        by_unit="proportion",
        topic=Topic.RETENTION,
        every_unit_once=True,
    ),
}
"""Every kind."""

WORDS: dict[str, tuple[MetricType, Format]] = {
    **{str(of_type): (of_type, kind.format) for of_type, kind in KINDS.items()},
    "revenue": (MetricType.SUM, "money"),
}
"""What a definition's ``type`` may say, with the format where it says none; ``revenue`` is a sum of money."""

MEASURES: dict[str, tuple[MetricType, EventMeasure]] = {
    measure.word: (of_type, measure)
    for of_a_value in (False, True)
    for of_type, kind in KINDS.items()
    if ("value" in kind.needed) is of_a_value
    for measure in kind.measures
}
"""What can be asked of any one event, by its name in addresses; what needs a property comes last."""
