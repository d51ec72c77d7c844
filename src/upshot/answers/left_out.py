"""How many values a sum or a mean left out because they are no numbers."""

from collections.abc import Iterator

from upshot.answers.answering import Answering
from upshot.core.time import DayRange
from upshot.metrics.compile.query import SeriesQuery
from upshot.metrics.definition import Filter, Metric
from upshot.metrics.left_out import counts_left_out

__all__ = ["left_out", "notes_on_values", "said"]


def left_out(
    answering: Answering, metric: Metric, days: DayRange, where: tuple[Filter, ...] = ()
) -> Iterator[tuple[str, int]]:
    """Each property of which values are left out on these days, and how many."""
    for name, count in counts_left_out(metric).items():
        # Almost always there are none at all, which facts say at once; filters of the question read raw events.
        found = _counted(answering, count, days, ())
        if found and where:
            found = _counted(answering, count, days, where)
        if found:
            yield name, found


def notes_on_values(
    answering: Answering, metric: Metric, days: DayRange, where: tuple[Filter, ...] = ()
) -> tuple[str, ...]:
    """One sentence for each property of which values are left out."""
    return tuple(
        f'{said(name, count)} left out; the filter "{name} is no number" shows which.'
        for name, count in left_out(answering, metric, days, where)
    )


def said(name: str, count: int) -> str:
    """How many of whose values, up to the verb.

    >>> said("price", 1), said("price", 2_000)
    ("1 value of 'price' is no number and is", "2,000 values of 'price' are no numbers and are")
    """
    if count == 1:
        return f"1 value of {name!r} is no number and is"
    return f"{count:,} values of {name!r} are no numbers and are"


def _counted(answering: Answering, count: Metric, days: DayRange, where: tuple[Filter, ...]) -> int:
    prepared, answer = answering.compiled.series(answering.store, count, SeriesQuery(days, None, (), where))
    at = prepared.columns.index("value")
    return sum(int(row[at] or 0) for row in answer.rows)
