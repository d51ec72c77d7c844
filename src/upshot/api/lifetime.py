"""What customers are worth."""

from datetime import date

import msgspec

from upshot.api.metrics import MetricView
from upshot.api.operation import Operation, Permission
from upshot.studies.customers import LifetimeReport

__all__ = ["METRIC_LIFETIME", "CustomerLifetime", "LifetimeQuery"]


class LifetimeQuery(msgspec.Struct, frozen=True):
    """What the customers behind a sum will bring over ``horizon_days``, discounted by ``discount`` a year.

    With ``first``, only customers who first bought on this local day or later. The models see purchases up to and with
    ``last``, by default the last whole day of the data. The held-out test forgets what came after ``split``, by default
    the middle of the days.
    """

    name: str
    first: date | None = None
    last: date | None = None
    horizon_days: int = 365
    discount: float = 0.1
    split: date | None = None
    where: tuple[str, ...] = ()
    level: float = 0.95


class CustomerLifetime(msgspec.Struct, frozen=True):
    """The answer to a ``LifetimeQuery``; ``first`` to ``last`` are the days of the purchases."""

    metric: MetricView
    report: LifetimeReport
    first: date
    last: date
    horizon_days: int
    discount: float
    level: float
    currency: str
    notes: tuple[str, ...] = ()


METRIC_LIFETIME = Operation("metric.lifetime", Permission.READ, LifetimeQuery, CustomerLifetime)
