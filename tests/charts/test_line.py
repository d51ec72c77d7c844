"""Series over time."""

import re
from datetime import date, timedelta

import pytest

from upshot.charts import Annotation, Axis, Band, ChartPoint, Line, Option, dated_chart, line_chart, marked
from upshot.charts.option import Json
from upshot.charts.render import to_svg
from upshot.core.time import Grain

START = date(2024, 2, 28)


def points(*values: float | None, open_from: int = 99) -> tuple[ChartPoint, ...]:
    return tuple(
        ChartPoint(START + timedelta(days=at), value, f"<{value}>", f"day {at}", complete=at < open_from)
        for at, value in enumerate(values)
    )


def series(option: Option) -> list[dict[str, Json]]:
    found = option["series"]
    assert isinstance(found, list)
    return [one for one in found if isinstance(one, dict)]


def values(one: dict[str, Json]) -> list[Json]:
    data = one["data"]
    assert isinstance(data, list)
    return [item["value"] if isinstance(item, dict) else item for item in data]


def test_line_draws_every_value_with_its_words() -> None:
    option = line_chart([Line("Now", points(1.0, None, 3.0))], Grain.DAY, Axis("count"))
    (line,) = series(option)
    assert values(line) == [1.0, None, 3.0]
    assert isinstance(line["data"], list)
    assert line["data"][0] == {"value": 1.0, "text": "<1.0>", "title": "day 0", "note": ""}
    assert option["xAxis"]["data"] == ["28 Feb", "29 Feb", "1 Mar"]  # type: ignore[index,call-overload]  # JSON


@pytest.mark.parametrize(
    ("open_from", "solid", "dotted"),
    [
        (3, [1.0, 2.0, 3.0, None], [None, None, 3.0, 4.0]),
        (0, [None] * 4, [1.0, 2.0, 3.0, 4.0]),
    ],
)
def test_line_joins_incomplete_periods_by_dots(
    open_from: int, solid: list[float | None], dotted: list[float | None]
) -> None:
    first, second = series(line_chart([Line("Now", points(1, 2, 3, 4, open_from=open_from))], Grain.DAY, Axis()))
    assert (values(first), values(second)) == (solid, dotted)
    assert first["name"] == second["name"]
    assert (first["lineStyle"]["type"], second["lineStyle"]["type"]) == ("solid", "dotted")  # type: ignore[index,call-overload]  # JSON


def test_line_before_is_grey_dashed_and_below() -> None:
    before, now = series(
        line_chart([Line("Now", points(1, 2)), Line("Before", points(3, 4), before=True)], Grain.DAY, Axis())
    )
    assert (before["name"], before["color"], now["color"]) == ("Before", "$faint", "$series-1")
    assert isinstance(before["z"], int)
    assert isinstance(now["z"], int)
    assert before["z"] < now["z"]


def test_band_spans_from_low_to_high_also_below_zero() -> None:
    band = Band(low=(-1.0, None), high=(2.0, None))
    low, width, _ = series(line_chart([Line("Now", points(1, 2), band)], Grain.DAY, Axis()))
    assert (values(low), values(width)) == ([-1.0, None], [3.0, None])
    assert low["stack"] == width["stack"]
    assert low["stackStrategy"] == "all"


def test_value_between_gaps_gets_a_dot() -> None:
    (lonely,) = series(line_chart([Line("Now", points(None, 2, None))], Grain.DAY, Axis()))
    (joined,) = series(line_chart([Line("Now", points(1, 2, None))], Grain.DAY, Axis()))
    assert (lonely["showSymbol"], joined["showSymbol"]) == (True, False)


def test_groups_have_colours_of_their_own() -> None:
    lines = [Line(str(n), points(1, 2)) for n in range(8)]
    assert len({str(s["color"]) for s in series(line_chart(lines, Grain.DAY, Axis()))}) == 8


def test_chart_of_nothing_is_an_empty_chart() -> None:
    assert series(line_chart([], Grain.MONTH, Axis())) == []


def test_annotation_stands_in_the_period_that_holds_its_day_with_its_number() -> None:
    notes = (
        Annotation(START + timedelta(days=2), "Second", "/launches/second"),
        Annotation(START, "First", "/launches/first"),
        Annotation(START + timedelta(days=2), "Also {second}"),
        Annotation(START - timedelta(days=1), "Before all"),
        Annotation(START + timedelta(days=3), "After all"),
    )
    option = line_chart([Line("Now", points(1, 2, 3))], Grain.DAY, Axis(), notes)
    _, marks = series(option)
    lines = marks["markLine"]["data"]  # type: ignore[index,call-overload]  # JSON
    assert [(m["xAxis"], m["label"]["formatter"], m["href"]) for m in lines] == [  # type: ignore[index,call-overload,union-attr]
        (0, "1", "/launches/first"),
        (2, "2–3", ""),
    ]
    assert marks["data"] == []
    assert [a.label for a in marked(notes, [START + timedelta(days=d) for d in range(3)], Grain.DAY)] == [
        "First",
        "Also {second}",
        "Second",
    ]


def test_annotation_outside_leaves_the_chart_as_it_is() -> None:
    plain = line_chart([Line("Now", points(1, 2))], Grain.DAY, Axis())
    late = Annotation(START + timedelta(days=40), "Later")
    assert line_chart([Line("Now", points(1, 2))], Grain.DAY, Axis(), (late,)) == plain
    in_last_week = Annotation(START + timedelta(days=4), "In its last days")
    assert marked((in_last_week,), [date(2024, 2, 26)], Grain.WEEK) == (in_last_week,)
    assert marked((late,), [], Grain.DAY) == ()


def test_dated_chart_puts_each_value_at_the_place_of_its_day() -> None:
    days = (START, START + timedelta(days=1), START + timedelta(days=30), START + timedelta(days=60))
    course = tuple(ChartPoint(day, value, "", "") for day, value in zip(days, (1.0, None, 3.0, None), strict=True))
    path = tuple(ChartPoint(day, value, "", "") for day, value in zip(days, (1.0, None, None, 7.0), strict=True))
    option = dated_chart([Line("Now", course), Line("Path", path, before=True)], Axis("count"))
    assert option["xAxis"]["type"] == "time"  # type: ignore[index,call-overload]  # JSON
    before, now = series(option)
    assert values(before) == [["2024-02-28", 1.0], ["2024-04-28", 7.0]]
    assert values(now) == [["2024-02-28", 1.0], ["2024-03-29", 3.0]]
    assert (before["color"], now["color"]) == ("$faint", "$series-1")


def test_dated_chart_is_drawn_to_scale() -> None:
    days = (START, START + timedelta(days=10), START + timedelta(days=100))
    line = Line("Now", tuple(ChartPoint(day, 5.0, "5", f"{day}") for day in days))
    svg = to_svg(dated_chart([line], Axis("count")), width=600, height=300)
    drawn = re.search(r'd="M([\d.]+) [\d.]+L([\d.]+) [\d.]+L([\d.]+) [\d.]+"[^>]*stroke-width="2"', svg)
    assert drawn is not None
    first, second, third = map(float, drawn.groups())
    assert (second - first) / (third - first) == pytest.approx(0.1, abs=0.01)
