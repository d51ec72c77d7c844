"""Metrics that every workspace has from its first event on: they name no event and no property."""

from functools import cache

from upshot.core.errors import InternalError
from upshot.metrics.definition import Metric
from upshot.metrics.parse import parse_metrics

__all__ = ["LIBRARY_YAML", "counts_people", "library"]

LIBRARY_YAML = """\
metrics:
  - name: events
    title: Events
    description: How many events came in, with or without a known person.
    type: count
    event: "*"
  - name: active_persons
    title: Active persons
    description: Persons with any event in the period.
    type: active
    event: "*"
  - name: active_persons_daily
    title: Daily active persons
    description: Persons with any event on a day; over longer periods the mean of their days.
    type: active
    event: "*"
    window: day
  - name: active_persons_weekly
    title: Weekly active persons
    description: Persons with any event in a week that begins on Monday.
    type: active
    event: "*"
    window: week
  - name: active_persons_28d
    title: Active persons, 28 days
    description: Persons with any event on a day or in the 27 days before it.
    type: active
    event: "*"
    window: 28d
  - name: active_persons_monthly
    title: Monthly active persons
    description: Persons with any event in a calendar month.
    type: active
    event: "*"
    window: month
  - name: stickiness
    title: Stickiness
    description: Daily active persons as a share of monthly active persons, averaged over the days of the month.
    type: stickiness
    event: "*"
    window: month
  - name: events_per_active_person
    title: Events per active person
    description: Events over the persons with any event in the period.
    type: ratio
    numerator: events
    denominator: active_persons
  - name: retention
    title: Retention
    description: Of the persons whose first event was in a week, the share that had an event in the week after.
    type: retention
    event: "*"
    kind: n-day
    period: week
    after: 1
"""


@cache
def library() -> tuple[Metric, ...]:
    """The ready-made metrics, in the order in which pages show them."""
    parsed = parse_metrics(LIBRARY_YAML, "library")
    if parsed.problems:
        raise InternalError("; ".join(map(str, parsed.problems)))
    return parsed.metrics


def counts_people(metric: Metric) -> bool:
    """Whether nothing can be said where nobody is known: it says what people do, or a part of it does.

    >>> [metric.name for metric in library() if not counts_people(metric)]
    ['events']
    """
    return metric.is_a.people or any(map(counts_people, metric.parts))
