"""Answers as CSV: one form for each, the same through every door. Numbers stand in full, what is missing is empty.

Where values were left out because they are no numbers, the last column ``values_left_out`` says how many there were
over all days and groups that were asked about, the same in each line of one metric.
"""

from collections.abc import Iterable, Iterator, Sequence

from upshot.answers.left_out import how_many
from upshot.answers.periods import NO_PARTNER
from upshot.api.explore import Distribution
from upshot.api.ledger import Ledger, LedgerRow
from upshot.api.metrics import MetricSeries, Point, RetentionCell, RetentionGrid
from upshot.catalog.verdict import Interval
from upshot.core.csv_text import Cell, csv_text

__all__ = [
    "compared_points",
    "distribution_csv",
    "grid_csv",
    "groups_csv",
    "ledger_csv",
    "series_csv",
    "several_groups_csv",
    "several_series_csv",
]

_OF_A_GROUP = ("value", "of", "complete", "small_group", "note")

_LEFT_OUT = ("values_left_out",)
_COMPARED = ("previous_period", "previous_value", "previous_complete", "previous_note")

_GRID = (
    *("cohort", "grain", "offset", "offset_last", "units", "size", "share"),
    *("complete", "cut_off_left", "note"),
)
_LEDGER = (
    *("output", "title", "kind", "objective", "team", "launch", "launched_on", "shared_with"),
    *("cost", "cost_days", "cost_estimated", "metric", "expectation", "expectation_met"),
    *("effect", "effect_low", "effect_high", "grade", "design", "verdict", "verdict_id", "reading"),
    *("worth", "worth_low", "worth_high", "bucket", "reason", "decision", "sentence"),
)


def series_csv(series: MetricSeries, breakdown: Sequence[str]) -> str:
    """One line for each period and group, with the point of the same group that it is compared with.

    Args:
        series: The answer.
        breakdown: What each part of a group's name is, empty without groups.
    """
    bounds = ("low", "high") if series.interval else ()
    compared = _COMPARED if series.previous else ()
    parts, without = ("numerator", "denominator"), _left_out(series, [series])
    head = (
        "period",
        "grain",
        *breakdown,
        "value",
        *bounds,
        "complete",
        *parts,
        *compared,
        "note",
        *_left_out_head([series]),
    )

    def rows() -> Iterator[tuple[Cell, ...]]:
        for point, before in zip(series.points, compared_points(series), strict=True):
            row: tuple[Cell, ...] = (point.period, series.grain, *(point.group if breakdown else ()), point.value)
            row += (point.low, point.high) if bounds else ()
            row += (point.complete, point.numerator, point.denominator)
            if compared:
                row += _compared_with(before)
            yield (*row, point.note, *without)

    return csv_text(head, rows())


def several_series_csv(answers: Iterable[MetricSeries]) -> str:
    """Several series in one file: one line for each metric, period and group; ``shown`` is the metric's title."""
    found = tuple(answers)
    compared = _COMPARED if any(one.previous for one in found) else ()
    rows = (
        (
            *(p.period, one.grain, one.metric.title, _joined(p.group), p.value),
            *(p.low, p.high, p.complete, p.numerator, p.denominator),
            *(_compared_with(before) if compared else ()),
            p.note,
            *_left_out(one, found),
        )
        for one in found
        for p, before in zip(one.points, compared_points(one), strict=True)
    )
    parts = ("low", "high", "complete", "numerator", "denominator")
    return csv_text(
        ("period", "grain", "shown", "group", "value", *parts, *compared, "note", *_left_out_head(found)), rows
    )


def groups_csv(series: MetricSeries, breakdown: Sequence[str]) -> str:
    """One line for each group: its value over the whole range, out of how many where it is a share."""
    without = _left_out(series, [series])
    rows = ((*point.group, *_of_a_group(point), *without) for point in series.totals)
    return csv_text((*breakdown, *_OF_A_GROUP, *_left_out_head([series])), rows)


def several_groups_csv(answers: Iterable[MetricSeries], breakdown: str) -> str:
    """What ``groups_csv`` says of several metrics in one file: one line for each metric and group."""
    found = tuple(answers)
    rows = (
        (_joined(p.group), one.metric.title, *_of_a_group(p), *_left_out(one, found))
        for one in found
        for p in one.totals
    )
    return csv_text((breakdown, "shown", *_OF_A_GROUP, *_left_out_head(found)), rows)


def distribution_csv(found: Distribution) -> str:
    """One line for each step: how many values lie in it."""
    without = _left_out(found, [found])
    rows = ((step.low, step.high, step.count, *without) for step in found.steps)
    return csv_text(("from", "below", "count", *_left_out_head([found])), rows)


def grid_csv(grid: RetentionGrid) -> str:
    """One line for each cell."""
    rows = (
        (c.cohort, grid.grain, c.offset, c.offset_last, c.units, c.size, c.share, c.complete, _cut(grid, c), c.note)
        for c in sorted(grid.cells, key=lambda c: (c.cohort, c.offset))
    )
    return csv_text(_GRID, rows)


def ledger_csv(ledger: Ledger) -> str:
    """One line for each row; ``verdict`` is its word."""
    return csv_text(_LEDGER, map(_ledger_row, ledger.rows))


def compared_points(series: MetricSeries) -> Iterator[Point | None]:
    """For each point the one that it is compared with: the same place in the same group's series; None for none."""
    before: dict[tuple[str | None, ...], list[Point]] = {}
    for point in series.previous:
        before.setdefault(point.group, []).append(point)
    place: dict[tuple[str | None, ...], int] = {}
    for point in series.points:
        index = place[point.group] = place.get(point.group, -1) + 1
        partners = before.get(point.group, [])
        partner = partners[index] if index < len(partners) else None
        yield None if partner is not None and partner.note == NO_PARTNER else partner


def _cut(grid: RetentionGrid, cell: RetentionCell) -> bool:
    return cell.cohort in grid.cut_off_left


def _of_a_group(point: Point) -> tuple[Cell, ...]:
    return point.value, point.denominator, point.complete, point.small, point.note


def _compared_with(before: Point | None) -> tuple[Cell, ...]:
    if before is None:
        return (None,) * len(_COMPARED)
    return before.period, before.value, before.complete, before.note


def _left_out_head(answers: Iterable[MetricSeries | Distribution]) -> tuple[str, ...]:
    return _LEFT_OUT if any(one.left_out for one in answers) else ()


def _left_out(one: MetricSeries | Distribution, answers: Iterable[MetricSeries | Distribution]) -> tuple[Cell, ...]:
    return (how_many(one.left_out),) if _left_out_head(answers) else ()


def _joined(group: Sequence[str | None]) -> str:
    return " · ".join("" if part is None else part for part in group)


def _ledger_row(row: LedgerRow) -> tuple[Cell, ...]:
    output = row.output
    return (
        *(output.name, output.title, output.kind, output.objective, output.team),
        *(row.launch, row.launched_on, " ".join(row.shared_with)),
        *(output.cost, output.cost_days, output.cost_estimated),
        *(row.metric, row.expectation, row.expectation_met),
        *_bounds(row.effect),
        *(row.grade, row.design, row.word, row.verdict, row.reading),
        *_bounds(row.worth),
        *(row.bucket, row.reason, row.decision, row.sentence),
    )


def _bounds(interval: Interval | None) -> tuple[Cell, Cell, Cell]:
    return (None, None, None) if interval is None else (interval.value, interval.low, interval.high)
