"""``upshot metric lifetime``: what customers are worth."""

import sys
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from upshot.cli.common import Common, open_workspace
from upshot.cli.output import Column, json_or, line, lines, table
from upshot.core.time import parse_day
from upshot.core.units import counted, format_value, one_or_many, typographic

if TYPE_CHECKING:
    from upshot.api.lifetime import CustomerLifetime
    from upshot.catalog.verdict import Interval
    from upshot.studies.customers import Fitted, Foretold

__all__ = ["lifetime"]

_AGES_SHOWN = (1, 3, 6, 12)
_MOST_FREQUENT = 7


def lifetime(
    name: str,
    /,
    *,
    first: Annotated[str | None, Parameter(name="--from")] = None,
    last: Annotated[str | None, Parameter(name="--to")] = None,
    horizon: int = 365,
    discount: float = 0.1,
    split: str | None = None,
    where: tuple[str, ...] = (),
    level: float = 0.95,
    csv: bool = False,
    common: Common | None = None,
) -> None:
    """Say what customers are worth: how often they will buy again, for how much, and how well that was foretold before.

    BG/NBD and Gamma-Gamma are fitted to the purchases that the metric sums; what is below zero is a refund, and is left
    out. Where the data do not carry a model, the reason stands in its place.

    Args:
        name: A metric of type sum whose value is the amount of a purchase.
        first: Only customers who first bought on this day or later, YYYY-MM-DD.
        last: The last day that the models see. Default: the last whole day of the data.
        horizon: How many days ahead are looked at. Default: 365.
        discount: What money is worth less a year later, 0.1 for 10 %. Default: 0.1.
        split: The last day that the held-out test may see. Default: the middle of the days.
        where: Only events for which this holds; may be repeated.
        level: Coverage of the intervals. Default: 0.95.
        csv: Print CSV.
        common: The options of every command.
    """
    from upshot.api.lifetime import METRIC_LIFETIME, LifetimeQuery

    common = common or Common()
    first_day, last_day, split_day = (parse_day(day) if day else None for day in (first, last, split))
    asked = LifetimeQuery(name, first_day, last_day, horizon, discount, split_day, where, level)
    with open_workspace(common) as workspace:
        answer = workspace.call(METRIC_LIFETIME, asked)
    if csv:
        from upshot.answers.lifetime_csv import lifetime_csv

        sys.stdout.write(lifetime_csv(answer))
    elif not json_or(common, answer):
        _print(answer)


def _print(answer: "CustomerLifetime") -> None:
    report, money = answer.report, answer.currency
    line(f"{answer.metric.title}, {answer.first} to {answer.last}")
    line(
        f"{counted(report.customers, 'customer')}, {report.repeaters:,} of whom bought again, made "
        f"{counted(report.purchases, 'purchase')} for {format_value(report.amount, 'money', money)}."
    )
    for model in (report.buying, report.spending):
        _print_model(model, answer.level)
    _print_worth(answer)
    _print_foretold(report.foretold, money)
    ages: list[Column] = [(f"{30 * step} days", "right") for step in _AGES_SHOWN]
    table(
        (("first bought in", "left"), ("customers", "right"), *ages),
        (
            (
                f"{row.cohort:%Y-%m}",
                f"{row.customers:,}",
                *(format_value(row.value[step - 1], "money", money) for step in _AGES_SHOWN),
            )
            for row in report.observed
        ),
        title="Observed: what a customer has brought on average by an age",
    )
    lines(answer.notes)


def _print_model(model: "Fitted", level: float) -> None:
    line("")
    if model.why_not:
        line(f"{model.model}: {model.why_not}")
        return
    told = "" if model.log_likelihood is None else f", log-likelihood {typographic(f'{model.log_likelihood:.1f}')}"
    table(
        (("parameter", "left"), ("value", "right"), ("from", "right"), ("to", "right")),
        (
            (p.name, *(f"{x:.4g}" for x in (p.interval.value, p.interval.low, p.interval.high)))
            for p in model.parameters
        ),
        title=f"{model.model} of {counted(model.customers, 'customer')}{told}, {100 * level:.4g}% intervals",
    )


def _print_worth(answer: "CustomerLifetime") -> None:
    report = answer.report
    if report.expected_purchases is None or report.alive is None:
        return
    line("")
    bought, alive = round(report.expected_purchases), round(report.alive)
    line(
        f"In the next {counted(answer.horizon_days, 'day')} "
        f"{counted(bought, 'purchase is', 'purchases are')} expected; "
        f"{alive:,} of {counted(report.customers, 'customer')} {one_or_many(alive, 'is', 'are')} expected to be "
        "still there."
    )
    if report.total is None or report.each is None or report.newcomer is None:
        return
    line(
        f"Expected worth of these purchases, discounted by {answer.discount:.4g} a year. The intervals are those of "
        "the expectation; what chance adds to single purchases is not in them:"
    )
    for name, interval in (
        ("all customers", report.total),
        ("one of them on average", report.each),
        ("one who has just come, without the first purchase", report.newcomer),
    ):
        line(f"  {name}: {_amounts(interval, answer.currency)}")


def _amounts(interval: "Interval", currency: str) -> str:
    value, low, high = (format_value(x, "money", currency) for x in (interval.value, interval.low, interval.high))
    return f"{value} ({low} to {high})"


def _print_foretold(found: "Foretold", currency: str) -> None:
    line("")
    if found.expected is None:
        line(f"No held-out test: {found.why_not}")
        return
    verdict = "lies in the interval" if found.held else "lies outside of the interval: do not trust the forecast's size"
    foretold, customers = found.expected, counted(found.customers, "customer")
    line(
        f"Held-out test: fitted on {customers} up to {found.split}, foretold until {found.until}: "
        f"{counted(round(foretold.value), 'purchase')} ({foretold.low:,.0f} to {foretold.high:,.0f}); "
        f"{found.actual:,.0f} came, which {verdict}."
    )
    if found.expected_value is not None:
        expected, actual = (format_value(x, "money", currency) for x in (found.expected_value, found.actual_value))
        line(f"Foretold money {expected}, {actual} came.")
    table(
        (("bought again before", "left"), ("customers", "right"), ("expected of each", "right"), ("came", "right")),
        (
            (
                f"{counted(row.frequency, 'time')}{' and more' if row.frequency == _MOST_FREQUENT else ''}",
                f"{row.customers:,}",
                f"{row.expected:.3f}",
                f"{row.actual:.3f}",
            )
            for row in found.by_frequency
        ),
    )
