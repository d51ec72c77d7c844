"""What customers are worth, asked of the workspace's own purchases."""

import math
from dataclasses import dataclass
from datetime import date, timedelta

import msgspec

from upshot.answers.answering import Answering
from upshot.answers.extent import extent_of
from upshot.answers.fields import read_filters
from upshot.answers.metric_book import view_of
from upshot.answers.unseen import notes_on_filters
from upshot.api.lifetime import CustomerLifetime, LifetimeQuery
from upshot.core.errors import InvalidInput
from upshot.core.time import DayRange, Grain
from upshot.metrics.definition import Filter, Metric
from upshot.metrics.kinds import KINDS
from upshot.studies.customers import LifetimeInputs
from upshot.studies.inputs import seed_of

__all__ = ["lifetime"]

_LONGEST_DAYS = 3_650


@dataclass(frozen=True, slots=True)
class _Bought:
    """Purchases by customer and day, and what is none."""

    customer: tuple[int, ...]
    day: tuple[int, ...]
    amount: tuple[float, ...]
    earlier: int
    refunds: int
    nobodys: int


def lifetime(answering: Answering, request: LifetimeQuery) -> CustomerLifetime:
    """What the customers behind a sum of money are worth.

    Raises:
        NotFound: There is no such metric, or no event bears a property that is asked for.
        InvalidInput: The metric is no sum, something is out of range, or there are no purchases.
    """
    metric, version = answering.metrics.get(request.name)
    if not metric.is_a.amounts:
        able = ", ".join(word for word, kind in KINDS.items() if kind.amounts)
        raise InvalidInput(
            f"{metric.name} is a {metric.type}; customers' worth is read from amounts that add up.",
            hint=f"Ask a metric of type {able} whose value is the amount of a purchase.",
        )
    _check_numbers(request)
    where = read_filters(answering, request.where)
    days = _days(answering, metric, where, request.last)
    found = _bought(answering, metric, days, where, request.first)
    if not found.day:
        raise InvalidInput(
            f"Nobody has bought anything by {days.last} that {metric.name} counts.",
            hint="Look at the events and filters of the metric, and at the days asked about.",
        )
    begun = date.fromordinal(min(found.day))
    inputs = LifetimeInputs(
        customer=found.customer,
        day=found.day,
        amount=found.amount,
        cohorts=tuple(month.toordinal() for month in DayRange.of(begun, days.last).periods(Grain.MONTH)),
        until=days.last,
        split=_split(request.split, begun, days.last),
        horizon_days=request.horizon_days,
        discount=request.discount,
        level=request.level,
        seed=seed_of(metric.name, days.last),
    )
    return CustomerLifetime(
        metric=view_of(metric, version),
        report=answering.worker.read_customers(inputs),
        first=begun,
        last=days.last,
        horizon_days=request.horizon_days,
        discount=request.discount,
        level=request.level,
        currency=answering.currency,
        notes=(*_notes(found, request.first), *notes_on_filters(answering, where)),
    )


def _check_numbers(request: LifetimeQuery) -> None:
    if not 1 <= request.horizon_days <= _LONGEST_DAYS:
        raise InvalidInput(
            f"{request.horizon_days} days cannot be looked ahead.", hint=f"Ask for 1 to {_LONGEST_DAYS}."
        )
    if not (math.isfinite(request.discount) and 0 <= request.discount <= 1):
        raise InvalidInput(
            f"The discount {request.discount:g} a year does not lie between 0 and 1.", hint="0.1 stands for 10 %."
        )
    if not 0 < request.level < 1:
        raise InvalidInput(f"The level {request.level:g} does not lie between 0 and 1.", hint="Usual is 0.95.")


def _days(answering: Answering, metric: Metric, where: tuple[Filter, ...], last: date | None) -> DayRange:
    """From the first event to the last whole day of the metric's own sources, or to the day asked for."""
    extent = extent_of(answering, metric, where)
    if extent.first is None or extent.known is None or extent.known < extent.first:
        raise InvalidInput("There is no whole day of events.", hint="Import or collect events first.")
    if last is not None and not extent.first <= last <= extent.known:
        raise InvalidInput(
            f"The last day {last} is not one of the whole days of the data.",
            hint=f"They go from {extent.first} to {extent.known}.",
        )
    return DayRange.of(extent.first, last or extent.known)


def _split(asked: date | None, begun: date, last: date) -> date:
    if asked is None:
        return begun + timedelta(days=(last - begun).days // 2)
    if not begun < asked < last:
        raise InvalidInput(
            f"The split on {asked} leaves no days on one of its sides.",
            hint=f"Choose a day after {begun}, before {last}.",
        )
    return asked


def _bought(
    answering: Answering, metric: Metric, days: DayRange, where: tuple[Filter, ...], since: date | None
) -> _Bought:
    from upshot.metrics.compile.purchases import not_purchases, purchases

    dialect, store = answering.store.dialect(), answering.store
    numbers: dict[object, int] = {}
    customer, day, amount = [], [], []
    earlier: set[object] = set()
    for unit, at, money in store.run(purchases(metric, days, where, dialect)).rows:
        bought_on = msgspec.convert(at, date)
        if unit in earlier or (unit not in numbers and since is not None and bought_on < since):
            earlier.add(unit)  # rows come by unit and day, so that a unit's first is seen first
            continue
        customer.append(numbers.setdefault(unit, len(numbers)))
        day.append(bought_on.toordinal())
        amount.append(float(money))
    refunds, nobodys = store.run(not_purchases(metric, days, where, dialect)).rows[0]
    return _Bought(tuple(customer), tuple(day), tuple(amount), len(earlier), int(refunds), int(nobodys))


def _notes(found: _Bought, since: date | None) -> tuple[str, ...]:
    notes = []
    if found.refunds:
        notes.append(f"Values below 0 are refunds and left out ({found.refunds:,}); amounts are before refunds.")
    if found.nobodys:
        notes.append(f"Purchases of nobody known are left out ({found.nobodys:,}).")
    if since is None:
        notes.append("Who bought before the data begin counts as new on the first day in them.")
    elif found.earlier:
        notes.append(f"Customers who first bought before {since} are left out ({found.earlier:,}).")
    return tuple(notes)
