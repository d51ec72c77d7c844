"""A question about a metric, asked of windows: their points, groups and totals."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

import msgspec

from upshot.answers.answering import Answering
from upshot.answers.compiled import Prepared
from upshot.answers.extent import NO_DATA, Extent, extent_of_group
from upshot.answers.intervals import (
    Bounds,
    Found,
    Group,
    Method,
    Numbers,
    bounded,
    delta_bounds,
    wilson_bounds,
)
from upshot.answers.periods import periods_of
from upshot.api.metrics import Point
from upshot.core.time import DayRange, Grain
from upshot.engines.values import QueryResult
from upshot.metrics.compile.query import SeriesQuery
from upshot.metrics.definition import Field, Filter, Metric
from upshot.metrics.kinds import LEAST_SIZE
from upshot.metrics.ripening import Lookback, counts_below

__all__ = ["Answer", "Asked"]


@dataclass(frozen=True, slots=True)
class Answer:
    """Points of a window by group and period, and its totals."""

    points: tuple[Point, ...]
    groups: tuple[Group, ...]
    total: Point | None
    totals: tuple[Point, ...]
    truncated: int
    prepared: Prepared
    elapsed_ms: float


@dataclass(frozen=True, slots=True)
class Asked:
    """A question but for its window."""

    resources: Answering
    metric: Metric
    breakdown: tuple[Field, ...]
    where: tuple[Filter, ...]
    grain: Grain
    extent: Extent
    interval: Method = ""

    def points(self, window: DayRange, limit: int, only: tuple[Group, ...] | None = None) -> Answer:
        """The series over ``window``, of the ``limit`` largest groups or of ``only`` those."""
        query = SeriesQuery(window, self.grain, self.breakdown, self.where)
        prepared, answer = self._run(query)
        found = _by_group(prepared, answer, len(self.breakdown))
        bounds = self._bounds(query, found)
        extents = {group: self._extent_in(group) for group in dict.fromkeys(group for group, _ in found)}
        if prepared.additive:
            totals, total, elapsed = *self._added(window, found, prepared.absent, extents), 0.0
        else:
            totals, elapsed = self._totals_of_groups(window, extents) if self.breakdown else self._totals(window, ())
            total, more = self._totals(window, ()) if self.breakdown else (totals, 0.0)
            elapsed += more
        ranked = sorted(totals, key=self._rank) if self.breakdown else [Point(window.start, None, complete=False)]
        groups = only if only is not None else tuple(point.group for point in ranked[:limit])
        periods = periods_of(window, prepared.grain or self.grain)
        by_group = {point.group: point for point in totals}
        return Answer(
            points=tuple(
                bounded(
                    _point(
                        found.get((group, start)),
                        start,
                        group,
                        extent,
                        extent.note(start, end, window),
                        prepared.absent,
                    ),
                    bounds.get((group, start)),
                )
                for group in groups
                for extent in (extents.get(group) or self._extent_in(group),)
                for start, end in periods
            ),
            groups=groups,
            total=total[0] if total else None,
            totals=tuple(by_group[g] for g in groups if g in by_group) if self.breakdown else (),
            truncated=max(len(ranked) - len(groups), 0) if self.breakdown else 0,
            prepared=prepared,
            elapsed_ms=answer.elapsed_ms + elapsed,
        )

    @property
    def looks_back(self) -> Lookback:
        """What before a number over all days says something of it: of units that are counted once, no day does."""
        found = self.extent.lookback
        return found if self.metric.fractional else replace(found, days=0)

    def value(self, window: DayRange) -> float | None:
        """The metric over all of ``window``, without groups."""
        prepared, answer = self._run(SeriesQuery(window, None, (), self.where))
        found = _by_group(prepared, answer, 0)
        return next(iter(found.values()))[0] if found else prepared.absent

    def _run(self, query: SeriesQuery) -> tuple[Prepared, QueryResult]:
        return self.resources.compiled.series(self.resources.store, self.metric, query)

    def _bounds(self, query: SeriesQuery, found: Found) -> Bounds:
        match self.interval:
            case "":
                return {}
            case "wilson":
                return wilson_bounds(found)
            case "delta":
                made = self.resources.compiled.moments(self.resources.store, self.metric, query)
                return {} if made is None else delta_bounds(made[1], len(query.breakdown), found)

    def _extent_in(self, group: Group) -> Extent:
        """From when until when there are data of a group."""
        if not self.breakdown:
            return self.extent
        return extent_of_group(self.resources, self.metric, self.where, self.breakdown, group)

    def _added(
        self, window: DayRange, found: Found, absent: float | None, extents: dict[Group, Extent]
    ) -> tuple[tuple[Point, ...], tuple[Point, ...]]:
        """Totals by group, and the total, of values that add up."""
        parts: dict[Group, list[float]] = {}
        for (group, _), (value, _, _) in found.items():
            parts.setdefault(group, []).append(value or 0.0)

        def point(group: Group, values: list[float], extent: Extent) -> Point:
            note = extent.note(window.start, window.end, window)
            value = math.fsum(values) if values else absent
            return Point(window.start, None if note in NO_DATA else value, not note, group, note=note)

        everything = [value for values in parts.values() for value in values]
        by_group = tuple(point(group, values, extents[group]) for group, values in parts.items())
        return by_group, (point((), everything, self.extent),)

    def _totals_of_groups(self, window: DayRange, extents: dict[Group, Extent]) -> tuple[tuple[Point, ...], float]:
        """The total of each group, over the days whose units had their time by the end of that group's data."""
        totals, elapsed = self._totals(window, self.breakdown)
        kept = {point.group: point for point in totals}
        for extent in dict.fromkeys(own for own in extents.values() if own != self.extent):
            own, more = replace(self, extent=extent)._totals(window, self.breakdown)
            elapsed += more
            kept |= {point.group: point for point in own if extents.get(point.group) == extent}
        return tuple(kept.values()), elapsed

    def _totals(self, window: DayRange, breakdown: tuple[Field, ...]) -> tuple[tuple[Point, ...], float]:
        ripe = self.extent.ripe_part(window)
        query = SeriesQuery(ripe, None, breakdown, self.where)
        prepared, answer = self._run(query)
        found = _by_group(prepared, answer, len(breakdown))
        bounds = self._bounds(query, found)
        note = self._note_on_all(window, ripe)
        points = tuple(
            bounded(
                Point(window.start, value, not note, group, top, bottom, note, small=self._small(group, bottom)),
                bounds.get((group, start)),
            )
            for (group, start), (value, top, bottom) in found.items()
        )
        if not points and not breakdown:
            points = (Point(window.start, prepared.absent, not note, note=note),)
        if note in NO_DATA:
            points = tuple(Point(window.start, None, complete=False, group=p.group, note=note) for p in points)
        return points, answer.elapsed_ms

    def _note_on_all(self, window: DayRange, ripe: DayRange) -> str:
        """Why a total is not complete. A number of units over all days looks back on none before them."""
        extent = replace(self.extent, lookback=self.looks_back)
        note = extent.note(window.start, window.end, window)
        if ripe == window or note in NO_DATA:
            return note
        return f"units from {ripe.end} on still have time and are left out"

    def _rank(self, point: Point) -> tuple[bool, float, tuple[str, ...]]:
        """Groups by size: of a share or mean the largest is not the one with the highest value."""
        size = point.denominator if self.metric.fractional else point.value
        return (size is None, -abs(size or 0.0), tuple(g or "" for g in point.group))

    def _small(self, group: Group, bottom: float | None) -> bool:
        return bool(group) and self.metric.fractional and counts_below(self.metric) and (bottom or 0.0) < LEAST_SIZE


def _point(found: Numbers | None, start: date, group: Group, extent: Extent, note: str, absent: float | None) -> Point:
    if note in NO_DATA or not extent.tells(note):  # also where one of two parts of it has a row
        return Point(start, None, complete=False, group=group, note=note)
    value, top, bottom = (absent, None, None) if found is None else found
    return Point(start, value, not note, group, top, bottom, note)


def _by_group(prepared: Prepared, answer: QueryResult, groups: int) -> Found:
    at = {name: answer.columns.index(name) for name in prepared.columns}
    keys = [at[f"group_{i}"] for i in range(groups)]
    found: Found = {}
    for row in answer.rows:
        group = tuple(None if row[k] is None else str(row[k]) for k in keys)
        period = row[at["period"]] if "period" in at else None
        start = period if isinstance(period, date) else None
        found[group, start] = (_number(row[at["value"]]), _of(row, at, "numerator"), _of(row, at, "denominator"))
    return found


def _of(row: Sequence[object], at: dict[str, int], name: str) -> float | None:
    return _number(row[at[name]]) if name in at else None


def _number(value: object) -> float | None:
    if value is None:
        return None
    number = msgspec.convert(value, float, strict=False)
    return number if math.isfinite(number) else None
