"""Series and cohort grids for people, and as CSV."""

from collections.abc import Iterator, Sequence
from datetime import date

from upshot.answers.csv_files import compared_points
from upshot.api.metrics import MetricSeries, Point, RetentionGrid
from upshot.charts.words import offset_label
from upshot.cli.output import Column, line, table
from upshot.core.time import Grain
from upshot.core.units import counted, format_change, format_value

__all__ = ["period_name", "print_grid", "print_series"]

_MOST_COLUMNS = 6
_MARK = "*"


def period_name(start: date, grain: Grain) -> str:
    """The period that begins at ``start``.

    >>> period_name(date(2011, 4, 1), Grain.QUARTER), period_name(date(2011, 4, 1), Grain.MONTH)
    ('2011 Q2', '2011-04')
    """
    match grain:
        case Grain.DAY:
            return f"{start:%Y-%m-%d %a}"
        case Grain.WEEK:
            return f"{start:%Y-%m-%d} week"
        case Grain.MONTH:
            return f"{start:%Y-%m}"
        case Grain.QUARTER:
            return f"{start.year} Q{(start.month + 2) // 3}"
        case Grain.YEAR:
            return f"{start.year}"


def print_series(answer: MetricSeries, breakdown: Sequence[str]) -> None:
    """Periods downwards; groups across while there are few, downwards too when there are many."""
    groups = tuple(dict.fromkeys(point.group for point in answer.points))
    title = f"{answer.metric.title} by {answer.grain}"
    if not breakdown:
        _print_plain(answer, title)
    elif len(groups) <= _MOST_COLUMNS and not answer.previous:
        _print_across(answer, groups, title)
    else:
        _print_long(answer, breakdown, title)
    for text in _notes(answer):
        line(text)


def print_grid(grid: RetentionGrid, *, counts: bool) -> None:
    """Cohorts downwards, later periods across."""
    brackets = {cell.offset: cell.offset_last for cell in grid.cells}
    offsets = sorted(brackets)
    by_place = {(cell.cohort, cell.offset): cell for cell in grid.cells}
    sizes = {cell.cohort: cell.size for cell in grid.cells}
    cohorts = sorted(sizes)
    reasons = sorted({cell.note for cell in grid.cells if not cell.complete})

    def shown(cohort: date, offset: int) -> str:
        cell = by_place.get((cohort, offset))
        if cell is None:
            return ""
        text = f"{cell.units:,}" if counts else format_value(cell.share, "percent", "USD")
        return text + ("" if cell.complete else _MARK)

    table(
        (
            ("cohort", "left"),
            ("units", "right"),
            *((offset_label(first, brackets[first]), "right") for first in offsets),
        ),
        (
            (
                period_name(cohort, grid.grain) + (" ‹" if cohort in grid.cut_off_left else ""),
                f"{sizes[cohort]:,}",
                *(shown(cohort, offset) for offset in offsets),
            )
            for cohort in cohorts
        ),
        title=f"{grid.metric.title} by {grid.grain}",
    )
    if reasons:
        line(f"{_MARK} not complete: {', '.join(reasons)}.")
    if grid.cut_off_left:
        line("‹ cut off on the left: the data begin here, so this cohort holds everybody who was there before.")
    for note in grid.notes:
        line(note)


def _print_plain(answer: MetricSeries, title: str) -> None:
    columns: list[Column] = [("period", "left"), ("value", "right")]
    if answer.previous:
        columns += [("before", "left"), ("was", "right"), ("change", "right")]

    def rows() -> Iterator[tuple[str, ...]]:
        for point, before in zip(answer.points, compared_points(answer), strict=True):
            row: tuple[str, ...] = (period_name(point.period, answer.grain), _shown(answer, point))
            if answer.previous:
                row += (
                    ("", "", "")
                    if before is None
                    else (period_name(before.period, answer.grain), _shown(answer, before), _change(point, before))
                )
            yield row
        if answer.total is not None:
            total: tuple[str, ...] = ("total", _shown(answer, answer.total))
            if answer.previous:
                was = answer.previous_total
                total += ("", "", "") if was is None else ("", _shown(answer, was), _total_change(answer, answer.total))
            yield total

    table(columns, rows(), title=title)


