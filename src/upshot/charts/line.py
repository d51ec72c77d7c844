"""Series over time: one line or several, what they are compared with, and the interval around them."""

from collections.abc import Sequence
from datetime import date

import msgspec

from upshot.charts.option import FONT, Axis, ChartPoint, Json, Option, value_axis
from upshot.charts.theme import SERIES
from upshot.charts.words import period_label
from upshot.core.time import Grain

__all__ = ["Annotation", "Band", "Line", "dated_chart", "line_chart", "marked"]

_DAY_MILLISECONDS = 86_400_000
_MOST_LABELS = 16
"""With more marks than these their numbers would cover one another: only what the chart is about keeps its own."""


class Band(msgspec.Struct, frozen=True):
    """An interval around a line; both sequences are as long as the line, null where there is no interval."""

    low: tuple[float | None, ...]
    high: tuple[float | None, ...]
    name: str = "95% interval"


class Line(msgspec.Struct, frozen=True):
    """A named series. ``before`` is what it is compared with, the nth point with the nth: drawn dashed and grey.

    ``colour`` is the number of its colour, from 1; 0: the next one.
    """

    name: str
    points: tuple[ChartPoint, ...]
    band: Band | None = None
    before: bool = False
    colour: int = 0


class Annotation(msgspec.Struct, frozen=True):
    """What happened on a day: ``kind`` is a word such as ``launch``, ``href`` the address that says more, or empty.

    ``own``: it is what the chart is about, and stands out among the others. ``note``: what else is known of it.
    """

    day: date
    label: str
    href: str = ""
    kind: str = "launch"
    own: bool = False
    note: str = ""


def marked(annotations: Sequence[Annotation], periods: Sequence[date], grain: Grain) -> tuple[Annotation, ...]:
    """Those that fall into the periods of ``grain`` with these first days, by day: the nth is number n on the chart."""
    if not periods:
        return ()
    end = grain.next(grain.floor(periods[-1]))
    return tuple(sorted((a for a in annotations if periods[0] <= a.day < end), key=lambda a: (a.day, a.label)))


def line_chart(lines: Sequence[Line], grain: Grain, axis: Axis, annotations: Sequence[Annotation] = ()) -> Option:
    """Lines over periods of ``grain``. The first line that is not ``before`` gives the periods.

    Incomplete periods are joined by dots to their neighbours, also those of a line ``before``. An interval is a band
    behind its line. Up to eight lines have colours of their own. An annotation is an upright line in the period that
    holds its day, with the number that ``marked`` gives it; whoever stands around the chart says what the numbers
    mean. Of many marks only those that the chart is about have their number on it.
    """
    now = [line for line in lines if not line.before]
    drawn: list[Json] = [one for line in lines if line.before for one in _solid_and_open(line, "$faint")]
    for number, line in enumerate(now):
        colour = f"$series-{((line.colour or number + 1) - 1) % SERIES + 1}"
        if line.band is not None:
            drawn += _band(line.band, colour)
        drawn += _solid_and_open(line, colour)
    places = _places(annotations, [p.period for p in now[0].points], grain) if now else {}
    if places:
        drawn.append(_marks(places))
    return {
        "textStyle": {"fontFamily": FONT},
        "grid": {"left": 4, "right": 12, "top": 30 if places else 12, "bottom": 4, "outerBoundsMode": "same"},
        "tooltip": {"trigger": "axis", "axisPointer": {"lineStyle": {"color": "$faint", "type": "solid"}}},
        "xAxis": _periods(now[0].points if now else (), grain),
        "yAxis": value_axis(axis),
        "series": drawn,
    }


def dated_chart(lines: Sequence[Line], axis: Axis) -> Option:
    """Lines over days at unequal distances: each value stands at the place of its day on an axis of time.

    Days without a value are left out and the others joined; ``before`` is drawn dashed and grey, on its own days.
    """
    drawn: list[Json] = []
    for number, line in enumerate(sorted(lines, key=lambda line: not line.before)):
        colour = "$faint" if line.before else f"$series-{((line.colour or number) - 1) % SERIES + 1}"
        data: list[Json] = [_dated(p) for p in line.points if p.value is not None]
        kind, width = ("dashed", 1.5) if line.before else ("solid", 2.0)
        drawn.append(_series(line.name, data, colour, kind=kind, width=width))
    return {
        "textStyle": {"fontFamily": FONT},
        "grid": {"left": 4, "right": 12, "top": 12, "bottom": 4, "outerBoundsMode": "same"},
        "tooltip": {"trigger": "axis", "axisPointer": {"lineStyle": {"color": "$faint", "type": "solid"}}},
        "xAxis": {
            "type": "time",
            "minInterval": _DAY_MILLISECONDS,
            "axisTick": {"show": False},
            "axisLine": {"lineStyle": {"color": "$border"}},
            "splitLine": {"show": False},
            "axisLabel": {
                "color": "$muted",
                "fontSize": 11,
                "hideOverlap": True,
                "margin": 10,
                "formatter": {"year": "{yyyy}", "month": "{MMM}", "day": "{d} {MMM}"},
            },
        },
        "yAxis": value_axis(axis),
        "series": drawn,
    }


def _dated(point: ChartPoint) -> Json:
    return {"value": [point.period.isoformat(), point.value], "text": point.text, "title": point.title}


