"""What planning reads and what it answers; without the numerical libraries that do the planning."""

from datetime import date

import msgspec

from upshot.studies.inputs import DailySeries

__all__ = ["PlanInputs", "Planned", "PlannedWay", "UnitSums"]


class UnitSums(msgspec.Struct, frozen=True, kw_only=True):
    """Sums over the units that had something to count in as many days as the reading holds.

    Attributes:
        units: All units that were active in those days, with or without something to count.
        x: Σx; the numerator where the metric is a fraction.
        xx: Σx².
        y: Σy of the denominator; None where the metric is no fraction.
        yy: Σy².
        xy: Σxy.
    """

    units: float
    x: float
    xx: float
    y: float | None = None
    yy: float | None = None
    xy: float | None = None


class PlanInputs(msgspec.Struct, frozen=True, kw_only=True):
    """What planning reads.

    Attributes:
        title: What people call the metric.
        daily: Its days until yesterday; None where it has no daily series, and ``no_daily`` says why.
        changes: Days on which something else changed: launches, prices, campaigns.
        logging: Days on which its logging or its definition changed.
        units: What units did; None where they are not known.
        within_days: When the effect should be there.
        expected: The expected relative effect; None where nothing is expected.
        seed: Of all random draws.
    """

    title: str
    daily: DailySeries | None
    no_daily: str = ""
    changes: tuple[date, ...] = ()
    logging: tuple[date, ...] = ()
    units: UnitSums | None
    within_days: int
    expected: float | None
    seed: int


class PlannedWay(msgspec.Struct, frozen=True, kw_only=True):
    """One way: the smallest relative effect that it finds in four of five cases at 5 %; None, and why not."""

    way: str
    design: str
    grade: str
    detectable: float | None
    enough: bool | None
    sentence: str


class Planned(msgspec.Struct, frozen=True, kw_only=True):
    """The ways from the least trouble to the most, the advised one, and a sentence."""

    ways: tuple[PlannedWay, ...]
    advised: str
    sentence: str
