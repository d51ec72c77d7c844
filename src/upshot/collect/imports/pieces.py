"""Text of any length, cut into pieces of whole records.

A piece is what is read, staged and committed at once: large enough to keep the engine busy, small enough to bound
memory and to hold nobody up. Cuts fall between records: a line break inside of a quoted field is none. A quote
opens a field only where a field begins (RFC 4180); elsewhere it is a character like any other, as in ``5" pipe``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from upshot.collect.imports.files import CutShort

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["LONGEST_RECORD", "PIECE_BYTES", "TextPiece", "TooLong", "cut", "record_end", "records"]

LONGEST_RECORD = 2_000_000
"""Bytes; a record above it is no event."""

PIECE_BYTES = 24 << 20
_READ_BYTES = 1 << 20
_SHOWN_BYTES = 4096
_BOM = b"\xef\xbb\xbf"
_QUOTE = ord('"')


@dataclass(frozen=True, slots=True)
class TextPiece:
    """Whole records; the last one ends with a line break. ``first_line`` counts from 1 in the file."""

    text: bytes
    first_line: int


@dataclass(frozen=True, slots=True)
class TooLong:
    """A line that no piece can hold; ``start`` is how it begins."""

    line: int
    length: int
    start: bytes


def records(
    read: Callable[[int], bytes], delimiter: bytes, *, piece_bytes: int = PIECE_BYTES
) -> Iterator[TextPiece | TooLong]:
    """Cut a text.

    Args:
        read: Gives up to as many bytes as it is asked for; empty at the end.
        delimiter: What separates fields; empty where there are no quoted fields (one record a line).
        piece_bytes: About how long a piece may be.

    Raises:
        CutShort: ``read`` did; all whole records before were given.
    """
    buffer = b""
    line = 1
    ended = False
    start = True
    while not ended or buffer:
        buffer, ended, failure = _fill(buffer, read, piece_bytes, ended=ended)
        if start and buffer.startswith(_BOM):
            buffer = buffer[len(_BOM) :]
        start = False
        if failure:
            if end := cut(buffer, delimiter):
                yield TextPiece(_with_line_breaks(buffer[:end]), line)
            raise failure
        end = len(buffer) if ended else cut(buffer, delimiter)
        if not end and b"\n" in buffer:
            end = buffer.index(b"\n") + 1  # a quote that never closes: its line is for the examiner
        if end:
            text = buffer[:end]
            buffer = buffer[end:]
            yield TextPiece(_with_line_breaks(text), line)
            line += text.count(b"\n")
        elif buffer:
            long, buffer, ended = _skip(buffer, read, line)
            yield long
            line += 1


def _fill(
    buffer: bytes, read: Callable[[int], bytes], size: int, *, ended: bool
) -> tuple[bytes, bool, CutShort | None]:
    parts = [buffer]
    have = len(buffer)
    while not ended and have < size:
        try:
            part = read(min(_READ_BYTES, size))
        except CutShort as failure:
            return b"".join(parts), False, failure
        ended = not part
        parts.append(part)
        have += len(part)
    return b"".join(parts), ended, None


def _with_line_breaks(text: bytes) -> bytes:
    if b"\r" in text:
        text = text.replace(b"\r\n", b"\n")
    return text if text.endswith(b"\n") or not text else text + b"\n"


def _skip(buffer: bytes, read: Callable[[int], bytes], line: int) -> tuple[TooLong, bytes, bool]:
    """Read on to the end of a line that is too long, keeping only its start."""
    length = len(buffer)
    start = buffer[:_SHOWN_BYTES]
    while part := read(_READ_BYTES):
        end = part.find(b"\n")
        if end >= 0:
            return TooLong(line, length + end, start), part[end + 1 :], False
        length += len(part)
    return TooLong(line, length, start), b"", True


def cut(text: bytes, delimiter: bytes) -> int:
    """Where the last whole record of ``text`` ends; 0 when none does. ``text`` begins with a record."""
    last = text.rfind(b"\n")
    if not delimiter or last < 0 or text.find(b'"', 0, last) < 0:
        return last + 1
    tidy = _cut_tidy(text, delimiter)
    if tidy is not None:
        return tidy
    end = 0
    while (following := record_end(text, end, delimiter, whole=True)) > 0:
        end = following
    return end


def _cut_tidy(text: bytes, delimiter: bytes) -> int | None:
    """``cut`` by counting quotes, where every one of them opens or closes a field; None where some do not."""
    import numpy as np  # here, as only imports of quoted text need it

    octets = np.frombuffer(text, dtype=np.uint8)
    quotes = np.flatnonzero(octets == _QUOTE)
    openers = quotes[0::2]
    before = octets[openers - 1]
    allowed = np.isin(before, np.frombuffer(delimiter + b'\n"', dtype=np.uint8))
    if openers[0] == 0:
        allowed[0] = True
    closers = quotes[1::2]
    behind = octets[np.minimum(closers + 1, len(octets) - 1)]
    closing = np.isin(behind, np.frombuffer(delimiter + b'\n\r"', dtype=np.uint8)) | (closers == len(octets) - 1)
    if not (allowed.all() and closing.all()):
        return None
    end = text.rfind(b"\n")
    while end >= 0:
        inside = int(np.searchsorted(quotes, end))
        if inside % 2 == 0:
            break
        end = text.rfind(b"\n", 0, int(quotes[inside - 1]))
    return end + 1


def record_end(text: bytes, start: int, delimiter: bytes, *, whole: bool = False) -> int:
    """The index after the record that begins at ``start``.

    Returns:
        0 when a quote is never closed within ``LONGEST_RECORD``; with ``whole``, also when the text ends before a line
        break does.
    """
    limit = start + LONGEST_RECORD
    at = start
    while True:
        if text[at : at + 1] == b'"':
            at = _after_quoted(text, at + 1, limit)
            if not at:
                return 0
        line_end = text.find(b"\n", at)
        field_end = text.find(delimiter, at, line_end if line_end >= 0 else len(text))
        if field_end >= 0:
            at = field_end + len(delimiter)
        elif line_end >= 0:
            return line_end + 1
        else:
            return 0 if whole or start >= len(text) else len(text)


def _after_quoted(text: bytes, at: int, limit: int) -> int:
    while True:
        quote = text.find(b'"', at, limit)
        if quote < 0:
            return 0
        if text[quote + 1 : quote + 2] != b'"':
            return quote + 1
        at = quote + 2
