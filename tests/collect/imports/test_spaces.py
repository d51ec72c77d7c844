"""Columns that runs of spaces separate are recognised, or said; the lines keep their numbers and texts their spaces."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest

from tests.collect.imports.conftest import at
from upshot.collect.imports.mapping import Mapping
from upshot.collect.imports.spaces import SpacesAsTabs, are_columns
from upshot.core.errors import InvalidInput

if TYPE_CHECKING:
    from tests.collect.imports.conftest import Bench

TABLE = 'date        time   user_id  note\n2024-01-13  10:05  ann      "two  words"\n  2024-01-14 9:30    bob  5"  \n'


@pytest.mark.parametrize("delimiter", ["", "spaces"])
@pytest.mark.parametrize("line_break", ["\n", "\r\n"])
def test_runs_of_spaces_separate_columns(bench: Bench, delimiter: str, line_break: str) -> None:
    file = bench.file("a.txt", TABLE.replace("\n", line_break))
    mapping = Mapping(event="seen", delimiter=delimiter)
    preview = bench.preview(file, mapping=mapping)
    assert (preview.problems, preview.mapping.delimiter, preview.mapping.format) == ((), "spaces", "csv")
    assert bench.preview(file, mapping=preview.mapping).mapping == preview.mapping
    assert bench.bring(file, mapping=mapping).rejected == 0
    assert bench.rows("SELECT occurred_at, distinct_id FROM kept_events ORDER BY rowid") == [
        (at(2024, 1, 13, 10, 5), "ann"),
        (at(2024, 1, 14, 9, 30), "bob"),
    ]
    assert bench.property("note") == ["two  words", '5"']


def test_lines_with_other_numbers_of_fields_take_a_word(bench: Bench) -> None:
    file = bench.file("a.txt", "timestamp   user_id\n2024-01-13  ann\n\n2024-01-14  bob  x\n2024-01-15  cy")
    (problem, *_) = bench.preview(file).errors
    assert "--delimiter spaces" in problem.message
    status = bench.bring(file, mapping=Mapping(event="seen", delimiter="spaces"))
    assert (status.stored, status.rejected) == (2, 1)
    assert bench.rejects() == [(4, "3 fields instead of 2", "2024-01-14\tbob\tx")]


@pytest.mark.parametrize(
    "text",
    [
        "created at\n2024-01-01 10:00\n",
        "Date of purchase\n13 Jan 2024\n",
        "when,full name\n2024-01-01,Ann\n",
        "user id;event time\n1;2024-01-01 10:00\n",
        "timestamp\n2024-01-01\n",
        "when\tuser id\n2024-01-01\tAnn Lee\n",
        "a b\n",
        "",
    ],
)
def test_other_texts_are_not_taken_for_columns_of_spaces(text: str) -> None:
    assert not are_columns(text.encode())


def test_instants_in_one_column_stay_whole(bench: Bench) -> None:
    bench.bring(bench.file("a.csv", "created at\n2024-01-01 10:00:00\n"))
    assert bench.rows("SELECT occurred_at FROM events") == [(at(2024, 1, 1, 10),)]


@pytest.mark.parametrize("size", [1, 2, 7, 1000])
def test_spaces_are_read_alike_in_steps_of_any_size(size: int) -> None:
    source = SpacesAsTabs(io.BytesIO(TABLE.encode()).read)
    told = b"".join(iter(lambda: source.read(size), b""))
    assert told.decode().splitlines() == [
        "date\ttime\tuser_id\tnote",
        '2024-01-13\t10:05\tann\t"two  words"',
        '2024-01-14\t9:30\tbob\t5"',
    ]


def test_import_in_small_pieces_is_the_same(bench: Bench) -> None:
    rows = "".join(f"2024-01-{1 + n % 28:02}   u{n}   {n}\n" for n in range(3000))
    file = bench.file("a.txt", "timestamp  user_id  n\n" + rows)
    status = bench.bring(file, piece_bytes=10_000)
    assert (status.stored, status.rejected, len(bench.progress) > 3) == (3000, 0, True)
    assert bench.rows("SELECT count(DISTINCT distinct_id) FROM events") == [(3000,)]


def test_separator_that_is_none_is_refused_with_what_may_be_said(bench: Bench) -> None:
    with pytest.raises(InvalidInput, match="cannot separate") as refused:
        bench.preview(bench.file("a.txt", TABLE), mapping=Mapping(event="seen", delimiter="space"))
    assert "'spaces'" in (refused.value.hint or "")


def test_run_of_a_million_spaces_is_one_separator() -> None:
    source = SpacesAsTabs(io.BytesIO(b"a" + b" " * 1_000_000 + b'b "c d"\n').read)
    assert source.read(2_000_000) == b'a\tb\t"c d"\n'
