"""Files that are not UTF-8: said so, and read when it is said what they are."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING

import pytest

from tests.collect.imports.conftest import write_parquet
from upshot.collect.imports.mapping import Mapping
from upshot.core.errors import InvalidInput

if TYPE_CHECKING:
    from tests.collect.imports.conftest import Bench

HEADER, ROWS = "timestamp,user_id,Stadt\n", "2024-01-01,Jürgen,Köln\n2024-01-02,Zoé,“Nîmes” – 5 €\n"
WESTERN = ["latin-1", "windows-1252"]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (HEADER + ROWS, 2),
        ("timestamp,user_id,Größe\n2024-01-01,a,1\n", 1),
        (HEADER + "2024-01-01,ann,x\n" * 5000 + "2024-01-02,Zoé,x\n", 5002),
    ],
    ids=["rows", "header only", "late"],
)
def test_latin_1_is_named_with_what_to_do(bench: Bench, text: str, line: int) -> None:
    file = bench.file("a.csv", text.encode("cp1252"))
    with pytest.raises(InvalidInput, match=r"a\.csv is not UTF-8 but looks like Latin-1/Windows-1252") as refused:
        bench.preview(file)
    assert f"in line {line}." in refused.value.message
    assert "--encoding latin-1" in (refused.value.hint or "")


@pytest.mark.parametrize("encoding", WESTERN)
@pytest.mark.parametrize("packed", [False, True])
def test_latin_1_that_is_said_is_read(bench: Bench, encoding: str, packed: bool) -> None:
    content = (HEADER.replace("Stadt", "Größe") + ROWS).encode("cp1252")
    file = bench.file("a.csv", gzip.compress(content) if packed else content)
    mapping = Mapping(event="seen", encoding=encoding)
    preview = bench.preview(file, mapping=mapping)
    assert [column.name for column in preview.columns] == ["timestamp", "user_id", "Größe"]
    assert bench.preview(file, mapping=preview.mapping).mapping == preview.mapping
    assert (bench.bring(file, mapping=mapping).rejected, bench.property("Größe")) == (0, ["Köln", "“Nîmes” – 5 €"])
    assert bench.rows("SELECT distinct_id FROM kept_events ORDER BY rowid") == [("Jürgen",), ("Zoé",)]


def test_json_lines_in_latin_1_are_read_when_it_is_said(bench: Bench) -> None:
    row = json.dumps({"timestamp": "2024-01-01", "user_id": "Zoé"}, ensure_ascii=False)
    file = bench.file("a.jsonl", f"{row}\n".encode("latin-1"))
    with pytest.raises(InvalidInput, match="looks like Latin-1"):
        bench.preview(file)
    bench.bring(file, mapping=Mapping(event="seen", encoding="latin-1"))
    assert bench.rows("SELECT distinct_id FROM events") == [("Zoé",)]


def test_same_rows_in_either_encoding_are_the_same_events(bench: Bench) -> None:
    bench.bring(bench.file("a.csv", HEADER + ROWS))
    again = bench.bring(
        bench.file("b.csv", (HEADER + ROWS).encode("cp1252")), mapping=Mapping(event="seen", encoding="latin-1")
    )
    assert (again.stored, again.duplicates) == (0, 2)


def test_damaged_rows_of_a_file_in_utf_8_are_rejected_one_by_one(bench: Bench) -> None:
    file = bench.file("a.csv", (HEADER + ROWS).encode() + b"2024-01-03,caf\xe9,x\n")
    assert (bench.bring(file).stored, [row[0] for row in bench.rejects()]) == (2, [4])


def test_rows_of_a_file_that_is_said_to_be_utf_8_are_rejected_one_by_one(bench: Bench) -> None:
    file = bench.file("a.csv", HEADER.encode() + b"2024-01-01,ann,x\n2024-01-03,caf\xe9,x\n")
    status = bench.bring(file, mapping=Mapping(event="seen", encoding="utf-8"))
    assert (status.stored, status.rejected) == (1, 1)


def test_bytes_without_a_character_are_rejected_in_their_row(bench: Bench) -> None:
    file = bench.file("a.csv", HEADER.encode() + b"2024-01-01,Zo\xe9,x\n2024-01-02,bob,\x81\n")
    status = bench.bring(file, mapping=Mapping(event="seen", encoding="windows-1252"))
    assert (status.stored, status.rejected) == (1, 1)
    assert [row[:2] for row in bench.rejects()] == [(3, "not UTF-8: byte 0x81")]


def test_other_encodings_are_refused_without_a_guess(bench: Bench) -> None:
    file = bench.file("a.csv", (HEADER + "2024-01-01,Александр,Москва\n").encode("cp1251"))
    with pytest.raises(InvalidInput, match="is not UTF-8: byte 0xc0") as refused:
        bench.preview(file)
    assert "iconv" in (refused.value.hint or "")
    assert "Latin" not in refused.value.message


def test_header_that_is_not_what_was_said_is_refused(bench: Bench) -> None:
    file = bench.file("a.csv", "timestamp,Größe\n2024-01-01,1\n".encode("latin-1"))
    with pytest.raises(InvalidInput, match=r"first line of a\.csv is not utf-8") as refused:
        bench.preview(file, mapping=Mapping(event="seen", encoding="utf-8"))
    assert "--encoding latin-1" in (refused.value.hint or "")


def test_encoding_that_does_not_exist_is_refused(bench: Bench) -> None:
    with pytest.raises(InvalidInput, match="no encoding named 'latin1'") as refused:
        bench.preview(bench.file("a.csv", HEADER + ROWS), mapping=Mapping(event="seen", encoding="latin1"))
    assert "'latin-1'" in (refused.value.hint or "")


def test_parquet_takes_no_encoding(bench: Bench) -> None:
    write_parquet(bench.folder / "a.parquet", "SELECT DATE '2024-01-01' AS timestamp")
    with pytest.raises(InvalidInput, match="has no encoding"):
        bench.preview(bench.folder / "a.parquet", mapping=Mapping(event="seen", encoding="latin-1"))


def test_latin_1_that_begins_after_what_was_looked_at_is_added_by_a_second_import(bench: Bench) -> None:
    plain = b"2024-01-01,ann,%b\n" % (b"x" * 50_000)
    file = bench.file("a.csv", HEADER.encode() + plain * 100 + b"2024-01-02,Zo\xe9,x\n")
    first = bench.bring(file)
    assert (first.stored, first.rejected) == (100, 1)
    again = bench.bring(file, mapping=Mapping(event="seen", encoding="latin-1"))
    assert (again.stored, again.duplicates, again.rejected) == (1, 100, 0)
