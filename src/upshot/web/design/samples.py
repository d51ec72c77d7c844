"""Made-up numbers that show each component; nothing of the workspace is in them."""

import math
from datetime import date, timedelta

import msgspec

from upshot.charts import (
    Annotation,
    Axis,
    Band,
    ChartPoint,
    Column,
    Line,
    Mark,
    Sparkline,
    day_label,
    histogram_chart,
    line_chart,
    marked,
    period_label,
    sparkline,
)
from upshot.core.time import Grain
from upshot.web.figures import Change
from upshot.web.marks import Marked, Marks
from upshot.web.retention.view import CellView, RowView

__all__ = ["Picture", "Samples", "samples"]

_FIRST = date(2026, 3, 2)
_DAYS = 28


class Picture(msgspec.Struct, frozen=True):
    """A chart as the page's macros take it."""

    label: str
    json: str
    names: tuple[str, ...]
    compared: str = ""


class Samples(msgspec.Struct, frozen=True):
    """One of each component."""

    line: Picture
    several: Picture
    columns: Picture
    spark: Sparkline
    marks: Marks
    changes: tuple[Change, ...]
    rows: tuple[RowView, ...]


def _points(base: float, swing: float, shift: float = 0.0, *, open_: int = 1) -> tuple[ChartPoint, ...]:
    made = []
    for at in range(_DAYS):
        day = _FIRST + timedelta(days=at)
        value = base + swing * math.sin(at / 3.1 + shift) + at * swing / 20
        title = period_label(day, Grain.DAY)
        made.append(ChartPoint(day, value, f"{value:,.1f}", title, complete=at < _DAYS - open_))
    return tuple(made)


def samples() -> Samples:
    """The same every time."""
    points = _points(40, 4)
    notes = (
        Annotation(_FIRST + timedelta(days=9), "Saved songs"),
        Annotation(_FIRST + timedelta(days=17), "New price", kind="price"),
    )
    band = Band(tuple(p.value - 2.5 if p.value else None for p in points), tuple((p.value or 0) + 2.5 for p in points))
    line = line_chart(
        [Line("Minutes", points, band), Line("Days before", _points(38, 3, 0.8), before=True)],
        Grain.DAY,
        Axis("number"),
        notes,
    )
    several = line_chart(
        [Line(f"Group {n + 1}", _points(10 + 6 * n, 2, n)) for n in range(8)], Grain.DAY, Axis("count")
    )
    counts = (4, 11, 23, 31, 27, 18, 12, 8, 5, 3, 2, 6)
    columns = [Column(str(at), f"{at}", n, f"{n} persons", tail=at == len(counts)) for at, n in enumerate(counts, 1)]
    found = marked(notes, [p.period for p in points], Grain.DAY)
    return Samples(
        line=Picture("Minutes by day, a made-up example", _json(line), ("Minutes",), "Days before"),
        several=Picture(
            "Eight groups by day, a made-up example", _json(several), tuple(f"Group {n}" for n in range(1, 9))
        ),
        columns=Picture(
            "How minutes are spread, a made-up example", _json(histogram_chart(columns, [Mark(4, "Median 5")])), ()
        ),
        spark=sparkline(points),
        marks=Marks(others=tuple(Marked(n, day_label(a.day), a.label, "", a.kind) for n, a in enumerate(found, 1))),
        changes=(
            Change("4.2%", "▲", "good", "38.4"),
            Change("1.8%", "▼", "bad", "40.7"),
            Change("0.0%", "=", "plain", "40.0"),
        ),
        rows=tuple(
            RowView(
                cohort=period_label(_FIRST + timedelta(weeks=n), Grain.WEEK, short=True),
                full=period_label(_FIRST + timedelta(weeks=n), Grain.WEEK),
                size=120 - 7 * n,
                cells=tuple(
                    CellView(f"{share:.0%}", round(share * 100), heat, at < 9 - n, "" if at < 9 - n else "not over")
                    for at, (share, heat) in enumerate(
                        zip((1.0, 0.9, 0.8, 0.62, 0.5, 0.41, 0.3, 0.2, 0.1, 0.0), range(9, -1, -1), strict=True)
                    )
                ),
                cut_off=False,
            )
            for n in range(2)
        ),
    )


def _json(option: object) -> str:
    return msgspec.json.encode(option).decode()
