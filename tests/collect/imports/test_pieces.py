"""Pieces hold all of a text, in order, cut between records only."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upshot.collect.imports.examine import examine, shown, suspicious
from upshot.collect.imports.pieces import LONGEST_RECORD, TextPiece, TooLong, cut, record_end, records

FIELDS = st.text(st.sampled_from(["a", '"', ",", "\n", " ", "é", "5"]), max_size=6)


def pieces_of(text: bytes, delimiter: bytes, size: int) -> list[TextPiece | TooLong]:
    return list(records(io.BytesIO(text).read, delimiter, piece_bytes=size))


def parsed(text: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text.decode(), newline=""), strict=True))


@given(st.lists(st.lists(FIELDS, min_size=2, max_size=3), max_size=30), st.integers(60, 300))
def test_pieces_of_csv_parse_to_the_same_rows_as_the_whole(rows: list[list[str]], size: int) -> None:
    stream = io.StringIO(newline="")
    csv.writer(stream, lineterminator="\n").writerows(rows)
    text = stream.getvalue().encode()
    found = pieces_of(text, b",", size)
    assert all(isinstance(piece, TextPiece) for piece in found)
    together: list[list[str]] = []
    line = 1
    for piece in found:
        assert isinstance(piece, TextPiece)
        assert piece.first_line == line
        line += piece.text.count(b"\n")
        together += parsed(piece.text)
    assert together == parsed(text)


@given(st.binary(max_size=300), st.integers(1, 50), st.sampled_from([b",", b""]))
def test_pieces_of_anything_hold_every_byte_in_order(text: bytes, size: int, delimiter: bytes) -> None:
    text = text.replace(b"\r", b"r").removeprefix(b"\xef\xbb\xbf")
    found = pieces_of(text, delimiter, size)
    together = b"".join(piece.text for piece in found if isinstance(piece, TextPiece))
    skipped = [piece for piece in found if isinstance(piece, TooLong)]
    if not skipped:
        assert together.removesuffix(b"\n") == text.removesuffix(b"\n")
    lines = text.count(b"\n") + (not text.endswith(b"\n") and bool(text))
    assert together.count(b"\n") + len(skipped) == lines


@given(st.binary(max_size=300), st.sampled_from([b",", b""]))
def test_examined_records_account_for_every_line_that_holds_something(text: bytes, delimiter: bytes) -> None:
    text = text.replace(b"\r", b"r") + b"\n"
    found = examine(TextPiece(text, 1), delimiter, 2)
    told = sorted([*found.lines, *(line for line, _, _ in found.rejected)])
    assert told == sorted(set(told))
    covered = sum(raw.count(b"\n") for raw in found.raws) + len(found.rejected)
    assert covered <= text.count(b"\n")
    if delimiter == b"":
        filled = [n for n, line in enumerate(text.split(b"\n"), start=1) if line.strip()]
        assert told == filled


@pytest.mark.parametrize(
    ("text", "end"),
    [
        (b"a,b\nc", 4),
        (b'a,"b\nc"\nd', 8),
        (b'a,"b\nc', 0),
        (b'a,5" pipe\nb,c\nd', 14),
        (b'a,"b ""x""\n"\nd', 13),
        (b"no break", 0),
    ],
)
def test_cut_falls_after_the_last_whole_record(text: bytes, end: int) -> None:
    assert cut(text, b",") == end


def test_record_with_an_open_quote_has_no_end_within_reach() -> None:
    assert record_end(b'"' + b"x" * (LONGEST_RECORD + 10) + b'"\n', 0, b",") == 0


def test_line_too_long_for_a_piece_is_skipped_and_counted() -> None:
    text = b"a\n" + b"x" * 5000 + b"\nb\n"
    first, long, last = pieces_of(text, b"", 1000)
    assert first == TextPiece(b"a\n", 1)
    assert isinstance(long, TooLong)
    assert (long.line, long.length) == (2, 5000)
    assert last == TextPiece(b"b\n", 3)


@pytest.mark.parametrize(
    ("text", "delimiter", "expected"),
    [
        (b"a,b\n", b",", False),
        (b"a\0b\n", b",", True),
        (b"caf\xe9\n", b",", True),
        (b'{"a": "x\\u0000"}\n', b"", True),
        (b"x" * (LONGEST_RECORD + 1) + b"\n", b"", True),
        (b"[" * 1000 + b"]" * 1000 + b"\n", b"", True),
        (b'{"a": [1, 2]}\n' * 1000, b"", False),
    ],
)
def test_what_the_engine_must_not_see_is_suspicious(text: bytes, delimiter: bytes, *, expected: bool) -> None:
    assert suspicious(text, delimiter) is expected


def test_text_of_a_rejected_row_is_kept_as_far_as_it_can_be() -> None:
    assert shown(b"caf\xe9\0\r\n") == "caf\\xe9\\x00"
    assert shown(b"x" * 10_000).endswith("… (10000 bytes)")
