"""How many values a sum or a mean left out because they are no numbers."""

from collections.abc import Iterable

from upshot.answers.answering import Answering
from upshot.api.metrics import LeftOut
from upshot.core.time import DayRange
from upshot.core.units import counted
from upshot.metrics.compile.query import SeriesQuery
from upshot.metrics.definition import Filter, Metric
from upshot.metrics.left_out import counts_left_out

__all__ = ["how_many", "left_out", "notes_on_values", "told"]


def left_out(
    answering: Answering, metric: Metric, days: DayRange, where: tuple[Filter, ...] = ()
) -> tuple[LeftOut, ...]:
    """Each property of which values are left out on these days, and how many."""
    made = []
    for name, count in counts_left_out(metric).items():
        # Almost always there are none at all, which facts say at once; filters of the question read raw events.
        found = _counted(answering, count, days, ())
        if found and where:
            found = _counted(answering, count, days, where)
        if found:
            made.append(LeftOut(name, found))
    return tuple(made)


def notes_on_values(found: Iterable[LeftOut]) -> tuple[str, ...]:
    """One sentence for each property of which values are left out, with what shows them."""
    return tuple(f'{_said(one)}; the filter "{one.property} is no number" shows which.' for one in found)


def told(found: Iterable[LeftOut]) -> str:
    """The same where there is little room, as beside the number of a card; empty where nothing is left out.

    >>> told([LeftOut("price", 1), LeftOut("tax", 2_000)])
    "1 value of 'price' is no number and is left out; 2,000 values of 'tax' are no numbers and are left out"
    """
    return "; ".join(map(_said, found))


def how_many(found: Iterable[LeftOut]) -> int:
    """How many values are left out, of all properties."""
    return sum(one.values for one in found)


def _said(one: LeftOut) -> str:
    several = f"values of {one.property!r} are no numbers and are left out"
    return counted(one.values, f"value of {one.property!r} is no number and is left out", several)


def _counted(answering: Answering, count: Metric, days: DayRange, where: tuple[Filter, ...]) -> int:
    prepared, answer = answering.compiled.series(answering.store, count, SeriesQuery(days, None, (), where))
    at = prepared.columns.index("value")
    return sum(int(row[at] or 0) for row in answer.rows)
