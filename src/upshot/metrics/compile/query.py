"""What is asked of a metric, and what compiling it gives. No database and no Ibis is loaded here."""

import enum
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal

import msgspec

from upshot.core.time import DayRange, Grain
from upshot.metrics.definition import Field, Filter, Selection

if TYPE_CHECKING:
    from ibis.expr.types import Table

__all__ = ["Compiled", "DistributionQuery", "ExposureQuery", "RetentionQuery", "Route", "SeriesQuery", "Steps"]


class Route(enum.StrEnum):
    """What is read: unit-day facts, the facts of a declared measure, or raw events."""

    FACTS = "facts"
    MEASURES = "measures"
    EVENTS = "events"


class SeriesQuery(msgspec.Struct, frozen=True):
    """A series over ``days``.

    Attributes:
        days: Local days, half-open. Only events inside are counted (a conversion's goal may follow later).
        grain: The length of one point; None makes the whole range one point, which is the total.
        breakdown: Fields whose values are told apart.
        where: More filters.
    """

    days: DayRange
    grain: Grain | None = Grain.DAY
    breakdown: tuple[Field, ...] = ()
    where: tuple[Filter, ...] = ()


class RetentionQuery(msgspec.Struct, frozen=True):
    """A cohort grid.

    Attributes:
        days: Cohorts whose first day is inside; returns count until its end.
        grain: The length of a period, of cohorts and offsets alike.
        periods: The largest offset.
        breakdown: Fields, read at the event that made the unit join its cohort.
        where: More filters, on joining and returning events alike.
    """

    days: DayRange
    grain: Grain = Grain.MONTH
    periods: int = 12
    breakdown: tuple[Field, ...] = ()
    where: tuple[Filter, ...] = ()


class DistributionQuery(msgspec.Struct, frozen=True):
    """How a metric is spread over ``days``: over units that have a value, or over the single events.

    Attributes:
        days: Local days, half-open.
        each: Whose values.
        where: More filters.
    """

    days: DayRange
    each: Literal["unit", "event"] = "unit"
    where: tuple[Filter, ...] = ()


class Steps(msgspec.Struct, frozen=True):
    """``count`` steps of equal ``width`` from ``start`` on; the nth holds its lower bound and not its upper one."""

    start: float
    width: float
    count: int


class ExposureQuery(msgspec.Struct, frozen=True):
    """Who met which variant of an experiment.

    Attributes:
        unit: What is randomised.
        selection: The events that say that a unit has met its variant.
        property: Their property that names it.
        variants: The declared ones.
        days: Local days on which exposures count.
        until: UTC instant without offset up to which events are read.
        horizon_days: Days from the exposure over which a unit is counted, where the metric does not say.
    """

    unit: str
    selection: Selection
    property: str
    variants: tuple[str, ...]
    days: DayRange
    until: datetime
    horizon_days: int


@dataclass(frozen=True, slots=True)
class Compiled:
    """An Ibis expression over a store's tables, and what to know about it.

    Attributes:
        expr: Unbound or bound to the store's tables; ordered. Columns as in ``columns``.
        route: What it reads.
        reason: Why it reads that, one sentence.
        columns: Series: ``period`` (date), ``group_0``… (string), ``value``, ``numerator``, ``denominator`` (double;
            the last two are null where the metric is no fraction). Retention: ``cohort`` (date), ``offset`` and
            ``offset_last`` (integers), ``group_0``…, ``units`` (integer), ``size`` (integer: the cohort's). Per unit:
            ``unit_key``, ``value``, ``numerator``, ``denominator``.
        additive: Whether values add up over periods and groups.
        absent: The value of a period without a row: 0, or None where there is no number.
        grain: The grain of the points; longer than the one asked for where the metric's window is longer.
        notes: What a reader should know, one sentence each.
    """

    expr: "Table"
    route: Route
    reason: str
    columns: tuple[str, ...]
    additive: bool
    absent: float | None
    grain: Grain | None
    notes: tuple[str, ...] = ()
