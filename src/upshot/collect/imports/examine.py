"""The slow, thorough look at a piece in which something is wrong: record by record, each with its line.

The engine reads most pieces at once and needs none of this. Where it stumbles, or says that rows are not events, the
piece is taken apart here, so that each rejected row gets its line, a reason and its text, and the others are kept.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass, field
from typing import Protocol

from upshot.collect.imports.pieces import LONGEST_RECORD, TextPiece, TooLong, record_end
from upshot.core.units import counted

__all__ = ["Examined", "examine", "shown", "suspicious", "too_long"]

_DEEPEST = 200
"""Objects within objects. The engine's stack ends at some tens of thousands; no event means even this."""

_UNCLOSED = "a quote is opened and never closed"
_NO_CSV = "not a row of CSV"
_SHOWN_CHARACTERS = 4096
_NUL = b"\\u0000"


class _RowWriter(Protocol):
    def writerow(self, row: list[str], /) -> object: ...


@dataclass(slots=True)
class Examined:
    """A piece taken apart.

    Attributes:
        text: The records that can be read, for the engine.
        lines: For each of them, its line in the file.
        raws: For each of them, its text.
        rejected: Line, reason and text of each of the others.
    """

    text: bytes = b""
    lines: list[int] = field(default_factory=list)
    raws: list[bytes] = field(default_factory=list)
    rejected: list[tuple[int, str, str]] = field(default_factory=list)


def suspicious(text: bytes, delimiter: bytes) -> bool:
    """Whether a piece holds what the engine must not see."""
    if b"\0" in text or _has_long_line(text):
        return True
    if not delimiter and (_NUL in text or _may_be_deep(text)):
        return True
    try:
        text.decode()
    except UnicodeDecodeError:
        return True
    return False


def _has_long_line(text: bytes) -> bool:
    start = 0
    while start + LONGEST_RECORD < len(text):
        end = text.rfind(b"\n", start, start + LONGEST_RECORD)
        if end < 0:
            return True
        start = end + 1
    return False


def _may_be_deep(text: bytes) -> bool:
    if text.count(b"{") + text.count(b"[") < _DEEPEST:
        return False
    return any(
        len(line) > 2 * _DEEPEST and line.count(b"[") + line.count(b"{") > _DEEPEST for line in text.split(b"\n")
    )


def too_long(long: TooLong) -> tuple[int, str, str]:
    """Line, reason and text of a line that no piece can hold."""
    return long.line, _length_reason(long.length), shown(long.start) + f"… ({long.length} bytes)"


def _length_reason(length: int) -> str:
    return f"{length} bytes long; a row has at most {LONGEST_RECORD}"


def shown(raw: bytes) -> str:
    """A row's text as it can be kept: what is not UTF-8 and NUL as escapes, and not without end."""
    text = raw.decode("utf-8", "backslashreplace").replace("\0", "\\x00").rstrip("\r\n")
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}… ({len(raw)} bytes)"


def examine(piece: TextPiece, delimiter: bytes, columns: int) -> Examined:
    """Take a piece apart.

    Args:
        piece: Whole records.
        delimiter: What separates fields; empty for a JSON object a line.
        columns: How many fields a record has.
    """
    result = Examined()
    kept = io.StringIO()
    writer = csv.writer(kept, delimiter=delimiter.decode() or ",", lineterminator="\n")
    at, line = 0, piece.first_line
    while at < len(piece.text):
        end = record_end(piece.text, at, delimiter) if delimiter else piece.text.find(b"\n", at) + 1
        raw = piece.text[at:end]
        reason = _UNCLOSED if end == 0 else _problem(raw)
        if not reason and raw.strip():
            reason = _csv_row(raw, delimiter, columns, writer) if delimiter else _json_row(raw, kept)
        if end == 0 or (reason.startswith(_NO_CSV) and raw.rstrip(b"\n").count(b"\n")):
            # A quote too many swallows the rows behind it: only its own line is at fault.
            reason = _UNCLOSED
            end = piece.text.find(b"\n", at) + 1 or len(piece.text)
            raw = piece.text[at:end]
        if raw.strip() and reason:
            result.rejected.append((line, reason, shown(raw)))
        elif raw.strip():
            result.lines.append(line)
            result.raws.append(raw)
        line += raw.count(b"\n")
        at = end
    result.text = kept.getvalue().encode()
    return result


def _problem(raw: bytes) -> str:
    if len(raw) > LONGEST_RECORD:
        return _length_reason(len(raw))
    if b"\0" in raw:
        return "holds a NUL character"
    try:
        raw.decode()
    except UnicodeDecodeError as error:
        return f"not UTF-8: byte 0x{raw[error.start]:02x}"
    return ""


def _csv_row(raw: bytes, delimiter: bytes, columns: int, writer: _RowWriter) -> str:
    try:
        (fields,) = csv.reader(io.StringIO(raw.decode(), newline=""), delimiter=delimiter.decode(), strict=True)
    except (csv.Error, ValueError) as error:
        return f"{_NO_CSV}: {error}"
    if len(fields) != columns:
        return f"{counted(len(fields), 'field')} instead of {columns}"
    writer.writerow(fields)
    return ""


def _json_row(raw: bytes, kept: io.StringIO) -> str:
    if _depth(raw) > _DEEPEST:
        return f"nested deeper than {_DEEPEST} levels"
    if _NUL in raw and _holds_nul(raw):
        return "holds a NUL character"
    kept.write(raw.decode())
    return ""


def _depth(raw: bytes) -> int:
    """How deep brackets go, strings left out."""
    if raw.count(b"[") + raw.count(b"{") <= _DEEPEST:
        return 0
    depth = deepest = 0
    inside = escaped = False
    for octet in raw:
        if escaped:
            escaped = False
        elif inside:
            escaped = octet == 0x5C
            inside = octet != 0x22
        elif octet == 0x22:
            inside = True
        elif octet in b"[{":
            depth += 1
            deepest = max(deepest, depth)
        elif octet in b"]}":
            depth -= 1
    return deepest


def _holds_nul(raw: bytes) -> bool:
    # An even number of backslashes before it is text; an odd number is the escape.
    return any(len(match.group(1)) % 2 == 1 for match in re.finditer(rb"(\\+)u0000", raw))
