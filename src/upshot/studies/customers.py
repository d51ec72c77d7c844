"""What a reading of customers' lifetime value takes and says; without the numerical libraries that make it."""

from datetime import date

import msgspec

from upshot.catalog.verdict import Interval

__all__ = ["CohortValue", "Fitted", "Foretold", "FrequencyRow", "LifetimeInputs", "LifetimeReport", "Named"]


class LifetimeInputs(msgspec.Struct, frozen=True, kw_only=True):
    """Purchases, those of one customer on one day as one, and what is asked about them.

    Attributes:
        customer: Whose, numbers from 0.
        day: When, as proleptic ordinals.
        amount: Money, 0 or more.
        cohorts: First day of each cohort of the observed value, as ordinals, ascending.
        until: The last whole day of the data.
        split: The last day that the held-out test may see.
        horizon_days: How far ahead is looked.
        discount: A year, 0.1 for 10 %.
        level: Coverage of all intervals.
        seed: Of the simulation.
    """

    customer: tuple[int, ...]
    day: tuple[int, ...]
    amount: tuple[float, ...]
    cohorts: tuple[int, ...]
    until: date
    split: date
    horizon_days: int
    discount: float
    level: float = 0.95
    seed: int = 0


class Named(msgspec.Struct, frozen=True):
    """A parameter of a model with its interval."""

    name: str
    interval: Interval


class Fitted(msgspec.Struct, frozen=True, kw_only=True):
    """A model, or why there is none.

    Attributes:
        model: Its name.
        customers: How many it was fitted to.
        parameters: None where it was refused.
        log_likelihood: At the maximum; None where it was refused.
        why_not: The reason and its code; empty where there is a model.
        code: The reason's code; empty where there is a model.
    """

    model: str
    customers: int
    parameters: tuple[Named, ...] = ()
    log_likelihood: float | None = None
    why_not: str = ""
    code: str = ""


class FrequencyRow(msgspec.Struct, frozen=True, kw_only=True):
    """Customers who had bought as often before the split, and what one of them bought after it on average.

    ``frequency`` counts purchases after the first; the last row holds 7 and more.
    """

    frequency: int
    customers: int
    expected: float
    actual: float


class Foretold(msgspec.Struct, frozen=True, kw_only=True):
    """A forecast that saw nothing after the split, beside what came.

    Attributes:
        split: The last day that was seen.
        until: The last day that was foretold.
        customers: How many had bought by the split.
        expected: Purchases, with the interval in which the number that comes should lie; None where there is no model.
        actual: Purchases that came.
        held: Whether it lies in the interval.
        expected_value: Money; None where there is no model of spending.
        actual_value: Money that came.
        by_frequency: The same by how often customers had bought.
        why_not: Why there is no forecast; empty where there is one.
    """

    split: date
    until: date
    customers: int = 0
    expected: Interval | None = None
    actual: float = 0.0
    held: bool = False
    expected_value: float | None = None
    actual_value: float = 0.0
    by_frequency: tuple[FrequencyRow, ...] = ()
    why_not: str = ""


class CohortValue(msgspec.Struct, frozen=True, kw_only=True):
    """What a customer of a cohort has brought on average by the end of each 30 days; None where not all are as old."""

    cohort: date
    customers: int
    value: tuple[float | None, ...]


class LifetimeReport(msgspec.Struct, frozen=True, kw_only=True):
    """What customers have brought, and what they are expected to bring.

    Attributes:
        customers: All of them.
        repeaters: Who bought again.
        purchases: Of one customer on one day as one.
        amount: Money of all purchases.
        buying: BG/NBD, in weeks.
        spending: Gamma-Gamma.
        alive: How many customers are expected to be still there; None without a model.
        expected_purchases: Of all customers over the horizon; None without a model.
        total: Expected money of all customers over the horizon, discounted; None without both models.
        each: The same of one customer on average.
        newcomer: Of one who has just bought for the first time, that purchase not counted.
        foretold: The held-out test.
        observed: By month of the first purchase.
    """

    customers: int
    repeaters: int
    purchases: int
    amount: float
    buying: Fitted
    spending: Fitted
    alive: float | None
    expected_purchases: float | None
    total: Interval | None
    each: Interval | None
    newcomer: Interval | None
    foretold: Foretold
    observed: tuple[CohortValue, ...]
