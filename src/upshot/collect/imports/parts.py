"""A file as the pieces that an import commits one by one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from upshot.collect.imports.examine import too_long
from upshot.collect.imports.files import ByteSource
from upshot.collect.imports.pieces import TextPiece, record_end, records
from upshot.engines.bulk import Piece, RejectedRow

if TYPE_CHECKING:
    from collections.abc import Iterator

    from upshot.collect.imports.plan import FilePlan

__all__ = ["Part", "delimiter_of", "parts_of"]


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a file: from ``start`` (a line or a row) up to but without ``end``."""

    start: int
    end: int
    content: TextPiece | Piece | None
    rejected: tuple[RejectedRow, ...]
    fraction: float


def parts_of(plan: FilePlan, *, piece_bytes: int, piece_rows: int) -> Iterator[Part]:
    """The pieces of a file in their order: so many bytes of text, or rows of a Parquet file, or a record too long.

    Raises:
        InvalidInput: The file is damaged.
    """
    return _text_parts(plan, piece_bytes) if plan.file.format != "parquet" else _row_parts(plan, piece_rows)


def _row_parts(plan: FilePlan, step: int) -> Iterator[Part]:
    total = plan.total_rows or 0
    for first in range(0, total, step):
        end = min(first + step, total)
        piece = Piece(file=str(plan.file.path), first_row=first, rows=end - first)
        yield Part(first, end, piece, (), end / total)


def _text_parts(plan: FilePlan, piece_bytes: int) -> Iterator[Part]:
    delimiter = delimiter_of(plan)
    source = ByteSource(plan.file)
    header = bool(delimiter)
    try:
        for piece in records(source.read, delimiter, piece_bytes=piece_bytes):
            if not isinstance(piece, TextPiece):
                line, reason, raw = too_long(piece)
                rejected = (RejectedRow(str(plan.file.path), line, reason, raw),)
                yield Part(line, line + 1, None, rejected, source.fraction)
                continue
            rest = _without_header(piece, delimiter) if header else piece
            header = False
            end = piece.first_line + piece.text.count(b"\n")
            yield Part(rest.first_line, end, rest if rest.text else None, (), source.fraction)
    finally:
        source.close()


def delimiter_of(plan: FilePlan) -> bytes:
    """What separates the columns of a CSV file; empty for other formats."""
    return plan.reading.delimiter.encode() if plan.reading.format == "csv" else b""


def _without_header(piece: TextPiece, delimiter: bytes) -> TextPiece:
    start = 0
    while piece.text[start : start + 1] == b"\n":
        start += 1
    end = record_end(piece.text, start, delimiter) or len(piece.text)
    return TextPiece(piece.text[end:], piece.first_line + piece.text[:end].count(b"\n"))
