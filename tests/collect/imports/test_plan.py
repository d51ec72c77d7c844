"""Guesses are shown, and where there is doubt there is a question instead."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.collect.imports.conftest import write_parquet
from upshot.collect.imports.mapping import Mapping, Preview, read_mapping
from upshot.core.errors import InvalidInput, NotFound, UserError

if TYPE_CHECKING:
    from tests.collect.imports.conftest import Bench


def said(preview: Preview, level: str = "error") -> list[str]:
    return [problem.message for problem in preview.problems if problem.level == level]


def test_plan_guesses_and_shows_what_it_guessed(bench: Bench) -> None:
    file = bench.file("a.csv", "InvoiceDate,CustomerID,event,Quantity\n2010-12-01 08:26:00,17850,purchase,6\n")
    preview = bench.preview(file, mapping=Mapping(timestamp="InvoiceDate"))
    assert preview.mapping == Mapping(
        timestamp="InvoiceDate", distinct_id="CustomerID", event_column="event", timezone="UTC", timestamp_format="iso",
        source="import", format="csv", delimiter=",",
    )  # fmt: skip
    assert set(preview.guessed) == {
        "distinct_id", "event_column", "timezone", "timestamp_format", "source", "format", "delimiter",
    }  # fmt: skip
    assert [(c.name, c.type, c.role, c.examples) for c in preview.columns] == [
        ("InvoiceDate", "text", "timestamp", ("2010-12-01 08:26:00",)),
        ("CustomerID", "integer", "distinct_id", ("17850",)),
        ("event", "text", "event_column", ("purchase",)),
        ("Quantity", "integer", "property", ("6",)),
    ]
    assert preview.problems == ()


def test_plan_changes_nothing(bench: Bench) -> None:
    bench.preview(bench.file("a.csv", "timestamp,user_id\n2024-01-01,a\n"))
    assert bench.store.info().events == 0
    assert bench.rows("SELECT count(*) FROM imports") == [(0,)]


def test_plan_is_its_own_fixed_point(bench: Bench) -> None:
    file = bench.file("a.csv", "timestamp,user_id\n13/01/2024,a\n")
    first = bench.preview(file)
    again = bench.preview(file, mapping=first.mapping)
    assert again.mapping == first.mapping
    assert again.guessed == ()


@pytest.mark.parametrize(
    ("dates", "form"),
    [
        (["13/01/2011 8:26", "01/02/2011 9:00"], "%d/%m/%Y %H:%M"),
        (["01/13/2011 8:26", "01/02/2011 9:00"], "%m/%d/%Y %H:%M"),
        (["03.04.2011"], "%d.%m.%Y"),
        (["2011-04-03T10:00:00.123Z"], "iso"),
        (["1704103200"], "epoch_s"),
        (["1704103200123"], "epoch_ms"),
        (["20240131"], "%Y%m%d"),
        (["Jan 31, 2024 10:05 PM"], "%b %d, %Y %I:%M %p"),
    ],
)
def test_time_format_is_recognised_and_reads_the_values(bench: Bench, dates: list[str], form: str) -> None:
    file = bench.file("a.csv", "time;user_id\n" + "".join(f"{date};a\n" for date in dates))
    assert bench.preview(file).mapping.timestamp_format == form
    status = bench.bring(file)
    assert (status.stored, status.rejected) == (len(dates), 0)
    expected = {"%d/%m/%Y %H:%M": 2011, "%m/%d/%Y %H:%M": 2011, "%d.%m.%Y": 2011, "iso": 2011}.get(form, 2024)
    assert bench.rows("SELECT DISTINCT year(occurred_at) FROM events") == [(expected,)]


@pytest.mark.parametrize(
    "dates", [["03/04/2011", "05/06/2011"], ["13/01/2011", "01/13/2011"], ["3-4-11"]], ids=["either", "both", "short"]
)
def test_dates_that_can_be_read_both_ways_are_asked_about(bench: Bench, dates: list[str]) -> None:
    file = bench.file("a.csv", "date,user_id\n" + "".join(f"{date},a\n" for date in dates))
    preview = bench.preview(file)
    (message,) = said(preview)
    assert "Say which it is" in message
    assert len(preview.errors[0].suggestions) >= 2
    with pytest.raises(InvalidInput, match="Say which it is"):
        bench.bring(file)
    assert bench.store.info().events == 0


def test_value_far_down_the_file_settles_which_number_is_the_month(bench: Bench) -> None:
    rows = "".join(f"0{1 + n % 9}/05/2011,u{n}\n" for n in range(30_000))
    file = bench.file("a.csv", "date,user_id\n" + rows + "25/05/2011,zoe\n")
    assert bench.preview(file).mapping.timestamp_format == "%d/%m/%Y"


def test_several_columns_that_could_be_the_timestamp_are_asked_about(bench: Bench) -> None:
    file = bench.file("a.csv", "shipped,ordered,user_id\n2024-01-01,2024-01-02,a\n")
    assert said(bench.preview(file)) == [
        "Several columns could be the timestamp: shipped, ordered. Say which one it is."
    ]


def test_several_columns_that_could_be_who_are_asked_about_and_none_can_be_said(bench: Bench) -> None:
    file = bench.file("a.csv", "timestamp,user_id,customer_id\n2024-01-01,a,b\n")
    assert "Several columns could be it: user_id, customer_id" in said(bench.preview(file))[0]
    mapping = Mapping(event="seen", distinct_id="-")
    assert bench.preview(file, mapping=mapping).errors == ()
    assert bench.bring(file, mapping=mapping).stored == 1
    assert bench.rows("SELECT distinct_id FROM events") == [(None,)]


def test_missing_column_is_answered_with_the_nearest(bench: Bench) -> None:
    file = bench.file("a.csv", "InvoiceDate,CustomerID\n2024-01-01,a\n")
    preview = bench.preview(file, mapping=Mapping(event="x", timestamp="InvoiceDat", distinct_id="Customer"))
    assert said(preview) == [
        "There is no column named 'InvoiceDat'. Did you mean 'InvoiceDate'?",
        "There is no column named 'Customer'. Did you mean 'CustomerID'?",
    ]
    assert preview.errors[0].suggestions == ("InvoiceDate",)


def test_wrong_delimiter_is_named(bench: Bench) -> None:
    file = bench.file("a.csv", "timestamp;user_id\n2024-01-01;a\n")
    preview = bench.preview(file, mapping=Mapping(event="x", timestamp="timestamp", delimiter=","))
    assert any("separated by ';'" in message for message in said(preview))


def test_event_without_a_name_is_asked_about(bench: Bench) -> None:
    file = bench.file("a.csv", "timestamp,user_id\n2024-01-01,a\n")
    assert said(bench.preview(file, mapping=Mapping())) == ["Say what the events are called, or which column says it."]


def test_nobody_is_a_warning(bench: Bench) -> None:
    preview = bench.preview(bench.file("a.csv", "timestamp,x\n2024-01-01,a\n"))
    assert preview.errors == ()
    assert "No column says who did it" in said(preview, "warning")[0]


def test_file_with_a_header_only_is_a_warning_and_brings_nothing(bench: Bench) -> None:
    file = bench.file("a.csv", "timestamp,user_id\n")
    mapping = Mapping(event="x", timestamp="timestamp", distinct_id="user_id")
    assert "no rows" in said(bench.preview(file, mapping=mapping), "warning")[0]
    status = bench.bring(file, mapping=mapping)
    assert (status.state, status.rows) == ("done", 0)


def test_first_line_of_values_is_no_header(bench: Bench) -> None:
    preview = bench.preview(bench.file("a.csv", "1,2\n3,4\n"), mapping=Mapping(event="x", timestamp="1"))
    assert any("it should hold the names of the columns" in message for message in said(preview))


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", b"", "is empty"),
        ("a.csv", b"\n\n\n", "is empty"),
        ("a.csv.gz", b"\x1f\x8b\x08", "is cut short or damaged"),
        ("a.csv", "timestamp\n".encode("utf-16"), "UTF-16"),
        ("a.xlsx", b"PK\x03\x04xx", "Excel"),
        ("a.bin", b"12345", "does not say what format"),
        ("a.parquet", b"not parquet at all", "cannot be read as Parquet"),
        ("a.parquet", b"PAR1 cut short", "cannot be read as Parquet"),
        ("a.json", b'[{"a": 1}]', "one JSON array"),
        ("a.jsonl", b"nothing\nhere\n", "no JSON object"),
    ],
)
def test_file_that_cannot_be_imported_is_refused_with_the_reason(
    bench: Bench, name: str, content: bytes, message: str
) -> None:
    with pytest.raises(UserError, match=message):
        bench.preview(bench.file(name, content))


def test_path_that_is_not_there_is_answered_with_the_nearest(bench: Bench) -> None:
    bench.file("orders.csv", "x")
    with pytest.raises(NotFound, match=r"orders\.csv"):
        bench.preview(bench.folder / "order.csv")
    with pytest.raises(InvalidInput, match="No file matches"):
        bench.preview(str(bench.folder / "*.tsv"))
    with pytest.raises(InvalidInput, match="is a folder"):
        bench.preview(bench.folder)


def test_empty_file_among_others_is_passed_over_with_a_warning(bench: Bench) -> None:
    bench.file("a.csv", "")
    bench.file("b.csv", "timestamp,user_id\n2024-01-01,a\n")
    preview = bench.preview(str(bench.folder / "*.csv"))
    assert preview.errors == ()
    assert "a.csv is empty" in said(preview, "warning")[0]
    assert bench.bring(str(bench.folder / "*.csv")).stored == 1


def test_files_may_order_their_columns_as_they_like_but_not_lack_one(bench: Bench) -> None:
    bench.file("a.csv", "timestamp,user_id,x\n2024-01-01,a,1\n")
    bench.file("b.csv", "x,user_id,timestamp\n2,b,2024-01-02\n")
    assert bench.bring(str(bench.folder / "*.csv")).stored == 2
    assert bench.property("x") == ["1", "2"]
    bench.file("c.csv", "x,timestamp\n2,2024-01-02\n")
    assert "There is no column named 'user_id'." in said(bench.preview(str(bench.folder / "*.csv")))


def test_guesses_from_parquet_and_json(bench: Bench) -> None:
    write_parquet(bench.folder / "a.parquet", "SELECT TIMESTAMP '2024-01-01' AS made, 1 AS author, 'x' AS note")
    preview = bench.preview(bench.folder / "a.parquet")
    assert (preview.mapping.timestamp, preview.mapping.distinct_id, preview.mapping.format) == (
        "made",
        "author",
        "parquet",
    )
    line = json.dumps({"event": "buy", "properties": {"time": 1704103200, "distinct_id": "ann"}})
    preview = bench.preview(bench.file("a.jsonl", line), mapping=Mapping())
    assert (preview.mapping.timestamp, preview.mapping.distinct_id) == ("properties.time", "properties.distinct_id")


def test_mapping_is_read_from_yaml() -> None:
    mapping = read_mapping("timestamp: InvoiceDate\nevent: purchase\ngroups: {account: Company}\nignore: [x]\n")
    assert mapping == Mapping(timestamp="InvoiceDate", event="purchase", groups={"account": "Company"}, ignore=("x",))
    assert read_mapping("") == Mapping()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("timestmp: x", "Did you mean 'timestamp'"),
        ("- x", "not a list of fields"),
        ("a: [", "not YAML"),
        ("timestamp: 3", "cannot be used"),
    ],
)
def test_mapping_that_is_none_is_refused(text: str, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        read_mapping(text)


def test_zone_and_format_that_do_not_exist_are_answered_with_the_nearest(bench: Bench) -> None:
    file = bench.file("a.csv", "timestamp,user_id\n2024-01-01,a\n")
    assert "Europe/Berlin" in said(bench.preview(file, mapping=Mapping(event="x", timezone="Europe/Berln")))[0]
    with pytest.raises(InvalidInput, match="Did you mean 'parquet'"):
        bench.preview(file, mapping=Mapping(event="x", format="parket"))
    with pytest.raises(InvalidInput, match="cannot separate columns"):
        bench.preview(file, mapping=Mapping(event="x", delimiter="::"))


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
def test_long_values_are_shown_by_how_they_begin(bench: Bench, form: str) -> None:
    long = "y" * 1_000_000
    match form:
        case "csv":
            file = bench.file("a.csv", f"timestamp,user_id,note\n2024-01-01,{long},{long}\n2024-01-02,b,short\n")
        case "jsonl":
            rows = [{"timestamp": "2024-01-01", "user_id": long, "note": long}]
            rows.append({"timestamp": "2024-01-02", "user_id": "b", "note": "short"})
            file = bench.file("a.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
        case _:
            file = bench.folder / "a.parquet"
            written = f"SELECT '2024-01-01' AS timestamp, repeat('y', {len(long)}) AS user_id, user_id AS note"
            write_parquet(file, f"{written} UNION ALL SELECT '2024-01-02', 'b', 'short'")
    preview = bench.preview(file)
    shown = "y" * 60 + "… (1,000,000 characters)"
    assert preview.columns[1].examples == (shown, "b")
    assert preview.columns[2].examples == (shown, "short")
    assert len(json.dumps([problem.message for problem in preview.problems])) < 1000


def test_questions_show_long_values_by_how_they_begin(bench: Bench) -> None:
    file = bench.file("a.csv", f"timestamp,user_id\n{'9' * 500_000}x,a\n")
    (problem,) = bench.preview(file, mapping=Mapping(event="seen", timestamp="timestamp")).errors
    assert len(problem.message) < 300


def test_import_keeps_the_whole_of_a_long_value(bench: Bench) -> None:
    long = "y" * 1_000_000
    bench.bring(bench.file("a.csv", f"timestamp,user_id,note\n2024-01-01,a,{long}\n"))
    assert bench.property("note") == [long]
