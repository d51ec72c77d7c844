"""Who did one thing, then another, and so on, within a time: conversions of two steps and funnels of any number."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise

import ibis
from ibis.expr.types import Table

from upshot.core.errors import InternalError
from upshot.core.time import DayRange
from upshot.metrics.compile.calendar import Column, days_between
from upshot.metrics.compile.events import event_rows
from upshot.metrics.compile.query import SeriesQuery
from upshot.metrics.compile.source import group_names, plan_for
from upshot.metrics.definition import Metric, Selection
from upshot.metrics.dialect import Dialect
from upshot.metrics.plan import Plan
from upshot.metrics.ripening import ripening

__all__ = ["converted_starts", "funnel_units", "may_overlap"]


def funnel_units(metric: Metric, query: SeriesQuery, dialect: Dialect) -> tuple[Plan, Table]:
    """Rows of ``converted_starts`` for the starts on the days asked about; later steps may fall after them."""
    if len(metric.path) < 2:
        raise InternalError(f"{metric.name!r} has no steps; definitions are checked when they are read.")
    first, *rest = (step.narrowed(query.where) for step in metric.path)
    plan = plan_for(dialect, first, None, query.breakdown, of_type=metric.type, unit_type=metric.unit)
    later = DayRange(query.days.start, query.days.end + timedelta(days=ripening(metric).days + 1))
    starts = event_rows(dialect, first, days=query.days, unit_type=metric.unit, breakdown=query.breakdown)
    steps = [event_rows(dialect, step, days=later, unit_type=metric.unit) for step in rest]
    known = [rows.filter(rows.unit_key.notnull()) for rows in (starts, *steps)]
    return plan, converted_starts(metric, known[0], known[1:], group_names(query.breakdown))


def converted_starts(metric: Metric, starts: Table, steps: Sequence[Table], groups: Sequence[str] = ()) -> Table:
    """Rows with ``unit_key``, ``day``, groups and ``converted`` (1 or 0), one or more for each start.

    A unit converted if any of its rows did; of a day one row may stand for all starts where it tells enough. From a
    start on, each step is the first that does not come before the step ahead of it. At one instant steps count in the
    order asked; an event that is two steps is never the one after itself. A time in days ends with the local day, any
    other after so many seconds.

    Args:
        metric: Its steps and its time.
        starts: Events of the first step: ``unit_key``, ``day``, ``occurred_at``, ``event_id`` and the groups.
        steps: Those of each later one, without groups.
        groups: Columns that are carried along.
    """
    overlaps = [may_overlap(a, b) for a, b in pairwise(metric.path)]
    by_days, last = metric.within_days is not None, steps[-1]
    if by_days and not overlaps[0]:
        # Of a day, the first start has every later step that any other has.
        starts = starts.group_by(["unit_key", "day", *groups]).agg(occurred_at=starts.occurred_at.min())
    if by_days and not overlaps[-1]:
        # And the last event of the last step is one to all that come before any other.
        last = last.group_by(["unit_key", "day"]).agg(occurred_at=last.occurred_at.max())
    walkers = starts.select(
        *("unit_key", "day", *groups),
        at=starts.occurred_at,
        **({} if by_days else {"begun_at": starts.occurred_at}),
        **({"id": starts.event_id} if overlaps[0] else {}),
    )
    begun = walkers.select("unit_key", "day", *groups, converted=ibis.literal(0, "int8"))
    for place, step in enumerate(steps[:-1]):
        walked = _next(metric, walkers, step, overlap=overlaps[place], told=overlaps[place + 1])
        walkers = walked.filter(walked.came == 1).drop("came")
    found = _last(metric, walkers, last, overlap=overlaps[-1])
    found = found.select("unit_key", "day", *groups, converted=found.came)
    return found if len(steps) == 1 else begun.union(found)


def _next(metric: Metric, walkers: Table, step: Table, *, overlap: bool, told: bool) -> Table:
    """The walkers where their next step leaves them, ``at``, and whether more can come in time: ``came``, 1 or 0.

    Where an event may be both steps, walkers have the ``id`` of the one that they are at, null where any of several
    serves; ``told`` keeps such an ``id`` for the step after. A time in days is looked at roughly, by instants: the
    last step, which is none the earlier, is held to the day.
    """
    carried = _carried(walkers)
    both = _Seen(walkers, step, step.occurred_at, overlap=overlap).walkers
    if metric.within_days is None:
        limit: Column = both.begun_at + ibis.interval(seconds=metric.within_seconds)
    else:
        # No zone's day ends a day later than that of UTC.
        limit = both.day.cast(both.next_at.type()) + ibis.interval(days=metric.within_days + 2)
    kept = _with_came(both, both.next_at <= limit)
    if told:
        kept = _told(kept, step, overlap=overlap)
    columns = kept.select("unit_key", *carried, *(["next_id"] if told else []), "came", at="next_at")
    return columns.rename({"id": "next_id"} if told else {})


def _last(metric: Metric, walkers: Table, step: Table, *, overlap: bool) -> Table:
    """The walkers, and whether the last step came in time: ``came``, 1 or 0."""
    if metric.within_days is None:
        both = _Seen(walkers, step, step.occurred_at, overlap=overlap).walkers
        in_time = both.next_at <= both.begun_at + ibis.interval(seconds=metric.within_seconds)
    else:
        both = _Seen(walkers, step, step.day, overlap=overlap).walkers
        in_time = days_between(both.day, both.next_at) <= metric.within_days
    return _with_came(both, in_time)


def _with_came(both: Table, in_time: Column) -> Table:
    return both.mutate(came=ibis.ifelse(both.next_at.notnull() & in_time, 1, 0).cast("int8"))


def _carried(walkers: Table) -> list[str]:
    return [name for name in walkers.columns if name not in ("unit_key", "at", "id")]


class _Seen:
    """What a walker sees of the next step, when rows are read backwards in time.

    Where no event can be both, steps are read before walkers of their instant. Otherwise walkers are read first, and
    see later steps only; one of their own instant counts if it is another event.
    """

    def __init__(self, walkers: Table, step: Table, reached: Column, *, overlap: bool) -> None:
        carried = _carried(walkers)
        ids = {"id": step.event_id} if overlap else {}
        nothing = {name: ibis.null(walkers[name].type()) for name in carried}
        waiting = walkers.select(
            "unit_key", "at", *carried, *ids, step=ibis.literal(0, "int8"), reached=ibis.null(reached.type())
        )
        coming = step.select(
            "unit_key", at=step.occurred_at, **nothing, **ids, step=ibis.literal(1, "int8"), reached=reached
        )
        self._both, self._overlap = waiting.union(coming), overlap
        both = self._both
        order = [both.at.desc(), both.step if overlap else both.step.desc()]
        self._backwards = ibis.window(group_by=both.unit_key, order_by=order, preceding=None, following=0)

    @property
    def walkers(self) -> Table:
        """The walkers with ``next_at``, what they see, and ``is_both`` where the event that they are at may be both."""
        rows = self._both.mutate(next_at=self._nearest(), **({"is_both": self._itself} if self._overlap else {}))
        return rows.filter(rows.step == 0)

    @property
    def _itself(self) -> Column:
        """1 where the event that a walker is at is the next step too."""
        both = self._both
        return both.step.max().over(ibis.window(group_by=[both.unit_key, both.at, both.id]))

    def _nearest(self) -> Column:
        """What the nearest event of the next step says that counts."""
        both = self._both
        later = both.reached.min().over(self._backwards)
        if not self._overlap:
            return later
        at_once = ibis.window(group_by=[both.unit_key, both.at])
        another = both.step.sum().over(at_once) > self._itself
        return ibis.ifelse(another, both.reached.min().over(at_once), later)


def _told(walkers: Table, step: Table, *, overlap: bool) -> Table:
    """Walkers with ``next_id``: the event that they came to, null where there are several at its instant."""
    ends = step.group_by("unit_key", "occurred_at").agg(
        events=step.count(), least=step.event_id.min(), most=step.event_id.max()
    )
    ends = ends.rename(end_key="unit_key", end_at="occurred_at").view()
    walkers = walkers.view()
    met = walkers.left_join(ends, [walkers.unit_key == ends.end_key, walkers.next_at == ends.end_at])
    met = met.select(*walkers.columns, "events", "least", "most")
    alone: Column = ibis.ifelse(met.events == 1, met.least, ibis.null(met.least.type()))
    if overlap:
        stays = (met.is_both == 1) & (met.next_at == met["at"])
        other = ibis.ifelse(met.least == met.id, met.most, met.least)
        alone = ibis.ifelse(stays, ibis.ifelse(met.events == 2, other, ibis.null(met.least.type())), alone)
    return met.mutate(next_id=alone)


def may_overlap(start: Selection, goal: Selection) -> bool:
    """Whether an event can be in both selections, as far as their names say."""
    return not start.events or not goal.events or bool(set(start.events) & set(goal.events))
