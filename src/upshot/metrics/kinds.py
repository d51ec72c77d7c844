"""What a kind of metric is, in one table: everything that differs between kinds and is no query stands here.

A new kind is a member of ``Shape``, a row of ``KINDS``, and its queries in ``compile``. What depends on one definition
besides its kind (a window, a period) is worked out from the row in ``upshot.metrics.ripening``.
"""

import enum
import math
from dataclasses import dataclass, field
from typing import Literal

__all__ = [
    "KINDS",
    "LEAST_SIZE",
    "WORDS",
    "Clock",
    "Combine",
    "Format",
    "Kind",
    "RetentionKind",
    "Ripens",
    "Shape",
    "Window",
]

Format = Literal["count", "money", "percent", "duration", "number"]

LEAST_SIZE = 30
"""A share or mean over fewer is named as one of a small group."""


class Shape(enum.StrEnum):
    """The kinds of numbers."""

    COUNT = "count"
    SUM = "sum"
    MEAN = "mean"
    DISTINCT = "distinct"
    ACTIVE = "active"
    STICKINESS = "stickiness"
    RATIO = "ratio"
    CONVERSION = "conversion"
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
    """When the number of a unit that began on a day is final: at the day's end, after ``within``, after ``after``."""

    AT_ONCE = "at once"
    WITHIN = "within"
    PERIODS = "periods"


class Combine(enum.Enum):
    """How the steps of a series make the value of a longer time.

    Values add up, numerators and denominators do, or the mean is taken; ``NONE``: the value does not follow from steps
    and must be asked for as a whole.
    """

    SUM = "sum"
    POOL = "pool"
    MEAN = "mean"
    NONE = "none"


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
        ripens: When a unit's number is final.
        combine: How steps make a longer time; of ``active`` without a window ``NONE``.
        interval: How an interval is made around a value; ``parts``: the delta method where both parts allow it.
        grid: Whether a cohort grid says something of it: who came back.
        raw: Why raw events are read always; empty where facts may hold all.
        by_unit: What the value of a unit is, counted from an exposure: ``mean``, ``proportion`` (0 or 1) or ``ratio``.
        people: Whether it says what units do, and not how much there is of something.
        every_unit_once: Whether each unit either counts or does not, so that there is no spread over units.
    """

    keys: frozenset[str]
    needed: frozenset[str] = field(default_factory=frozenset)
    format: Format = "number"
    additive: bool = False
    fraction: bool = False
    counts: bool = False
    share: bool = False
    clock: Clock = Clock.DAY
    ripens: Ripens = Ripens.AT_ONCE
    combine: Combine = Combine.NONE
    interval: Literal["", "wilson", "delta", "parts"] = ""
    grid: bool = False
    raw: str = ""
    by_unit: Literal["mean", "proportion", "ratio"] = "mean"
    people: bool = False
    every_unit_once: bool = False

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

KINDS: dict[Shape, Kind] = {
    Shape.COUNT: Kind(keys=_EVENTS, format="count", additive=True, counts=True, combine=Combine.SUM, grid=True),
    Shape.SUM: Kind(keys=_VALUED, needed=_VALUE, additive=True, combine=Combine.SUM),
    Shape.MEAN: Kind(
        keys=_VALUED, needed=_VALUE, fraction=True, combine=Combine.POOL, interval="delta", by_unit="ratio"
    ),
    Shape.DISTINCT: Kind(
        keys=_VALUED,
        needed=_VALUE,
        format="count",
        counts=True,
        raw="A distinct count needs every value, so raw events are read.",
    ),
    Shape.ACTIVE: Kind(
        keys=_EVENTS | {"window"},
        format="count",
        counts=True,
        clock=Clock.WINDOW,
        combine=Combine.MEAN,
        grid=True,
        by_unit="proportion",
        people=True,
    ),
    Shape.STICKINESS: Kind(
        keys=_EVENTS | {"window"},
        format="percent",
        fraction=True,
        share=True,
        clock=Clock.WINDOW,
        combine=Combine.MEAN,
        people=True,
    ),
    Shape.RATIO: Kind(
        keys=_PARTS,
        needed=_PARTS,
        fraction=True,
        clock=Clock.PARTS,
        combine=Combine.POOL,
        interval="parts",
        by_unit="ratio",
    ),
    Shape.CONVERSION: Kind(
        keys=_EVENTS | {"of", "within"},
        needed=frozenset({"of", "within"}),
        format="percent",
        fraction=True,
        share=True,
        ripens=Ripens.WITHIN,
        interval="wilson",
        raw="A conversion needs the instant of every event, so raw events are read.",
        by_unit="ratio",
        people=True,
        every_unit_once=True,
    ),
    Shape.RETENTION: Kind(
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
        people=True,
        every_unit_once=True,
    ),
}
"""Every kind."""

WORDS: dict[str, tuple[Shape, Format]] = {
    **{str(shape): (shape, kind.format) for shape, kind in KINDS.items()},
    "revenue": (Shape.SUM, "money"),
}
"""What a definition's ``type`` may say, with the format where it says none; ``revenue`` is a sum of money."""