def _print_across(answer: MetricSeries, groups: Sequence[tuple[str | None, ...]], title: str) -> None:
    at = {(point.period, point.group): point for point in answer.points}
    periods = sorted({point.period for point in answer.points})
    totals = {point.group: point for point in answer.totals}

    def rows() -> Iterator[tuple[str, ...]]:
        for period in periods:
            yield (period_name(period, answer.grain), *(_shown(answer, at[period, group]) for group in groups))
        yield ("total", *(_shown(answer, totals[g]) if g in totals else "" for g in groups))
        if any(point.denominator is not None for point in totals.values()):
            yield ("of", *(_size(totals[g]) if g in totals else "" for g in groups))

    table((("period", "left"), *((_group_name(group), "right") for group in groups)), rows(), title=title)


def _print_long(answer: MetricSeries, breakdown: Sequence[str], title: str) -> None:
    columns: list[Column] = [("period", "left"), *((name, "left") for name in breakdown), ("value", "right")]
    sized = any(point.denominator is not None for point in answer.points)
    columns += [("of", "right")] if sized else []
    if answer.previous:
        columns += [("was", "right"), ("change", "right")]

    def rows() -> Iterator[tuple[str, ...]]:
        for point, before in zip(answer.points, compared_points(answer), strict=True):
            row = (
                period_name(point.period, answer.grain),
                *(g or "(none)" for g in point.group),
                _shown(answer, point),
            )
            row += (_size(point),) if sized else ()
            if answer.previous:
                row += ("", "") if before is None else (_shown(answer, before), _change(point, before))
            yield row

    table(columns, rows(), title=title)


def _shown(answer: MetricSeries, point: Point) -> str:
    text = format_value(point.value, answer.metric.format, answer.currency)
    return text if point.complete else f"{text}{_MARK}"


def _change(now: Point, before: Point) -> str:
    if now.value is None or not before.value or not (now.complete and before.complete):
        return "–"
    return format_change((now.value - before.value) / abs(before.value))


def _total_change(answer: MetricSeries, total: Point) -> str:
    """The headline's where it stands for the same days: days without a partner are no part of it."""
    found = answer.headline
    same = total.complete and found.complete and (found.first, found.value) == (total.period, total.value)
    if same and found.before is not None:
        return "–" if found.before.change is None else format_change(found.before.change)
    return "–" if answer.previous_total is None else _change(total, answer.previous_total)


def _size(point: Point) -> str:
    if point.denominator is None:
        return ""
    return f"{point.denominator:,.0f}" + (" (small)" if point.small else "")


def _group_name(group: Sequence[str | None]) -> str:
    return " · ".join(g if g is not None else "(none)" for g in group)


def _headline(answer: MetricSeries) -> Iterator[str]:
    """The number that pages and cards show, where it is not the table's total."""
    found = answer.headline
    if not found.complete or found.value is None:
        return
    if answer.total is not None and answer.total.complete and found.value == answer.total.value:
        return
    text = f"Over {found.first} to {found.last}, the days that are whole: "
    text += format_value(found.value, answer.metric.format, answer.currency)
    if found.before is not None and found.before.change is not None:
        text += f", {format_change(found.before.change)} against {found.before.first} to {found.before.last}"
    yield f"{text}."


def _notes(answer: MetricSeries) -> Iterator[str]:
    shown = (*answer.points, *answer.previous)
    reasons = sorted({point.note for point in shown if not point.complete and point.note})
    if reasons:
        yield f"{_MARK} not complete: {', '.join(reasons)}."
    yield from _headline(answer)
    if answer.truncated_groups:
        yield f"{counted(answer.truncated_groups, 'more group is', 'more groups are')} not shown (--limit)."
    yield from answer.notes
    yield f"Read from {answer.route} in {answer.elapsed_ms:,.0f} ms; days of {answer.time_zone}."