def _periods(points: Sequence[ChartPoint], grain: Grain) -> Option:
    labels: list[Json] = [period_label(p.period, grain, short=True) for p in points]
    return {
        "type": "category",
        "boundaryGap": False,
        "data": labels,
        "axisTick": {"show": False},
        "axisLine": {"lineStyle": {"color": "$border"}},
        "axisLabel": {"color": "$muted", "fontSize": 11, "hideOverlap": True, "margin": 10, "alignMaxLabel": "right"},
    }


def _item(point: ChartPoint) -> Json:
    if point.value is None:
        return {"value": None, "title": point.title}
    note = point.note or ("" if point.complete else "incomplete")
    return {"value": point.value, "text": point.text, "title": point.title, "note": note}


def _solid_and_open(line: Line, colour: str) -> list[Json]:
    """The line itself, and dots over the periods that are not complete."""
    kind, width = ("dashed", 1.5) if line.before else ("solid", 2.0)
    gap: Json = None
    solid = [_item(p) if p.complete else gap for p in line.points]
    drawn: list[Json] = [_series(line.name, solid, colour, kind=kind, width=width)]
    if not all(p.complete for p in line.points):
        beside = [_beside_open(line.points, at) for at in range(len(line.points))]
        dots = [_item(p) if near else gap for p, near in zip(line.points, beside, strict=True)]
        drawn.append(_series(line.name, dots, colour, kind="dotted", width=width))
    return drawn


def _beside_open(points: Sequence[ChartPoint], at: int) -> bool:
    return any(not p.complete for p in points[max(at - 1, 0) : at + 2])


def _series(name: str, data: list[Json], colour: str, *, kind: str, width: float) -> Option:
    return {
        "type": "line",
        "name": name,
        "data": data,
        "showSymbol": _has_lonely(data),
        "symbol": "circle",
        "symbolSize": 6,
        "color": colour,
        "lineStyle": {"color": colour, "width": width, "type": kind, "join": "round"},
        "emphasis": {"disabled": True},
        "z": 2 if colour == "$faint" else 3,
    }


def _has_lonely(data: Sequence[Json]) -> bool:
    """Whether a value stands between gaps, where no line could show it."""
    there = [isinstance(item, dict) and item.get("value") is not None for item in data]
    return any(here and not any(there[max(at - 1, 0) : at] + there[at + 1 : at + 2]) for at, here in enumerate(there))


def _band(band: Band, colour: str) -> list[Json]:
    widths: list[Json] = [
        None if low is None or high is None else high - low for low, high in zip(band.low, band.high, strict=True)
    ]
    lows: list[Json] = list(band.low)
    common: Option = {
        "type": "line",
        "stack": f"band {colour}",
        "stackStrategy": "all",
        "symbol": "none",
        "silent": True,
        "lineStyle": {"opacity": 0},
        "color": colour,
        "z": 1,
    }
    return [{**common, "data": lows}, {**common, "data": widths, "areaStyle": {"color": colour, "opacity": 0.13}}]


def _places(
    annotations: Sequence[Annotation], periods: Sequence[date], grain: Grain
) -> dict[int, list[tuple[int, Annotation]]]:
    """By the place of the period: the annotations in it with their numbers."""
    places: dict[int, list[tuple[int, Annotation]]] = {}
    for number, annotation in enumerate(marked(annotations, periods, grain), 1):
        place = max(at for at, start in enumerate(periods) if start <= annotation.day)
        places.setdefault(place, []).append((number, annotation))
    return places


def _marks(places: dict[int, list[tuple[int, Annotation]]]) -> Option:
    """A series of its own without values, so that no line is redrawn when an annotation comes or goes."""
    lines: list[Json] = [
        {
            "xAxis": place,
            "name": "\n".join(annotation.label for _, annotation in there),
            "href": there[0][1].href if len(there) == 1 else "",
            "label": _label(there, crowded=len(places) > _MOST_LABELS),
            **({"lineStyle": {"color": "$accent", "type": "solid", "width": 2}} if _own(there) else {}),
        }
        for place, there in places.items()
    ]
    return {
        "type": "line",
        "data": [],
        "markLine": {
            "symbol": "none",
            "animation": False,
            "data": lines,
            "lineStyle": {"color": "$muted", "type": "dotted", "width": 1.5},
            "label": {
                "position": "end",
                "distance": 4,
                "color": "$text",
                "backgroundColor": "$sunken",
                "borderRadius": 8,
                "padding": [3, 6],
                "fontSize": 11,
                "fontWeight": 600,
            },
            "emphasis": {"lineStyle": {"width": 1.5}},
        },
        "z": 4,
    }


def _own(there: Sequence[tuple[int, Annotation]]) -> bool:
    return any(annotation.own for _, annotation in there)


def _label(there: Sequence[tuple[int, Annotation]], *, crowded: bool) -> Option:
    label: Option = {"formatter": _numbers([number for number, _ in there])}
    if _own(there):
        return {**label, "color": "$surface", "backgroundColor": "$accent"}
    return {**label, "show": False} if crowded else label


def _numbers(numbers: Sequence[int]) -> str:
    return str(numbers[0]) if len(numbers) == 1 else f"{numbers[0]}–{numbers[-1]}"
