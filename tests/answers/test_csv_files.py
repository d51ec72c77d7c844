"""Answers as CSV: aligned by group, numbers in full, no text that a spreadsheet would run."""

import csv
import io
from datetime import date

import msgspec

from upshot.answers.csv_files import (
    compared_points,
    grid_csv,
    groups_csv,
    series_csv,
    several_groups_csv,
    several_series_csv,
)
from upshot.answers.periods import NO_PARTNER
from upshot.api.metrics import Headline, MetricSeries, MetricView, Point, RetentionCell, RetentionGrid
from upshot.core.time import Grain

EVIL = '=HYPERLINK("http://localhost","x")'
VIEW = MetricView("paid", "Paid", "", "sum", "number", "up", "person", 1, "h", "", additive=True)
DAYS = (date(2024, 3, 4), date(2024, 3, 5))
BEFORE = (date(2024, 2, 26), date(2024, 2, 27))


def point(day: date, value: float | None, group: str | None, note: str = "") -> Point:
    return Point(day, value, note == "", (group,), numerator=value, note=note)


def series(points: tuple[Point, ...], previous: tuple[Point, ...]) -> MetricSeries:
    return MetricSeries(
        metric=VIEW,
        grain=Grain.DAY,
        points=points,
        previous=previous,
        total=None,
        totals=points[:2],
        previous_total=None,
        headline=Headline(None, DAYS[0], DAYS[1], complete=False),
        sql="",
        route="events",
        elapsed_ms=1.0,
        time_zone="UTC",
        currency="EUR",
        data_from=None,
        data_until=None,
    )


ANSWER = series(
    (
        point(DAYS[0], 0.1 + 0.2, EVIL),
        point(DAYS[0], 5.0, None),
        point(DAYS[1], 7.0, EVIL),
        point(DAYS[1], None, None, "the data end inside"),
    ),
    # the group without a name comes first here, and the other has no value before its second day
    (
        point(BEFORE[0], 50.0, None),
        point(BEFORE[1], 51.0, None),
        point(BEFORE[0], None, EVIL, NO_PARTNER),
        point(BEFORE[1], 71.0, EVIL),
    ),
)


def read(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_series_is_compared_with_the_same_group() -> None:
    rows = read(series_csv(ANSWER, ("plan",)))
    assert [(row["plan"], row["value"], row["previous_period"], row["previous_value"]) for row in rows] == [
        ("'" + EVIL, "0.30000000000000004", "", ""),
        ("", "5.0", "2024-02-26", "50.0"),
        ("'" + EVIL, "7.0", "2024-02-27", "71.0"),
        ("", "", "2024-02-27", "51.0"),
    ]
    assert [(row["complete"], row["note"]) for row in rows[-2:]] == [("true", ""), ("false", "the data end inside")]
    assert [None if p is None else p.value for p in compared_points(ANSWER)] == [None, 50.0, 71.0, 51.0]


def test_header_of_a_property_is_no_formula() -> None:
    for text in (series_csv(ANSWER, (EVIL,)), groups_csv(ANSWER, (EVIL,)), several_groups_csv([ANSWER], EVIL)):
        head = next(csv.reader(io.StringIO(text)))
        assert "'" + EVIL in head
        assert EVIL not in head


def test_groups_say_out_of_how_many_whether_complete_and_whether_small() -> None:
    totals = (
        Point(DAYS[0], 0.5, complete=True, group=("FR",), denominator=400.0),
        Point(DAYS[0], 0.25, complete=False, group=(EVIL,), denominator=4.0, note="their time is not over", small=True),
    )
    answer = msgspec.structs.replace(ANSWER, totals=totals)
    for rows in (read(groups_csv(answer, ("country",))), read(several_groups_csv([answer], "country"))):
        assert [(row["country"], row["value"], row["of"], row["complete"]) for row in rows] == [
            ("FR", "0.5", "400.0", "true"),
            ("'" + EVIL, "0.25", "4.0", "false"),
        ]
        assert [(row["small_group"], row["note"]) for row in rows] == [
            ("false", ""),
            ("true", "their time is not over"),
        ]


def test_several_series_stand_in_one_file_with_what_each_point_says() -> None:
    other = msgspec.structs.replace(ANSWER, metric=msgspec.structs.replace(VIEW, title=EVIL), points=ANSWER.points[3:])
    rows = read(several_series_csv([ANSWER, other]))
    assert [(row["shown"], row["group"], row["value"]) for row in rows[2:]] == [
        ("Paid", "'" + EVIL, "7.0"),
        ("Paid", "", ""),
        ("'" + EVIL, "", ""),
    ]
    assert (rows[2]["numerator"], rows[2]["complete"]) == ("7.0", "true")
    assert (rows[4]["complete"], rows[4]["note"]) == ("false", "the data end inside")


def test_grid_has_a_line_for_each_cell() -> None:
    cells = (
        RetentionCell(DAYS[1], 0, 0, 4, 1.0, complete=True, size=4),
        RetentionCell(DAYS[0], 1, 3, 1, None, complete=False, size=3, note="the data end inside"),
        RetentionCell(DAYS[0], 0, 0, 3, 1.0, complete=True, size=3),
    )
    grid = RetentionGrid(VIEW, Grain.DAY, cells, cut_off_left=(DAYS[0],), sql="", route="events", elapsed_ms=1.0)
    assert grid_csv(grid).splitlines() == [
        "cohort,grain,offset,offset_last,units,size,share,complete,cut_off_left,note",
        "2024-03-04,day,0,0,3,3,1.0,true,true,",
        "2024-03-04,day,1,3,1,3,,false,true,the data end inside",
        "2024-03-05,day,0,0,4,4,1.0,true,false,",
    ]
