"""A day in one column and its time in another are one instant, or a question; never silently the day's midnight."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.collect.imports.conftest import at, write_parquet
from upshot.collect.imports.mapping import Mapping

if TYPE_CHECKING:
    from tests.collect.imports.conftest import Bench

INSTANTS = "SELECT occurred_at FROM kept_events ORDER BY rowid"


@pytest.mark.parametrize(
    ("header", "row", "form"),
    [
        ("date,time", "2024-01-13,10:05:30", "iso"),
        ("Date,Time", "13.01.2024,10:05:30", "%d.%m.%Y %H:%M:%S"),
        ("Time,Date", "10:05:30,13/01/2024", "%d/%m/%Y %H:%M:%S"),
        ("InvoiceDate,InvoiceTime", "01/13/2024,10:05:30 AM", "%m/%d/%Y %I:%M:%S %p"),
        ("event_date,event_time", "2024-01-13 00:00:00,10:05:30", "iso"),
        ("day,time_of_day", "2024-01-13,10:05:30 AM", "%Y-%m-%d %I:%M:%S %p"),
        ("date,time", "20240113,10:05:30", "%Y%m%d %H:%M:%S"),
    ],
)
def test_day_and_its_time_are_joined(bench: Bench, header: str, row: str, form: str) -> None:
    mapping = Mapping(event="seen", distinct_id="-", timestamp="day" if header.startswith("day,") else "")
    file = bench.file("a.csv", f"{header},n\n{row},1\n")
    preview = bench.preview(file, mapping=mapping)
    assert (preview.problems, preview.mapping.timestamp_format) == ((), form)
    assert "time_of_day" in preview.guessed
    assert [column.role for column in preview.columns].count("time_of_day") == 1
    assert bench.preview(file, mapping=preview.mapping).mapping == preview.mapping
    assert bench.bring(file, mapping=mapping).rejected == 0
    assert bench.rows(INSTANTS) == [(at(2024, 1, 13, 10, 5, 30),)]
    assert bench.rows("SELECT json_keys(properties::JSON) FROM kept_events") == [(["n"],)]


def test_joined_instants_are_local_unless_they_carry_an_offset(berlin: Bench) -> None:
    berlin.bring(berlin.file("a.csv", "date,time\n2024-07-01,00:30\n"))
    berlin.bring(berlin.file("b.csv", "date,time\n2024-07-01,00:30:00+05:30\n"))
    assert berlin.rows(INSTANTS) == [(at(2024, 6, 30, 22, 30),), (at(2024, 6, 30, 19, 0),)]


@pytest.mark.parametrize("outer", ["", "data."])
def test_days_and_times_of_json_are_joined(bench: Bench, outer: str) -> None:
    fields = {"date": "2024-01-13", "time": "10:05"}
    row = {"user_id": "a", **({"data": fields} if outer else fields)}
    file = bench.file("a.jsonl", json.dumps(row) + "\n")
    mapping = Mapping(event="seen", timestamp=f"{outer}date", time_of_day=f"{outer}time")
    assert bench.bring(file, mapping=mapping).rejected == 0
    assert bench.rows(INSTANTS) == [(at(2024, 1, 13, 10, 5),)]


@pytest.mark.parametrize("kind", ["DATE", "TIMESTAMP", "VARCHAR"])
def test_days_and_times_of_parquet_are_joined(bench: Bench, kind: str) -> None:
    file = bench.folder / "a.parquet"
    write_parquet(file, f"SELECT '2024-01-13'::{kind} AS date, TIME '10:05:30' AS time, 'a' AS user_id")
    assert bench.preview(file).mapping.time_of_day == "time"
    bench.bring(file)
    assert bench.rows(INSTANTS) == [(at(2024, 1, 13, 10, 5, 30),)]


def test_order_of_day_and_month_is_asked_about_in_joined_instants(bench: Bench) -> None:
    file = bench.file("a.csv", "date,time\n03/04/2024,10:05\n")
    (problem,) = bench.preview(file).errors
    assert problem.suggestions == ("%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M")


@pytest.mark.parametrize(
    ("header", "rows", "words"),
    [
        ("date,time", ["2024-01-13,10:05", "2024-01-14,"], "not of all"),
        ("date,time", ["2024-01-13,10:05", "2024-01-14,noon"], "only some values"),
        ("date,time,Time of day", ["2024-01-13,10:05,11:00"], "several columns"),
    ],
    ids=["gap", "odd value", "two"],
)
def test_times_in_doubt_are_asked_about(bench: Bench, header: str, rows: list[str], words: str) -> None:
    file = bench.file("a.csv", "\n".join([header, *rows]) + "\n")
    (problem,) = bench.preview(file).errors
    assert problem.where == "time_of_day"
    assert words in problem.message
    assert problem.suggestions[0] == "time"
    assert bench.preview(file, mapping=Mapping(event="seen", time_of_day="-")).errors == ()
    status = bench.bring(file, mapping=Mapping(event="seen", time_of_day="time"))
    assert (status.stored, status.rejected) == (1, len(rows) - 1)
    assert bench.rows(INSTANTS) == [(at(2024, 1, 13, 10, 5),)]


def test_row_without_its_time_says_so(bench: Bench) -> None:
    file = bench.file("a.csv", "date,time\n2024-01-13,10:05\n2024-01-14,\n,10:00\n")
    bench.bring(file, mapping=Mapping(event="seen", time_of_day="time"))
    assert [row[:2] for row in bench.rejects()] == [(3, "no time of day in 'time'"), (4, "no timestamp in 'date'")]


@pytest.mark.parametrize("beside", ["duration", "time"])
def test_midnights_beside_what_may_be_times_are_told(bench: Bench, beside: str) -> None:
    value = "00:03:12" if beside == "duration" else "1005"
    file = bench.file("a.csv", f"date,user_id,{beside}\n2024-01-13,a,{value}\n")
    (warning,) = (p for p in bench.preview(file).problems if p.where == "time_of_day")
    assert (warning.level, "midnights" in warning.message, beside in warning.message) == ("warning", True, True)
    said = bench.preview(file, mapping=Mapping(event="seen", time_of_day="-"))
    assert [p for p in said.problems if p.where == "time_of_day"] == []
    bench.bring(file)
    assert bench.rows(INSTANTS) == [(at(2024, 1, 13),)]
    assert bench.property(beside) == [value]


def test_instants_are_joined_with_nothing(bench: Bench) -> None:
    file = bench.file("a.csv", "timestamp,user_id,time\n2024-01-13 10:00:00,a,11:00\n")
    preview = bench.preview(file)
    assert (preview.mapping.time_of_day, preview.problems) == ("", ())


def test_time_of_day_that_is_not_there_is_refused(bench: Bench) -> None:
    file = bench.file("a.csv", "date,clock\n2024-01-13,10:00\n")
    (problem,) = bench.preview(file, mapping=Mapping(event="seen", time_of_day="clok")).errors
    assert (problem.where, problem.suggestions) == ("time_of_day", ("clock",))
