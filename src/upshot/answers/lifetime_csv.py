"""Customers' lifetime value as CSV: one line for each figure, numbers in full, what is missing empty."""

from collections.abc import Iterator

from upshot.api.lifetime import CustomerLifetime
from upshot.catalog.verdict import Interval
from upshot.core.csv_text import Cell, csv_text

__all__ = ["lifetime_csv"]

_HEAD = ("part", "name", "customers", "value", "low", "high", "actual", "note")
_STEP_DAYS = 30


def lifetime_csv(answer: CustomerLifetime) -> str:
    """Parts are the models' names, ``value`` (what is expected), ``held_out`` and ``observed`` (by month and age)."""
    return csv_text(_HEAD, _rows(answer))


def _rows(answer: CustomerLifetime) -> Iterator[tuple[Cell, ...]]:
    report, foretold = answer.report, answer.report.foretold
    for model in (report.buying, report.spending):
        if model.why_not:
            yield model.model, model.code, model.customers, None, None, None, None, model.why_not
        for parameter in model.parameters:
            yield model.model, parameter.name, model.customers, *_bounds(parameter.interval), None, ""
        if model.log_likelihood is not None:
            yield model.model, "log_likelihood", model.customers, model.log_likelihood, None, None, None, ""
    yield "value", "purchases", report.customers, report.expected_purchases, None, None, None, ""
    for name, of, interval in (
        ("total", report.customers, report.total),
        ("each", report.customers, report.each),
        ("newcomer", 1, report.newcomer),
    ):
        yield "value", name, of, *_bounds(interval), None, ""
    yield "held_out", "purchases", foretold.customers, *_bounds(foretold.expected), foretold.actual, foretold.why_not
    yield "held_out", "value", foretold.customers, foretold.expected_value, None, None, foretold.actual_value, ""
    for row in foretold.by_frequency:
        yield "held_out", f"frequency {row.frequency}", row.customers, row.expected, None, None, row.actual, ""
    for cohort in report.observed:
        for step, value in enumerate(cohort.value, start=1):
            name = f"{cohort.cohort:%Y-%m} {step * _STEP_DAYS} days"
            yield "observed", name, cohort.customers, None, None, None, value, ""


def _bounds(interval: Interval | None) -> tuple[Cell, Cell, Cell]:
    return (None, None, None) if interval is None else (interval.value, interval.low, interval.high)
